import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.timeline.programs import EPOLL, PROGRAM, named, process, program, thread
from tests.timeline.streams import Run, interleavings, runs
from tests.timeline.test_laws import picture
from threadviz.protocol.codec import StreamError
from threadviz.protocol.events import (
    Event,
    LaneEnded,
    NameSource,
    ObserverTick,
    Present,
    RunStarted,
    Span,
    Spans,
    StackSample,
    State,
    TaskFinished,
    TaskStarted,
    TaskSubmitted,
    UnreportedTasks,
    WaitTarget,
)
from threadviz.timeline import Role, Timeline

LOCK = Span(10, State.LOCK, call="futex")


def names(timeline: Timeline) -> list[str]:
    """What the lanes are called, in the order in which they are shown."""
    return [lane.name for lane in timeline.lanes]


def test_every_thread_is_a_lane_that_waits_for_what_it_waits_for() -> None:
    """Nobody has said that it has no task: so no wait is idleness."""
    model = program(
        thread(0, 100), thread(1, 101), thread(2, 200, pid=200), *[Spans(n, 0, (LOCK,)) for n in range(3)]
    )
    assert {lane.role for lane in model.lanes} == {Role.THREAD}
    assert model.totals().states == {State.LOCK: 30}
    assert (model.loop, model.root) == (None, 100)


def test_what_multiprocessing_keeps_for_itself_is_plumbing() -> None:
    """Its processes are told by their command lines; they may use epoll, and have no event loop for all that."""
    tracker = thread(1, 200, pid=200)
    model = program(
        thread(0, 100), type(tracker)(0, 1, 200, 200, "python", "fork server"), Spans(1, 0, (EPOLL,))
    )
    assert [lane.role for lane in model.lanes] == [Role.THREAD, Role.PLUMBING]


def test_a_loop_is_known_by_its_waits_for_events() -> None:
    """From the first of them on it is idle in them, and blocked in whatever else it waits for."""
    model = program(thread(0, 100), process(100, "serve.py"), Spans(0, 0, (LOCK, EPOLL, LOCK, EPOLL)))
    (loop,) = model.loops
    assert loop is model.loop and loop.loop_since == 10
    assert loop.name == "serve.py (loop)"
    assert loop.states() == {State.LOCK: 20, State.IDLE: 20}
    assert loop.blocked(model.now) == (10, 10)
    assert model.totals().loop_blocked_ns == 10


def test_a_loop_that_waits_at_present_is_known_too() -> None:
    """A server that nobody asks is in one wait all the time."""
    model = program(
        thread(0, 100), Spans(0, 0, (LOCK,), Present(State.IO, "epoll_wait")), ObserverTick(50, 1, 0, 0)
    )
    assert model.lanes[0].states() == {State.LOCK: 10, State.IDLE: 40}


def test_polling_makes_no_loop() -> None:
    """A socket with a timeout is waited for so, and many a thing beside."""
    poll = Span(10, State.IO, call="poll")
    model = program(thread(0, 100), thread(1, 101), Spans(0, 0, (poll, poll)), Spans(1, 0, (EPOLL, poll)))
    assert model.loops == (model.lanes[1],)
    assert model.lanes[0].states() == {State.IO: 20}
    assert model.lanes[1].states() == {State.IDLE: 10, State.IO: 10}
    assert model.lanes[1].blocked(20) == (10, 10)


def test_each_thread_may_have_a_loop_of_its_own() -> None:
    """Each has its own figures; the main thread's is the loop, whichever was seen first."""
    model = program(thread(0, 100), thread(1, 101), Spans(1, 0, (EPOLL, LOCK)))
    assert model.loop is model.lanes[1]
    model.apply(Spans(0, 0, (LOCK, EPOLL, LOCK, LOCK, EPOLL)))
    main, other = model.lanes
    assert model.loop is main and model.loops == (main, other)
    assert (main.blocked(50)[0], other.blocked(50)[0]) == (20, 10)


def test_a_task_that_has_a_loop_of_its_own_may_listen() -> None:
    """What is seen to wait for events does, whoever says that a task is there."""
    model = program(
        thread(0, 101),
        TaskSubmitted(0, 0, "task"),
        TaskStarted(0, 0, 100, 101),
        Spans(0, 0, (EPOLL, LOCK, EPOLL)),
        TaskFinished(30, 0, "fine"),
    )
    assert model.task_states(model.task(0)) == {State.IDLE: 20, State.LOCK: 10}
    assert model.lanes[0].blocked(30) == (10, 10)


def test_a_thread_that_tasks_were_said_to_run_in_is_a_worker() -> None:
    """Outside of them it is idle; but not the program's main thread, which has more to do than tasks."""
    tasks = [
        event
        for number, tid in enumerate((100, 101))
        for event in (
            TaskSubmitted(0, number, ""),
            TaskStarted(0, number, 100, tid),
            TaskFinished(10, number, "fine"),
        )
    ]
    model = program(thread(0, 100), thread(1, 101), *[Spans(n, 0, (LOCK, LOCK)) for n in (0, 1)], *tasks)
    main, worker = model.lanes
    assert (main.role, worker.role) == (Role.THREAD, Role.WORKER)
    assert (main.states(), worker.states()) == ({State.LOCK: 20}, {State.LOCK: 10, State.IDLE: 10})


def test_where_not_all_tasks_are_told_no_wait_is_idleness() -> None:
    """It may be that of a task which was not told; from then on, and before, for nobody knows since when."""
    task: list[Event] = [TaskSubmitted(0, 0, ""), TaskStarted(20, 0, 100, 101), TaskFinished(30, 0, "")]
    waits = [thread(0, 100), thread(1, 101), Spans(1, 0, (LOCK,))]
    assert program(*waits, *task).lanes[1].states() == {State.IDLE: 10, State.UNKNOWN: 20}
    for events in (
        [*waits, *task, UnreportedTasks(40, 3, "why")],
        [UnreportedTasks(10, 3, "why"), *waits, *task],
    ):
        model = program(*events)
        assert model.lanes[1].role is Role.THREAD
        assert model.lanes[1].states(0, 10) == {State.LOCK: 10}
        assert model.unreported is not None and model.unreported.tasks == 3


def test_the_best_source_of_a_name_counts() -> None:
    """The program itself, then what py-spy read, then the system, whichever came last."""
    model = program(thread(0, 100), process(100, "serve.py"), thread(1, 101))
    assert names(model) == ["serve.py", "thread 101"]
    for name, by, shown in (
        ("comm", NameSource.SYSTEM, "comm"),
        ("read", NameSource.STACKS, "read"),
        ("said", NameSource.PROGRAM, "said"),
        ("read again", NameSource.STACKS, "said"),
        ("said again", NameSource.PROGRAM, "said again"),
    ):
        model.apply(named(1, name, by))
        assert (model.lanes[1].name, model.lanes[1].thread_name) == (shown, shown)


def test_the_main_thread_is_called_as_its_process() -> None:
    """Unless the program calls it otherwise."""
    model = program(thread(0, 100), process(100, "serve.py"), named(0, "MainThread"))
    assert names(model) == ["serve.py"]
    model.apply(named(0, "boss"))
    assert names(model) == ["serve.py: boss"]


def test_a_name_that_the_process_has_is_no_threads_name() -> None:
    """Before CPython 3.14 the system calls all threads of a process alike."""
    model = program(process(100, "serve.py"), thread(1, 101), named(1, "python", NameSource.SYSTEM))
    assert names(model) == ["python"]
    model.apply(thread(0, 100))
    assert names(model) == ["serve.py", "thread 101"]


def test_threads_of_one_name_are_told_apart() -> None:
    """By their tids, all of them, also those of other processes."""
    model = program(
        *[thread(number, 100 + number) for number in range(1, 1001)],
        thread(0, 200, pid=200),
        *[named(number, "worker") for number in range(1, 1001)],
        named(0, "worker"),
    )
    assert len(set(names(model))) == 1001
    assert "worker 1100" in names(model)
    model.apply(named(1, "other"))
    assert "other" in names(model)


def test_a_name_that_one_alone_has_left_needs_no_tid() -> None:
    """The other one was renamed."""
    model = program(thread(1, 101), thread(2, 102), named(1, "x"), named(2, "x"))
    assert names(model) == ["x 101", "x 102"]
    model.apply(named(2, "y"))
    assert names(model) == ["x", "y"]


def test_processes_come_one_after_the_other() -> None:
    """The first process of all, then as they appeared; in each the main thread, loops, and the others."""
    model = program(
        thread(0, 201, pid=200),
        thread(1, 200, pid=200),
        thread(2, 102),
        thread(3, 101),
        thread(4, 100),
        Spans(3, 0, (EPOLL,)),
    )
    assert [lane.number for lane in model.lanes] == [4, 3, 2, 1, 0]


def test_the_last_word_on_a_process_counts() -> None:
    """It may have become another program."""
    model = program(thread(0, 200, pid=200), process(200, "sh", 100), process(200, "serve.py", 100))
    (lane,) = model.lanes
    assert (lane.process_name, lane.name, model.processes[200].parent) == ("serve.py", "serve.py", 100)


def test_a_place_holds_within_its_wait() -> None:
    """And neither before nor after it, though the next wait may be the same call."""
    recv, run = Span(10, State.IO, call="recvfrom"), Span(10, State.RUNNING)
    model = program(
        thread(0, 100),
        Spans(0, 0, (recv, run), Present(State.IO, "recvfrom")),
        WaitTarget(5, 0, "127.0.0.1:80"),
        WaitTarget(5, 0, "127.0.0.1:81"),
        WaitTarget(40, 0, "127.0.0.1:82"),
    )
    (lane,) = model.lanes
    told = {t: lane.wait_target_at(t) for t in (0, 5, 9, 10, 19, 20, 40)}
    one, other = "127.0.0.1:81", "127.0.0.1:82"
    assert told == {0: "127.0.0.1:80", 5: one, 9: one, 10: "", 19: "", 20: other, 40: other}


def test_a_function_is_known_since_it_was_seen() -> None:
    """Before that it is not."""
    model = program(thread(0, 100), StackSample(5, 0, "f (a.py:1)"), StackSample(9, 0, "g (a.py:2)"))
    (lane,) = model.lanes
    assert [lane.location_at(t) for t in (4, 5, 8, 9, 20)] == [
        None,
        (5, "f (a.py:1)"),
        (5, "f (a.py:1)"),
        (9, "g (a.py:2)"),
        (9, "g (a.py:2)"),
    ]


def test_places_are_bounded() -> None:
    """Of a lane that is never twice at the same place the last ones are kept, and some of those before."""
    model = program(thread(0, 100))
    for t in range(10_000):
        model.apply(StackSample(t, 0, f"f{t}"))
    (lane,) = model.lanes
    assert [lane.location_at(t) for t in range(9_950, 10_000)] == [(t, f"f{t}") for t in range(9_950, 10_000)]
    assert 10 < len({lane.location_at(t) for t in range(10_000)}) < 250


@pytest.mark.parametrize(
    ("events", "complaint"),
    [
        ([WaitTarget(0, 7, "x")], "lane 7 was never started"),
        ([thread(0, 100), WaitTarget(5, 0, "x"), WaitTarget(4, 0, "x")], "at 4 ns is out of order"),
        ([thread(0, 100, t=5), StackSample(4, 0, "x")], "at 4 ns is out of order"),
        ([named(7, "x")], "lane 7 was never started"),
    ],
)
def test_what_cannot_be_said_is_refused(events: list[Event], complaint: str) -> None:
    """Of lanes that are not there, and of moments before what was said already."""
    with pytest.raises(StreamError, match=complaint):
        program(*events)


def test_what_comes_after_the_last_wait_for_events_is_not_held_against_a_loop_that_is_gone() -> None:
    """While the thread is there the loop may be blocked; once it is gone, it may as well have ended before."""
    model = program(thread(0, 100), Spans(0, 0, (EPOLL, LOCK, EPOLL, LOCK)))
    (lane,) = model.lanes
    assert lane.blocked(40) == (20, 10)
    model.apply(LaneEnded(40, 0))
    assert lane.blocked(40) == (10, 10)
    assert lane.states() == {State.IDLE: 20, State.LOCK: 20}


def seen_as_a_program(run: Run) -> list[Event]:
    """What is said of a run's tasks, where nobody says that there is an event loop."""
    return [replace(event, loop=False) if isinstance(event, RunStarted) else event for event in run.said]


@given(runs(), st.data())
def test_any_interleaving_gives_the_same(run: Run, data: st.DataObject) -> None:
    """What is seen of a program and what is said of its tasks may come in any order of the two."""
    said = seen_as_a_program(run)
    one, other = Timeline(), Timeline()
    one.extend([PROGRAM, *run.seen, *said])
    for event in [PROGRAM, *data.draw(interleavings(run.seen, said))]:
        other.apply(event)
        if data.draw(st.booleans()):
            picture(other)
    assert picture(one) == picture(other)


@given(runs())
def test_books_close(run: Run) -> None:
    """A lane's states add up to its life, and what an event loop could not answer in is a part of it."""
    timeline = Timeline()
    timeline.extend([PROGRAM, *run.seen, *seen_as_a_program(run)])
    for lane in timeline.lanes:
        end = timeline.now if lane.end is None else lane.end
        states = lane.states()
        assert sum(states.values()) == end - lane.start
        assert (lane.loop_since is None) == (lane.role is not Role.LOOP)
        blocked, longest = lane.blocked(timeline.now)
        idle = states.get(State.IDLE, 0)
        assert 0 <= longest <= blocked <= end - lane.start - idle
        assert lane.role is Role.LOOP or blocked == 0
