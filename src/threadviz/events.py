"""The vocabulary: every event that a run can consist of, and how it is written down.

A run is one stream of JSON lines: a `Header` first, then events. The stream that a viewer reads live and
the file that a recording is are the same thing.

Times (`t`, `start`) are integers, nanoseconds since the run's origin, which the observer sets right before
the subject may begin, on the clock of `time.monotonic_ns()`. Durations (`ns`) are nanoseconds as well.
Lanes and tasks are numbered from 0 in the order in which they are first spoken of.
"""

import enum
from typing import Annotated

import msgspec

SCHEMA = 1
"""The version of this vocabulary, written into every header."""

Nanoseconds = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
Ordinal = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
Rate = Annotated[float, msgspec.Meta(ge=0, le=1e9)]
Text = Annotated[str, msgspec.Meta(max_length=10_000)]
Call = Annotated[str, msgspec.Meta(max_length=100)]


class State(enum.StrEnum):
    """What a thread does, or what it waits for."""

    RUNNING = "running"
    """On a CPU."""
    READY = "ready"
    """Could run, waits for a CPU core."""
    GIL = "gil"
    """Waits for the global interpreter lock."""
    IO = "io"
    """Blocked in an input/output system call."""
    LOCK = "lock"
    """Blocked on another lock, semaphore or condition."""
    SLEEP = "sleep"
    """In a timer."""
    IDLE = "idle"
    """A worker with no task; an event loop that waits for events."""
    WAITING = "waiting"
    """Not running, and the probe at work can't see why."""
    UNKNOWN = "unknown"
    """Nothing was observed."""


class Known(enum.StrEnum):
    """How a stretch is known."""

    COUNTED = "counted"
    """The kernel counted it."""
    SAMPLED = "sampled"
    """Seen at samples, and filled in between them."""
    SAID = "said"
    """The subject said so."""


class Outcome(enum.StrEnum):
    """How a run closed."""

    FINISHED = "finished"
    """The workload ran to its end (single tasks may have failed)."""
    INTERRUPTED = "interrupted"
    """The user ended it."""
    BROKEN = "broken"
    """One of the run's processes died, or could not start."""


class Span(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A stretch of `ns` nanoseconds in one state; `call` names the system call, where there is one."""

    ns: Nanoseconds
    state: State
    known: Known = Known.SAMPLED
    call: Call = ""


class Present(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a lane was last seen in, and is taken to be in until a later event says more."""

    state: State
    call: Call = ""


class ProbeInfo(msgspec.Struct, frozen=True, gc=False):
    """Which probe watches, what it can tell apart, and what it can't, in words."""

    name: Text
    tells: Annotated[tuple[State, ...], msgspec.Meta(max_length=100)]
    cannot: Text
    asked_hz: Rate


class Event(msgspec.Struct, frozen=True, gc=False, tag_field="type"):
    """The base of everything that can stand in a stream."""


class Header(Event, frozen=True, tag="header"):
    """The first line: what is run, on what, and who watches."""

    schema: Count
    threadviz: Text
    workload: Text
    mode: Text
    workers: Count
    tasks: Count
    python: Text
    gil: bool
    cores: Count
    platform: Text
    probe: ProbeInfo


class LaneStarted(Event, frozen=True, tag="lane"):
    """A thread came into view. `process` is what its process is, as the observer could tell."""

    t: Nanoseconds
    lane: Ordinal
    pid: Count
    tid: Count
    name: Text
    process: Text


class LaneEnded(Event, frozen=True, tag="lane_end"):
    """A thread is gone."""

    t: Nanoseconds
    lane: Ordinal


class Spans(Event, frozen=True, tag="spans"):
    """Settled stretches of a lane, one after the other from `start` on, and what it does since."""

    lane: Ordinal
    start: Nanoseconds
    spans: tuple[Span, ...]
    present: Present | None = None


class Tick(Event, frozen=True, tag="tick"):
    """The observer has looked until `t`. The figures are sums since the run's origin.

    `rounds` is the number of times that all lanes were sampled, `missed` the number of rounds that were due
    and skipped, `cpu_ns` the CPU time that the observer itself has used.
    """

    t: Nanoseconds
    rounds: Count
    missed: Count
    cpu_ns: Nanoseconds


class Begin(Event, frozen=True, tag="begin"):
    """Said by the subject: the workload begins; the event loop is in thread `tid` of process `pid`."""

    t: Nanoseconds
    pid: Count
    tid: Count


class Submitted(Event, frozen=True, tag="submitted"):
    """Said by the subject: a task was handed to the mode."""

    t: Nanoseconds
    task: Ordinal
    name: Text


class Started(Event, frozen=True, tag="started"):
    """Said by the subject: a task's function was entered, in thread `tid` of process `pid`."""

    t: Nanoseconds
    task: Ordinal
    pid: Count
    tid: Count


class Finished(Event, frozen=True, tag="finished"):
    """A task is over: said by the subject, or by the observer of one that the end of the run left undone.

    `error` is a sentence where it failed, else `result` is told. A task can fail without having started.
    """

    t: Nanoseconds
    task: Ordinal
    result: Text | None = None
    error: Text | None = None


class Ended(Event, frozen=True, tag="ended"):
    """Said by the subject: the mode has returned, or has raised `error`."""

    t: Nanoseconds
    error: Text | None = None


class Died(Event, frozen=True, tag="died"):
    """One of the run's processes ended as it should not have. `how` is a clause, such as 'killed by SIGKILL'."""

    t: Nanoseconds
    who: Text
    pid: Count
    how: Text


class Closed(Event, frozen=True, tag="closed"):
    """The last line of a whole stream. `reason` is a sentence where the run did not finish."""

    t: Nanoseconds
    outcome: Outcome
    reason: Text = ""


AnyEvent = (
    Header
    | LaneStarted
    | LaneEnded
    | Spans
    | Tick
    | Begin
    | Submitted
    | Started
    | Finished
    | Ended
    | Died
    | Closed
)
