"""What every probe keeps for each thread that it watches, and what it offers to the one who runs it."""

import enum
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from threadviz.observer.probes.accounting import ThreadAccounting
from threadviz.protocol.events import Event, Present, ProbeInfo


class ProcessKind(enum.StrEnum):
    """What a process of the run is."""

    SUBJECT = "subject"
    WORKER = "worker"
    """A descendant of the subject that computes: of a workload's run, one of its process pool."""
    OF_TASK = "task's process"
    """One that a task of a workload's run has started."""
    RESOURCE_TRACKER = "resource tracker"
    """One that `multiprocessing` keeps for itself, as is the next."""
    FORK_SERVER = "fork server"

    @classmethod
    def of_child(cls, command: str, parent: "ProcessKind") -> "ProcessKind":
        """Tell what a child of `parent` is by its command line (CPython, Lib/multiprocessing)."""
        if parent is cls.FORK_SERVER:
            return cls.WORKER  # which has the server's command line
        if "multiprocessing.resource_tracker" in command:
            return cls.RESOURCE_TRACKER
        if "multiprocessing.forkserver" in command:
            return cls.FORK_SERVER
        return cls.WORKER


@dataclass(slots=True, eq=False)
class ObservedThread:
    """A thread under observation: where its lane starts (ns), its books, and what was told of it so far."""

    pid: int
    tid: int
    name: str
    process: ProcessKind
    started: int
    accounting: ThreadAccounting
    ended: int | None = None
    status: int | None = None
    """How its process ended, where that was seen: as `subprocess` gives it, -9 for one that SIGKILL has killed."""
    lane: int | None = None
    told: Present | None = None


class Probe(Protocol):
    """Finds the threads of a process and its descendants, and reads them. All times are ns since the origin."""

    @property
    def info(self) -> ProbeInfo:
        """What it is and what it can tell."""

    @property
    def threads(self) -> Sequence[ObservedThread]:
        """The threads that are watched now."""

    def begin(self) -> None:
        """Start the books, at the run's origin, of the threads that there are."""

    def look(self, now: int, late_ns: int) -> None:
        """Read every thread once, new ones too.

        A wait that is seen more than `late_ns` after the last look is of unknown kind.
        """

    def meet(self, pid: int, kind: ProcessKind | None = None) -> None:
        """Watch a process that somebody has spoken of, where it is not watched yet; `kind` is what it is, if known."""

    def take_changes(self) -> tuple[list[ObservedThread], list[ObservedThread]]:
        """Hand over the threads that came and those that went since the last call."""

    def close(self) -> None:
        """Let go of the files."""


class Collector:
    """Collects what can be told of threads besides their spans, such as names and wait targets. Times are in ns."""

    def poll(
        self, now: int, new: Sequence[ObservedThread], gone: Sequence[ObservedThread]
    ) -> Iterable[Event]:
        """Return the events since the last call.

        `new` and `gone` are the threads that came into view and that have ended since then. All have lanes.
        """
        raise NotImplementedError

    def close(self) -> None:
        """Close the files, and end what the collector has started."""


def close_all(probe: Probe, collectors: Sequence[Collector]) -> None:
    """Close a probe and the collectors that use it."""
    for collector in collectors:
        collector.close()
    probe.close()


# What the processes of a run are: told by their command lines, and by who started them.


SPAWNED = "--multiprocessing-fork"
"""What stands in the command line of a worker that `multiprocessing` has spawned (CPython, Lib/multiprocessing)."""

KindOf = Callable[[str, ProcessKind, str], ProcessKind]
"""Tells a process's kind by its command line, its parent's kind and its parent's command line.

The lines are empty where they are not known.
"""


def in_program(command: str, parent: ProcessKind, parents_command: str) -> ProcessKind:
    """Tell what a process of a program is: nobody knows what each of them is for."""
    return ProcessKind.of_child(command, parent)


def in_pool(command: str, parent: ProcessKind, parents_command: str) -> ProcessKind:
    """Tell what a process is where the subject has a process pool: what its workers start, tasks have started.

    A worker that was forked has the command line of the subject.
    """
    if parent in (ProcessKind.WORKER, ProcessKind.OF_TASK):
        return ProcessKind.OF_TASK
    kind = ProcessKind.of_child(command, parent)
    if kind is ProcessKind.WORKER and parent is ProcessKind.SUBJECT:
        its_own = command not in ("", parents_command) and SPAWNED not in command
        return ProcessKind.OF_TASK if its_own else kind
    return kind


def without_pool(command: str, parent: ProcessKind, parents_command: str) -> ProcessKind:
    """Tell what a process is where the subject makes all calls itself: what it starts, tasks have started."""
    kind = ProcessKind.of_child(command, parent)
    return ProcessKind.OF_TASK if kind is ProcessKind.WORKER else kind
