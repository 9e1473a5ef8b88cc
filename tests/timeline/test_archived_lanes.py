import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.timeline.programs import Comings, comings, named, program, thread
from threadviz.protocol.codec import StreamError
from threadviz.protocol.events import (
    GilHeld,
    Hold,
    LaneEnded,
    ObserverTick,
    Span,
    Spans,
    State,
    TaskFinished,
    TaskStarted,
    TaskSubmitted,
)
from threadviz.timeline import Role, Timeline
from threadviz.timeline.archive import BIN_NS

S = 1_000_000_000


def both(stream: Comings, most_gone: int) -> tuple[Timeline, Timeline]:
    """The same stream with folding and without."""
    folding, whole = Timeline(most_gone=most_gone), Timeline()
    for timeline in (folding, whole):
        timeline.extend(stream.events)
    return folding, whole


@given(comings() | comings(tasks=True), st.integers(0, 4))
def test_folding_changes_no_total(stream: Comings, most_gone: int) -> None:
    """States and CPU time are the same to the ns now and at the edges of bins, and lanes are only counted."""
    folding, whole = both(stream, most_gone)
    gone = 0 if folding.archived is None else folding.archived.threads
    assert len(folding.lanes) + gone == len(whole.lanes)
    ended = [lane for lane in folding.lanes if lane.end is not None and lane.role is not Role.LOOP]
    assert sum(not lane.has_open_tasks for lane in ended) <= most_gone
    assert sum(lane.has_open_tasks for lane in ended) <= most_gone
    for t in (*range(0, whole.now, BIN_NS), whole.now):
        one, other = folding.totals(t), whole.totals(t)
        assert (one.states, one.cpu_ns, one.total_ns) == (other.states, other.cpu_ns, other.total_ns)


@given(comings())
def test_what_is_binned_is_what_the_totals_are_of(stream: Comings) -> None:
    """Whatever the bins are."""
    folding, _ = both(stream, 0)
    if folding.archived is not None:
        bins = folding.archived.binned(0, folding.now // 7 + 1, 7)
        plumbing, others = folding.archived.sums(folding.now)
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
    if folding.archived is None:
        assert left == pids
        return
    # A process of which all lanes were folded may come into view again, and be counted once more.
    assert len(pids - left) <= folding.archived.processes
    assert all(folding.archived.of_process(pid) == 0 for pid in pids - left)


def test_long_runs_take_no_more_bins() -> None:
    """Bins become longer, and what was added up stays exact at their edges."""
    model = program(thread(0, 100), most_gone=0)
    for number in range(1, 1501):
        model.apply(thread(number, 100 + number, t=number * S))
        model.apply(Spans(number, number * S, (Span(S, State.RUNNING),)))
        model.apply(LaneEnded((number + 1) * S, number))
    assert model.archived is not None and model.archived.threads == 1500
    assert model.archived.bin_ns == 4 * BIN_NS
    assert model.archived.states(1000 * S) == {State.RUNNING: 999 * S}
    assert model.totals(501 * S).cpu_ns == 500 * S


def test_the_event_loop_stays() -> None:
    """It is what the figures of the loop are made of."""
    model = program(most_gone=0)
    for number in (0, 1):
        model.apply(thread(number, 100 + number))
    model.apply(Spans(0, 0, (Span(5, State.IO, call="epoll_wait"),)))
    model.extend([LaneEnded(9, number) for number in (0, 1)])
    assert [lane.number for lane in model.lanes] == [0]


@given(comings(tasks=True), st.integers(0, 4))
@settings(max_examples=30)
def test_folding_changes_no_task(stream: Comings, most_gone: int) -> None:
    """Where it was, what it was in and what all of them took: to the ns, once it is over."""
    folding, whole = both(stream, most_gone)
    for mine, other in zip(folding.tasks, whole.tasks, strict=True):
        assert mine.lane_kind == other.lane_kind
        assert folding.task_states(mine) == whole.task_states(other)
        assert (mine.lane_name is None) is (other.lane_name is None)
    for t in range(0, whole.now + 1, max(1, whole.now // 3)):
        one, other_totals = folding.totals(t), whole.totals(t)
        assert (one.sum_ns, one.slowest_ns) == (other_totals.sum_ns, other_totals.slowest_ns)
        for mine in folding.tasks:
            assert sum(folding.task_states(mine, t).values()) == mine.elapsed(t)


def test_a_task_keeps_the_name_of_its_lane_when_that_is_folded_away() -> None:
    """And its states; of a part of its time they are shared out evenly."""
    model = program(thread(0, 100), thread(1, 101), named(1, "fetcher"), most_gone=0)
    model.extend([TaskSubmitted(0, 0, ""), TaskStarted(0, 0, 100, 101), TaskFinished(80, 0, "fine")])
    model.apply(Spans(1, 0, (Span(20, State.RUNNING), Span(70, State.IO, call="read"))))
    model.apply(LaneEnded(90, 1))
    (task,) = model.tasks
    assert [lane.number for lane in model.lanes] == [0]
    assert (task.lane, task.lane_name, task.lane_kind) == (None, "fetcher", "thread")
    assert model.task_states(task) == {State.RUNNING: 20, State.IO: 60}
    assert model.task_states(task, 40) == {State.RUNNING: 10, State.IO: 30}
    assert model.unseen_tasks == 0


def test_a_lane_stays_until_its_tasks_are_over() -> None:
    """What says that one is over may come late; but not so that lanes become too many."""
    model = program(thread(0, 100), most_gone=1)
    for number in (1, 2, 3):
        model.extend(
            [
                thread(number, 100 + number),
                TaskSubmitted(0, number, ""),
                TaskStarted(0, number, 100, 100 + number),
            ]
        )
        model.apply(Spans(number, 0, (Span(9, State.LOCK),)))
    model.extend([LaneEnded(9, 1), LaneEnded(9, 2)])
    assert [lane.number for lane in model.lanes] == [
        0,
        2,
        3,
    ]  # both have a task that goes on, and one may be kept
    model.extend([TaskFinished(5, 2, "fine"), TaskFinished(6, 3, "fine"), LaneEnded(9, 3)])
    assert [lane.number for lane in model.lanes] == [0, 3]
    model.apply(TaskFinished(20, 1, "fine"))
    assert [model.task_states(task) for task in model.tasks] == [
        {State.LOCK: 9, State.UNKNOWN: 11},
        {State.LOCK: 5},
        {State.LOCK: 6},
    ]


def test_tasks_in_threads_that_were_not_seen_are_counted() -> None:
    """Until one comes into view."""
    model = program(thread(0, 100))
    for task in (0, 1):
        model.extend(
            [TaskSubmitted(0, task, ""), TaskStarted(1, task, 100, 101 + task), TaskFinished(2, task, "fine")]
        )
    assert model.unseen_tasks == 2
    model.apply(thread(1, 101))
    assert model.unseen_tasks == 1


def test_a_lane_that_was_folded_away_is_heard_no_more() -> None:
    """And who held the GIL then is a thread that has no lane."""
    model = program(thread(0, 100), thread(1, 101), GilHeld(100, 0, 0, (Hold(5, 1), Hold(5, 0))), most_gone=0)
    model.extend([LaneEnded(9, 1), ObserverTick(20, 1, 0, 0)])
    (gil_timeline,) = model.gil_timelines
    assert [part.holder for part in gil_timeline.binned(0, 5, 2)] == [-3, 0]
    assert (gil_timeline.holders, gil_timeline.hand_offs(10)) == ((0,), 1)
    with pytest.raises(StreamError, match="lane 1 ended long ago"):
        model.apply(Spans(1, 5, ()))
