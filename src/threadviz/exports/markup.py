"""HTML, put together so that text never becomes markup."""

from html import escape
from typing import NewType

from threadviz.picture.plain import clipped, printable

Markup = NewType("Markup", str)
"""What is markup already. Only this module makes it of a `str`, but for the page's own style and script."""

NOTHING = Markup("")

MOST = 500
"""No text has more characters: a name may be told of in very many places."""


def text(words: str) -> Markup:
    """Text, whatever is in it; no more of it than MOST."""
    return _escaped(clipped(words, MOST))


def _escaped(words: str) -> Markup:
    return Markup(escape(printable(words)))


def element(tag: str, /, *content: Markup, **attributes: str | int) -> Markup:
    """An element with its end tag. Attributes are named `data_tip` for data-tip and `class_` for class."""
    return Markup(f"{start(tag, **attributes)}{''.join(content)}</{tag}>")


def start(tag: str, /, **attributes: str | int) -> Markup:
    """A start tag alone, of an element that has no end tag, or whose content follows."""
    named = "".join(
        f' {key.strip("_").replace("_", "-")}="{_escaped(str(value))}"' for key, value in attributes.items()
    )
    return Markup(f"<{tag}{named}>")


def joined(parts: list[Markup]) -> Markup:
    """One after the other."""
    return Markup("".join(parts))
