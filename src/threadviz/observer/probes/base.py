"""What all probes share: observed threads, kinds of processes, and the interfaces of probes and collectors."""

import enum
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from threadviz.observer.cpython.detect import RunningProgram
from threadviz.observer.io import RunClock
from threadviz.observer.probes.accounting import ThreadAccounting
from threadviz.protocol.events import Event, Present, ProbeInfo


class ProcessKind(enum.StrEnum):
    """What a process of the run is for."""

    SUBJECT = "subject"
    WORKER = "worker"
    """A descendant of the subject that computes; in a workload's run, a worker of its process pool."""
    OF_TASK = "task's process"
    """A process that a task of a workload started."""
    RESOURCE_TRACKER = "resource tracker"
    """`multiprocessing` runs this one and the next for itself."""
    FORK_SERVER = "fork server"


@dataclass(slots=True, eq=False)
class ObservedProcess:
    """A process under observation."""

    pid: int
    kind: ProcessKind
    program: RunningProgram = field(init=False)

    def __post_init__(self) -> None:
        self.program = RunningProgram(self.pid)


@dataclass(slots=True, eq=False)
class ObservedThread:
    """A thread under observation: when its lane starts (`started`, ns), its account, and what was emitted so far."""

    owner: ObservedProcess
    tid: int
    name: str
    started: int
    accounting: ThreadAccounting
    ended: int | None = None
    status: int | None = None
    """How its process ended, if that was observed: as `subprocess` gives it, -9 for SIGKILL."""
    lane: int = -1
    """The number of its lane; below 0 before it has one."""
    told: Present | None = None
    """The state that was emitted last."""

    @property
    def pid(self) -> int:
        """The id of its process."""
        return self.owner.pid


SPAWNED = "--multiprocessing-fork"
"""Part of the command line of a worker that `multiprocessing` spawned (CPython, Lib/multiprocessing)."""

KindOf = Callable[[str, ProcessKind, str], ProcessKind]
"""Returns the kind of a process from its command line, its parent's kind and its parent's command line ('' if not
known)."""


def in_program(command: str, parent: ProcessKind, parents_command: str) -> ProcessKind:
    """Return the kind of a process of a program, whose purposes are not known (CPython, Lib/multiprocessing)."""
    if parent is ProcessKind.FORK_SERVER:
        return ProcessKind.WORKER  # it has the server's command line
    if "multiprocessing.resource_tracker" in command:
        return ProcessKind.RESOURCE_TRACKER
    return ProcessKind.FORK_SERVER if "multiprocessing.forkserver" in command else ProcessKind.WORKER


def in_pool(command: str, parent: ProcessKind, parents_command: str) -> ProcessKind:
    """Return the kind of a process if the subject has a process pool. What its workers start, tasks have started.

    A forked worker has the command line of the subject.
    """
    if parent in (ProcessKind.WORKER, ProcessKind.OF_TASK):
        return ProcessKind.OF_TASK
    kind = in_program(command, parent, parents_command)
    if kind is ProcessKind.WORKER and parent is ProcessKind.SUBJECT:
        its_own = command not in ("", parents_command) and SPAWNED not in command
        return ProcessKind.OF_TASK if its_own else kind
    return kind


def without_pool(command: str, parent: ProcessKind, parents_command: str) -> ProcessKind:
    """Return the kind of a process if the subject makes all calls itself. What it starts, tasks have started."""
    kind = in_program(command, parent, parents_command)
    return ProcessKind.OF_TASK if kind is ProcessKind.WORKER else kind


class Changes(NamedTuple):
    """The threads that came into view, and those that have ended."""

    new: Sequence[ObservedThread] = ()
    gone: Sequence[ObservedThread] = ()


@dataclass(eq=False)
class Probe:
    """Finds and samples the threads of process `root` and its descendants. Times are ns since the start of the run.

    `ignored` descendants and what they start are not observed; `kind_of` returns the kind of the others.
    """

    root: int
    clock: RunClock
    ignored: Collection[int] = ()
    kind_of: KindOf = in_program
    info: ProbeInfo = field(init=False)
    """Its name, and what it can tell."""

    def __post_init__(self) -> None:
        self._new: list[ObservedThread] = []
        self._gone: list[ObservedThread] = []

    @property
    def threads(self) -> Sequence[ObservedThread]:
        """The threads that are observed now."""
        raise NotImplementedError

    def begin(self) -> None:
        """Begin to account for the threads that exist at the start of the run."""

    def look(self, now: int, late_ns: int) -> None:
        """Sample every thread once, new ones included.

        Waits before a sample that comes more than `late_ns` after the last one are unknown.
        """

    def meet(self, pid: int, kind: ProcessKind | None = None) -> None:
        """Observe a process that was reported, if it is not observed yet; `kind` is what it is, if known."""

    def take_changes(self) -> Changes:
        """Return the changes since the last call."""
        changes = Changes(self._new, self._gone)
        self._new, self._gone = [], []
        return changes

    def close(self) -> None:
        """Close all files."""


class Collector:
    """Collects what can be told of threads besides their spans, such as names and wait targets. Times are in ns."""

    def poll(self, now: int, changes: Changes) -> Iterable[Event]:
        """Return the events since the last call. `changes` are those since then; all threads have lanes."""
        raise NotImplementedError

    def close(self) -> None:
        """Close the files, and end what the collector has started."""
