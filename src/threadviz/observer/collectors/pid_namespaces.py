"""The numbers that processes and threads have here, for those by which a program knows them.

A program in a container, or in another PID namespace in any way, knows itself by other numbers (pid_namespaces(7)), and
reports those.
"""

import os
from collections import Counter, defaultdict
from collections.abc import Sequence

from threadviz.debug_log import ignoring
from threadviz.observer.probes.base import ObservedThread
from threadviz.observer.probes.procfs import own_numbers

NOBODY = 0, 0
"""The numbers of no process, and no thread."""


class PidNamespaces:
    """Translates the numbers of the observed processes. "Own" numbers are those by which a program knows itself."""

    def __init__(self) -> None:
        self._threads = Counter[int]()
        """By process, how many threads are observed."""
        self._own: dict[int, int] = {}
        self._by_own = defaultdict[int, set[int]](set)
        self._inner: dict[int, _InnerThreads] = {}
        """The processes that are in another namespace."""

    def note(self, new: Sequence[ObservedThread]) -> None:
        """Note new threads. Call `forget` with those that have ended afterwards."""
        for thread in new:
            pid = thread.pid
            self._threads[pid] += 1
            if pid not in self._own:
                numbers = own_numbers(pid) or [pid]
                self._own[pid] = numbers[-1]
                self._by_own[numbers[-1]].add(pid)
                if len(numbers) > 1:
                    self._inner[pid] = _InnerThreads(pid)
        for threads in self._inner.values():
            threads.listed = False

    def forget(self, gone: Sequence[ObservedThread]) -> None:
        """Forget threads that have ended: their numbers may be used again."""
        for thread in gone:
            pid = thread.pid
            self._threads[pid] -= 1
            if not self._threads[pid]:
                del self._threads[pid]
                own = self._own.pop(pid)
                self._by_own[own].discard(pid)
                if not self._by_own[own]:
                    del self._by_own[own]
                self._inner.pop(pid, None)
            elif pid in self._inner:
                self._inner[pid].forget(thread.tid)

    def process(self, pid: int) -> int:
        """Return the number here of the process whose own number is `pid`; 0 where several have that.

        Where no observed process has it, it is taken to be one that is observed soon, and has the same number here.
        """
        pids = self._by_own.get(pid) or {pid}
        return next(iter(pids)) if len(pids) == 1 else 0

    def thread(self, pid: int, tid: int) -> tuple[int, int]:
        """Return the numbers here of a thread and its process; NOBODY where that is ambiguous."""
        process = self.process(pid)
        if not process:
            return NOBODY
        if process not in self._inner:
            return process, tid
        found = self._inner[process].find(tid)
        return (process, found) if found else NOBODY


class _InnerThreads:
    """The threads of a process that is in another namespace."""

    def __init__(self, pid: int) -> None:
        self.listed = False
        """Whether they were listed since there were new threads."""
        self._pid = pid
        self._own: dict[int, int] = {}
        self._by_own: dict[int, int] = {}

    def find(self, own: int) -> int:
        """Return the number here of the thread with this own number, 0 where there is none."""
        if own not in self._by_own and not self.listed:
            self.listed = True
            with ignoring(OSError):
                for tid in map(int, os.listdir(f"/proc/{self._pid}/task")):
                    if tid not in self._own and (numbers := own_numbers(self._pid, tid)):
                        self._own[tid] = numbers[-1]
                        self._by_own[numbers[-1]] = tid
        return self._by_own.get(own, 0)

    def forget(self, tid: int) -> None:
        own = self._own.pop(tid, None)
        if own is not None and self._by_own.get(own) == tid:
            del self._by_own[own]
