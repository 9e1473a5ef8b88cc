"""What lanes wait on: the peer of a socket, the path of a file.

A wait is told of once, when it has lasted from one flush to the next, and only what is still known to hold when it has
all been read: that the thread has got no CPU since the probe last saw it in that wait. So a `Place` is about the
stretch of its lane that it lies in, and about no later one. What a descriptor stands for is looked up while it is
waited on; a program that closes it meanwhile, and opens something else in its place, can make it wrong.
"""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from threadviz.events import Event, Place
from threadviz.observer.probing.linux import LinuxProbe
from threadviz.observer.probing.proc import RUNNABLE, ProcThread
from threadviz.observer.probing.syscalls import SyscallTable
from threadviz.observer.probing.watched import Watched
from threadviz.observer.telling.arguments import WITH_A_PLACE
from threadviz.observer.telling.files import Files
from threadviz.vocabulary import Present, State

SHARE = 0.0012
"""The share of one core that asking may take."""

CREDIT_NS = 2_000_000
"""How much CPU time it may use ahead of that (ns)."""

BATCH_NS = 1_000_000
"""How much there must be to begin with (ns): to ask for many at once is cheaper than one by one."""

PAUSE = 1000
"""Going through all threads is followed by a pause that is so many times as long."""

AGAIN_NS = 500_000_000
"""After what time a wait is asked about again that could not be told yet (ns)."""

NEVER = 2**63


@dataclass(slots=True)
class _Wait:
    """A wait, by the thread's counters, which stand still in it. Times are ns since the run's origin."""

    counters: bytes
    ask: int
    """When it is to be asked about, at the soonest."""
    told: int
    """When a place was last told of its thread."""


class Places:
    """Tells what the threads wait on that `probe` watches; without `paths`, only sockets and pipes."""

    def __init__(self, probe: LinuxProbe, paths: bool) -> None:
        self._probe = probe
        self._files = Files(paths)
        self._syscalls = SyscallTable()
        self._waits: dict[Watched, _Wait] = {}
        self._due: list[tuple[_Wait, ProcThread]] = []
        self._credit: float = CREDIT_NS
        self._last = self._next = 0

    def news(self, now: int, came: Sequence[Watched], went: Sequence[Watched]) -> Iterator[Event]:
        """Yield what has come out since the last call (at `now`, in ns), as far as the budget goes."""
        for thread in went:
            self._waits.pop(thread, None)
        self._credit = min(CREDIT_NS, self._credit + SHARE * (now - self._last))
        self._last = now
        if self._due and self._credit >= BATCH_NS:
            yield from self._ask(now)
        if now >= self._next:
            started = time.process_time_ns()
            self._due = self._find()
            self._next = now + PAUSE * (time.process_time_ns() - started)
        self._files.refresh()

    def close(self) -> None:
        """Nothing is kept open."""

    def _ask(self, now: int) -> Iterator[Place]:
        """Yield the places of those waits that are still the same, as far as the credit goes."""
        started = time.process_time_ns()
        for wait, thread in self._due:
            if thread.ended is not None or wait.counters != thread.counters or wait.ask > now:
                continue
            place = self._place(thread)
            wait.ask = NEVER if place is not None else now + AGAIN_NS
            if place and thread.lane is not None:
                wait.told = now
                yield Place(now, thread.lane, place)
            asked = time.process_time_ns()
            self._credit -= asked - started
            started = asked
            if self._credit <= 0:
                break

    def _find(self) -> list[tuple[_Wait, ProcThread]]:
        """Return the waits that nothing was told of yet, for the next flush. Goes through all threads.

        Those come first whose threads have gone without for the longest.
        """
        waits, due = self._waits, []
        for thread in self._probe.threads:
            if thread.blocked:
                wait = waits.get(thread)
                if wait is None or wait.counters != thread.counters:
                    ask = 0 if _is_on_a_file(thread.told) else NEVER
                    wait = waits[thread] = _Wait(thread.counters, ask, wait.told if wait else 0)
                if wait.ask < NEVER:
                    due.append((wait, thread))
        due.sort(key=_told)
        return due

    def _place(self, thread: ProcThread) -> str | None:
        """Return what it waits on, '' where there is nothing to tell, None where it is to be asked again later."""
        with suppress(OSError):  # it has gone on, or is gone
            where = os.pread(thread.syscall, 256, 0)
            if where == RUNNABLE:
                return ""
            number, _, arguments = where.partition(b" ")
            call = self._syscalls.classify(number, arguments).call
            if call not in WITH_A_PLACE:
                return ""
            place = self._files.place(
                thread.pid, thread.tid, call, [int(each, 16) for each in arguments.split()]
            )
            if os.pread(thread.schedstat, 64, 0) == thread.counters:
                return place
        return ""


def _is_on_a_file(told: Present | None) -> bool:
    """Tell whether a wait is on a file, as far as its call tells: `poll` for no file, for one, is a timer."""
    return told is not None and told.call in WITH_A_PLACE and told.state is not State.SLEEP


def _told(due: tuple[_Wait, ProcThread]) -> int:
    return due[0].told
