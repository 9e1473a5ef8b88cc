"""Which function each lane is in, and what its thread is called, as py-spy reads it in the memory of its process.

One process after the other is read: seldom, and never more than one at a time.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec

from threadviz.events import Event, Located, Named, Stacks
from threadviz.observer.probing.watched import Probe, ProcessKind, Watched
from threadviz.observer.telling.dump import Found, read_dump
from threadviz.observer.telling.pyspy import MISSING, Dump, PySpy
from threadviz.vocabulary import NamedBy

EVERY_NS = 500_000_000
"""How often a process is read, at most (ns)."""

SHARE = 0.02
"""The share of one core that py-spy may take, as the system counts it."""

START_NS = 300_000_000
"""How long a process is let start before it is read (ns)."""

FAILURES = 5
"""A process that so many attempts in a row have failed on is let be ..."""

PATIENCE_NS = 500_000_000
"""... and after the first it has so long until the next (ns), then twice that: it may yet become a Python."""

TELL_NS = 1_000_000_000
"""How often the cost is told, at most (ns)."""


@dataclass(slots=True)
class _Failing:
    """How often in a row a process could not be read, and when it may be tried again (ns)."""

    times: int = 0
    again: int = 0


class StackReader:
    """Tells functions and names of the threads that `probe` watches, by the py-spy that is at `program`, if any."""

    def __init__(self, probe: Probe, program: str | None) -> None:
        self._probe = probe
        self._py_spy = PySpy(program) if program else None
        self._next = self._turn = 0
        self._failing: dict[int, _Failing] = {}
        self._names: dict[Watched, str] = {}
        self._functions: dict[Watched, str] = {}
        self._dumps = self._failed = self._cpu = 0
        self._reason = ""
        self._why = "" if program else MISSING
        self._account: Stacks | None = None

    def news(self, now: int, came: Sequence[Watched], went: Sequence[Watched]) -> Iterator[Event]:
        """Yield what has come out since the last call, and have the next process read, where it is time (`now`, ns)."""
        self._forget(went)
        if self._py_spy is not None and self._py_spy.busy and (dump := self._py_spy.result(now)) is not None:
            yield from self._take(dump)
        if self._py_spy is not None and not self._py_spy.busy and now >= self._next:
            self._read_next(self._py_spy, now)
        yield from self._tell_cost(now)

    def close(self) -> None:
        """End py-spy where it is at work."""
        if self._py_spy is not None:
            self._py_spy.close()

    def _forget(self, went: Sequence[Watched]) -> None:
        for thread in went:
            self._names.pop(thread, None)
            self._functions.pop(thread, None)
            if thread.tid == thread.pid:
                self._failing.pop(thread.pid, None)

    def _read_next(self, py_spy: PySpy, now: int) -> None:
        """Start with the process whose turn it is, if any may be read: by their numbers, round and round."""
        there = sorted(
            {
                thread.pid
                for thread in self._probe.threads
                if thread.process in _READ and now - thread.started >= START_NS
            }
        )
        hopeful = [pid for pid in there if self._failing.get(pid, _NOT).times < FAILURES]
        self._why = "" if hopeful or not there else f"it did not work, and was given up: {self._reason}"
        ready = [pid for pid in hopeful if self._failing.get(pid, _NOT).again <= now]
        self._next = now + EVERY_NS
        if not ready:
            return
        self._turn = next((pid for pid in ready if pid > self._turn), ready[0])
        try:
            py_spy.start(self._turn, now)
        except OSError as error:
            self._dumps += 1
            self._failed_on(self._turn, str(error.strerror), now)

    def _take(self, dump: Dump) -> Iterator[Event]:
        """Yield what a dump says that is new."""
        self._dumps += 1
        self._cpu += dump.cpu
        self._next = dump.started + max(EVERY_NS, int(dump.cpu / SHARE))
        error, found = dump.error, list[Found]()
        if not error:
            try:
                found = list(read_dump(dump.data))
            except msgspec.DecodeError:
                error = "what it printed can't be read"
        if error:
            self._failed_on(dump.pid, error, dump.ended)
            return
        self._failing.pop(dump.pid, None)
        when = (dump.started + dump.ended) // 2
        threads = {thread.tid: thread for thread in self._probe.threads if thread.pid == dump.pid}
        for each in found:
            thread = threads.get(each.tid)
            if thread is not None and thread.lane is not None and thread.started <= dump.started:
                yield from self._tell(when, thread.lane, thread, each)

    def _tell(self, when: int, lane: int, thread: Watched, found: Found) -> Iterator[Event]:
        if found.name and found.name != self._names.get(thread, thread.name):
            self._names[thread] = found.name
            yield Named(when, lane, found.name, NamedBy.STACKS)
        if found.function and found.function != self._functions.get(thread):
            self._functions[thread] = found.function
            yield Located(when, lane, found.function)

    def _failed_on(self, pid: int, reason: str, now: int) -> None:
        self._failed += 1
        self._reason = reason
        if all(thread.pid != pid for thread in self._probe.threads):
            return  # it is gone, and that was why
        failing = self._failing.setdefault(pid, _Failing())
        failing.again = now + (PATIENCE_NS << failing.times)
        failing.times += 1

    def _tell_cost(self, now: int) -> Iterator[Stacks]:
        """Yield what it has cost so far, where that has changed, now and then; at once where it is given up."""
        account = Stacks(now, self._dumps, self._failed, self._cpu, self._why)
        last = self._account
        if last is not None and account == msgspec.structs.replace(last, t=now):
            return
        if last is None or now - last.t >= TELL_NS or account.why != last.why:
            self._account = account
            yield account


_NOT = _Failing()
_READ = (ProcessKind.SUBJECT, ProcessKind.WORKER)
"""What processes are read: not those that `multiprocessing` keeps for itself."""
