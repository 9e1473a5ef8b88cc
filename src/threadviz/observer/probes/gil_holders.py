"""The collector of GIL holders.

The holder is sampled together with the threads of a process in which something ran. While all threads are blocked and
use no CPU, none can have taken or released the GIL, so the last sample stays valid. A process with a single thread is
left out, because nobody else can want its GIL.
"""

from collections.abc import Iterable, Iterator

from threadviz.observer.cpython.detect import Interpreter
from threadviz.observer.cpython.gil_reader import reader_for
from threadviz.observer.probes.accounting import SHORT_NS
from threadviz.observer.probes.base import Changes, Collector
from threadviz.observer.probes.procfs import OwnThreadIds, ProcProcess, ProcThread
from threadviz.protocol.events import ELSEWHERE, OPEN, Evidence, GilHeld, Hold


class HolderAccounting:
    """Turns samples of the holder of one GIL into holds, from `start` (ns) on. Pure: no clock, no files.

    If two samples found different holders, the GIL is taken to have changed hands halfway between them. A sample stays
    valid while nothing runs in the process.
    """

    __slots__ = ("_mark", "holder", "settled", "start")

    def __init__(self, start: int) -> None:
        self.start = self._mark = start
        """Until when (ns) holds were drained."""
        self.holder: object = OPEN
        """The holder at the last sample."""
        self.settled: list[tuple[int, object]] = []
        """The holds since then: their lengths (ns) and holders."""

    def read(self, seen: int, t: int, holder: object, late_ns: int) -> None:
        """Add a sample taken at `t` (ns). The last one was valid until `seen`, at least.

        If the gap is longer than `late_ns`, the time in between is open, unless the holder is the same and the gap is
        short.
        """
        before = self.holder
        gap = t - seen
        if gap > late_ns and (holder != before or gap > SHORT_NS):
            self._put(seen, before)
            self._put(t, OPEN)
        elif holder != before:
            self._put(seen + gap // 2, before)
        self.holder = holder

    def _put(self, until: int, holder: object) -> None:
        ns = until - self._mark
        if ns <= 0:
            return
        self._mark = until
        settled = self.settled
        if settled and settled[-1][1] == holder:
            settled[-1] = settled[-1][0] + ns, holder
        else:
            settled.append((ns, holder))

    def drain(self, until: int) -> tuple[int, list[tuple[int, object]]]:
        """Return when the holds since the last call start (ns), and the holds.

        The last sample counts until `until` (ns).
        """
        self._put(until, self.holder)
        start, settled = self.start, self.settled
        self.start, self.settled = self._mark, []
        return start, settled


QUIET_NS = 250_000_000
"""How often (ns) an unchanged holder is reported for a process in which nothing runs."""

_Holder = ProcThread | int
"""An observed thread, the id of one that is not observed yet, or FREE, OPEN or ELSEWHERE."""


class GilHolderCollector(Collector):
    """Samples who holds the GILs of processes. Times are ns since the start of the run."""

    def __init__(self) -> None:
        self._gils: dict[int, _ProcessGils] = {}
        self._over: list[_ProcessGils] = []

    def look(self, process: ProcProcess, now: int, late_ns: int) -> None:
        """Sample the GILs of a process, right after its threads.

        Time before a sample that comes more than `late_ns` after the last one is open.
        """
        gils = self._gils.get(process.pid)
        if gils is None and len(process.threads) > 1:
            if now >= process.program.due:
                process.find_gil(now)
            python = process.program.interpreter
            if python is not None and process.program.gil_data:
                gils = self._gils[process.pid] = _ProcessGils(process, python)
        if gils is not None:
            gils.look(now, late_ns)

    def refresh(self, process: ProcProcess) -> None:
        """Check for new and ended interpreters of a process, and whether it runs another program."""
        gils = self._gils.get(process.pid)
        if gils is not None and gils.runs != (process.program.images, process.program.interpreter):
            self.leave(process)
        elif gils is not None:
            gils.refresh()

    def leave(self, process: ProcProcess) -> None:
        """Forget a process that is gone or runs another program."""
        gils = self._gils.pop(process.pid, None)
        if gils is not None:
            gils.close()
            self._over.append(gils)
            process.inner_gils, process.gil_data = (), None

    def poll(self, now: int, changes: Changes) -> Iterator[GilHeld]:
        """Yield who held each GIL since the last call."""
        for gils in self._over:
            yield from gils.poll(quiet=False)
        self._over.clear()
        for gils in self._gils.values():
            yield from gils.poll(quiet=gils.process.still)

    def close(self) -> None:
        for gils in self._gils.values():
            gils.close()
        self._gils.clear()


class _ProcessGils:
    """The GILs of one process, as long as it runs the same program."""

    def __init__(self, process: ProcProcess, python: Interpreter) -> None:
        self.process = process
        self.runs = process.program.images, python
        self._reader = reader_for(process.pid, python)
        self._ids = OwnThreadIds(process.pid)
        self._accounts: dict[int, HolderAccounting] = {}
        """By interpreter; also of those that have ended since the last poll."""
        self.refresh()

    def look(self, now: int, late_ns: int) -> None:
        """Sample who holds each GIL. Runs at every sample of the process."""
        process, reader = self.process, self._reader
        if reader is None:
            holder = inferred(process.threads.values(), process.passed)
            self._sample(0, now, OPEN if holder is None else holder, late_ns)
            return
        for number, gil in reader.gils.items():
            native = reader.read(gil)
            self._sample(number, now, self._thread(native) if native > 0 else native, late_ns)

    def _sample(self, number: int, now: int, holder: _Holder, late_ns: int) -> None:
        seen = self.process.seen
        account = self._accounts.get(number)
        if account is None:
            account, seen = HolderAccounting(now), now
            self._accounts[number] = account
        if holder != account.holder or now - seen > late_ns:  # otherwise the hold goes on
            account.read(seen, now, holder, late_ns)

    def _thread(self, native: int) -> _Holder:
        threads = self.process.threads
        if not self._ids.differ:
            return threads.get(native, native)
        if self._ids.tids.get(native) not in threads:
            self._ids.refresh()
        return threads.get(self._ids.tids.get(native, 0), ELSEWHERE)

    def refresh(self) -> None:
        """Check for new and ended interpreters, and the addresses at which threads wait for their GILs."""
        reader = self._reader
        if reader is not None and reader.find():
            self.process.inner_gils = reader.ranges
            self.process.gil_data = None

    def poll(self, quiet: bool) -> Iterator[GilHeld]:
        """Yield events; `quiet` says that nothing runs in the process."""
        until = self.process.seen
        known = Evidence.INFERRED if self._reader is None else Evidence.SAMPLED
        for number, account in tuple(self._accounts.items()):
            ended = self._reader is not None and number not in self._reader.gils
            if quiet and not ended and not account.settled and until - account.start < QUIET_NS:
                continue
            start, segments = account.drain(until)
            if holds := tuple(Hold(ns, self._lane(holder)) for ns, holder in segments):
                yield GilHeld(self.process.pid, number, start, holds, known)
            if ended:
                del self._accounts[number]

    def _lane(self, holder: object) -> int:
        """Return the lane of a holder, also if the thread was not observed yet when it was sampled."""
        if isinstance(holder, int) and holder <= 0:
            return holder
        thread = self.process.threads.get(holder) if isinstance(holder, int) else holder
        return thread.lane if isinstance(thread, ProcThread) and thread.lane >= 0 else ELSEWHERE

    def close(self) -> None:
        if self._reader is not None:
            self._reader.close()


def inferred(threads: Iterable[ProcThread], passed: int) -> ProcThread | None:
    """Return the only thread that can hold the GIL, given the latest samples of all threads; None if that is open.

    While a thread waits for the GIL, another one holds it. It is not one that waits for it too, nor one that has been
    in another wait since before the GIL last changed hands, which was after `passed` (ns). If a single thread is
    left, it is the holder: mostly the one that runs, but it may also be blocked in a call without having released the
    GIL.
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
