"""Streams of programs, for tests of everything that looks at a timeline."""

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec
from hypothesis import strategies as st

from tests.protocol.header import HEADER
from threadviz.protocol.events import (
    Event,
    Evidence,
    LaneEnded,
    LaneStarted,
    NameSource,
    ObserverTick,
    ProcessSeen,
    RunStarted,
    Span,
    Spans,
    State,
    TargetKind,
    TaskFinished,
    TaskStarted,
    TaskSubmitted,
    ThreadNamed,
)
from threadviz.timeline import Timeline

PROGRAM = msgspec.structs.replace(
    HEADER, workload="serve.py", mode="exec", workers=0, tasks=0, watches=TargetKind.PROGRAM
)
BEGIN = RunStarted(0, 100, 100, loop=False)

EPOLL = Span(10, State.IO, call="epoll_wait")


def program(*events: Event, header: Event = PROGRAM, most_gone: int = 1000) -> Timeline:
    """A timeline of a program, whose first process is 100, and these events."""
    result = Timeline(most_gone=most_gone)
    result.extend([header, BEGIN, *events])
    return result


def thread(lane: int, tid: int, pid: int = 100, t: int = 0, name: str = "python") -> LaneStarted:
    """A thread comes into view; the system calls it as its process."""
    return LaneStarted(t, lane, pid, tid, name, "subject" if pid == 100 else "worker")


def named(lane: int, name: str, by: NameSource = NameSource.PROGRAM) -> ThreadNamed:
    """A thread is said to have this name."""
    return ThreadNamed(0, lane, name, by)


def process(pid: int, name: str, parent: int = 1) -> ProcessSeen:
    """A process comes into view."""
    return ProcessSeen(0, pid, parent, name, "3.13.0", gil=True)


@dataclass(frozen=True, repr=False)
class Comings:
    """The events of a program whose threads come and go."""

    events: list[Event]

    def __repr__(self) -> str:
        return f"{len(self.events)} events"


_states = [State.RUNNING, State.LOCK, State.IO, State.GIL, State.UNKNOWN]
_lives = st.lists(
    st.builds(
        Span,
        st.integers(0, 300_000_000),
        st.sampled_from(_states),
        st.sampled_from(Evidence),
        st.sampled_from(["", "read", "epoll_wait"]),
    ),
    max_size=5,
)


@st.composite
def comings(draw: st.DrawFn, *, tasks: bool = False) -> Comings:
    """Threads of some processes that come and go, one after the other or at once; where wished, with `tasks`."""
    told: list[tuple[int, int, Event]] = []
    lives = draw(st.lists(_lives, min_size=3, max_size=25))
    t = 0
    for lane, spans in enumerate(lives):
        pid = draw(st.sampled_from([100, 100, 200, 300]))
        t += draw(st.integers(0, 200_000_000))
        end = t + sum(span.ns for span in spans) + draw(st.integers(0, 50_000_000))
        told.append((t, lane, thread(lane, 100 + lane, pid, t)))
        told += _tasks(draw, lane, t, end, pid) if tasks else ()
        told.append((end, lane, Spans(lane, t, tuple(spans))))
        if draw(st.integers(0, 5)):
            told.append((end, lane, LaneEnded(end, lane)))
    last = max(at for at, _, _ in told) + draw(st.integers(0, 10**9))
    told.sort(key=lambda each: each[:2])
    ticks: Iterable[Event] = [ObserverTick(last, 1, 0, 0)]
    return Comings([PROGRAM, BEGIN, *(event for _, _, event in told), *ticks])


def _tasks(draw: st.DrawFn, lane: int, since: int, until: int, pid: int) -> list[tuple[int, int, Event]]:
    """A few tasks on a lane, each told when it happens; some are not over when the lane is, or never."""
    told: list[tuple[int, int, Event]] = []
    for number in range(draw(st.integers(0, 2))):
        task, start = 10 * lane + number, draw(st.integers(since, until))
        told += [(since, lane, TaskSubmitted(since, task, f"task {task}"))]
        told += [(start, lane, TaskStarted(start, task, pid, 100 + lane))]
        end = draw(st.integers(start, until) | st.integers(until, until + 100_000_000) | st.none())
        if end is not None:
            told += [(end, lane, TaskFinished(end, task, "fine"))]
    return told
