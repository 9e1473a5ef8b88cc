"""How the holders of the GIL are drawn: a sign on its own colour for each, above the lanes and beside them."""

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual.color import Color

from threadviz.protocol.events import FREE, OPEN
from threadviz.timeline import GilTimeline
from threadviz.timeline.gil import Part
from threadviz.tui.render.cells import Budget, CellCache
from threadviz.tui.render.styles import Depth, LaneStyles
from threadviz.tui.view.gil_marks import HUES, OTHER_MARK, HolderMark, Marks

MAX_NEW_CELLS = 64
"""The number of cells that are computed in one frame; the next frame continues."""

LEVELS = 3
"""The steps in which a cell shows for how much of it the GIL was held."""

UNSEEN = HolderMark("?", None)
"""The mark of a cell in which the GIL was mostly not observed."""


class GilCell(NamedTuple):
    """Who held the GIL longest in a cell, and for how much of it any thread did, from 0 to LEVELS."""

    mark: HolderMark
    level: int


NOTHING = GilCell(HolderMark(" ", None), 0)
"""A cell in which nobody held the GIL, or about which nothing is known."""


class GilCells:
    """The cells of `cell_ns` ns of a GIL timeline, numbered from `origin` (ns) on."""

    def __init__(self, gil_timeline: GilTimeline, marks: Marks, origin: int, cell_ns: int) -> None:
        self._gil_timeline = gil_timeline
        self._marks = marks
        self._origin = origin
        self._cell_ns = cell_ns
        self._cache = CellCache(self._compute)
        self.whole = True
        """Whether all cells that were asked for last were computed."""

    def cells(self, first: int, until: int) -> list[GilCell]:
        """Return the cells from `first` on that begin before `until` (ns), or the first of them; see `whole`."""
        last = max(first, -((self._origin - until) // self._cell_ns))
        parts = self._cache.cells(first, last, Budget(MAX_NEW_CELLS))
        self._cache.forget((self._gil_timeline.end - self._origin) // self._cell_ns)
        self.whole = len(parts) == last - first
        return [self._cell(part) for part in parts]

    def _compute(self, first: int, count: int) -> list[Part]:
        return self._gil_timeline.binned(self._origin + first * self._cell_ns, self._cell_ns, count)

    def _cell(self, part: Part) -> GilCell:
        held, free, unseen, holder = part
        if unseen > held and unseen > free:
            return GilCell(UNSEEN, 0)
        if holder in (FREE, OPEN):
            return NOTHING
        level = max(1, -(-held * LEVELS // (held + free + unseen)))
        return GilCell(self._marks.get(holder, OTHER_MARK), level)


_COLOURS = [
    Color.parse(colour)
    for colour in "#e79cbc #9fc4ec #dcc584 #b9a6ea #b4d492 #eab08d #8fd3c2 #c9ced6".split()
]
"""Pale ones, so that they are not taken for those of states."""
assert len(_COLOURS) == HUES

_FAINTEST = 0.35
"""The strength of a holder's colour in a cell in which the GIL was held for a short time."""


class GilPainter:
    """Draws marks in these styles; in ASCII, and where there are few colours, by their signs alone."""

    def __init__(self, styles: LaneStyles, ascii_only: bool) -> None:
        self._styles = styles
        self._coloured = styles.depth is Depth.ALL and not ascii_only

    def badge(self, mark: HolderMark) -> Segment:
        """Return a mark as it stands beside a lane."""
        return Segment(mark.sign, self._style(mark, LEVELS))

    def segments(self, cells: Sequence[GilCell]) -> list[Segment]:
        """Draw cells. Where there are colours, the sign stands only where the holder changes."""
        drawn = []
        before: HolderMark | None = None
        for cell, group in groupby(cells):
            width, sign = len(list(group)), cell.mark.sign
            if self._coloured and cell.level:
                text = (" " if cell.mark == before else sign).ljust(width)
            else:
                text = sign * width
            before = cell.mark
            drawn.append(Segment(text, self._style(cell.mark, cell.level)))
        return drawn

    def _style(self, mark: HolderMark, level: int) -> Style:
        styles = self._styles
        if not level:
            return styles.track
        if not self._coloured:
            return styles.bold if level == LEVELS else styles.text
        strength = _FAINTEST + (1 - _FAINTEST) * (level - 1) / (LEVELS - 1)
        return styles.on(styles.foreground if mark.hue is None else _COLOURS[mark.hue], strength)
