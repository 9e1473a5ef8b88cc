"""Which glyph and which style each code of a cell has, on each line of a lane."""

from collections.abc import Sequence
from functools import cache
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from rich.segment import Segment
from rich.style import Style

from threadviz.presentation.cells import ExtraMark, Mark
from threadviz.presentation.styles import EDGE as EDGE_STYLE
from threadviz.presentation.styles import STATE_STYLES
from threadviz.protocol.events import State
from threadviz.tui.render.cells import (
    CODES,
    EDGE,
    FINE,
    Encoder,
    decode,
    dithered_code,
    level_code,
    whole_cell,
)
from threadviz.tui.render.styles import Depth, LaneStyles

_HEIGHTS = " ▁▂▃▄▅▆▇█"
_WIDTHS = " ▏▎▍▌▋▊▉█"
EIGHTHS = 8
"""The number of parts of a character that can be drawn, from the left and from below."""


class Line(NamedTuple):
    """A line of text of a lane: line `nth` of `height`, from the top.

    `lit` is for the part of the selected task, `other` for every second lane if no blank lines separate them.
    """

    nth: int = 0
    height: int = 1
    lit: bool = False
    other: bool = False


class GlyphPainter:
    """Draws codes in these styles, in block characters, or in ASCII.

    Where colours can be mixed, a cell that was in several states shows by its height how much it ran. Otherwise, and in
    ASCII, a character can show only one state, and neighbouring cells are dithered.
    """

    def __init__(self, styles: LaneStyles, ascii_only: bool) -> None:
        self.styles = styles
        self.ascii_only = ascii_only
        self.mixes = styles.depth is not Depth.NONE and not ascii_only
        self.encoder: Encoder = level_code if self.mixes else dithered_code
        # By line, the glyph and the style of each code.
        self._looks: dict[Line, list[tuple[str, Style]]] = {}
        # Mixing colours takes long, and many codes have the same style.
        self._style = cache(lambda style, mark, line: style(mark, line.lit, line.other))

    def segments(self, codes: Sequence[int], line: Line) -> list[Segment]:
        """Draw codes, in as few segments as there are changes of style."""
        looks = self._looks.get(line)
        if looks is None:
            looks = self._looks[line] = [self._look(code, line) for code in range(CODES)]
        groups = groupby(map(looks.__getitem__, codes), key=itemgetter(1))
        return [Segment("".join([glyph for glyph, _ in group]), style) for style, group in groups]

    def growing(self, code: int, eighths: int, line: Line) -> list[Segment]:
        """Draw the present cell, of which so many eighths have passed."""
        mark, fine = decode(code)
        if not self.mixes:
            return self.segments([code], line) if eighths else [Segment(" ", self.styles.text)]
        if 2 * _eighths(fine, line) >= EIGHTHS:
            mark = State.RUNNING
        if mark is State.IDLE and self.styles.depth is Depth.SIXTEEN:
            eighths = 0  # there is no colour in between for it
        return [Segment(_WIDTHS[eighths], self.styles.solid(mark, line.lit, line.other))]

    def cursor(self, code: int, line: Line) -> list[Segment]:
        """Draw the cursor across a cell."""
        _, style = self._look(code, line)
        return [Segment("|" if self.ascii_only else "│", self.styles.across(style))]

    def glyph(self, mark: Mark) -> str:
        """Return the character of a mark alone."""
        return STATE_STYLES[mark].ascii if self.ascii_only else STATE_STYLES[mark].glyph

    def sample(self, mark: Mark) -> Segment:
        """Draw a mark alone, for a legend."""
        return Segment(*self._look(whole_cell(mark), Line()))

    def _look(self, code: int, line: Line) -> tuple[str, Style]:
        styles = self.styles
        if code == EDGE:
            return EDGE_STYLE.ascii if self.ascii_only else EDGE_STYLE.glyph, styles.quiet
        mark, fine = decode(code)
        if self.mixes and mark not in {State.RUNNING, ExtraMark.AWAY} and (height := _eighths(fine, line)):
            return _HEIGHTS[height], self._style(styles.mixed, mark, line)
        style = styles.lettered if self.ascii_only else styles.of
        return self.glyph(mark), self._style(style, mark, line)


def _eighths(fine: int, line: Line) -> int:
    """Return how many eighths of a line, from below, lie within the running share of its lane."""
    level = (fine * EIGHTHS * line.height * 2 + FINE) // (2 * FINE)
    below = EIGHTHS * (line.height - 1 - line.nth)
    return min(max(0, level - below), EIGHTHS)
