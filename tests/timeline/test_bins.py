from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from tests.timeline.naive import naive
from tests.timeline.streams import Run, runs, spans, timeline, times
from threadviz.protocol.events import LaneStarted, Span, Spans, State
from threadviz.timeline import STATES, Lane, Timeline

widths = st.integers(1, 12)
counts = st.integers(0, 20)


def edge_to_edge(lane: Lane, since: int, width: int, count: int) -> list[tuple[int, ...]]:
    """What `states` says of each bin."""
    bins = range(since, since + width * count, width)
    return [tuple(lane.states(start, start + width).get(state, 0) for state in STATES) for start in bins]


@given(runs(), times, widths, counts, st.data())
def test_a_bin_is_what_the_states_are_from_edge_to_edge(
    run: Run, since: int, width: int, count: int, data: st.DataObject
) -> None:
    """As of any event, wherever the bins lie, and where the lane began or ended in one."""
    events = run.events()
    model = timeline(*events[1 : data.draw(st.integers(1, len(events)))])
    for lane in model.lanes:
        assert lane.binned(since, width, count) == edge_to_edge(lane, since, width, count)


@given(runs(), times, widths, counts)
def test_the_blocked_part_of_a_bin_is_what_the_naive_model_says(
    run: Run, since: int, width: int, count: int
) -> None:
    """Of every state as much as there was while the loop could not answer; of other lanes nothing."""
    events = run.events()
    model, expected = timeline(*events[1:]), naive(events)
    for lane in model.lanes:
        bins = [dict.fromkeys(STATES, 0) for _ in range(count)]
        if lane is model.loop and expected.loop is not None and expected.begin is not None:
            told = zip(expected.loop.shown, expected.loop.blocked, strict=True)
            for t, ((state, _, _), blocked) in enumerate(told, lane.start):
                if blocked and t >= expected.begin and since <= t < since + width * count:
                    bins[(t - since) // width][state] += 1
        assert lane.blocked_binned(since, width, count) == [tuple(sums.values()) for sums in bins]


def long_lane(pattern: Sequence[Span]) -> tuple[Timeline, Lane]:
    """A lane of some hundred stretches."""
    model = timeline(LaneStarted(0, 0, 1, 1, "", "subject"), Spans(0, 0, (*pattern,) * 30))
    return model, model.lanes[0]


@given(st.lists(spans, min_size=10, max_size=20), times, st.integers(1, 200), st.integers(1, 8))
def test_bins_of_many_stretches_are_like_those_of_few(
    pattern: list[Span], since: int, width: int, count: int
) -> None:
    """Whether a bin is walked through or asked for by its edges is not to be seen."""
    _, lane = long_lane(pattern)
    assert lane.binned(since, width, count) == edge_to_edge(lane, since, width, count)


def test_bins_that_one_stretch_fills_are_all_alike() -> None:
    """A long stretch fills the bins that it spans, and its ends lie in bins with others."""
    _, lane = long_lane([Span(15, State.RUNNING), Span(105, State.LOCK)])
    running, lock = STATES.index(State.RUNNING), STATES.index(State.LOCK)
    bins = lane.binned(0, 10, 13)
    assert [sums[running] for sums in bins] == [10, 5, *[0] * 10, 10]
    assert [sums[lock] for sums in bins] == [0, 5, *[10] * 10, 0]
