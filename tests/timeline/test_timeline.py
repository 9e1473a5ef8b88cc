import tracemalloc

import pytest

from tests.protocol.header import HEADER
from tests.timeline.streams import timeline
from threadviz.protocol.codec import StreamError
from threadviz.protocol.events import (
    Event,
    Evidence,
    LaneEnded,
    LaneStarted,
    ObserverTick,
    Outcome,
    Present,
    RunEnded,
    RunStarted,
    Span,
    Spans,
    State,
    StreamClosed,
    TaskFinished,
    TaskStarted,
    TaskSubmitted,
)
from threadviz.timeline import LaneSegment, Role, Timeline


def lane(
    number: int, t: int = 0, pid: int = 1, tid: int | None = None, process: str = "subject"
) -> LaneStarted:
    """A thread comes into view; lane n is thread n + 1 where nothing else is said."""
    return LaneStarted(t, number, pid, number + 1 if tid is None else tid, f"own name {number}", process)


def task(number: int, started: int, finished: int, tid: int, pid: int = 1) -> list[Event]:
    """A task that was submitted at 0 and went well."""
    return [
        TaskSubmitted(0, number, f"task {number}"),
        TaskStarted(started, number, pid, tid),
        TaskFinished(finished, number, "fine"),
    ]


def sampled(*segments: tuple[int, State, str]) -> tuple[Span, ...]:
    """Stretches as the probe saw them."""
    return tuple(Span(ns, state, Evidence.SAMPLED, call) for ns, state, call in segments)


def test_a_gap_between_spans_is_unknown() -> None:
    """What nobody told of is unknown, from the lane's start on."""
    spans = Span(10, State.RUNNING, Evidence.COUNTED)
    (only,) = timeline(lane(0), Spans(0, 5, (spans,)), Spans(0, 20, (spans,))).lanes
    assert list(only.segments()) == [
        LaneSegment(0, 5, State.UNKNOWN, Evidence.SAMPLED, ""),
        LaneSegment(5, 15, State.RUNNING, Evidence.COUNTED, ""),
        LaneSegment(15, 20, State.UNKNOWN, Evidence.SAMPLED, ""),
        LaneSegment(20, 30, State.RUNNING, Evidence.COUNTED, ""),
    ]


def test_a_lane_is_in_its_present_state_until_now() -> None:
    """An unfinished stretch grows with every tick."""
    model = timeline(lane(0), Spans(0, 0, (), Present(State.IO, "recvfrom")), ObserverTick(10, 1, 0, 0))
    (only,) = model.lanes
    assert only.at(10) == LaneSegment(0, 10, State.IO, Evidence.SAMPLED, "recvfrom")
    model.apply(ObserverTick(25, 2, 0, 0))
    assert only.at(25) == LaneSegment(0, 25, State.IO, Evidence.SAMPLED, "recvfrom")
    assert only.states(20) == {State.IO: 5}


def test_a_worker_outside_its_tasks_is_idle() -> None:
    """What a worker waits for between tasks is work; what it waits for in one is not touched."""
    seen = sampled((10, State.LOCK, "futex"), (10, State.IO, "recvfrom"), (5, State.GIL, "futex"))
    model = timeline(
        lane(0), Spans(0, 0, (*seen, *sampled((5, State.LOCK, "futex")))), *task(0, 10, 15, tid=1)
    )
    (worker,) = model.lanes
    assert (worker.role, worker.name) == (Role.WORKER, "thread 1")
    assert list(worker.segments()) == [
        LaneSegment(0, 10, State.IDLE, Evidence.SAID, ""),
        LaneSegment(10, 15, State.IO, Evidence.SAMPLED, "recvfrom"),
        LaneSegment(15, 20, State.IDLE, Evidence.SAID, ""),
        LaneSegment(20, 25, State.GIL, Evidence.SAMPLED, "futex"),
        LaneSegment(25, 30, State.IDLE, Evidence.SAID, ""),
    ]


def test_an_event_loop_in_its_selector_is_idle_and_can_answer() -> None:
    """The wait for events is idle, and a task's own wait is not, though sampling smears it beyond the task."""
    seen = sampled(
        (10, State.IO, "epoll_wait"),
        (10, State.RUNNING, ""),
        (10, State.IO, "poll"),
        (10, State.LOCK, "futex"),
        (10, State.WAITING, ""),
        (10, State.UNKNOWN, ""),
        (10, State.IO, "poll"),
    )
    model = timeline(RunStarted(5, 1, 1), lane(0), Spans(0, 0, seen), *task(0, 20, 26, tid=1), RunEnded(65))
    (loop,) = model.lanes
    assert (loop.role, loop.name, model.loop) == (Role.LOOP, "event loop", loop)
    assert [(segment.end, segment.state) for segment in loop.segments()] == [
        (10, State.IDLE),
        (20, State.RUNNING),
        (30, State.IO),
        (40, State.LOCK),
        (50, State.WAITING),
        (60, State.UNKNOWN),
        (70, State.IDLE),
    ]
    totals = model.totals()
    assert (totals.total_ns, totals.loop_blocked_ns, totals.loop_longest_ns) == (60, 30, 30)


def test_a_task_blocks_the_loop_though_nobody_saw_how() -> None:
    """With the portable probe, the loop could not answer while it ran or was in a task."""
    seen = sampled((10, State.RUNNING, ""), (30, State.WAITING, ""))
    model = timeline(lane(0), RunStarted(0, 1, 1), Spans(0, 0, seen), *task(0, 12, 30, tid=1))
    totals = model.totals()
    assert (totals.loop_blocked_ns, totals.loop_longest_ns) == (28, 18)


def test_roles_kinds_and_names() -> None:
    """The loop comes first, then workers as they appeared, then plumbing, each under a name of its own."""
    model = timeline(
        lane(0),
        lane(1),
        lane(2, pid=7, tid=7, process="worker"),
        lane(3, pid=7, tid=8, process="worker"),
        lane(4, pid=9, tid=9, process="helper"),
        lane(5, pid=11, tid=11, process="worker"),
        RunStarted(0, 1, 2),
        *task(0, 1, 2, tid=11, pid=11),
        *task(1, 1, 2, tid=1),
    )
    assert [(one.number, one.role, one.kind, one.name) for one in model.lanes] == [
        (1, Role.LOOP, "thread", "event loop"),
        (0, Role.WORKER, "thread", "thread 1"),
        (2, Role.WORKER, "process", "process 1"),
        (5, Role.WORKER, "process", "process 2"),
        (3, Role.PLUMBING, "process", "plumbing 1"),
        (4, Role.PLUMBING, "process", "plumbing 2"),
    ]
    assert [one.number for one in model.workers] == [0, 2, 5]


def test_tasks_on_the_loop_leave_it_the_loop() -> None:
    """In the blocking mode tasks run on the event loop's lane."""
    model = timeline(lane(0), RunStarted(0, 1, 1), *task(0, 1, 2, tid=1), *task(1, 2, 4, tid=1))
    assert [(one.role, one.tasks) for one in model.lanes] == [(Role.LOOP, [0, 1])]


def test_a_lane_may_be_announced_after_its_task() -> None:
    """A task stands on no lane until its thread has come into view, be it a little later than the task."""
    model = timeline(*task(0, 3, 9, tid=1))
    assert model.task(0).lane is None
    assert model.task_states(model.task(0)) == {State.UNKNOWN: 6}
    model.extend([lane(0, t=5), Spans(0, 5, sampled((10, State.SLEEP, "")))])
    (worker,) = model.lanes
    assert model.task(0).lane is worker
    assert model.task_states(model.task(0)) == {State.UNKNOWN: 2, State.SLEEP: 4}
    assert worker.states() == {State.SLEEP: 4, State.IDLE: 6}


def test_a_thread_number_used_again_is_another_lane() -> None:
    """A task belongs to the lane that was alive when it started, also where that lane's end was told late."""
    model = timeline(
        lane(0, tid=5),
        Spans(0, 0, sampled((10, State.IO, "read"))),
        *task(0, 2, 8, tid=5),
        *task(1, 14, 18, tid=5),
    )
    assert model.task(1).lane is model.lanes[0]
    model.apply(LaneEnded(10, 0))
    assert model.task(1).lane is None
    model.extend([lane(1, t=12, tid=5), Spans(1, 12, sampled((8, State.IO, "read")))])
    first, second = model.lanes
    assert (first.tasks, second.tasks) == ([0], [1])
    assert first.states() == {State.IO: 6, State.IDLE: 4}
    assert second.states() == {State.IO: 4, State.IDLE: 4}


def test_a_lane_that_loses_its_only_task_is_no_worker() -> None:
    """A role rests on what is known at the time."""
    model = timeline(lane(0, tid=5), *task(0, 14, 18, tid=5), LaneEnded(10, 0))
    assert [(one.role, one.name) for one in model.lanes] == [(Role.PLUMBING, "plumbing 1")]


def test_the_loop_is_the_lane_that_was_alive_at_the_beginning() -> None:
    """The event loop's thread number may have belonged to an earlier thread."""
    model = timeline(lane(0, tid=5), RunStarted(20, 1, 5))
    assert model.loop is model.lanes[0]
    model.apply(LaneEnded(10, 0))
    assert model.loop is None
    model.apply(lane(1, t=15, tid=5))
    assert [(one.number, one.role) for one in model.lanes] == [(1, Role.LOOP), (0, Role.PLUMBING)]


def test_a_task_that_failed_before_it_started() -> None:
    """The tasks that a broken pool never made are over, and took no time."""
    model = timeline(TaskSubmitted(1, 0, "a"), TaskFinished(9, 0, error="the pool broke"))
    (failed,) = model.finished_tasks()
    assert (failed.started, failed.error, failed.elapsed(), model.task_states(failed)) == (
        None,
        "the pool broke",
        0,
        {},
    )


def test_totals_of_a_run() -> None:
    """The figures, on a run that can be added up by hand: two workers that overlap by half."""
    model = timeline(
        lane(0),
        lane(1),
        lane(2),
        lane(3),
        RunStarted(0, 1, 1),
        Spans(0, 0, sampled((100, State.IO, "epoll_wait"))),
        Spans(1, 0, (Span(20, State.RUNNING, Evidence.COUNTED), *sampled((40, State.IO, "read")))),
        Spans(2, 20, (Span(70, State.RUNNING, Evidence.COUNTED),)),
        Spans(3, 0, (Span(10, State.RUNNING, Evidence.COUNTED), *sampled((90, State.LOCK, "futex")))),
        *task(0, 0, 60, tid=2),
        *task(1, 20, 90, tid=3),
        LaneEnded(60, 1),
        LaneEnded(90, 2),
        RunEnded(100),
    )
    totals = model.totals()
    assert (totals.total_ns, totals.sum_ns, totals.slowest_ns, totals.cpu_ns) == (100, 130, 70, 100)
    assert totals.states == {State.RUNNING: 90, State.IO: 40, State.IDLE: 100, State.UNKNOWN: 20}
    assert (totals.speedup, totals.parallelism) == (1.3, 1.0)
    early = model.totals(50)
    assert (early.total_ns, early.sum_ns, early.slowest_ns, early.cpu_ns) == (50, 80, 50, 60)


def test_before_the_workload_begins_there_are_no_ratios() -> None:
    """No time has passed, so nothing can be divided by it."""
    totals = timeline(lane(0), ObserverTick(10, 1, 0, 0)).totals()
    assert (totals.total_ns, totals.speedup, totals.parallelism) == (0, None, None)


def test_what_the_mode_raised_is_kept() -> None:
    """A mode that raises ends the run all the same."""
    model = timeline(RunStarted(0, 1, 1), RunEnded(5, "BrokenProcessPool: ..."))
    assert (model.end, model.error) == (5, "BrokenProcessPool: ...")


@pytest.mark.parametrize(
    ("events", "complaint"),
    [
        ([HEADER], "second header"),
        ([Spans(3, 0, ())], "lane 3 was never started"),
        ([LaneEnded(0, 3)], "lane 3 was never started"),
        ([lane(0), lane(0, tid=9)], "lane 0 starts twice"),
        ([lane(0), lane(1, tid=1)], "lane 1 is thread 1 of process 1, and so is lane 0"),
        ([lane(0), LaneEnded(9, 0), lane(1, t=5, tid=1)], "so is lane 0"),
        ([lane(0, t=5), Spans(0, 4, ())], "start at 4 ns, before 5 ns"),
        ([lane(0), Spans(0, 0, sampled((9, State.IO, ""))), Spans(0, 8, ())], "start at 8 ns, before 9 ns"),
        ([lane(0), LaneEnded(5, 0), Spans(0, 0, sampled((9, State.IO, "")))], "until 9 ns, beyond its end"),
        ([lane(0), Spans(0, 2**63 - 1, sampled((1, State.IO, "")))], "beyond its end"),
        ([lane(0), Spans(0, 0, sampled((9, State.IO, ""))), LaneEnded(5, 0)], "seen until 9 ns"),
        ([lane(0), LaneEnded(5, 0), LaneEnded(6, 0)], "lane 0 ends twice"),
        ([ObserverTick(5, 1, 0, 0), ObserverTick(4, 2, 0, 0)], "tick at 4 ns, after the one at 5 ns"),
        ([RunStarted(0, 1, 1), RunStarted(0, 1, 1)], "begins twice"),
        ([RunEnded(0)], "before it has begun"),
        ([RunStarted(5, 1, 1), RunEnded(4)], "before it has begun"),
        ([RunStarted(5, 1, 1), RunEnded(6), RunEnded(6)], "workload ends twice"),
        ([TaskSubmitted(0, 0, ""), TaskSubmitted(0, 0, "")], "task 0 is submitted twice"),
        ([TaskStarted(0, 7, 1, 1)], "task 7 starts, but was never submitted"),
        ([TaskSubmitted(5, 0, ""), TaskStarted(4, 0, 1, 1)], "before it was submitted"),
        ([TaskSubmitted(0, 0, ""), TaskStarted(4, 0, 1, 1), TaskStarted(4, 0, 1, 1)], "task 0 starts twice"),
        ([TaskFinished(0, 7, "")], "task 7 finishes, but was never submitted"),
        ([TaskSubmitted(0, 0, ""), TaskFinished(4, 0, "fine")], "task 0 finishes, but has never started"),
        ([TaskSubmitted(5, 0, ""), TaskFinished(4, 0, error="no")], "before it began"),
        ([TaskSubmitted(0, 0, ""), TaskStarted(5, 0, 1, 1), TaskFinished(4, 0, "")], "before it began"),
        ([*task(0, 1, 2, tid=1), TaskFinished(4, 0, "fine")], "task 0 finishes twice"),
        (
            [TaskSubmitted(0, 0, ""), TaskFinished(4, 0, error="no"), TaskStarted(5, 0, 1, 1)],
            "after it has finished",
        ),
        ([StreamClosed(5, Outcome.FINISHED), ObserverTick(6, 1, 0, 0)], "Tick after the stream was closed"),
    ],
)
def test_impossible_events_are_refused_in_words(events: list[Event], complaint: str) -> None:
    """The last event can't be, after those before it; the error says why."""
    *before, last = events
    model = timeline(*before)
    with pytest.raises(StreamError, match=complaint):
        model.apply(last)


def test_a_stream_begins_with_a_header() -> None:
    """Nothing else can come first, and nothing can be asked of an empty stream's header."""
    model = Timeline()
    with pytest.raises(StreamError, match="begins with a header, not with ObserverTick"):
        model.apply(ObserverTick(0, 1, 0, 0))
    with pytest.raises(StreamError, match="is empty"):
        _ = model.header


def test_a_stretch_is_kept_in_a_few_bytes() -> None:
    """Long runs stay in memory: a stretch costs no object."""
    pattern = sampled((3, State.IO, "read"), (2, State.RUNNING, ""))
    model = timeline(lane(0))
    tracemalloc.start()
    try:
        for index in range(2_000):
            model.apply(Spans(0, index * 50, pattern * 10))
        assert model.lanes[0].states() == {State.IO: 60_000, State.RUNNING: 40_000}
        used, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert used / 40_000 < 60
