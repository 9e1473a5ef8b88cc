"""What Textual itself draws, such as scroll bars, borders and cut marks, in ASCII."""

import re
from functools import lru_cache

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter

_AREAS = re.compile("([▀▄▅▆▇█▉▊▋▌▐]+)")
"""Characters that are filled to a half or more: a blank on their colour is nearest to them."""

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
    """Return `text` in ASCII, as wide as it was."""
    signs = (sign if sign.isascii() else "?" * cell_len(sign) for sign in text.translate(_SIGNS))
    return set_cell_size("".join(signs), cell_len(text))


class Ascii(LineFilter):
    """Lets nothing but ASCII through, whoever drew it; each line stays as long as it was.

    What there is no sign for becomes `?`.
    """

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The segments of a line in ASCII; the same list where they are."""
        if all(segment.text.isascii() for segment in segments):
            return segments
        return [part for segment in segments for part in _parts(segment)]


ASCII = Ascii()
"""The one that is used: Textual remembers lines by the filter that they went through."""


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
