"""Our numbers of processes and threads, for those by which a program calls them.

A program that is in a container, or in another namespace of process ids in any way, knows itself by others
(pid_namespaces(7)). What it says of its threads comes with these.
"""

import os
from collections import Counter, defaultdict
from collections.abc import Sequence
from contextlib import suppress

from threadviz.observer.probes.base import ObservedThread
from threadviz.observer.probes.procfs import own_numbers

NOBODY = 0, 0
"""The numbers of no process, and no thread."""


class PidNamespaces:
    """Finds them, for the processes that are watched."""

    def __init__(self) -> None:
        self._watched = Counter[int]()
        self._own: dict[int, int] = {}
        """By our number of a process, its own."""
        self._ours = defaultdict[int, set[int]](set)
        self._inner: dict[int, _Threads] = {}

    def note(self, new: Sequence[ObservedThread]) -> None:
        """Take note of threads that are watched now. To be followed by `forget` for those that are gone."""
        for thread in new:
            pid = thread.pid
            self._watched[pid] += 1
            if pid not in self._own:
                numbers = own_numbers(pid) or [pid]
                self._own[pid] = numbers[-1]
                self._ours[numbers[-1]].add(pid)
                if len(numbers) > 1:
                    self._inner[pid] = _Threads(pid)
        for threads in self._inner.values():
            threads.listed = False

    def forget(self, gone: Sequence[ObservedThread]) -> None:
        """Take note of threads that are gone."""
        for thread in gone:
            pid = thread.pid
            self._watched[pid] -= 1
            if not self._watched[pid]:
                del self._watched[pid]
                own = self._own.pop(pid)
                self._ours[own].discard(pid)
                if not self._ours[own]:
                    del self._ours[own]
                self._inner.pop(pid, None)
            elif pid in self._inner:
                self._inner[pid].forget(thread.tid)

    def process(self, pid: int) -> int:
        """Return our number of the process that calls itself `pid`; 0 where that is more than one.

        Where none that is watched does so, it is taken to be one that will be, and that has the same for us.
        """
        ours = self._ours.get(pid) or {pid}
        return next(iter(ours)) if len(ours) == 1 else 0

    def thread(self, pid: int, tid: int) -> tuple[int, int]:
        """Return the same of a thread, with that of its process; NOBODY where there is no telling which it is."""
        process = self.process(pid)
        if not process:
            return NOBODY
        inner = self._inner.get(process)
        if inner is None:
            return process, tid
        found = inner.find(tid)
        return (process, found) if found else NOBODY


class _Threads:
    """The threads of a process that is in another namespace."""

    def __init__(self, pid: int) -> None:
        self.listed = False
        """Whether they were listed since it was last asked for something new."""
        self._pid = pid
        self._ours: dict[int, int] = {}
        self._own: dict[int, int] = {}

    def find(self, own: int) -> int:
        """Return our number of the thread that calls itself so; 0 where it is not there."""
        if own not in self._ours and not self.listed:
            self.listed = True
            self._list()
        return self._ours.get(own, 0)

    def _list(self) -> None:
        with suppress(OSError):
            for tid in map(int, os.listdir(f"/proc/{self._pid}/task")):
                if tid not in self._own and (numbers := own_numbers(self._pid, tid)):
                    self._own[tid] = numbers[-1]
                    self._ours[numbers[-1]] = tid

    def forget(self, tid: int) -> None:
        """One is gone, whose number may be another's now."""
        own = self._own.pop(tid, None)
        if own is not None and self._ours.get(own) == tid:
            del self._ours[own]
