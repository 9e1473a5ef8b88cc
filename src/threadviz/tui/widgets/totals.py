"""The figures of what is looked at, in a line or two, as they grow."""

from collections.abc import Hashable, Iterator, Sequence

from textual.content import Content

from threadviz.presentation.summary import Row, totals_rows
from threadviz.tui.view.rows import Shown
from threadviz.tui.widgets.panel import FAINT, STRONG, Following, Wordings, cut, fitted, moment
from threadviz.tui.widgets.run_words import figure_style, labels

_GAP = "  "
_FIGURE = 7
"""So wide a figure is, but for a few: so that nothing moves while they grow."""

_LINES = ((0, 1, 2, 4), (3, 5, 6))
"""The rows of totals that stand in the first of two lines, and in the second: so they fit into 80 characters."""

_SHORTER = {"sum of the tasks": "sum", "slowest task": "slowest", "loop could not answer": "loop blocked"}


class Totals(Following):
    """Figures of the run as of the scene's present; of several runs, the most telling of each."""

    DEFAULT_CSS = """
    Totals {
        height: auto;
    }
    """

    def key(self) -> tuple[Hashable, ...]:
        """What the lines depend on."""
        return moment(self.scene, phase=0.3)

    def lines(self, width: int) -> list[Content]:
        """One line where all fits into it, else two."""
        if not self.scene.runs:
            return [Content(), Content()]
        rows = [totals_rows(run.timeline, self.scene.until(run)) for run in self.scene.runs]
        if self.scene.comparing:
            lines = [self._beside(rows, 0, width), self._beside(rows, 6, width)]
        else:
            figures = [list(self._figure(row, self.scene.runs[0])) for row in rows[0]]
            whole = fitted([each[:1] for each in figures], width, _GAP)
            if whole.cell_length <= width:
                return [whole]
            lines = [fitted([figures[number] for number in line], width, _GAP) for line in _LINES]
        return [cut(line, width, self.plain) for line in lines]

    def _figure(self, row: Row, run: Shown) -> Iterator[Content]:
        """Yield a figure in words, from long to short."""
        style = figure_style(row, run.timeline, self.scene.until(run))
        for name, width in ((row.name, _FIGURE), (row.name, 0), (_SHORTER.get(row.name, row.name), 0)):
            yield Content.assemble((f"{name} ", FAINT), (row.figure.rjust(width), style))

    def _beside(self, rows: Sequence[Sequence[Row]], index: int, width: int) -> Content:
        """One figure of each run."""
        name = rows[0][index].name if index != 6 else "loop could not answer, longest"
        parts: list[Wordings] = [[Content.styled(name, FAINT)]]
        for run, label, each in zip(self.scene.runs, labels(self.scene.runs), rows, strict=True):
            style = figure_style(each[index], run.timeline, self.scene.until(run))
            parts.append([Content.assemble((f"{label} ", STRONG), (each[index].figure, style))])
        return fitted(parts, width, _GAP)
