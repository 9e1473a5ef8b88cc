"""The names that the operating system has for threads."""

import heapq
from collections.abc import Iterator

from threadviz.debug_log import ignoring
from threadviz.observer.probes.base import Changes, Collector, ObservedThread
from threadviz.observer.probes.procfs import GONE, thread_name
from threadviz.protocol.events import NameSource, ThreadNamed

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

    def poll(self, now: int, changes: Changes) -> Iterator[ThreadNamed]:
        """Yield the names that have changed, of the threads that are due."""
        for thread in changes.gone:
            self._names.pop(thread.lane, None)
        for thread in changes.new:
            if thread.ended is None:
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
