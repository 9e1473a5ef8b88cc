"""Python code in colours. Pygments is imported with it: who needs no code need not wait for that."""

from textual.content import Content
from textual.highlight import HighlightTheme, highlight


class _Colours(HighlightTheme):
    """Textual's, with nothing red: that is for errors."""

    STYLES = {  # noqa: RUF012 - as Textual has it
        token: style.replace("$text-error", "$text-accent") for token, style in HighlightTheme.STYLES.items()
    }


def highlighted(code: str) -> Content:
    """Return `code` with a style for each kind of token."""
    return highlight(code, language="python", theme=_Colours)
