"""Inks: the styles that marks are drawn in, mixed from a theme's colours."""

import enum
from collections.abc import Mapping
from types import MappingProxyType

from rich.style import Style
from textual.color import Color

from threadviz.picture.strip import Beyond, Mark
from threadviz.tui.drawing.contrast import readable
from threadviz.vocabulary import State

_COVERED: Mapping[Mark, float] = MappingProxyType(
    {
        State.READY: 0.75,
        State.GIL: 0.5,
        State.IO: 0.25,
        State.LOCK: 0.4,
        State.SLEEP: 0.15,
        State.WAITING: 0.5,
        State.UNKNOWN: 0.2,
        Beyond.BLOCKED: 0.5,
    }
)
"""About how much of its character a mark's glyph covers."""

_GROUND, _GLYPH = 0.42, 0.78
"""How much of a mark's colour the ground below its glyph has, and the glyph: so bars look solid, and waits calm."""

_BELOW_LETTERS = 0.25

_LOUD: Mapping[Mark, float] = MappingProxyType({State.RUNNING: 1.0, Beyond.BLOCKED: 0.72})
"""How much the ground has of what is not to be calm; their glyphs have all of it."""

_TRACK = 0.07
"""How much an idle lane stands out from where no lane is."""

_QUIET = 0.65
"""How much words beside the point stand out."""

_BRIGHT = 0.5
"""Brighter grounds have black text on them, others white."""

_LIT = 0.35
_OTHER = 0.14


class Depth(enum.Enum):
    """How many colours there are to draw with."""

    NONE = "none"
    SIXTEEN = "16"
    ALL = "all"


class Inks:
    """The styles of marks, from their colours, on a background.

    Of 16 colours each is used as it is; there and without any, glyphs stand on the bare background.
    """

    def __init__(
        self, colours: Mapping[Mark, Color], background: Color, foreground: Color, depth: Depth
    ) -> None:
        self.depth = depth
        self._colours = colours
        self._background = background
        self.foreground = foreground
        self.text = self._style(foreground, background)
        self.bold = self.text + Style(bold=True)
        self.quiet = self.text
        if depth is Depth.ALL:
            self.quiet = self._style(background.blend(foreground, _QUIET), background)
        self.track = self.quiet
        if depth is Depth.ALL:
            self.track = self._style(
                background.blend(foreground, _QUIET), self._even(State.IDLE, False, False)
            )
        self._words = {mark: self._style(colour, background) for mark, colour in colours.items()}

    def of(self, mark: Mark, lit: bool, other: bool) -> Style:
        """A mark's glyph, on its ground; `lit` and `other` as in `paint.Line`."""
        if mark is Beyond.AWAY or self.depth is Depth.NONE:
            return self._marked(self.text, lit and mark is not Beyond.AWAY)
        if self.depth is Depth.SIXTEEN:
            return self._marked(self._style(self._colours[mark], self._background), lit)
        if mark is State.IDLE:
            ground = self._background.blend(self.foreground, _TRACK + (_TRACK if lit else 0))
            return self._marked(self._style(self._colours[mark], ground), lit)
        ink = self._shade(self._colours[mark], lit, other)
        ground = self._background.blend(ink, _LOUD.get(mark, _GROUND))
        return self._marked(self._style(self._background.blend(ink, self._glyph(mark)), ground), lit)

    def lettered(self, mark: Mark, lit: bool, other: bool) -> Style:
        """A mark's letter, in its colour on a little of it: to be read also where it is drawn without colours."""
        if mark is Beyond.AWAY or mark is State.IDLE or self.depth is not Depth.ALL:
            return self.of(mark, lit, other)
        ink = self._shade(self._colours[mark], lit, other)
        ground = self._background.blend(ink, _BELOW_LETTERS)
        return self._style(readable(ink, ground), ground)

    def mixed(self, mark: Mark, lit: bool, other: bool) -> Style:
        """Running, as high as it is, on `mark`."""
        running = self._colours[State.RUNNING]
        if self.depth is Depth.SIXTEEN:
            below = self._background if mark is State.IDLE else self._colours[mark]
            return self._marked(self._style(running, below), lit)
        return self._marked(self._style(self._shade(running, lit, other), self._even(mark, lit, other)), lit)

    def solid(self, mark: Mark, lit: bool, other: bool) -> Style:
        """A mark as a plain area: as bright as its glyph on its ground from afar."""
        if self.depth is Depth.SIXTEEN:
            return self._style(self._colours[mark], self._background)
        return self._style(self._even(mark, lit, other), self._background)

    def word(self, mark: Mark) -> Style:
        """A mark's word."""
        return self.text if self.depth is Depth.NONE else self._words.get(mark, self.text)

    def on(self, colour: Color, strength: float) -> Style:
        """Text on a ground of some colour, which is mixed with the background to this `strength` (0 to 1)."""
        ground = self._background.blend(colour, strength)
        return self._style(Color.parse("black" if ground.brightness > _BRIGHT else "white"), ground)

    def across(self, below: Style) -> Style:
        """A line across a cell that is drawn in `below`."""
        if self.depth is not Depth.ALL or below.bgcolor is None:
            return self.bold
        return Style(color=self.foreground.rich_color, bgcolor=below.bgcolor, bold=True)

    def _even(self, mark: Mark, lit: bool, other: bool) -> Color:
        if mark is State.RUNNING:
            return self._shade(self._colours[mark], lit, other)
        if mark is State.IDLE:
            return self._background.blend(self.foreground, _TRACK)
        ground = _LOUD.get(mark, _GROUND)
        share = ground + (self._glyph(mark) - ground) * _COVERED.get(mark, 0)
        return self._background.blend(self._shade(self._colours[mark], lit, other), share)

    def _glyph(self, mark: Mark) -> float:
        return 1 if mark in _LOUD else _GLYPH

    def _shade(self, colour: Color, lit: bool, other: bool) -> Color:
        if lit:
            return colour.blend(self.foreground, _LIT)
        return colour.blend(self._background, _OTHER) if other else colour

    def _marked(self, style: Style, lit: bool) -> Style:
        return style + Style(underline=True) if lit and self.depth is not Depth.ALL else style

    def _style(self, colour: Color, ground: Color) -> Style:
        if self.depth is Depth.NONE:
            return Style(color=self.foreground.rich_color, bgcolor=self._background.rich_color)
        return Style(color=colour.rich_color, bgcolor=ground.rich_color)
