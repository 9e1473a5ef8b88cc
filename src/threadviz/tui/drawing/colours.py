"""The lanes' colours, on every theme: as theme variables, so that a theme may have its own."""

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from rich._palettes import STANDARD_PALETTE
from textual.app import App
from textual.color import Color
from textual.theme import Theme

from threadviz.events import State
from threadviz.picture.palette import ON_DARK, ON_LIGHT
from threadviz.picture.strip import Beyond, Mark
from threadviz.tui.drawing.inks import Depth, Inks

LEAST_CONTRAST = 3.0
"""A lane's colour against the background: what WCAG 2.1 asks for graphics that carry a meaning (1.4.11)."""

_STEP = 0.08

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
        Beyond.BLOCKED: "ansi_red",
    }
)
"""As a terminal has them by itself: whatever it takes for blue is told from its background."""


def variable(mark: Mark) -> str:
    """The theme variable that has a mark's colour."""
    return f"lane-{mark}"


def lane_variables(theme: Theme) -> dict[str, str]:
    """The lanes' colours on this theme, by variable: for `App.get_theme_variable_defaults`."""
    if theme.ansi:
        return {variable(mark): colour for mark, colour in _OF_16.items()}
    background = Color.parse(theme.to_color_system().generate()["background"])
    colours = ON_DARK if background.brightness < 0.5 else ON_LIGHT
    return {variable(mark): _readable(Color.parse(name), background).hex for mark, name in colours.items()}


def contrast(a: Color, b: Color) -> float:
    """How much two colours differ in luminance, from 1 to 21: WCAG 2.1's contrast ratio."""
    darker, lighter = sorted((_luminance(a), _luminance(b)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(of: Color) -> float:
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in of.normalized]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def _readable(colour: Color, background: Color) -> Color:
    """Return `colour`, or what is nearest to it and stands out from the background."""
    away = Color.parse("white" if background.brightness < 0.5 else "black")
    while contrast(colour, background) < LEAST_CONTRAST:
        colour = colour.blend(away, _STEP)
    return colour


def inks(app: App[Any]) -> Inks:
    """The inks of an app's theme, in as many colours as its terminal has: the same, as long as these are."""
    names = ("background", "foreground", *map(variable, ON_DARK))
    return _inks(depth_of(app), app.native_ansi_color, *(app.theme_variables[name] for name in names))


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
def _inks(depth: Depth, native: bool, background: str, foreground: str, *colours: str) -> Inks:
    if depth is Depth.SIXTEEN and not native:
        of = {mark: _in_palette(Color.parse(name)) for mark, name in _OF_16.items()}
    else:
        of = {mark: Color.parse(colour) for mark, colour in zip(ON_DARK, colours, strict=True)}
    return Inks(of, Color.parse(background), Color.parse(foreground), depth)
