"""The names of threads: those that the program says, and those that the operating system has."""

import heapq
import re
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from threadviz.observer.collectors.pid_namespaces import PidNamespaces
from threadviz.observer.io import NamedPipe
from threadviz.observer.probes.base import ObservedThread
from threadviz.observer.probes.procfs import GONE, thread_name
from threadviz.protocol.events import NameSource, ThreadNamed

_LINE = re.compile(rb"(\d{1,10}) (\d{1,10}) (.{1,1000})", re.DOTALL)

WAITING_NS = 2_000_000_000
"""For how long a name waits for its thread to be seen (ns): one that was not seen by then won't be."""

MAX_WAITING = 10_000
"""How many names wait at most."""

_Thread = tuple[int, int]


class ReportedNameCollector:
    """A `Teller` of the names that the program says, by what `naming/sitecustomize.py` writes into a named pipe.

    A name may come before its thread is seen, and after it is gone. Raises OSError where the pipe at `path` can't be
    made.
    """

    def __init__(self, path: Path) -> None:
        self._pipe = NamedPipe(path)
        self._numbers = PidNamespaces()
        self._lanes: dict[_Thread, int] = {}
        self._told: dict[int, str] = {}
        self._waiting: OrderedDict[_Thread, tuple[int, str]] = OrderedDict()

    @property
    def path(self) -> Path:
        """Where the pipe is."""
        return self._pipe.path

    def news(
        self, now: int, came: Sequence[ObservedThread], went: Sequence[ObservedThread]
    ) -> Iterator[ThreadNamed]:
        """Return the names that have come for threads that are there, or were until now."""
        self._numbers.note(came)
        for thread in came:
            if thread.lane is not None:
                self._lanes[thread.pid, thread.tid] = thread.lane
        for pid, tid, name in self._said():
            self._waiting[pid, tid] = now, name
            self._waiting.move_to_end((pid, tid))
        meant = [(said, self._numbers.thread(*said)) for said in self._waiting]
        for said, ours in meant:
            if ours not in self._lanes:
                continue
            _, name = self._waiting.pop(said)
            lane = self._lanes[ours]
            if self._told.get(lane) != name:
                self._told[lane] = name
                yield ThreadNamed(now, lane, name, NameSource.PROGRAM)
        self._forget(now, went)

    def close(self) -> None:
        """Close the pipe."""
        self._pipe.close()

    def _said(self) -> Iterator[tuple[int, int, str]]:
        """Yield what has come: process id, thread id and name. What is no such line is passed over."""
        for said in self._pipe.lines():
            if line := _LINE.fullmatch(said):
                yield int(line[1]), int(line[2]), line[3].decode(errors="replace")

    def _forget(self, now: int, went: Sequence[ObservedThread]) -> None:
        self._numbers.forget(went)
        for thread in went:
            if self._lanes.get((thread.pid, thread.tid)) == thread.lane:
                del self._lanes[thread.pid, thread.tid]
            if thread.lane is not None:
                self._told.pop(thread.lane, None)
        while self._waiting:
            came, _ = next(iter(self._waiting.values()))
            if came + WAITING_NS > now and len(self._waiting) <= MAX_WAITING:
                return
            self._waiting.popitem(last=False)


SOON_NS = 50_000_000
"""When the system's name of a thread is read again (ns): it gets its own some time after it has begun. Each time ..."""

LATER = 4
"""... the next reading is so many times as far away ..."""

SELDOM_NS = 5_000_000_000
"""... but not farther than this (ns)."""

AT_ONCE = 20
"""So many are read at once: at most, this takes a third of a millisecond."""


class SystemNameCollector:
    """A `Teller` of the system's names of threads that have changed since their lanes began."""

    def __init__(self) -> None:
        self._due: list[tuple[int, int, int, ObservedThread]] = []
        self._names: dict[int, str] = {}

    def news(
        self, now: int, came: Sequence[ObservedThread], went: Sequence[ObservedThread]
    ) -> Iterator[ThreadNamed]:
        """Return the names that have changed, of the threads whose turn it is."""
        for thread in went:
            if thread.lane is not None:
                self._names.pop(thread.lane, None)
        for thread in came:
            if thread.lane is not None and thread.ended is None:
                self._names[thread.lane] = thread.name
                heapq.heappush(self._due, (now + SOON_NS, thread.lane, SOON_NS, thread))
        for _ in range(AT_ONCE):
            if not self._due or self._due[0][0] > now:
                return
            _, lane, pause, thread = heapq.heappop(self._due)
            if lane in self._names:
                yield from self._read(now, lane, thread)
                pause = min(LATER * pause, SELDOM_NS)
                heapq.heappush(self._due, (now + pause, lane, pause, thread))

    def close(self) -> None:
        """Nothing is kept open."""

    def _read(self, now: int, lane: int, thread: ObservedThread) -> Iterator[ThreadNamed]:
        with suppress(*GONE):
            name = thread_name(thread.pid, thread.tid)
            if name != self._names[lane]:
                self._names[lane] = name
                yield ThreadNamed(now, lane, name, NameSource.SYSTEM)
