"""The teller of who holds the GIL, as it changes.

It is looked at with the threads of a process in which something ran: while all of them are blocked and use no CPU,
none can have taken it or let go of it, so that the last look's find stands. A process that has had one thread only is
not told of: nobody else could want its GIL.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Generic, TypeVar

from threadviz.observer.cpython.detect import Interpreter
from threadviz.observer.cpython.gil_reader import reader_for
from threadviz.observer.probes.accounting import SHORT_NS
from threadviz.observer.probes.base import Collector, ObservedThread
from threadviz.observer.probes.procfs import ProcProcess, ProcThread, own_numbers
from threadviz.protocol.events import ELSEWHERE, OPEN, Evidence, GilHeld, Hold

# From looks at who holds a GIL to stretches. Pure: no clock, no files.

T = TypeVar("T")


class Holding(Generic[T]):
    """The stretches of who has held one GIL, from `start` on (ns): holders are of any kind that can be compared.

    Where two looks found different holders, it changed hands in the middle between them. What a look has found stands
    as long as nothing has run in the process since.
    """

    __slots__ = ("_mark", "_settled", "_start", "holder")

    def __init__(self, start: int) -> None:
        self._start = self._mark = start
        self.holder: T | int = OPEN
        """What the last look has found."""
        self._settled: list[tuple[int, T | int]] = []

    def read(self, seen: int, t: int, holder: T | int, late_ns: int) -> None:
        """Enter one look at `t` (ns), where what the last one found has stood until `seen`, at least.

        Where the look comes more than `late_ns` after that, what was in between is open, unless the holder is the same
        and the gap is short.
        """
        before = self.holder
        gap = t - seen
        if gap > late_ns and (holder != before or gap > SHORT_NS):
            self._put(seen, before)
            self._put(t, OPEN)
        elif holder != before:
            self._put(seen + gap // 2, before)
        self.holder = holder

    def _put(self, until: int, holder: T | int) -> None:
        ns = until - self._mark
        if ns <= 0:
            return
        self._mark = until
        settled = self._settled
        if settled and settled[-1][1] == holder:
            settled[-1] = settled[-1][0] + ns, holder
        else:
            settled.append((ns, holder))

    @property
    def changed(self) -> bool:
        """Whether it has changed hands since stretches were handed over."""
        return bool(self._settled)

    @property
    def told(self) -> int:
        """Until when stretches were handed over (ns)."""
        return self._start

    def drain(self, until: int) -> tuple[int, list[tuple[int, T | int]]]:
        """Hand over the stretches since the last call, with the time at which they start.

        The last look's find stands until `until` (ns).
        """
        self._put(until, self.holder)
        start, settled = self._start, self._settled
        self._start, self._settled = self._mark, []
        return start, settled


QUIET_NS = 250_000_000
"""How often it is told of a process in which nothing runs that who holds its GIL has stayed the same (ns)."""

_Holder = ProcThread | int
"""A thread that is watched; the id of one that is not yet; or FREE, OPEN or ELSEWHERE."""


class GilHolderCollector(Collector):
    """Sees who holds the GILs of processes, and tells it. All times are ns since the run's origin."""

    def __init__(self) -> None:
        self._contests: dict[int, _Contest] = {}
        self._over: list[_Contest] = []

    def look(self, process: ProcProcess, now: int, late_ns: int) -> None:
        """See who holds the GILs of a process, right after its threads were looked at.

        What went on before a look that comes more than `late_ns` after the last one is open.
        """
        contest = self._contests.get(process.pid)
        if contest is None:
            if len(process.threads) < 2:
                return
            contest = self._meet(process, now)
            if contest is None:
                return
        contest.look(now, late_ns)

    def _meet(self, process: ProcProcess, now: int) -> "_Contest | None":
        if now >= process.program.due:
            process.find_gil(now)
        python = process.program.interpreter
        if python is None or not process.program.gil_data:
            return None
        contest = self._contests[process.pid] = _Contest(process, python)
        return contest

    def refresh(self, process: ProcProcess) -> None:
        """Look for interpreters that came or went in a process, and whether it, or what is known of it, is another."""
        contest = self._contests.get(process.pid)
        if contest is None:
            return
        if contest.runs != (process.program.images, process.program.interpreter):
            self.leave(process)
        else:
            contest.refresh()

    def leave(self, process: ProcProcess) -> None:
        """Look at a process no more: it is gone, or is another."""
        contest = self._contests.pop(process.pid, None)
        if contest is not None:
            contest.close()
            self._over.append(contest)
            process.inner_gils, process.gil_data = (), None

    def poll(
        self, now: int, new: Sequence[ObservedThread], gone: Sequence[ObservedThread]
    ) -> Iterator[GilHeld]:
        """Yield who has held each GIL since the last call."""
        for contest in self._over:
            yield from contest.poll(quiet=False)
        self._over.clear()
        for contest in self._contests.values():
            yield from contest.poll(quiet=contest.process.still)

    def close(self) -> None:
        """Let go of the files."""
        for contest in self._contests.values():
            contest.close()
        self._contests.clear()


class _Contest:
    """The GILs of one process, for as long as it runs one program."""

    def __init__(self, process: ProcProcess, python: Interpreter) -> None:
        self.process = process
        self.runs = process.program.images, python
        self._reader = reader_for(process.pid, python)
        self._inner = InnerIds(process.pid)
        self._books: dict[int, Holding[_Holder]] = {}
        self._closed: list[tuple[int, Holding[_Holder]]] = []
        self.refresh()

    def look(self, now: int, late_ns: int) -> None:
        """See who holds each GIL. Runs at every look at the process."""
        process, reader = self.process, self._reader
        if reader is None:
            holder = inferred(process.threads.values(), process.passed)
            self._enter(0, now, OPEN if holder is None else holder, late_ns)
            return
        for number, gil in reader.gils.items():
            native = reader.read(gil)
            self._enter(number, now, self._thread(native) if native > 0 else native, late_ns)

    def _enter(self, number: int, now: int, holder: _Holder, late_ns: int) -> None:
        seen = self.process.seen
        book = self._books.get(number)
        if book is None:
            book, seen = Holding(now), now
            self._books[number] = book
        if holder != book.holder or now - seen > late_ns:  # else it goes on
            book.read(seen, now, holder, late_ns)

    def _thread(self, native: int) -> _Holder:
        threads = self.process.threads
        if not self._inner.others:
            return threads.get(native, native)
        return self._inner.thread(native, threads) or ELSEWHERE

    def refresh(self) -> None:
        """Look for interpreters that came or went, and where one waits for their GILs."""
        reader = self._reader
        if reader is not None and reader.find():
            self.process.inner_gils = reader.ranges
            self.process.gil_data = None
            self._closed += [
                (number, book) for number, book in self._books.items() if number not in reader.gils
            ]
            self._books = {number: book for number, book in self._books.items() if number in reader.gils}

    def poll(self, quiet: bool) -> Iterator[GilHeld]:
        """Yield what there is to tell; `quiet` is a process in which nothing runs."""
        until = self.process.seen
        known = Evidence.INFERRED if self._reader is None else Evidence.SAMPLED
        closed, self._closed = self._closed, []
        for number, book in [*closed, *self._books.items()]:
            if quiet and not book.changed and until - book.told < QUIET_NS:
                continue
            start, segments = book.drain(until)
            holds = tuple(Hold(ns, self._lane(holder)) for ns, holder in segments)
            if holds:
                yield GilHeld(self.process.pid, number, start, holds, known)

    def _lane(self, holder: _Holder) -> int:
        """Return the lane of a holder; that of one that was not watched when it was seen, if it has come since."""
        if isinstance(holder, int):
            if holder <= 0:
                return holder
            thread = self.process.threads.get(holder)
        else:
            thread = holder
        return ELSEWHERE if thread is None or thread.lane is None else thread.lane

    def close(self) -> None:
        """Let go of the memory."""
        if self._reader is not None:
            self._reader.close()


def inferred(threads: Iterable[ProcThread], passed: int) -> ProcThread | None:
    """Return the one thread that must hold the GIL, as all threads of a process were just seen; None where it is open.

    While a thread waits for the GIL, some other one holds it. Not one that waits for it too; nor one that has been in
    another wait since before the GIL last went from hand to hand, which was after `passed` (ns). If a single one is
    left, it is that one: mostly the one that runs, but it may also be blocked in a call and not have let go.
    """
    wanted, candidate = False, None
    for thread in threads:
        if thread.gil_place is not None:
            wanted = True
        elif not thread.blocked or thread.since >= passed:
            if candidate is not None:
                return None
            candidate = thread
    return candidate if wanted else None


class InnerIds:
    """The numbers by which the threads of process `pid` know themselves: in a container, others than those outside."""

    def __init__(self, pid: int) -> None:
        self.others = len(own_numbers(pid)) > 1
        self._threads: dict[int, ProcThread] = {}
        self._met: set[int] = set()

    def thread(self, number: int, threads: Mapping[int, ProcThread]) -> ProcThread | None:
        """Return which of `threads` knows itself by that number."""
        thread = self._threads.get(number)
        if thread is None or thread.tid not in threads:
            self._met &= threads.keys()
            for tid in threads.keys() - self._met:
                self._met.add(tid)
                numbers = own_numbers(threads[tid].pid, tid)
                if numbers:
                    self._threads[numbers[-1]] = threads[tid]
            thread = self._threads.get(number)
        return thread if thread is not None and threads.get(thread.tid) is thread else None
