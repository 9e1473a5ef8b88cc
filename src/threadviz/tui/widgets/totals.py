"""The figures of what is looked at, in a line or two, as they grow."""

from collections.abc import Hashable, Iterator, Sequence

from textual.content import Content

from threadviz.presentation.summary import SummaryRow, totals_rows
from threadviz.tui.view.rows import ViewedRun
from threadviz.tui.widgets.panel import (
    FAINT,
    STRONG,
    Alternatives,
    TextPanel,
    join_to_width,
    moment_key,
    truncate,
)
from threadviz.tui.widgets.run_text import figure_style, run_labels

_GAP = "  "
_FIGURE = 7
"""So wide a figure is, but for a few: so that nothing moves while they grow."""

_LINES = ((0, 1, 2, 4), (3, 5, 6))
"""The rows of totals that stand in the first of two lines, and in the second: so they fit into 80 characters."""

_SHORTER = {"sum of the tasks": "sum", "slowest task": "slowest", "loop could not answer": "loop blocked"}


class TotalsPanel(TextPanel):
    """Figures of the run as of the scene's present; of several runs, the most telling of each."""

    DEFAULT_CSS = """
    TotalsPanel {
        height: auto;
    }
    """

    def key(self) -> tuple[Hashable, ...]:
        """What the lines depend on."""
        return moment_key(self.view, phase=0.3)

    def lines(self, width: int) -> list[Content]:
        """One line where all fits into it, else two."""
        if not self.view.runs:
            return [Content(), Content()]
        rows = [totals_rows(run.timeline, self.view.until(run)) for run in self.view.runs]
        if self.view.comparing:
            lines = [self._beside(rows, 0, width), self._beside(rows, 6, width)]
        else:
            figures = [list(self._figure(row, self.view.runs[0])) for row in rows[0]]
            whole = join_to_width([each[:1] for each in figures], width, _GAP)
            if whole.cell_length <= width:
                return [whole]
            lines = [join_to_width([figures[number] for number in line], width, _GAP) for line in _LINES]
        return [truncate(line, width, self.plain) for line in lines]

    def _figure(self, row: SummaryRow, run: ViewedRun) -> Iterator[Content]:
        """Yield a figure in words, from long to short."""
        style = figure_style(row, run.timeline, self.view.until(run))
        for name, width in ((row.name, _FIGURE), (row.name, 0), (_SHORTER.get(row.name, row.name), 0)):
            yield Content.assemble((f"{name} ", FAINT), (row.figure.rjust(width), style))

    def _beside(self, rows: Sequence[Sequence[SummaryRow]], index: int, width: int) -> Content:
        """One figure of each run."""
        name = rows[0][index].name if index != 6 else "loop could not answer, longest"
        parts: list[Alternatives] = [[Content.styled(name, FAINT)]]
        for run, label, each in zip(self.view.runs, run_labels(self.view.runs), rows, strict=True):
            style = figure_style(each[index], run.timeline, self.view.until(run))
            parts.append([Content.assemble((f"{label} ", STRONG), (each[index].figure, style))])
        return join_to_width(parts, width, _GAP)
