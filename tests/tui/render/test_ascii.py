import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.color import Color

from threadviz.tui.render.ascii import ASCII

GROUND = Color.parse("black")
STYLE = Style.parse("red on blue")


def drawn(text: str, style: Style | None = STYLE) -> list[Segment]:
    """A segment, as it comes through."""
    return ASCII.apply([Segment(text, style)], GROUND)


@given(st.text())
def test_nothing_but_ascii_comes_through(text: str) -> None:
    """Whatever is drawn becomes ASCII, and stays as wide as it was."""
    for style in (STYLE, None):
        parts = drawn(text, style)
        assert all(part.text.isascii() for part in parts)
        assert sum(part.cell_length for part in parts) == cell_len(text)


@given(st.text(st.characters(codec="ascii")))
def test_ascii_stays_as_it_is(text: str) -> None:
    """The very same segments come through."""
    segments = [Segment(text, STYLE)]
    assert ASCII.apply(segments, GROUND) is segments


@pytest.mark.parametrize(
    ("text", "plain"), [("a long na…", "a long na~"), ("╭─a─╮", "+-a-+"), ("🔎 x", ">  x"), ("été", "?t?")]
)
def test_signs(text: str, plain: str) -> None:
    """What stands for something has a sign that stands for it, of the same colours."""
    assert drawn(text) == [Segment(plain, STYLE)]


def test_areas_keep_their_colour() -> None:
    """What is filled to a half or more is an area of that colour: its ends are where they were, to half a cell."""
    reverse = STYLE + Style(reverse=True)
    assert drawn("▅a▂") == [Segment(" ", reverse), Segment("a ", STYLE)]
    assert drawn("▅", reverse) == [Segment(" ", STYLE + Style(reverse=False))]
