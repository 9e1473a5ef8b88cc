"""How the holders of the GIL are drawn: a sign on a colour of its own for each, in the ribbon and beside the lanes."""

from collections.abc import Sequence
from itertools import groupby

from rich.segment import Segment
from rich.style import Style
from textual.color import Color

from threadviz.tui.drawing.gil_cells import LEVELS, GilCell
from threadviz.tui.drawing.inks import Depth, Inks
from threadviz.tui.scene.holders import HUES, Mark

_HUES = tuple(
    map(
        Color.parse,
        ("#e79cbc", "#9fc4ec", "#dcc584", "#b9a6ea", "#b4d492", "#eab08d", "#8fd3c2", "#c9ced6"),
    )
)
"""Pale, so that they are not taken for those of states."""
assert len(_HUES) == HUES

_FAINTEST = 0.35
"""So strong is the colour of a cell in which the GIL was held for a little while."""


class GilPaint:
    """Draws marks with these inks; in `plain` ASCII, and where there are few colours, by their signs alone."""

    def __init__(self, inks: Inks, plain: bool) -> None:
        self.inks = inks
        self._coloured = inks.depth is Depth.ALL and not plain

    def badge(self, mark: Mark) -> Segment:
        """A mark beside a lane."""
        return Segment(mark.sign, self._style(mark, LEVELS))

    def segments(self, cells: Sequence[GilCell]) -> list[Segment]:
        """The cells of a ribbon. Where there are colours, the sign stands only where the holder changes."""
        drawn = []
        before: Mark | None = None
        for cell, group in groupby(cells):
            width, sign = len(list(group)), cell.mark.sign
            if self._coloured and cell.level:
                text = (" " if cell.mark == before else sign).ljust(width)
            else:
                text = sign * width
            before = cell.mark
            drawn.append(Segment(text, self._style(cell.mark, cell.level)))
        return drawn

    def _style(self, mark: Mark, level: int) -> Style:
        inks = self.inks
        if not level:
            return inks.track
        if not self._coloured:
            return inks.bold if level == LEVELS else inks.text
        strength = _FAINTEST + (1 - _FAINTEST) * (level - 1) / (LEVELS - 1)
        return inks.on(inks.foreground if mark.hue is None else _HUES[mark.hue], strength)
