import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.timeline.programs import Comings, comings, program, thread
from threadviz.events import Finished, GilHeld, Hold, LaneEnded, Span, Spans, Started, State, Submitted, Tick
from threadviz.stream import StreamError
from threadviz.timeline import Role, Timeline
from threadviz.timeline.folded import BIN_NS

S = 1_000_000_000


def both(stream: Comings, most_gone: int) -> tuple[Timeline, Timeline]:
    """The same stream with folding and without."""
    folding, whole = Timeline(most_gone=most_gone), Timeline()
    for timeline in (folding, whole):
        timeline.extend(stream.events)
    return folding, whole


@given(comings(), st.integers(0, 4))
def test_folding_changes_no_total(stream: Comings, most_gone: int) -> None:
    """States and CPU time are the same to the ns now and at the edges of bins, and lanes are only counted."""
    folding, whole = both(stream, most_gone)
    gone = 0 if folding.folded is None else folding.folded.threads
    assert len(folding.lanes) + gone == len(whole.lanes)
    assert sum(lane.end is not None and lane.role is not Role.LOOP for lane in folding.lanes) <= most_gone
    for t in (*range(0, whole.now, BIN_NS), whole.now):
        one, other = folding.totals(t), whole.totals(t)
        assert (one.states, one.cpu_ns, one.total_ns) == (other.states, other.cpu_ns, other.total_ns)


@given(comings())
def test_what_is_binned_is_what_the_totals_are_of(stream: Comings) -> None:
    """Whatever the bins are."""
    folding, _ = both(stream, 0)
    if folding.folded is not None:
        bins = folding.folded.binned(0, folding.now // 7 + 1, 7)
        plumbing, others = folding.folded.sums(folding.now)
        assert [sum(column) for column in zip(*bins, strict=True)] == [
            one + other for one, other in zip(plumbing, others, strict=True)
        ]


@given(comings())
def test_folded_totals_never_decrease(stream: Comings) -> None:
    """Between the edges of bins as well."""
    folding, _ = both(stream, 0)
    before = folding.totals(0).states
    for t in range(0, folding.now + 1, max(1, folding.now // 97)):
        states = folding.totals(t).states
        assert all(states.get(state, 0) >= ns for state, ns in before.items())
        before = states


@given(comings())
def test_processes_without_lanes_are_counted(stream: Comings) -> None:
    """Those of which a thread is left say how many are gone."""
    folding, whole = both(stream, 0)
    pids = {lane.pid for lane in whole.lanes}
    left = {lane.pid for lane in folding.lanes}
    if folding.folded is None:
        assert left == pids
        return
    # A process of which all lanes were folded may come into view again, and be counted once more.
    assert len(pids - left) <= folding.folded.processes
    assert all(folding.folded.of_process(pid) == 0 for pid in pids - left)


def test_long_runs_take_no_more_bins() -> None:
    """Bins become longer, and what was added up stays exact at their edges."""
    model = program(thread(0, 100), most_gone=0)
    for number in range(1, 1501):
        model.apply(thread(number, 100 + number, t=number * S))
        model.apply(Spans(number, number * S, (Span(S, State.RUNNING),)))
        model.apply(LaneEnded((number + 1) * S, number))
    assert model.folded is not None and model.folded.threads == 1500
    assert model.folded.bin_ns == 4 * BIN_NS
    assert model.folded.states(1000 * S) == {State.RUNNING: 999 * S}
    assert model.totals(501 * S).cpu_ns == 500 * S


def test_lanes_with_tasks_and_the_event_loop_stay() -> None:
    """They are what the figures of tasks, and of the loop, are made of."""
    model = program(most_gone=0)
    model.extend([Submitted(0, 0, ""), Started(0, 0, 100, 101), Finished(5, 0, "fine")])
    for number in (0, 1, 2):
        model.apply(thread(number, 100 + number))
    model.apply(Spans(0, 0, (Span(5, State.IO, call="epoll_wait"),)))
    model.extend([LaneEnded(9, number) for number in (0, 1, 2)])
    assert [lane.number for lane in model.lanes] == [0, 1]


def test_a_lane_that_was_folded_away_is_heard_no_more() -> None:
    """And who held the GIL then is a thread that has no lane."""
    model = program(thread(0, 100), thread(1, 101), GilHeld(100, 0, 0, (Hold(5, 1), Hold(5, 0))), most_gone=0)
    model.extend([LaneEnded(9, 1), Tick(20, 1, 0, 0)])
    (ribbon,) = model.ribbons
    assert [part.holder for part in ribbon.binned(0, 5, 2)] == [-3, 0]
    assert (ribbon.holders, ribbon.handed(10)) == ((0,), 1)
    with pytest.raises(StreamError, match="lane 1 ended long ago"):
        model.apply(Spans(1, 5, ()))
