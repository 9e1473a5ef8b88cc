"""What events are made of: the states of threads, how things are known, and other values, with their bounds.

Durations (`ns`) are integers, nanoseconds.
"""

import enum
from typing import Annotated

import msgspec

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


class Known(enum.StrEnum):
    """How a stretch is known."""

    COUNTED = "counted"
    """The kernel counted it."""
    SAMPLED = "sampled"
    """Seen at samples, and filled in between them."""
    SAID = "said"
    """The subject said so."""
    INFERRED = "inferred"
    """It follows for certain from what was seen of others at the same look."""


class Watches(enum.StrEnum):
    """What is watched."""

    WORKLOAD = "workload"
    """A workload of threadviz's own making, under a mode."""
    PROGRAM = "program"
    """A program that was started to be watched."""
    PROCESS = "process"
    """A process that was running already."""


class NamedBy(enum.StrEnum):
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
    known: Known = Known.SAMPLED
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
