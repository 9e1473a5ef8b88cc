"""The styles in which marks are drawn, mixed from the colours of a theme."""

import enum
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from rich._palettes import STANDARD_PALETTE
from rich.style import Style
from textual.app import App
from textual.color import Color
from textual.theme import Theme

from threadviz.presentation.cells import ExtraMark, Mark
from threadviz.presentation.styles import ON_DARK, ON_LIGHT, STATE_STYLES
from threadviz.protocol.events import State

LEAST_CONTRAST = 3.0
"""The contrast of a lane's colour with its background: what WCAG 2.1 asks for meaningful graphics (1.4.11)."""

_STEP = 0.08


def contrast(a: Color, b: Color) -> float:
    """Return WCAG 2.1's contrast ratio of two colours, from 1 to 21."""
    darker, lighter = sorted((_luminance(a), _luminance(b)))
    return (lighter + 0.05) / (darker + 0.05)


def readable(colour: Color, ground: Color) -> Color:
    """Return `colour`, or the nearest one that has enough contrast with `ground`."""
    away = Color.parse("white" if ground.brightness < 0.5 else "black")
    while contrast(colour, ground) < LEAST_CONTRAST:
        colour = colour.blend(away, _STEP)
    return colour


def _luminance(of: Color) -> float:
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in of.normalized]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


_GROUND, _GLYPH = 0.42, 0.78
"""The strength of a mark's colour in the background of its glyph, and in the glyph."""

_BELOW_LETTERS = 0.25

_LOUD: Mapping[Mark, float] = MappingProxyType({State.RUNNING: 1.0, ExtraMark.BLOCKED: 0.72})
"""The strength in the background of marks that must stand out; their glyphs have the full colour."""

_TRACK = 0.07
"""The strength of an idle lane on the background."""

_QUIET = 0.65
"""The strength of less important text."""

_BRIGHT = 0.5
"""Text on brighter backgrounds is black, on others white."""

_LIT = 0.35
_OTHER = 0.14


class Depth(enum.Enum):
    """How many colours the terminal has."""

    NONE = "none"
    SIXTEEN = "16"
    ALL = "all"


class LaneStyles:
    """The styles of marks, from their colours, on a background.

    With 16 colours none is mixed; then, and without colours, glyphs stand on the bare background. `lit` and `other` are
    those of a `glyphs.Line`.
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
        """Return the style of a mark's glyph."""
        if mark is ExtraMark.AWAY or self.depth is Depth.NONE:
            return self._marked(self.text, lit and mark is not ExtraMark.AWAY)
        if self.depth is Depth.SIXTEEN:
            return self._marked(self._style(self._colours[mark], self._background), lit)
        if mark is State.IDLE:
            ground = self._background.blend(self.foreground, _TRACK + (_TRACK if lit else 0))
            return self._marked(self._style(self._colours[mark], ground), lit)
        colour = self._shade(self._colours[mark], lit, other)
        ground = self._background.blend(colour, _LOUD.get(mark, _GROUND))
        return self._marked(self._style(self._background.blend(colour, self._glyph(mark)), ground), lit)

    def lettered(self, mark: Mark, lit: bool, other: bool) -> Style:
        """Return the style of a mark's letter: readable, on a faint background."""
        if mark is ExtraMark.AWAY or mark is State.IDLE or self.depth is not Depth.ALL:
            return self.of(mark, lit, other)
        colour = self._shade(self._colours[mark], lit, other)
        ground = self._background.blend(colour, _BELOW_LETTERS)
        return self._style(readable(colour, ground), ground)

    def mixed(self, mark: Mark, lit: bool, other: bool) -> Style:
        """Return the style of a cell that was partly running, below, and otherwise in `mark`, above."""
        running = self._colours[State.RUNNING]
        if self.depth is Depth.SIXTEEN:
            below = self._background if mark is State.IDLE else self._colours[mark]
            return self._marked(self._style(running, below), lit)
        return self._marked(self._style(self._shade(running, lit, other), self._even(mark, lit, other)), lit)

    def solid(self, mark: Mark, lit: bool, other: bool) -> Style:
        """Return the style of a plain area for a mark: as bright as its glyph is on average."""
        if self.depth is Depth.SIXTEEN:
            return self._style(self._colours[mark], self._background)
        return self._style(self._even(mark, lit, other), self._background)

    def word(self, mark: Mark) -> Style:
        """Return the style of the words for a mark; for None, of other text."""
        return self.text if self.depth is Depth.NONE else self._words.get(mark, self.text)

    def on(self, colour: Color, strength: float) -> Style:
        """Return the style of text on a colour that is mixed into the background with this `strength` (0 to 1)."""
        ground = self._background.blend(colour, strength)
        return self._style(Color.parse("black" if ground.brightness > _BRIGHT else "white"), ground)

    def across(self, below: Style) -> Style:
        """Return the style of a line across a cell of the style `below`."""
        if self.depth is not Depth.ALL or below.bgcolor is None:
            return self.bold
        return Style(color=self.foreground.rich_color, bgcolor=below.bgcolor, bold=True)

    def _even(self, mark: Mark, lit: bool, other: bool) -> Color:
        if mark is State.RUNNING:
            return self._shade(self._colours[mark], lit, other)
        if mark is State.IDLE:
            return self._background.blend(self.foreground, _TRACK)
        ground = _LOUD.get(mark, _GROUND)
        share = ground + (self._glyph(mark) - ground) * STATE_STYLES[mark].cover
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


_OF_16 = {mark: Color.parse(f"ansi_{style.of_16}") for mark, style in STATE_STYLES.items() if style.of_16}


def variable(mark: Mark) -> str:
    """Return the name of the theme variable with a mark's colour. A theme may set it."""
    return f"lane-{mark}"


def lane_variables(theme: Theme) -> dict[str, str]:
    """Return the default colours of the marks for a theme, by variable, for `App.get_theme_variable_defaults`."""
    if theme.ansi:
        return {variable(mark): f"ansi_{STATE_STYLES[mark].of_16}" for mark in _OF_16}
    background = Color.parse(theme.to_color_system().generate()["background"])
    colours = ON_DARK if background.brightness < 0.5 else ON_LIGHT
    return {variable(mark): readable(Color.parse(name), background).hex for mark, name in colours.items()}


def lane_styles(app: App[Any]) -> LaneStyles:
    """Return the styles for an app's theme and terminal: the same object as long as these do not change."""
    names = ("background", "foreground", *map(variable, ON_DARK))
    return _lane_styles(depth_of(app), app.native_ansi_color, *(app.theme_variables[name] for name in names))


def depth_of(app: App[Any]) -> Depth:
    """Return how many colours the terminal of an app has."""
    if app.no_color:
        return Depth.NONE
    few = app.native_ansi_color or app.console.color_system in {"standard", "windows"}
    return Depth.SIXTEEN if few else Depth.ALL


@lru_cache(8)
def _lane_styles(depth: Depth, native: bool, background: str, foreground: str, *colours: str) -> LaneStyles:
    if depth is Depth.SIXTEEN and not native:
        # The true colours that are converted to these when Textual reduces all to 16.
        of = {mark: Color(*STANDARD_PALETTE[colour.ansi or 0]) for mark, colour in _OF_16.items()}
    else:
        of = {mark: Color.parse(colour) for mark, colour in zip(ON_DARK, colours, strict=True)}
    return LaneStyles(of, Color.parse(background), Color.parse(foreground), depth)
