"""The portable probe: tells running from waiting by psutil's CPU time of each thread, and nothing else."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import psutil

from threadviz.debug_log import ignoring
from threadviz.observer.probes.accounting import ThreadAccounting
from threadviz.observer.probes.base import Changes, ObservedProcess, ObservedThread, Probe, ProcessKind
from threadviz.protocol.events import Present, ProbeInfo, State

ASKED_HZ = 50.0
"""CPU times come in steps of 10 ms on most systems (clock ticks, times(2)), so a higher rate shows nothing more."""

SEARCH_NS = 250_000_000
"""How often to search for new processes (ns). A search goes through all processes of the machine."""

WAITING = Present(State.WAITING)


@dataclass(slots=True, eq=False)
class _Process(ObservedProcess):
    handle: psutil.Process


@dataclass(eq=False)
class PortableProbe(Probe):
    """It tells running and waiting; reports of the subject add idle. `instead` is a clause on why it stands in.

    Raises ProcessLookupError if `root` is gone.
    """

    instead: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        cannot = "what a thread waits for, nor spans below the 10 ms in which CPU times are counted"
        if self.instead:
            cannot += f" (it stands in, because {self.instead})"
        tells = (State.RUNNING, State.IDLE, State.WAITING, State.UNKNOWN)
        self.info = ProbeInfo("portable", tells, cannot, ASKED_HZ)
        try:
            handle = psutil.Process(self.root)
        except psutil.NoSuchProcess as error:
            raise ProcessLookupError(str(error)) from error
        self._processes = {self.root: _Process(self.root, ProcessKind.SUBJECT, handle)}
        self._threads: dict[tuple[int, int], ObservedThread] = {}
        self._next_search = 0
        self._left_out = set(self.ignored)

    @property
    def threads(self) -> Sequence[ObservedThread]:
        return list(self._threads.values())

    def begin(self) -> None:
        for process, tid, running in self._times():
            self._add_thread(process, tid, 0, running)

    def look(self, now: int, late_ns: int) -> None:
        """Sample every thread once. One that is sampled for the first time is new."""
        if now >= self._next_search:
            self._next_search = now + SEARCH_NS
            self._find_children()
        seen = set()
        for process, tid, running in self._times():
            key = process.pid, tid
            thread = self._threads.get(key) or self._add_thread(process, tid, max(0, now - running), 0)
            thread.accounting.read(self.clock(), running, 0, 0, WAITING, late_ns)
            seen.add(key)
        for key in self._threads.keys() - seen:
            thread = self._threads.pop(key)
            thread.ended = thread.accounting.end(self.clock())
            self._gone.append(thread)

    def _find_children(self) -> None:
        with ignoring(psutil.Error):
            for child in psutil.Process(self.root).children(recursive=True):
                if child.pid in self._left_out or child.ppid() in self._left_out:
                    self._left_out.add(child.pid)
                elif child.pid not in self._processes:
                    self._processes[child.pid] = _Process(child.pid, self._kind(child), child)

    def _kind(self, child: psutil.Process) -> ProcessKind:
        """Tell what a process is. Raises psutil.Error where it is gone already."""
        parent = self._processes.get(child.ppid(), self._processes[self.root])
        lines = (" ".join(each.cmdline()) for each in (child, parent.handle))
        return self.kind_of(next(lines), parent.kind, next(lines))

    def meet(self, pid: int, kind: ProcessKind | None = None) -> None:
        """Observe a process that was reported before a search found it, and take its kind from the report."""
        with ignoring(psutil.Error):  # gone already
            if pid not in self._processes:
                handle = psutil.Process(pid)
                self._processes[pid] = _Process(pid, kind or self._kind(handle), handle)
            elif kind is not None and pid != self.root:
                self._processes[pid].kind = kind

    def take_changes(self) -> Changes:
        for process in self._processes.values():
            process.program.look(self.clock())
        return super().take_changes()

    def _times(self) -> Iterator[tuple[_Process, int, int]]:
        """Yield process, thread id and CPU time (ns) of every thread."""
        for pid, process in list(self._processes.items()):
            try:
                if process.handle.status() == psutil.STATUS_ZOMBIE:
                    raise psutil.ZombieProcess(pid)
                threads = process.handle.threads()
            except psutil.Error:
                del self._processes[pid]
                continue
            for thread in threads:
                yield process, thread.id, int((thread.user_time + thread.system_time) * 1e9)

    def _add_thread(self, process: _Process, tid: int, started: int, running: int) -> ObservedThread:
        thread = ObservedThread(process, tid, "", started, ThreadAccounting(started, running))
        self._threads[process.pid, tid] = thread
        self._new.append(thread)
        return thread
