"""Every event that a run can consist of, and how it is written down. What they are made of is in `vocabulary`.

A run is one stream of JSON lines: a `Header` first, then events. The stream that a viewer reads live and
the file that a recording is are the same thing.

Times (`t`, `start`) are integers, nanoseconds since the run's origin, which the observer sets right before
the subject may begin, on the clock of `time.monotonic_ns()`. Durations (`ns`) are nanoseconds as well.
Lanes and tasks are numbered from 0 in the order in which they are first spoken of.
"""

import enum
from typing import Annotated

import msgspec

# What events are made of: the states of threads, how things are known, and other values, with their bounds.

Nanoseconds = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
Ordinal = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
Rate = Annotated[float, msgspec.Meta(ge=0, le=1e9)]
Text = Annotated[str, msgspec.Meta(max_length=10_000)]
Call = Annotated[str, msgspec.Meta(max_length=100)]
Holder = Annotated[int, msgspec.Meta(ge=-3, le=2**31 - 1)]

FREE = -1
"""As a holder: nobody holds the GIL."""
OPEN = -2
"""As a holder: who holds the GIL, if anybody does, was not seen, and can't be told for certain."""
ELSEWHERE = -3
"""As a holder: a thread that has no lane."""


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


class Evidence(enum.StrEnum):
    """How a stretch is known."""

    COUNTED = "counted"
    """The kernel counted it."""
    SAMPLED = "sampled"
    """Seen at samples, and filled in between them."""
    SAID = "said"
    """The subject said so."""
    INFERRED = "inferred"
    """It follows for certain from what was seen of others at the same look."""


class TargetKind(enum.StrEnum):
    """What is watched."""

    WORKLOAD = "workload"
    """A workload of threadviz's own making, under a mode."""
    PROGRAM = "program"
    """A program that was started to be watched."""
    PROCESS = "process"
    """A process that was running already."""


class NameSource(enum.StrEnum):
    """Who gave a thread its name."""

    SYSTEM = "system"
    """The operating system has it: of 15 bytes at most on Linux."""
    PROGRAM = "program"
    """The program said so, of a `threading.Thread`."""
    STACKS = "stacks"
    """py-spy read it in the program's memory."""


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
    known: Evidence = Evidence.SAMPLED
    call: Call = ""


class Hold(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A stretch of `ns` nanoseconds in which the GIL was held by lane `holder`, or one of FREE, OPEN, ELSEWHERE."""

    ns: Nanoseconds
    holder: Holder


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


SCHEMA = 2
"""The version of this vocabulary, written into every header. What was written in an older one is read as well."""


class Event(msgspec.Struct, frozen=True, gc=False, tag_field="type"):
    """The base of everything that can stand in a stream."""


class Header(Event, frozen=True, tag="header"):
    """The first line: what is run, on what, and who watches.

    Of a program or a process, `workload` is what it is called, `mode` one of 'exec', 'attach' and 'record', and there
    are no `workers` and no `tasks` foreseen. `python` and `gil` are what is known at once, else empty and None:
    `ProcessSeen` has the last word on each process.
    """

    schema: Count
    threadviz: Text
    workload: Text
    mode: Text
    workers: Count
    tasks: Count
    python: Text
    gil: bool | None
    cores: Count
    platform: Text
    probe: ProbeInfo
    watches: TargetKind = TargetKind.WORKLOAD


class ProcessSeen(Event, frozen=True, tag="process"):
    """A process came into view, or more is known of it: the last word on it counts.

    `name` is short: what it runs, without the folders. `python` is empty where it is no CPython, or not known. `gil` is
    None where that is not known; `cannot` is a clause on what can't be told of this process, if there is anything.
    """

    t: Nanoseconds
    pid: Count
    parent: Count
    name: Text
    python: Text = ""
    gil: bool | None = None
    cannot: Text = ""


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


class ThreadNamed(Event, frozen=True, tag="name"):
    """A lane's thread has this name now."""

    t: Nanoseconds
    lane: Ordinal
    name: Text
    by: NameSource


class WaitTarget(Event, frozen=True, tag="place"):
    """What a lane's thread waits on, in the wait that it is in at `t`: a peer's address and port, or a file's path.

    It holds for that wait alone. Not every wait is told of: short ones are not, nor all of many.
    """

    t: Nanoseconds
    lane: Ordinal
    place: Text


class StackSample(Event, frozen=True, tag="at"):
    """Which function a lane's thread was in at `t`, as py-spy saw it: its name, and the file's name and line.

    It is the innermost of the program's own; where that is in a call of others, the innermost of all follows:
    'fetch (app.py:12) > SocketIO.readinto (socket.py:706)'.
    """

    t: Nanoseconds
    lane: Ordinal
    function: Text


class StackSampling(Event, frozen=True, tag="stacks"):
    """What reading the stacks has cost. The figures are sums since the run's origin.

    `dumps` is how often stacks were read, `failed` how often that did not work, `cpu_ns` the CPU time of it all. `why`
    is a clause where they are not read any more.
    """

    t: Nanoseconds
    dumps: Count
    failed: Count
    cpu_ns: Nanoseconds
    why: Text = ""


class GilHeld(Event, frozen=True, tag="gil"):
    """Settled stretches of who holds a GIL, one after the other from `start` on.

    `interpreter` is 0 for the main interpreter of process `pid`; those that have a GIL of their own (PEP 684) have
    higher numbers.
    """

    pid: Count
    interpreter: Ordinal
    start: Nanoseconds
    holds: tuple[Hold, ...]
    known: Evidence = Evidence.SAMPLED


class Spans(Event, frozen=True, tag="spans"):
    """Settled stretches of a lane, one after the other from `start` on, and what it does since."""

    lane: Ordinal
    start: Nanoseconds
    spans: tuple[Span, ...]
    present: Present | None = None


class ObserverTick(Event, frozen=True, tag="tick"):
    """The observer has looked until `t`. The figures are sums since the run's origin.

    `rounds` is the number of times that all lanes were sampled, `missed` the number of rounds that were due
    and skipped, `cpu_ns` the CPU time that the observer itself has used.
    """

    t: Nanoseconds
    rounds: Count
    missed: Count
    cpu_ns: Nanoseconds


class RunStarted(Event, frozen=True, tag="begin"):
    """The workload begins, as the subject says; the event loop is in thread `tid` of process `pid`.

    Of a program, or a process, the observer says it, of the main thread, with no `loop`: the watch begins.
    """

    t: Nanoseconds
    pid: Count
    tid: Count
    loop: bool = True


class TaskSubmitted(Event, frozen=True, tag="submitted"):
    """Said by the subject: a task was handed to the mode."""

    t: Nanoseconds
    task: Ordinal
    name: Text


class TaskStarted(Event, frozen=True, tag="started"):
    """Said by the subject: a task's function was entered, in thread `tid` of process `pid`."""

    t: Nanoseconds
    task: Ordinal
    pid: Count
    tid: Count


class TaskFinished(Event, frozen=True, tag="finished"):
    """A task is over: said by the subject, or by the observer of one that the end of the run left undone.

    `error` is a sentence where it failed, else `result` is told. A task can fail without having started. `traceback` is
    that of the user's own code, in lines, where it is that which failed.
    """

    t: Nanoseconds
    task: Ordinal
    result: Text | None = None
    error: Text | None = None
    traceback: Text = ""


class UnreportedTasks(Event, frozen=True, tag="untold"):
    """Of executors' tasks, so many were not told, or not to their end, by `t` in all. `why` is a clause."""

    t: Nanoseconds
    tasks: Count
    why: Text


class RunEnded(Event, frozen=True, tag="ended"):
    """The mode has returned, or has raised `error`, as the subject says; or the watch of a program has ended."""

    t: Nanoseconds
    error: Text | None = None


class ProcessDied(Event, frozen=True, tag="died"):
    """One of the run's processes ended as it should not have. `how` is a clause, such as 'killed by SIGKILL'."""

    t: Nanoseconds
    who: Text
    pid: Count
    how: Text


class StreamClosed(Event, frozen=True, tag="closed"):
    """The last line of a whole stream. `reason` is a sentence where the run did not finish.

    `status` is how the program ended, where it did: as `subprocess` gives it, -9 for one that SIGKILL has killed.
    `traceback` is that of the user's own code, in lines, where it is that which did not start.
    """

    t: Nanoseconds
    outcome: Outcome
    reason: Text = ""
    status: int | None = None
    traceback: Text = ""


AnyEvent = (
    Header
    | ProcessSeen
    | LaneStarted
    | LaneEnded
    | ThreadNamed
    | WaitTarget
    | StackSample
    | StackSampling
    | GilHeld
    | Spans
    | ObserverTick
    | RunStarted
    | TaskSubmitted
    | TaskStarted
    | TaskFinished
    | UnreportedTasks
    | RunEnded
    | ProcessDied
    | StreamClosed
)
