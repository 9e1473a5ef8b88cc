"""Inks: the styles that marks are drawn in, mixed from a theme's colours."""

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
from threadviz.presentation.styles import ON_DARK, ON_LIGHT
from threadviz.protocol.events import State

# Contrast: whether a colour stands out from its background.

LEAST_CONTRAST = 3.0
"""A lane's colour against what is below it: what WCAG 2.1 asks for graphics that carry a meaning (1.4.11)."""

_STEP = 0.08


def contrast(a: Color, b: Color) -> float:
    """How much two colours differ in luminance, from 1 to 21: WCAG 2.1's contrast ratio."""
    darker, lighter = sorted((_luminance(a), _luminance(b)))
    return (lighter + 0.05) / (darker + 0.05)


def readable(colour: Color, ground: Color) -> Color:
    """Return `colour`, or what is nearest to it and stands out from the ground."""
    away = Color.parse("white" if ground.brightness < 0.5 else "black")
    while contrast(colour, ground) < LEAST_CONTRAST:
        colour = colour.blend(away, _STEP)
    return colour


def _luminance(of: Color) -> float:
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in of.normalized]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


_COVERED: Mapping[Mark, float] = MappingProxyType(
    {
        State.READY: 0.75,
        State.GIL: 0.5,
        State.IO: 0.25,
        State.LOCK: 0.4,
        State.SLEEP: 0.15,
        State.WAITING: 0.5,
        State.UNKNOWN: 0.2,
        ExtraMark.BLOCKED: 0.5,
    }
)
"""About how much of its character a mark's glyph covers."""

_GROUND, _GLYPH = 0.42, 0.78
"""How much of a mark's colour the ground below its glyph has, and the glyph: so bars look solid, and waits calm."""

_BELOW_LETTERS = 0.25

_LOUD: Mapping[Mark, float] = MappingProxyType({State.RUNNING: 1.0, ExtraMark.BLOCKED: 0.72})
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


class LaneStyles:
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
        """A mark's glyph, on its ground; `lit` and `other` as in `glyphs.GlyphPainter`."""
        if mark is ExtraMark.AWAY or self.depth is Depth.NONE:
            return self._marked(self.text, lit and mark is not ExtraMark.AWAY)
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
        if mark is ExtraMark.AWAY or mark is State.IDLE or self.depth is not Depth.ALL:
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


# The lanes' colours, on every theme: as theme variables, so that a theme may have its own.

_OF_16: Mapping[Mark, str] = MappingProxyType(
    {
        State.RUNNING: "ansi_green",
        State.READY: "ansi_bright_yellow",
        State.GIL: "ansi_yellow",
        State.IO: "ansi_bright_blue",
        State.LOCK: "ansi_magenta",
        State.SLEEP: "ansi_cyan",
        State.IDLE: "ansi_bright_black",
        State.WAITING: "ansi_bright_black",
        State.UNKNOWN: "ansi_bright_black",
        ExtraMark.BLOCKED: "ansi_red",
    }
)
"""The terminal's own colours, whose blue stands out from its background."""


def variable(mark: Mark) -> str:
    """The theme variable that has a mark's colour."""
    return f"lane-{mark}"


def lane_variables(theme: Theme) -> dict[str, str]:
    """The lanes' colours on this theme, by variable: for `App.get_theme_variable_defaults`."""
    if theme.ansi:
        return {variable(mark): colour for mark, colour in _OF_16.items()}
    background = Color.parse(theme.to_color_system().generate()["background"])
    colours = ON_DARK if background.brightness < 0.5 else ON_LIGHT
    return {variable(mark): readable(Color.parse(name), background).hex for mark, name in colours.items()}


def lane_styles(app: App[Any]) -> LaneStyles:
    """The styles of an app's theme, in as many colours as its terminal has: the same, as long as these are."""
    names = ("background", "foreground", *map(variable, ON_DARK))
    return _lane_styles(depth_of(app), app.native_ansi_color, *(app.theme_variables[name] for name in names))


def depth_of(app: App[Any]) -> Depth:
    """How many colours an app has to draw with."""
    if app.no_color:
        return Depth.NONE
    few = app.native_ansi_color or app.console.color_system in {"standard", "windows"}
    return Depth.SIXTEEN if few else Depth.ALL


def _in_palette(colour: Color) -> Color:
    """One of the 16 as the colour that is taken for it, where all have to be turned into 16."""
    return Color(*STANDARD_PALETTE[colour.ansi or 0])


@lru_cache(8)
def _lane_styles(depth: Depth, native: bool, background: str, foreground: str, *colours: str) -> LaneStyles:
    if depth is Depth.SIXTEEN and not native:
        of = {mark: _in_palette(Color.parse(name)) for mark, name in _OF_16.items()}
    else:
        of = {mark: Color.parse(colour) for mark, colour in zip(ON_DARK, colours, strict=True)}
    return LaneStyles(of, Color.parse(background), Color.parse(foreground), depth)
