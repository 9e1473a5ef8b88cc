"""Moments as places: in percent of a picture's width, so that it may be of any."""

from threadviz.exports.markup import NOTHING, Markup, element
from threadviz.picture.window import Window


def percent_of(window: Window, t: int) -> float:
    """Where the moment `t` (ns) is in a picture of `window`, which is not empty."""
    return round(100 * (t - window.since) / window.length, 4)


def rect(window: Window, start: int, end: int, *inside: Markup, **attributes: str) -> Markup:
    """A rectangle from `start` to `end` (ns), as far as it is within the window."""
    start, end = max(start, window.since), min(end, window.until)
    if start >= end:
        return NOTHING
    width = round(100 * (end - start) / window.length, 4)
    return element("rect", *inside, x=f"{percent_of(window, start)}%", width=f"{width}%", **attributes)
