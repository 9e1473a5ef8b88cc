"""Paint: which glyph and which style each tone has, on each line of a lane."""

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

from rich.segment import Segment
from rich.style import Style

from threadviz.presentation.cells import ExtraMark, Mark
from threadviz.presentation.styles import EDGE as EDGE_LOOK
from threadviz.presentation.styles import STATE_STYLES
from threadviz.protocol.events import State
from threadviz.tui.render.cells import EDGE, FINE, TONES, ToneOf, level_tone, meaning, pure, turn_tone
from threadviz.tui.render.styles import Depth, LaneStyles

_HEIGHTS = " ▁▂▃▄▅▆▇█"
_WIDTHS = " ▏▎▍▌▋▊▉█"
EIGHTHS = 8
"""So many parts of a character can be drawn, from the left and from below."""


class Line(NamedTuple):
    """Where on a lane a line of text is: line `nth` of `height`, from the top.

    `lit` is the part of it that is picked; `other` every second lane, where no blank lines keep lanes apart.
    """

    nth: int = 0
    height: int = 1
    lit: bool = False
    other: bool = False


class _Table(NamedTuple):
    glyphs: list[str]
    numbers: list[int]
    """Those of the tones' styles."""
    styles: list[Style]


class GlyphPainter:
    """Draws tones with these inks, in block characters, or in `plain` ASCII.

    Where there are inks to mix, a cell that was in several states shows how much it ran by its height. Without them,
    and in ASCII, a character can show one state alone: there states take turns.
    """

    def __init__(self, inks: LaneStyles, plain: bool) -> None:
        self.inks = inks
        self.plain = plain
        self.mixes = inks.depth is not Depth.NONE and not plain
        self.tone_of: ToneOf = level_tone if self.mixes else turn_tone
        self._tables: dict[Line, _Table] = {}
        self._styles: dict[tuple[Mark, bool, bool, bool], Style] = {}

    def segments(self, tones: Sequence[int], line: Line) -> list[Segment]:
        """The tones, drawn: as few segments as there are changes of style."""
        glyphs, numbers, styles = self._tables.get(line) or self._table(line)
        text = "".join(map(glyphs.__getitem__, tones))
        drawn = []
        start = 0
        for number, group in groupby(map(numbers.__getitem__, tones)):
            end = start + len(list(group))
            drawn.append(Segment(text[start:end], styles[number]))
            start = end
        return drawn

    def growing(self, tone: int, eighths: int, line: Line) -> Segment:
        """The present cell, of which so many eighths have passed."""
        mark, fine = meaning(tone)
        if not self.mixes:
            return self.segments([tone], line)[0] if eighths else Segment(" ", self.inks.text)
        if 2 * self._eighths(fine, line) >= EIGHTHS:
            mark = State.RUNNING
        if mark is State.IDLE and self.inks.depth is Depth.SIXTEEN:
            eighths = 0  # there is no colour in between for it
        return Segment(_WIDTHS[eighths], self.inks.solid(mark, line.lit, line.other))

    def cursor(self, tone: int, line: Line) -> Segment:
        """The cursor, across a cell."""
        _, style = self._look(tone, line)
        return Segment("|" if self.plain else "│", self.inks.across(style))

    def glyph(self, mark: Mark) -> str:
        """The character of a mark alone."""
        return STATE_STYLES[mark].ascii if self.plain else STATE_STYLES[mark].glyph

    def sample(self, mark: Mark) -> Segment:
        """A mark alone, for a legend."""
        return Segment(*self._look(pure(mark), Line()))

    def _table(self, line: Line) -> _Table:
        looks = [self._look(tone, line) for tone in range(TONES)]
        numbers: dict[Style, int] = {}
        for _, style in looks:
            numbers.setdefault(style, len(numbers))
        table = _Table([glyph for glyph, _ in looks], [numbers[style] for _, style in looks], list(numbers))
        self._tables[line] = table
        return table

    def _look(self, tone: int, line: Line) -> tuple[str, Style]:
        if tone == EDGE:
            return EDGE_LOOK.ascii if self.plain else EDGE_LOOK.glyph, self.inks.quiet
        mark, fine = meaning(tone)
        if self.mixes and mark not in {State.RUNNING, ExtraMark.AWAY}:
            eighths = self._eighths(fine, line)
            if eighths:
                return _HEIGHTS[eighths], self._style(mark, line, mixed=True)
        return self.glyph(mark), self._style(mark, line, mixed=False)

    def _style(self, mark: Mark, line: Line, mixed: bool) -> Style:
        key = (mark, line.lit, line.other, mixed)
        if key not in self._styles:
            inks = self.inks
            of = inks.mixed if mixed else inks.lettered if self.plain else inks.of
            self._styles[key] = of(mark, line.lit, line.other)
        return self._styles[key]

    def _eighths(self, fine: int, line: Line) -> int:
        """How many eighths of a line, from below, lie within the running share of its lane."""
        level = (fine * EIGHTHS * line.height * 2 + FINE) // (2 * FINE)
        below = EIGHTHS * (line.height - 1 - line.nth)
        return min(max(0, level - below), EIGHTHS)
