from hypothesis import given
from hypothesis import strategies as st

from tests.tui.render.test_lane_strips import one_lane
from threadviz.protocol.events import Span, State
from threadviz.tui.render.layout import Columns, RowLayout
from threadviz.tui.view.rows import Row


def rows(lanes: int) -> list[Row]:
    """So many rows with a lane."""
    return [one_lane(Span(1, State.IO)).rows[0]] * lanes


@given(st.integers(1, 400), st.lists(st.text(max_size=30), max_size=3))
def test_columns_fill_the_width(width: int, names: list[str]) -> None:
    """However narrow it is, there is a cell; and nothing is wider than the terminal, where that has room for one."""
    columns = Columns.of(width, names)
    assert columns.cells >= 1
    assert columns.left < columns.right
    assert columns.right <= max(width, columns.left + 1)


def test_the_lanes_have_more_room_in_a_wider_terminal() -> None:
    """And so have the words beside them."""
    narrow, middle, wide = (Columns.of(width, ["event loop"]) for width in (80, 120, 200))
    assert 40 <= narrow.cells < middle.cells < wide.cells
    assert narrow.now < middle.now < wide.now
    assert narrow.shares == 2 < middle.shares < wide.shares


def test_lanes_are_as_tall_as_there_is_room_for() -> None:
    """All of them in sight; with a blank line between two, unless even single lines don't fit then."""
    for lanes, height, tall, lines in (
        (3, 11, 3, 11),
        (3, 10, 2, 8),
        (7, 13, 1, 13),
        (7, 12, 1, 7),
        (40, 12, 1, 40),
    ):
        found = RowLayout.of(rows(lanes), 80, height)
        assert (found.height, len(found.lines)) == (tall, lines)
        assert found.tight == (lines == lanes)


def test_a_heading_is_one_line() -> None:
    """Above its lanes, and a blank line after those above it."""
    (lane,) = rows(1)
    heading = Row(lane.run, None)
    found = RowLayout.of([heading, lane, heading, lane], 80, 9)
    assert found.height == 3 and not found.tight
    assert found.starts == [0, 1, 5, 6]
    assert found.lines == [(0, 0), (1, 0), (1, 1), (1, 2), (1, 3), (2, 0), (3, 0), (3, 1), (3, 2)]
