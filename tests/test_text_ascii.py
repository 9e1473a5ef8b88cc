import pytest
from hypothesis import given
from hypothesis import strategies as st

from threadviz.text import clipped, printable


@given(st.text())
def test_whatever_comes_is_printable(text: str) -> None:
    """No text makes it to the terminal with a control or format character in it."""
    assert printable(text).isprintable()


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126)))
def test_printable_text_stays_as_it_is(text: str) -> None:
    """What is harmless is not touched."""
    assert printable(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J", r"\x1b[2J"),
        ("a\rb\nc", r"a\rb\nc"),
        ("\x9b31m", r"\x9b31m"),
        ("\u202eevil", r"\u202eevil"),
        ("\ud800", r"\ud800"),
        ("naïve 日本", "naïve 日本"),
    ],
)
def test_what_is_not_shows_as_an_escape(text: str, shown: str) -> None:
    """C0 and C1 controls, overrides of direction and lone surrogates can be read, and do nothing."""
    assert printable(text) == shown


def test_a_long_text_is_clipped() -> None:
    """And says so; one that fits stays as it is."""
    assert clipped("abcdef", 6) == "abcdef"
    assert clipped("abcdefg", 6) == "abcdef..."
