"""Turns what Textual itself draws, such as scroll bars, borders and ellipses, into ASCII."""

import re
from functools import lru_cache
from typing import Any

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.app import App
from textual.color import Color
from textual.filter import LineFilter

_AREAS = re.compile("([▀▄▅▆▇█▉▊▋▌▐]+)")
"""Characters that are at least half filled: the nearest to them is a blank on their colour."""

_SIGNS = str.maketrans(
    {
        "▁": "_",
        "▔": "-",
        "…": "~",
        "●": "o",
        "🔎": "> ",
        **dict.fromkeys("▂▃▍▎▏▕", " "),
        **dict.fromkeys("│┃║", "|"),
        **dict.fromkeys("─━═", "-"),
        **dict.fromkeys("┌┐└┘╭╮╰╯├┤┬┴┼", "+"),
    }
)


def in_ascii(text: str) -> str:
    """Return `text` in ASCII, with the same width."""
    signs = (sign if sign.isascii() else "?" * cell_len(sign) for sign in text.translate(_SIGNS))
    return set_cell_size("".join(signs), cell_len(text))


class Ascii(LineFilter):
    """Replaces all other characters by ASCII ones of the same width; by `?` where there is none like them."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments of a line in ASCII; the same list if they are already."""
        if all(segment.text.isascii() for segment in segments):
            return segments
        return [part for segment in segments for part in _parts(segment)]


ASCII = Ascii()
"""The only instance, since Textual caches lines by the filter object."""

ASCII_CLASS = "-ascii"
"""The class that an app has, for the style sheets too, if it draws in ASCII only."""


def draws_ascii(app: App[Any]) -> bool:
    """Whether an app draws in ASCII only."""
    return app.has_class(ASCII_CLASS)


@lru_cache(1024)
def _parts(segment: Segment) -> list[Segment]:
    text, style, control = segment
    if text.isascii():
        return [segment]
    filled = (style or Style.null()) + Style(reverse=not (style and style.reverse))
    return [
        Segment(" " * len(part), filled, control)
        if _AREAS.match(part)
        else Segment(in_ascii(part), style, control)
        for part in _AREAS.split(text)
        if part
    ]
