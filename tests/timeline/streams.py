"""Streams for the timeline's tests: a header, and arbitrary valid runs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from hypothesis import strategies as st

from tests.protocol.header import HEADER
from threadviz.protocol.events import (
    Event,
    Evidence,
    LaneEnded,
    LaneStarted,
    ObserverTick,
    Present,
    RunEnded,
    RunStarted,
    Span,
    Spans,
    State,
    TaskFinished,
    TaskStarted,
    TaskSubmitted,
)
from threadviz.timeline import Timeline

T = TypeVar("T")

SAID_STATES = tuple(state for state in State if state is not State.IDLE)


def timeline(*events: Event) -> Timeline:
    """A timeline of a header and `events`."""
    result = Timeline()
    result.extend([HEADER, *events])
    return result


@dataclass(frozen=True)
class Run:
    """A valid run, as what the observer sees and what the subject says, each in its own order."""

    seen: list[Event]
    said: list[Event]

    def events(self) -> list[Event]:
        """The run as one stream."""
        return [HEADER, *self.seen, *self.said]


def merged(draw: st.DrawFn, queues: Sequence[Sequence[T]]) -> list[T]:
    """Any interleaving of the queues that keeps the order of each."""
    tickets = [index for index, queue in enumerate(queues) for _ in queue]
    iterators = [iter(queue) for queue in queues]
    return [next(iterators[index]) for index in draw(st.permutations(tickets))]


@st.composite
def interleavings(draw: st.DrawFn, *queues: Sequence[T]) -> list[T]:
    """Any interleaving of the queues that keeps the order of each."""
    return merged(draw, queues)


times = st.integers(0, 30)
calls = st.sampled_from(["", "recvfrom", "epoll_wait", "poll"])
spans = st.builds(
    Span,
    st.integers(0, 6),
    st.sampled_from(SAID_STATES),
    st.sampled_from([Evidence.COUNTED, Evidence.SAMPLED]),
    calls,
)
presents = st.none() | st.builds(Present, st.sampled_from(SAID_STATES), calls)
threads = st.tuples(st.sampled_from([1, 2]), st.sampled_from([1, 2, 3]))


@st.composite
def runs(draw: st.DrawFn) -> Run:
    """Any valid run of a few threads and tasks within some tens of nanoseconds."""
    number = iter(range(100))
    present = draw(st.lists(threads, unique=True, max_size=4))
    thread_queues = [_thread(draw, thread, number) for thread in present]
    # Now and then a thread that no lane is of.
    some_thread = st.sampled_from([*present, *present, (1, 1)])
    ticks: list[Event] = [
        ObserverTick(t, rounds=0, missed=0, cpu_ns=0) for t in sorted(draw(st.lists(times, max_size=2)))
    ]
    tasks = [_task(draw, task, some_thread) for task in range(draw(st.integers(0, 5)))]
    said = merged(draw, tasks)
    if draw(st.integers(0, 3)):
        begin = draw(times)
        said.insert(0, RunStarted(begin, *draw(some_thread)))
        if draw(st.booleans()):
            said.append(RunEnded(begin + draw(times)))
    return Run(merged(draw, [*thread_queues, ticks]), said)


def _thread(draw: st.DrawFn, thread: tuple[int, int], number: Iterator[int]) -> list[Event]:
    """The one or two lanes of a thread's number, one after the other."""
    events: list[Event] = []
    t = 0
    for last in draw(st.sampled_from([[True], [False, True]])):
        lane = next(number)
        process = draw(st.sampled_from(["subject", "worker"]))
        t += draw(times)
        events.append(LaneStarted(t, lane, *thread, name=f"name {lane}", process=process))
        for chunk in draw(st.lists(st.lists(spans, max_size=4), max_size=4)):
            t += draw(st.sampled_from([0, 0, 0, 3]))
            events.append(Spans(lane, t, tuple(chunk), draw(presents)))
            t += sum(span.ns for span in chunk)
        if not last or draw(st.booleans()):
            t += draw(st.integers(0, 3))
            events.append(LaneEnded(t, lane))
    return events


def _task(draw: st.DrawFn, task: int, thread: st.SearchStrategy[tuple[int, int]]) -> list[Event]:
    """One task, as far as it came."""
    submitted, queued, elapsed = draw(times), draw(times), draw(times)
    started = submitted + queued
    events = [
        TaskSubmitted(submitted, task, f"task {task}"),
        TaskStarted(started, task, *draw(thread)),
        TaskFinished(started + elapsed, task, result="fine"),
    ]
    if draw(st.integers(0, 9)) == 0:
        return [events[0], TaskFinished(started, task, error="the pool broke")]
    return events[: draw(st.integers(1, 3))]
