"""How the holders of the GIL are drawn: a sign on a colour of its own for each, in the ribbon and beside the lanes."""

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual.color import Color

from threadviz.protocol.events import FREE, OPEN
from threadviz.timeline import GilTimeline
from threadviz.timeline.gil import Part
from threadviz.tui.render.styles import Depth, LaneStyles
from threadviz.tui.view.gil_marks import HUES, OTHER_MARK, HolderMark, Marks

# What the cells of a ribbon show: who held the GIL, cut once and kept for as long as that stays right.

CUT_A_FRAME = 64
"""So many cells are cut anew in one frame; the next goes on."""

KEPT = 4096
"""So many cells are kept at most."""

LEVELS = 3
"""The steps in which the share of a cell is shown for which the GIL was held."""

UNSEEN = HolderMark("?", None)
"""Of a cell of which mostly nothing was seen."""


class GilCell(NamedTuple):
    """Who held the GIL for longest in a cell, and for how much of it somebody did: 0, for nobody, to LEVELS."""

    mark: HolderMark
    level: int


NOTHING = GilCell(HolderMark(" ", None), 0)
"""A cell in which nobody held the GIL, or about which nothing is known."""


class GilCells:
    """The cells of `cell_ns` that the time of a ribbon is cut into from `origin` (ns) on, by number."""

    def __init__(self, gil_timeline: GilTimeline, marks: Marks, origin: int, cell_ns: int) -> None:
        self._ribbon = gil_timeline
        self._marks = marks
        self._origin = origin
        self._cell_ns = cell_ns
        self._parts: dict[int, Part] = {}
        self.whole = True
        """Whether there was time to cut all that was asked for last."""

    def cells(self, first: int, until: int) -> list[GilCell]:
        """The cells from `first` on that begin before `until` (ns)."""
        settled = (self._ribbon.end - self._origin) // self._cell_ns
        last = -((self._origin - until) // self._cell_ns)
        missing = [number for number in range(first, min(last, settled)) if number not in self._parts]
        if missing:
            self._cut(missing[0], min(missing[-1] + 1 - missing[0], CUT_A_FRAME))
        self.whole = len(missing) <= CUT_A_FRAME
        open_ = max(first, min(last, settled))
        latest = self._ribbon.binned(self._start(open_), self._cell_ns, max(0, last - open_))
        known = [self._parts.get(number) for number in range(first, open_)]
        return [NOTHING if part is None else self._drawn(part) for part in (*known, *latest)]

    def _cut(self, first: int, count: int) -> None:
        if len(self._parts) + count > KEPT:
            self._parts.clear()
        parts = self._ribbon.binned(self._start(first), self._cell_ns, count)
        self._parts.update(zip(range(first, first + count), parts, strict=True))

    def _start(self, number: int) -> int:
        return self._origin + number * self._cell_ns

    def _drawn(self, part: Part) -> GilCell:
        held, free, unseen, holder, _ = part
        if unseen > held and unseen > free:
            return GilCell(UNSEEN, 0)
        if holder in (FREE, OPEN):
            return NOTHING
        mark = self._marks.get(holder, OTHER_MARK)
        return GilCell(mark, max(1, -(-held * LEVELS // (held + free + unseen))))


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


class GilPainter:
    """Draws marks with these inks; in `plain` ASCII, and where there are few colours, by their signs alone."""

    def __init__(self, inks: LaneStyles, plain: bool) -> None:
        self.inks = inks
        self._coloured = inks.depth is Depth.ALL and not plain

    def badge(self, mark: HolderMark) -> Segment:
        """A mark beside a lane."""
        return Segment(mark.sign, self._style(mark, LEVELS))

    def segments(self, cells: Sequence[GilCell]) -> list[Segment]:
        """The cells of a ribbon. Where there are colours, the sign stands only where the holder changes."""
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
        inks = self.inks
        if not level:
            return inks.track
        if not self._coloured:
            return inks.bold if level == LEVELS else inks.text
        strength = _FAINTEST + (1 - _FAINTEST) * (level - 1) / (LEVELS - 1)
        return inks.on(inks.foreground if mark.hue is None else _HUES[mark.hue], strength)
