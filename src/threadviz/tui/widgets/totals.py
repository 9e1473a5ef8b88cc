"""The totals of the runs in one or two lines."""

from collections.abc import Hashable, Sequence

from textual.content import Content

from threadviz.presentation.summary import SummaryRow, totals_rows
from threadviz.tui.view.rows import ViewedRun
from threadviz.tui.widgets.panel import TextPanel, moment_key
from threadviz.tui.widgets.run_text import figure_style, run_labels
from threadviz.tui.widgets.text_lines import FAINT, STRONG, Alternatives, join_to_width, truncate

_GAP = "  "
_FIGURE = 7
"""Most figures have this width, so that nothing moves while they grow."""

_LINES = ((0, 1, 2, 4), (3, 5, 6))
"""The totals in each of two lines: so they fit into 80 characters."""

_SHORT_NAMES = {"sum of the tasks": "sum", "slowest task": "slowest"}


class TotalsPanel(TextPanel):
    """The totals of one run as of the playhead; of several runs, the most important total of each."""

    def key(self) -> tuple[Hashable, ...]:
        return moment_key(self.view, phase=0.3)

    def lines(self, width: int) -> list[Content]:
        """Return one line if all fits into it, else two."""
        runs = self.view.runs
        if not runs:
            return [Content(), Content()]
        rows = [totals_rows(run.timeline, self.view.until(run)) for run in runs]
        if self.view.comparing:
            names = ((0, rows[0][0].name), (6, "loop frozen, longest"))
            lines = [self._compared(name, [each[index] for each in rows], width) for index, name in names]
        else:
            figures = [self._figure(row, runs[0]) for row in rows[0]]
            line = join_to_width([figure[:1] for figure in figures], width, _GAP)
            if line.cell_length <= width:
                return [line]
            lines = [
                join_to_width([figures[number] for number in numbers], width, _GAP) for numbers in _LINES
            ]
        return [truncate(line, width, self.ascii_only) for line in lines]

    def _figure(self, row: SummaryRow, run: ViewedRun) -> Alternatives:
        style = figure_style(row, run.timeline, self.view.until(run))
        names = ((row.name, _FIGURE), (row.name, 0), (_SHORT_NAMES.get(row.name, row.name), 0))
        return [
            Content.assemble((f"{name} ", FAINT), (row.figure.rjust(width), style)) for name, width in names
        ]

    def _compared(self, name: str, rows: Sequence[SummaryRow], width: int) -> Content:
        """Return a line with one total of each run."""
        parts: list[Alternatives] = [[Content.styled(name, FAINT)]]
        for (run, label), row in zip(run_labels(self.view.runs).items(), rows, strict=True):
            style = figure_style(row, run.timeline, self.view.until(run))
            parts.append([Content.assemble((f"{label} ", STRONG), (row.figure, style))])
        return join_to_width(parts, width, _GAP)
