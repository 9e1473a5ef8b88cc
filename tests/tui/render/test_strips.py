import gc

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.segment import Segment
from textual.filter import Monochrome

from tests.tui.render.observed_runs import BLACK, paint
from threadviz.tui.render.cells import CODES
from threadviz.tui.render.glyphs import Line
from threadviz.tui.render.strips import LaneCells, StripCache

WIDTH = 60
console = Console(color_system="truecolor", force_terminal=True)


@st.composite
def rows(draw: st.DrawFn) -> LaneCells:
    """The cells of a row that is 60 wide."""
    codes = draw(st.lists(st.integers(0, CODES - 1), max_size=WIDTH))
    latest = draw(st.none() | st.integers(0, CODES - 2)) if len(codes) < WIDTH else None
    lit = sorted(draw(st.tuples(st.integers(0, WIDTH), st.integers(0, WIDTH))))
    return LaneCells(
        draw(st.integers(0, 100)),
        codes,
        latest,
        draw(st.integers(0, 7)),
        (lit[0], lit[1]),
        draw(st.none() | st.integers(0, WIDTH - 1)),
        whole=True,
    )


lines = st.sampled_from([Line(), Line(0, 2), Line(1, 2), Line(2, 3, other=True)])


@given(st.lists(st.tuples(rows(), lines), min_size=1, max_size=6))
def test_kept_pieces_make_the_line_that_fresh_ones_make(drawn: list[tuple[LaneCells, Line]]) -> None:
    """Whatever was drawn before; and the terminal gets the same sequences."""
    kept = StripCache(paint(), [Monochrome()], BLACK, console)
    for cells, line in drawn:
        fresh = StripCache(paint(), [Monochrome()], BLACK, console)
        found, goal = (strips.line(strips.cells(cells, WIDTH, line), WIDTH) for strips in (kept, fresh))
        assert found.text == goal.text
        assert found.render(console) == goal.render(console)
        assert found.cell_length == len(found.text) == WIDTH


@given(rows(), lines)
def test_pieces_show_what_one_piece_would(cells: LaneCells, line: Line) -> None:
    """Where a line is cut into pieces makes no difference to what is on it."""
    strips = StripCache(paint(), [], BLACK, console)
    found = strips.line(strips.cells(cells, WIDTH, line), WIDTH).text
    lit = line._replace(lit=True)
    for index, code in enumerate(cells.codes):
        on = lit if cells.lit[0] <= index < cells.lit[1] else line
        assert found[index] == ("│" if cells.cursor == index else strips.painter.segments([code], on)[0].text)
    after = len(cells.codes) + (cells.latest is not None)
    assert found[after:].replace("│", " ").isspace() or after == WIDTH
    assert (cells.cursor is None) or found[cells.cursor] == "│"


def test_a_line_is_filled_up() -> None:
    """To the width that is asked for; and a part of it is what it is of any other strip."""
    strips = StripCache(paint(), [], BLACK, console)
    line = strips.line([strips.words(Segment("lane"))], 12)
    assert (line.text, line.cell_length) == ("lane" + " " * 8, 12)
    assert line.crop(1, 6).render(console).count("ane") == 1
    assert [part.text for part in line.divide([4, 12])] == ["lane", " " * 8]


def test_a_line_that_is_on_the_screen_no_more_is_gone() -> None:
    """At once, without the garbage collector: a thousand lines a second would be much work for it."""
    strips = StripCache(paint(), [], BLACK, console)
    gc.collect()
    line = strips.line([strips.blank(WIDTH)], WIDTH)
    assert line.divide([WIDTH, WIDTH + 1]) == [line]
    del line
    assert gc.collect() == 0
