"""The events of a run.

A run is one stream of JSON lines: a `Header` first, then events. A viewer reads the same stream live that a recording
has in a file.

Times (`t`, `start`) are integers, nanoseconds since the run's origin, on the clock of `time.monotonic_ns()`. The
observer sets the origin right before the target may begin. Durations (`ns`) are nanoseconds as well. Lanes and tasks
are numbered from 0, in the order in which they first occur.
"""

import enum
from typing import Annotated

import msgspec

# The values that events consist of, with their bounds.

Nanoseconds = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
Ordinal = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
Rate = Annotated[float, msgspec.Meta(ge=0, le=1e9)]
Text = Annotated[str, msgspec.Meta(max_length=10_000)]
Call = Annotated[str, msgspec.Meta(max_length=100)]
Holder = Annotated[int, msgspec.Meta(ge=-3, le=2**31 - 1)]

FREE = -1
"""As a holder: no thread holds the GIL."""
OPEN = -2
"""As a holder: not known. The holder was not observed, and does not follow from what was."""
ELSEWHERE = -3
"""As a holder: a thread that has no lane."""


class State(enum.StrEnum):
    """What a thread does, or what it waits for."""

    RUNNING = "running"
    """On a CPU."""
    READY = "ready"
    """Could run, but waits for a CPU core."""
    GIL = "gil"
    """Waits for the global interpreter lock."""
    IO = "io"
    """Blocked in an input/output system call."""
    LOCK = "lock"
    """Blocked on another lock, semaphore or condition."""
    SLEEP = "sleep"
    """Waits for a timer."""
    IDLE = "idle"
    """A worker without a task, or an event loop that waits for events."""
    WAITING = "waiting"
    """Not running, and the probe can't see why."""
    UNKNOWN = "unknown"
    """Nothing was observed."""


class Evidence(enum.StrEnum):
    """How a span is known."""

    COUNTED = "counted"
    """The kernel counted it."""
    SAMPLED = "sampled"
    """Observed in samples, and filled in between them."""
    SAID = "said"
    """The target reported it."""
    INFERRED = "inferred"
    """It follows with certainty from the other threads in the same sample."""


class TargetKind(enum.StrEnum):
    """What the target is."""

    WORKLOAD = "workload"
    """A workload under a mode."""
    PROGRAM = "program"
    """A program that was started to be observed."""
    PROCESS = "process"
    """A process that was already running."""


class NameSource(enum.StrEnum):
    """Where the name of a thread is from."""

    SYSTEM = "system"
    """The operating system: at most 15 bytes on Linux."""
    PROGRAM = "program"
    """The program: the name of its `threading.Thread`."""
    STACKS = "stacks"
    """py-spy, from the program's memory."""


class Outcome(enum.StrEnum):
    """How a run ended."""

    FINISHED = "finished"
    """The workload ran to its end (single tasks may have failed)."""
    INTERRUPTED = "interrupted"
    """The user ended it."""
    BROKEN = "broken"
    """One of the run's processes died, or could not start."""


class Span(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """`ns` nanoseconds in one state; `call` is the name of the system call, where there is one."""

    ns: Nanoseconds
    state: State
    known: Evidence = Evidence.SAMPLED
    call: Call = ""


class Hold(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """`ns` nanoseconds in which lane `holder`, or one of FREE, OPEN and ELSEWHERE, held the GIL."""

    ns: Nanoseconds
    holder: Holder


class Present(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The state in which a lane was last observed; it is assumed to last until a later event."""

    state: State
    call: Call = ""


class ProbeInfo(msgspec.Struct, frozen=True, gc=False):
    """The probe: its name, the states that it can tell apart, and a sentence on what it can't observe."""

    name: Text
    tells: Annotated[tuple[State, ...], msgspec.Meta(max_length=100)]
    cannot: Text
    asked_hz: Rate


SCHEMA = 2
"""The version of the stream's format, written into every header. Older versions are read as well."""


class Event(msgspec.Struct, frozen=True, gc=False, tag_field="type"):
    """The base of all events."""


class Header(Event, frozen=True, tag="header"):
    """The first line: what is run, on which machine, and which probe samples it.

    For a program or a process, `workload` is its name, `mode` is 'exec', 'attach' or 'record', `workers` and `tasks`
    are 0. `python` and `gil` are what is known at the start, empty and None if nothing is; a later `ProcessSeen`
    overrides them for its process.
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
    """A process was first observed, or more is known about it: the last event on it counts.

    `name` is the file that it runs, without its folders. `python` is empty where it is not CPython or not known, `gil`
    is None where that is not known. `cannot` is a clause on what can't be observed of this process, if any.
    """

    t: Nanoseconds
    pid: Count
    parent: Count
    name: Text
    python: Text = ""
    gil: bool | None = None
    cannot: Text = ""


class LaneStarted(Event, frozen=True, tag="lane"):
    """A thread was first observed. `process` is the kind of its process, as far as the observer knows."""

    t: Nanoseconds
    lane: Ordinal
    pid: Count
    tid: Count
    name: Text
    process: Text


class LaneEnded(Event, frozen=True, tag="lane_end"):
    """A thread has ended."""

    t: Nanoseconds
    lane: Ordinal


class ThreadNamed(Event, frozen=True, tag="name"):
    """A lane's thread has this name now."""

    t: Nanoseconds
    lane: Ordinal
    name: Text
    by: NameSource


class WaitTarget(Event, frozen=True, tag="place"):
    """What a lane's thread waits for at `t`: a peer's address and port, or a file's path.

    It is valid for that wait only. Short waits have none, and where there are many not all do.
    """

    t: Nanoseconds
    lane: Ordinal
    place: Text


class StackSample(Event, frozen=True, tag="at"):
    """The function that a lane's thread was in at `t`, read by py-spy: its name, and the file's name and line.

    It is the innermost function of the program; where that calls one of a library, the innermost of all follows:
    'fetch (app.py:12) > SocketIO.readinto (socket.py:706)'.
    """

    t: Nanoseconds
    lane: Ordinal
    function: Text


class StackSampling(Event, frozen=True, tag="stacks"):
    """The cost of reading stacks, in sums since the run's origin.

    `dumps` is how often stacks were read, `failed` how often that failed, `cpu_ns` the CPU time of all. `why` is a
    clause where they are no longer read.
    """

    t: Nanoseconds
    dumps: Count
    failed: Count
    cpu_ns: Nanoseconds
    why: Text = ""


class GilHeld(Event, frozen=True, tag="gil"):
    """Which threads held a GIL, one after the other from `start` on, as far as it is settled.

    `interpreter` is 0 for the main interpreter of process `pid`; those that have a GIL of their own (PEP 684) have
    higher numbers.
    """

    pid: Count
    interpreter: Ordinal
    start: Nanoseconds
    holds: tuple[Hold, ...]
    known: Evidence = Evidence.SAMPLED


class Spans(Event, frozen=True, tag="spans"):
    """Settled spans of a lane, one after the other from `start` on, and its state since then."""

    lane: Ordinal
    start: Nanoseconds
    spans: tuple[Span, ...]
    present: Present | None = None


class ObserverTick(Event, frozen=True, tag="tick"):
    """The observer has sampled until `t`. The figures are sums since the run's origin.

    `rounds` is how often all lanes were sampled, `missed` is the number of samples that were due and skipped, `cpu_ns`
    is the CPU time of the observer itself.
    """

    t: Nanoseconds
    rounds: Count
    missed: Count
    cpu_ns: Nanoseconds


class RunStarted(Event, frozen=True, tag="begin"):
    """The workload begins, as the subject reports; the event loop is in thread `tid` of process `pid`.

    For a program or a process, the observer emits it when it begins to sample, for the main thread and without `loop`.
    """

    t: Nanoseconds
    pid: Count
    tid: Count
    loop: bool = True


class TaskSubmitted(Event, frozen=True, tag="submitted"):
    """A task was submitted, as the target reports."""

    t: Nanoseconds
    task: Ordinal
    name: Text


class TaskStarted(Event, frozen=True, tag="started"):
    """A task's function was entered in thread `tid` of process `pid`, as the target reports."""

    t: Nanoseconds
    task: Ordinal
    pid: Count
    tid: Count


class TaskFinished(Event, frozen=True, tag="finished"):
    """A task is over, as the target reports; or the end of its process or of the run has left it undone.

    `error` is a sentence where it failed, otherwise there is a `result`. A task can fail without having started.
    `traceback` is that of the user's own code, in lines, where that has failed.
    """

    t: Nanoseconds
    task: Ordinal
    result: Text | None = None
    error: Text | None = None
    traceback: Text = ""


class UnreportedTasks(Event, frozen=True, tag="untold"):
    """So many tasks of executors, by `t` in all, were not reported to their end. `why` is a clause."""

    t: Nanoseconds
    tasks: Count
    why: Text


class RunEnded(Event, frozen=True, tag="ended"):
    """The mode has returned, or has raised `error`, as the subject reports; or the observed program has ended."""

    t: Nanoseconds
    error: Text | None = None


class ProcessDied(Event, frozen=True, tag="died"):
    """One of the run's processes has ended unexpectedly. `how` is a clause, such as 'killed by SIGKILL'."""

    t: Nanoseconds
    who: Text
    pid: Count
    how: Text


class StreamClosed(Event, frozen=True, tag="closed"):
    """The last line of a complete stream. `reason` is a sentence where the run did not finish.

    `status` is the exit status of a program that has ended, as `subprocess` has it: -9 if SIGKILL has killed it.
    `traceback` is that of the user's own code, in lines, where that has failed to start.
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
