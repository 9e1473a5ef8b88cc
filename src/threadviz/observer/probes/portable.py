"""The portable probe: psutil's CPU time of each thread, which tells running from waiting and no more."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress

import psutil

from threadviz.observer.probes.accounting import ThreadAccounting
from threadviz.observer.probes.base import KindOf, ObservedThread, ProcessKind, in_program
from threadviz.protocol.events import Present, ProbeInfo, State

ASKED_HZ = 50.0
"""CPU times come in steps of 10 ms on most systems (clock ticks, times(2)): looking more often shows no more."""

SEARCH_NS = 250_000_000
"""How often new processes are looked for (ns): for that, all processes of the machine are gone through."""

WAITING = Present(State.WAITING)


class PortableProbe:
    """Watches process `root` and its descendants; `clock` returns ns since the run's origin.

    `instead` says, as a clause, why no better probe is at work; `kind_of` tells what each of its processes is.
    Raises ProcessLookupError where `root` is gone.
    """

    def __init__(
        self,
        root: int,
        clock: Callable[[], int],
        instead: str = "",
        ignored: Collection[int] = (),
        kind_of: KindOf = in_program,
    ) -> None:
        self._root = root
        self._ignored = set(ignored)
        self._clock = clock
        self._instead = instead
        self._kind_of = kind_of
        try:
            self._processes = {root: psutil.Process(root)}
        except psutil.NoSuchProcess as error:
            raise ProcessLookupError(str(error)) from error
        self._kinds = {root: ProcessKind.SUBJECT}
        self._threads: dict[tuple[int, int], ObservedThread] = {}
        self._next_search = 0
        self._came: list[ObservedThread] = []
        self._went: list[ObservedThread] = []

    @property
    def info(self) -> ProbeInfo:
        """Running and waiting; what the subject says adds idle."""
        cannot = "what a thread waits for, nor stretches below the 10 ms in which CPU times are counted"
        if self._instead:
            cannot += f" (it stands in, because {self._instead})"
        tells = (State.RUNNING, State.IDLE, State.WAITING, State.UNKNOWN)
        return ProbeInfo("portable", tells, cannot, ASKED_HZ)

    @property
    def threads(self) -> Sequence[ObservedThread]:
        """The threads that are watched now."""
        return list(self._threads.values())

    def begin(self) -> None:
        """Start the books, at the run's origin, of the threads that there are."""
        for pid, tid, running in self._times():
            self._watch(pid, tid, 0, running)

    def look(self, now: int, late_ns: int) -> None:
        """Read every thread of every process once; one that is read for the first time has come."""
        if now >= self._next_search:
            self._next_search = now + SEARCH_NS
            self._find_children()
        seen = set()
        for pid, tid, running in self._times():
            thread = self._threads.get((pid, tid)) or self._watch(pid, tid, max(0, now - running), 0)
            thread.accounting.read(self._clock(), running, 0, 0, WAITING, late_ns)
            seen.add((pid, tid))
        for key in self._threads.keys() - seen:
            thread = self._threads.pop(key)
            thread.ended = thread.accounting.end(self._clock())
            self._went.append(thread)

    def _find_children(self) -> None:
        with suppress(psutil.Error):
            for child in psutil.Process(self._root).children(recursive=True):
                if child.pid in self._ignored or child.ppid() in self._ignored:
                    self._ignored.add(child.pid)
                elif child.pid not in self._processes:
                    self._kinds[child.pid] = self._kind(child)
                    self._processes[child.pid] = child

    def _kind(self, child: psutil.Process) -> ProcessKind:
        """Tell what a process is. Raises psutil.Error where it is gone already."""
        parent = self._processes.get(child.ppid(), self._processes[self._root])
        lines = (" ".join(each.cmdline()) for each in (child, parent))
        return self._kind_of(next(lines), self._kinds[parent.pid], next(lines))

    def meet(self, pid: int, kind: ProcessKind | None = None) -> None:
        """Watch a process that was spoken of before a search has found it, and take it for what it is said to be."""
        with suppress(psutil.Error):  # gone already
            if pid not in self._processes:
                process = psutil.Process(pid)
                self._kinds[pid] = kind or self._kind(process)
                self._processes[pid] = process
            elif kind is not None and pid != self._root:
                self._kinds[pid] = kind
                for thread in self._threads.values():
                    if thread.pid == pid:
                        thread.process = kind

    def take_changes(self) -> tuple[list[ObservedThread], list[ObservedThread]]:
        """Hand over the threads that came and those that went since the last call."""
        changes = self._came, self._went
        self._came, self._went = [], []
        return changes

    def close(self) -> None:
        """Nothing is kept open."""

    def _times(self) -> Iterator[tuple[int, int, int]]:
        """Yield process id, thread id and CPU time (ns) of every thread."""
        for pid, process in list(self._processes.items()):
            try:
                if process.status() == psutil.STATUS_ZOMBIE:
                    raise psutil.ZombieProcess(pid)
                threads = process.threads()
            except psutil.Error:
                del self._processes[pid]
                continue
            for thread in threads:
                yield pid, thread.id, int((thread.user_time + thread.system_time) * 1e9)

    def _watch(self, pid: int, tid: int, started: int, running: int) -> ObservedThread:
        accounting = ThreadAccounting(started, running)
        thread = ObservedThread(pid, tid, "", self._kinds[pid], started, accounting)
        self._threads[pid, tid] = thread
        self._came.append(thread)
        return thread
