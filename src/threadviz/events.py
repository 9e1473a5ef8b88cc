"""Every event that a run can consist of, and how it is written down. What they are made of is in `vocabulary`.

A run is one stream of JSON lines: a `Header` first, then events. The stream that a viewer reads live and
the file that a recording is are the same thing.

Times (`t`, `start`) are integers, nanoseconds since the run's origin, which the observer sets right before
the subject may begin, on the clock of `time.monotonic_ns()`. Durations (`ns`) are nanoseconds as well.
Lanes and tasks are numbered from 0 in the order in which they are first spoken of.
"""

import msgspec

from threadviz.vocabulary import (
    Count,
    Hold,
    Known,
    NamedBy,
    Nanoseconds,
    Ordinal,
    Outcome,
    Present,
    ProbeInfo,
    Span,
    Text,
    Watches,
)

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
    watches: Watches = Watches.WORKLOAD


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


class Named(Event, frozen=True, tag="name"):
    """A lane's thread has this name now."""

    t: Nanoseconds
    lane: Ordinal
    name: Text
    by: NamedBy


class Place(Event, frozen=True, tag="place"):
    """What a lane's thread waits on, in the wait that it is in at `t`: a peer's address and port, or a file's path.

    It holds for that wait alone. Not every wait is told of: short ones are not, nor all of many.
    """

    t: Nanoseconds
    lane: Ordinal
    place: Text


class Located(Event, frozen=True, tag="at"):
    """Which function a lane's thread was in at `t`, as py-spy saw it: its name, and the file's name and line.

    It is the innermost of the program's own; where that is in a call of others, the innermost of all follows:
    'fetch (app.py:12) > SocketIO.readinto (socket.py:706)'.
    """

    t: Nanoseconds
    lane: Ordinal
    function: Text


class Stacks(Event, frozen=True, tag="stacks"):
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
    known: Known = Known.SAMPLED


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
    """The workload begins, as the subject says; the event loop is in thread `tid` of process `pid`.

    Of a program, or a process, the observer says it, of the main thread, with no `loop`: the watch begins.
    """

    t: Nanoseconds
    pid: Count
    tid: Count
    loop: bool = True


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

    `error` is a sentence where it failed, else `result` is told. A task can fail without having started. `traceback` is
    that of the user's own code, in lines, where it is that which failed.
    """

    t: Nanoseconds
    task: Ordinal
    result: Text | None = None
    error: Text | None = None
    traceback: Text = ""


class Untold(Event, frozen=True, tag="untold"):
    """Of executors' tasks, so many were not told, or not to their end, by `t` in all. `why` is a clause."""

    t: Nanoseconds
    tasks: Count
    why: Text


class Ended(Event, frozen=True, tag="ended"):
    """The mode has returned, or has raised `error`, as the subject says; or the watch of a program has ended."""

    t: Nanoseconds
    error: Text | None = None


class Died(Event, frozen=True, tag="died"):
    """One of the run's processes ended as it should not have. `how` is a clause, such as 'killed by SIGKILL'."""

    t: Nanoseconds
    who: Text
    pid: Count
    how: Text


class Closed(Event, frozen=True, tag="closed"):
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
    | Named
    | Place
    | Located
    | Stacks
    | GilHeld
    | Spans
    | Tick
    | Begin
    | Submitted
    | Started
    | Finished
    | Untold
    | Ended
    | Died
    | Closed
)
