"""The lanes' colours, on every theme: as theme variables, so that a theme may have its own."""

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from rich._palettes import STANDARD_PALETTE
from textual.app import App
from textual.color import Color
from textual.theme import Theme

from threadviz.picture.palette import ON_DARK, ON_LIGHT
from threadviz.picture.strip import Beyond, Mark
from threadviz.tui.drawing.contrast import readable
from threadviz.tui.drawing.inks import Depth, Inks
from threadviz.vocabulary import State

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
    return {variable(mark): readable(Color.parse(name), background).hex for mark, name in colours.items()}


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
