"""Tracebacks of the user's own code."""

from textual.content import Content

from threadviz.picture.plain import printable
from threadviz.tui.widgets.wording import cut


def traceback_lines(traceback: str, width: int, plain: bool) -> list[Content]:
    """Return a traceback in its lines, each cut to `width`; of none, no lines."""
    return (
        [cut(Content(printable(line)), width, plain) for line in traceback.split("\n")] if traceback else []
    )
