from hypothesis import given
from hypothesis import strategies as st

from threadviz.mock_server.config import line_of

GAPS = st.lists(st.sampled_from(["", "# a note", "  # url = 'no'"]), max_size=3)


@given(st.lists(st.tuples(GAPS, st.integers(0, 9)), min_size=1, max_size=8))
def test_line_in_an_array_of_inline_tables(items: list[tuple[list[str], int]]) -> None:
    """Whatever stands in between, the line of each item of an array is found while the array is open."""
    lines = ["[sets.a]", "sites = ["]
    expected = []
    for gap, value in items:
        lines += [*gap, f"    {{ bytes = {value} }},"]
        expected.append(len(lines))
    text = "\n".join([*lines, "]", ""])
    assert [line_of(text, ("sets", "a", "sites", n, "bytes")) for n in range(len(items))] == expected


@given(st.lists(st.tuples(GAPS, st.integers(0, 9)), min_size=1, max_size=8))
def test_line_in_an_array_of_tables(items: list[tuple[list[str], int]]) -> None:
    """The same in TOML's other way of writing it, a table for each item and a line for each key."""
    lines = []
    expected = []
    for gap, value in items:
        lines += [*gap, "[[sets.a.sites]]", "url = 'x'", f"bytes = {value}"]
        expected.append(len(lines))
    text = "\n".join(lines)
    assert [line_of(text, ("sets", "a", "sites", n, "bytes")) for n in range(len(items))] == expected


def test_what_is_not_there_has_no_line() -> None:
    """A key that is missing stands in no line."""
    assert line_of("[sets.a]\n", ("sets", "a", "sites")) is None


def test_lines_that_can_not_be_found() -> None:
    """Inside nested arrays that span lines there is none, rather than a wrong line."""
    text = "a = [\n[\n1,\n2\n],\n[\n3\n]\n]\nb = 1\n"
    assert line_of(text, ("a", 0, 1)) in {None, 4}
