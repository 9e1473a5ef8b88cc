from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tui.render.observed_runs import paint
from threadviz.presentation.cells import MARKS, ExtraMark
from threadviz.presentation.styles import STATE_STYLES
from threadviz.protocol.events import State
from threadviz.tui.render.cells import (
    CODES,
    EDGE,
    FINE,
    decode,
    dithered_code,
    encode,
    level_code,
    whole_cell,
)
from threadviz.tui.render.glyphs import GlyphPainter, Line

parts = st.lists(st.integers(0, 50), min_size=len(MARKS), max_size=len(MARKS))
EIGHTHS = " ▁▂▃▄▅▆▇█"


def text(codes: list[int], line: Line, *, levels: bool = True) -> str:
    """What is drawn."""
    return "".join(segment.text for segment in paint(levels=levels).segments(codes, line))


def column(of: int, height: int) -> str:
    """One cell, from the top."""
    return "".join(text([of], Line(nth, height)) for nth in range(height))


@given(st.lists(st.integers(0, CODES - 1), max_size=40), st.sampled_from([1, 2, 3]), st.booleans())
def test_every_cell_is_one_character(codes: list[int], height: int, levels: bool) -> None:
    """And neighbours of one style are one segment."""
    for nth in range(height):
        drawn = paint(levels=levels).segments(codes, Line(nth, height))
        assert sum(segment.cell_length for segment in drawn) == len(codes)
        styles = [segment.style for segment in drawn]
        assert all(one != other for one, other in pairwise(styles))


def test_ascii_is_ascii() -> None:
    """In ASCII nothing else is drawn."""
    assert text(list(range(CODES)), Line(), levels=False).isascii()


@pytest.mark.parametrize(
    ("share", "height", "drawn"),
    [
        (0.5, 1, "▄"),
        (0.5, 2, "▒█"),
        (0.75, 2, "▄█"),
        (0.5, 3, "▒▄█"),
        (1 / 3, 3, "▒▒█"),
        (0.125, 2, "▒▂"),
        (0.02, 1, "▒"),
        (0.98, 1, "█"),
    ],
)
def test_a_mix_is_as_high_as_it_ran(share: float, height: int, drawn: str) -> None:
    """From below, over all lines of the lane; above it is what else it did most."""
    assert column(encode(State.GIL, round(share * FINE)), height) == drawn


@given(st.integers(0, FINE - 1), st.sampled_from([1, 2, 3]))
def test_the_height_is_the_share_to_half_an_eighth(fine: int, height: int) -> None:
    """However many lines there are."""
    drawn = column(encode(State.IO, fine), height)
    eighths = sum(EIGHTHS.index(glyph) for glyph in drawn if glyph in EIGHTHS)
    assert abs(eighths - fine / FINE * 8 * height) <= 0.5


@given(parts, st.integers(0, 1000))
def test_tones_tell_what_was_there(cell: list[int], number: int) -> None:
    """The mark of a encode is one of the cell's parts, in both ways to draw."""
    there = sum(cell[:-1])
    mark, fine = decode(level_code(cell, number))
    assert (mark is ExtraMark.AWAY) == (there == 0)
    if there:
        assert cell[MARKS.index(mark)]
        assert abs(fine / FINE - cell[0] / there) <= 0.5 / FINE + 1e-9
        assert (mark is State.RUNNING) == (cell[0] == there)
    shown, _ = decode(dithered_code(cell, number))
    assert cell[MARKS.index(shown)] or not sum(cell)


@pytest.mark.parametrize(("eighths", "glyph"), [(0, " "), (1, "▏"), (4, "▌"), (7, "▉")])
def test_the_present_grows_from_the_left(eighths: int, glyph: str) -> None:
    """In the colour of what it is, whatever that is."""
    assert paint().growing(whole_cell(State.IO), eighths, Line())[0].text == glyph
    assert paint().growing(whole_cell(State.RUNNING), eighths, Line())[0].text == glyph


def test_in_ascii_the_present_is_its_character() -> None:
    """As soon as there is something of it."""
    assert paint(levels=False).growing(whole_cell(State.IO), 3, Line())[0].text == "."


def test_an_edge_is_a_line() -> None:
    """In both ways to draw."""
    assert text([EDGE], Line()) == "│"
    assert text([EDGE], Line(), levels=False) == "|"


def test_a_letter_is_never_drawn_on_its_own_colour() -> None:
    """In ASCII each is to be read, running as well, which is a solid block else."""
    lettered = GlyphPainter(paint().styles, ascii_only=True)
    for mark in MARKS:
        (segment,) = lettered.segments([whole_cell(mark)], Line())
        assert segment.text == STATE_STYLES[mark].ascii
        assert segment.text == " " or (segment.style and segment.style.color != segment.style.bgcolor)
