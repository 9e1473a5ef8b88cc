"""The names of threads: as the program reports them, and as the operating system has them."""

import heapq
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from pathlib import Path

from threadviz.debug_log import ignoring
from threadviz.observer.collectors.pid_namespaces import PidNamespaces
from threadviz.observer.messages import MessagePipe, ReportedName
from threadviz.observer.probes.base import Collector, ObservedThread
from threadviz.observer.probes.procfs import GONE, thread_name
from threadviz.protocol.events import NameSource, ThreadNamed

WAITING_NS = 2_000_000_000
"""How long a name waits for its thread to be seen (ns): one that was not seen by then won't be."""

MAX_WAITING = 10_000
"""How many names wait at most."""

_ThreadId = tuple[int, int]


class ReportedNameCollector(Collector):
    """Collects the names that the startup hook or a recorded program reports, from a new named pipe at `path`.

    A name may come before its thread is seen, and after it has ended. Raises OSError where the pipe can't be made.
    """

    def __init__(self, path: Path) -> None:
        self._pipe = MessagePipe(path)
        self._namespaces = PidNamespaces()
        self._lanes: dict[_ThreadId, int] = {}
        self._names: dict[int, str] = {}
        self._waiting: OrderedDict[_ThreadId, tuple[int, str]] = OrderedDict()

    @property
    def path(self) -> Path:
        """Where the pipe is."""
        return self._pipe.path

    def poll(
        self, now: int, new: Sequence[ObservedThread], gone: Sequence[ObservedThread]
    ) -> Iterator[ThreadNamed]:
        """Yield the names that have come for threads that are there, or were until now."""
        self._namespaces.note(new)
        for thread in new:
            if thread.lane is not None:
                self._lanes[thread.pid, thread.tid] = thread.lane
        for message in self._pipe.read():
            if isinstance(message, ReportedName):
                self._waiting[message.pid, message.tid] = now, message.name
                self._waiting.move_to_end((message.pid, message.tid))
        for reported in tuple(self._waiting):
            lane = self._lanes.get(self._namespaces.thread(*reported))
            if lane is None:
                continue
            _, name = self._waiting.pop(reported)
            if self._names.get(lane) != name:
                self._names[lane] = name
                yield ThreadNamed(now, lane, name, NameSource.PROGRAM)
        self._forget(now, gone)

    def close(self) -> None:
        self._pipe.close()

    def _forget(self, now: int, gone: Sequence[ObservedThread]) -> None:
        self._namespaces.forget(gone)
        for thread in gone:
            if self._lanes.get((thread.pid, thread.tid)) == thread.lane:
                del self._lanes[thread.pid, thread.tid]
            if thread.lane is not None:
                self._names.pop(thread.lane, None)
        while self._waiting:
            since, _ = next(iter(self._waiting.values()))
            if since + WAITING_NS > now and len(self._waiting) <= MAX_WAITING:
                return
            self._waiting.popitem(last=False)


FIRST_READ_NS = 50_000_000
"""When the system's name of a thread is read again (ns): a thread gets its own name some time after it has begun."""

BACKOFF = 4
"""Each time, the interval to the next read grows by this factor ..."""

MAX_INTERVAL_NS = 5_000_000_000
"""... up to this (ns)."""

MAX_READS = 20
"""How many names are read in one poll at most: this takes a third of a millisecond."""


class SystemNameCollector(Collector):
    """Collects the system's names of threads that have changed since their lanes began."""

    def __init__(self) -> None:
        self._due: list[tuple[int, int, int, ObservedThread]] = []
        self._names: dict[int, str] = {}

    def poll(
        self, now: int, new: Sequence[ObservedThread], gone: Sequence[ObservedThread]
    ) -> Iterator[ThreadNamed]:
        """Yield the names that have changed, of the threads that are due."""
        for thread in gone:
            if thread.lane is not None:
                self._names.pop(thread.lane, None)
        for thread in new:
            if thread.lane is not None and thread.ended is None:
                self._names[thread.lane] = thread.name
                heapq.heappush(self._due, (now + FIRST_READ_NS, thread.lane, FIRST_READ_NS, thread))
        for _ in range(MAX_READS):
            if not self._due or self._due[0][0] > now:
                return
            _, lane, interval, thread = heapq.heappop(self._due)
            if lane in self._names:
                yield from self._read(now, lane, thread)
                interval = min(BACKOFF * interval, MAX_INTERVAL_NS)
                heapq.heappush(self._due, (now + interval, lane, interval, thread))

    def _read(self, now: int, lane: int, thread: ObservedThread) -> Iterator[ThreadNamed]:
        with ignoring(*GONE):
            name = thread_name(thread.pid, thread.tid)
            if name != self._names[lane]:
                self._names[lane] = name
                yield ThreadNamed(now, lane, name, NameSource.SYSTEM)
