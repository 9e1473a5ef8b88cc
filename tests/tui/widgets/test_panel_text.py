from hypothesis import given
from hypothesis import strategies as st
from textual.content import Content

from threadviz.tui.widgets.text_lines import bar, join_to_width, side_by_side, truncate, wrap

words = st.text("abc ", min_size=1, max_size=12)


@given(st.floats(0, 1), st.integers(1, 60), st.booleans())
def test_bar_length(share: float, cells: int, ascii_only: bool) -> None:
    """To a character, or an eighth of one; any share above 0 is visible."""
    drawn = bar(share, cells, ascii_only)
    assert len(drawn) <= cells
    assert bool(drawn) == (share > 0)
    assert not ascii_only or set(drawn) <= {"#"}
    if share * cells >= 1:
        eighths = 8 * len(drawn) if ascii_only else sum("▏▎▍▌▋▊▉█".index(char) + 1 for char in drawn)
        assert abs(eighths - share * cells * 8) <= (4.5 if ascii_only else 0.5)


@given(st.lists(st.lists(words, min_size=1, max_size=3), min_size=1, max_size=4), st.integers(1, 60))
def test_join_to_width_shortens_no_more_than_needed(parts: list[list[str]], width: int) -> None:
    """The line is whole if there is room."""
    line = join_to_width(parts, width, "-").plain
    whole = "-".join(part[0] for part in parts)
    shortest = "-".join(part[-1] for part in parts)
    if len(whole) <= width:
        assert line == whole
    elif len(line) > width:
        assert line == shortest


@given(
    st.text(max_size=30).map(lambda text: Content(text.replace("\n", " "))), st.integers(0, 30), st.booleans()
)
def test_truncate_adds_an_ellipsis(line: Content, width: int, ascii_only: bool) -> None:
    """Within the width."""
    short = truncate(line, width, ascii_only)
    assert short.cell_length <= width
    if line.cell_length <= width:
        assert short.plain == line.plain
    else:
        assert width == 0 or short.plain.endswith("." if ascii_only else "…")


def test_wrap_indents_below_the_first_line() -> None:
    """A mark stands before the first."""
    lines = wrap(Content("one two three"), 8, "  ", Content("* "))
    assert [line.plain for line in lines] == ["* one", "  two", "  three"] or [
        line.plain for line in lines
    ] == [
        "* one ",
        "  two ",
        "  three",
    ]


def test_side_by_side() -> None:
    """Each block in its width, whatever the height of the others."""
    blocks = [[Content("a")], [Content("b"), Content("c")]]
    assert [line.plain for line in side_by_side(blocks, [3, 2], 1)] == ["a   b ", "    c "]
