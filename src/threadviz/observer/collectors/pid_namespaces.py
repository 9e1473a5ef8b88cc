"""The numbers that processes and threads have here, for those by which a program knows them.

A program in a container, or in another PID namespace in any way, knows itself by other numbers (pid_namespaces(7)), and
reports those.
"""

from collections import defaultdict
from collections.abc import Sequence

from threadviz.observer.probes.base import ObservedThread
from threadviz.observer.probes.procfs import OwnThreadIds

NOBODY = 0, 0
"""The numbers of no process, and no thread."""


class PidNamespaces:
    """Translates the numbers of the observed processes. "Own" numbers are those by which a program knows itself."""

    def __init__(self) -> None:
        self._threads = defaultdict[int, set[ObservedThread]](set)
        """By process, the threads that are observed."""
        self._inner: dict[int, OwnThreadIds] = {}
        """The processes that are in another namespace."""
        self._listed: set[int] = set()
        """Those of them whose threads were listed since there were new threads."""

    def note(self, new: Sequence[ObservedThread]) -> None:
        """Note new threads. Call `forget` with those that have ended afterwards."""
        for thread in new:
            if thread.pid not in self._threads and (ids := OwnThreadIds(thread.pid)).differ:
                self._inner[thread.pid] = ids
            self._threads[thread.pid].add(thread)
            self._listed.clear()

    def forget(self, gone: Sequence[ObservedThread]) -> None:
        """Forget threads that have ended: their numbers may be used again."""
        for thread in gone:
            self._threads[thread.pid].discard(thread)
            if not self._threads[thread.pid]:
                del self._threads[thread.pid]
                self._inner.pop(thread.pid, None)

    def process(self, own: int) -> int:
        """Return the number here of the process with this own number; 0 where several have that.

        Where no observed process has it, it is taken to be one that is observed soon, and has the same number here.
        """
        found = [pid for pid, ids in self._inner.items() if ids.process == own]
        if own not in self._inner and (own in self._threads or not found):
            found.append(own)
        return found[0] if len(found) == 1 else 0

    def thread(self, pid: int, tid: int) -> tuple[int, int]:
        """Return the numbers here of a thread and its process; NOBODY where that is ambiguous."""
        process = self.process(pid)
        if process not in self._inner:
            return (process, tid) if process else NOBODY
        ids = self._inner[process]
        if process not in self._listed:
            self._listed.add(process)
            ids.refresh()
        return (process, ids.tids[tid]) if tid in ids.tids else NOBODY
