from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from tests.timeline.streams import Run, runs, timeline
from threadviz.presentation.cells import ExtraMark, Mark, Window, dither, mark_durations, strip
from threadviz.protocol.events import (
    LaneStarted,
    ObserverTick,
    Present,
    RunStarted,
    Span,
    Spans,
    State,
    TaskStarted,
    TaskSubmitted,
)
from threadviz.timeline import Lane, Role, Timeline

windows = st.tuples(st.integers(0, 60), st.integers(1, 60)).map(lambda w: Window(w[0], w[0] + w[1]))
cell_counts = st.integers(1, 50)
overs = st.integers(0, 130)


def of(run: Run) -> Timeline:
    """Return the timeline of a run."""
    result = Timeline()
    result.extend(run.events())
    return result


def loop_lane(*spans: Span, busy: bool = False) -> Lane:
    """Return an event loop's lane that was in these states, in a task or not."""
    result = timeline(
        LaneStarted(0, 0, 1, 1, "main", "subject"),
        RunStarted(0, 1, 1),
        *([TaskSubmitted(0, 0, "task"), TaskStarted(0, 0, 1, 1)] if busy else []),
        Spans(0, 0, spans, Present(State.UNKNOWN)),
        ObserverTick(sum(span.ns for span in spans), 1, 0, 0),
    )
    assert result.loop is not None
    return result.loop


def drawn(lane: Lane, length: int, cells: int) -> list[Mark]:
    """Return the marks of the lane's first `length` ns."""
    return [cell.mark for cell in strip(lane, Window(0, length), cells, length)]


@given(runs(), windows, cell_counts, overs)
def test_cells_tile_the_window(run: Run, window: Window, cells: int, over: int) -> None:
    """They begin and end with the window, leave nothing out, and differ by at most 1 ns in length."""
    for lane in of(run).lanes:
        found = strip(lane, window, cells, over)
        assert len(found) == cells
        assert [found[0].start, *(cell.end for cell in found)] == [
            *(cell.start for cell in found),
            window.until,
        ]
        lengths = {cell.end - cell.start for cell in found}
        assert max(lengths) - min(lengths) <= 1


@given(runs(), windows, cell_counts, overs)
def test_shares_are_those_of_the_model(run: Run, window: Window, cells: int, over: int) -> None:
    """The parts of all cells add up to the lane's states and the time it was away."""
    for lane in of(run).lanes:
        found = strip(lane, window, cells, over)
        parts = Counter[Mark]()
        for cell in found:
            assert sum(cell.parts.values()) == cell.end - cell.start
            parts.update(cell.parts)
        assert parts.total() == window.length
        until = max(window.since, min(window.until, over))
        states = lane.states(window.since, until)
        assert window.length - parts[ExtraMark.AWAY] == sum(states.values())
        if lane.role is not Role.LOOP:
            del parts[ExtraMark.AWAY]
            assert +parts == Counter(states)


@given(runs(), windows, cell_counts)
def test_a_cell_shows_what_was_there(run: Run, window: Window, cells: int) -> None:
    """The mark of a cell is one of its parts; a cell without length is away."""
    for lane in of(run).lanes:
        for cell in strip(lane, window, cells, window.until):
            assert cell.mark in (cell.parts or {ExtraMark.AWAY})


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=11).filter(any), st.integers(0, 10**9))
def test_states_appear_as_often_as_their_shares(parts: list[int], first: int) -> None:
    """In any row of equal cells, to within 3 cells."""
    shown = Counter[int]()
    for count in range(1, 200):
        shown[dither(parts, first + count)] += 1
        for index, part in enumerate(parts):
            assert abs(shown[index] - count * part / sum(parts)) <= 3


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=11).filter(any), st.integers(0, 10**9))
def test_a_state_without_time_never_appears(parts: list[int], number: int) -> None:
    """However many others there are, and however short they are."""
    assert parts[dither(parts, number)]


@given(runs(), st.integers(0, 60), st.integers(1, 9), st.integers(1, 9))
def test_cells_of_a_row_equal_single_cells(run: Run, since: int, width: int, count: int) -> None:
    """Many at once are the same as one by one."""
    for lane in of(run).lanes:
        alone = [mark_durations(lane, since + width * number, width, 1)[0] for number in range(count)]
        assert mark_durations(lane, since, width, count) == alone


def test_a_loop_that_waits_in_a_task_is_blocked() -> None:
    """While it is in a task, or in a wait that is not for events; running, ready and gil stay what they are."""
    states = (State.RUNNING, State.IO, State.LOCK, State.SLEEP, State.GIL)
    spans = [Span(10, state) for state in states]
    blocked = ExtraMark.BLOCKED
    expected = [State.RUNNING, blocked, blocked, blocked, State.GIL]
    assert drawn(loop_lane(*spans, busy=True), 50, 5) == expected
    assert drawn(loop_lane(*spans), 50, 5) == expected


def test_a_loop_with_unknown_waits_is_blocked_in_a_task_only() -> None:
    """The portable probe can't tell a wait for events from another, so outside tasks this is not known."""
    spans = [Span(10, State.WAITING), Span(10, State.UNKNOWN)]
    assert drawn(loop_lane(*spans, busy=True), 20, 2) == [ExtraMark.BLOCKED, State.UNKNOWN]
    assert drawn(loop_lane(*spans), 20, 2) == [State.WAITING, State.UNKNOWN]


def test_a_loop_that_waits_for_events_is_idle() -> None:
    """In its selector."""
    assert drawn(loop_lane(Span(10, State.IO, call="epoll_wait")), 10, 1) == [State.IDLE]
