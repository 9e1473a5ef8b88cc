"""Builds short runs for tests. Times are in milliseconds."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from threadviz.protocol.events import (
    SCHEMA,
    Event,
    Evidence,
    Header,
    LaneStarted,
    ObserverTick,
    Outcome,
    ProbeInfo,
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
from threadviz.timeline import Timeline

MS = 1_000_000
LOOP = 0
"""The event loop's lane."""


@dataclass(frozen=True)
class Job:
    """A task on a lane, which from `start` on spends some ms in each state. It has no end unless it is `over`."""

    lane: int
    start: int
    states: dict[State, int]
    name: str = ""
    error: str | None = None
    over: bool = True
    traceback: str = ""

    @property
    def end(self) -> int:
        return self.start + sum(self.states.values())


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What the tasks run on, and how the run is observed and ends."""

    workers: int = 2
    apart: bool = False
    """Whether the workers are processes."""
    cores: int = 2
    gil: bool = True
    tells: tuple[State, ...] = tuple(State)
    closed: StreamClosed | None = field(default_factory=lambda: StreamClosed(0, Outcome.FINISHED))
    asked_hz: float = 500.0
    rounds_per_s: float = 500.0
    missed: int = 0


TWO_THREADS = Setting()


def run(
    total: int, jobs: Sequence[Job], *more: Event, ended: str | None = None, of: Setting = TWO_THREADS
) -> Timeline:
    """Return a run of `total` ms. `more` events come before its end. Tasks are submitted in the order of `jobs`."""
    result = Timeline()
    result.extend(
        [_header(of, len(jobs)), LaneStarted(0, LOOP, 1, 1, "main", "subject"), RunStarted(0, 1, 1)]
    )
    for number, job in enumerate(jobs):
        result.apply(TaskSubmitted(0, number, job.name or f"task {number}"))
    for lane in sorted({job.lane for job in jobs} | {LOOP}):
        result.extend(_lane(lane, [(n, job) for n, job in enumerate(jobs) if job.lane == lane], total, of))
    rounds = int(total / 1000 * of.rounds_per_s)
    result.extend([*more, ObserverTick(total * MS, rounds, of.missed, 0), RunEnded(total * MS, ended)])
    if of.closed is not None:
        result.apply(StreamClosed(total * MS, of.closed.outcome, of.closed.reason))
    return result


def _header(of: Setting, tasks: int) -> Header:
    return Header(
        schema=SCHEMA,
        threadviz="0",
        workload="any",
        mode="any",
        workers=of.workers,
        tasks=tasks,
        python="3.11",
        gil=of.gil,
        cores=of.cores,
        platform="Linux",
        probe=ProbeInfo("linux", of.tells, "", of.asked_hz),
    )


def _lane(lane: int, jobs: list[tuple[int, Job]], total: int, of: Setting) -> list[Event]:
    pid, tid = (1, lane + 1) if lane == LOOP or not of.apart else (lane + 1, lane + 1)
    events: list[Event] = []
    if lane != LOOP:
        process = "worker" if of.apart else "subject"
        events.append(LaneStarted(0, lane, pid, tid, "", process))
    rest = Span(0, State.IO, Evidence.SAMPLED, "epoll_wait") if lane == LOOP else Span(0, State.LOCK)
    now = 0
    spans: list[Span] = []
    for number, job in jobs:
        events.append(TaskStarted(job.start * MS, number, pid, tid))
        if job.over:
            result = "fine" if job.error is None else None
            events.append(TaskFinished(job.end * MS, number, result, job.error, job.traceback))
        spans.append(Span((job.start - now) * MS, rest.state, rest.known, rest.call))
        spans += [Span(ms * MS, state) for state, ms in job.states.items()]
        now = job.end
    spans.append(Span((total - now) * MS, rest.state, rest.known, rest.call))
    return [*events, Spans(lane, 0, tuple(spans))]
