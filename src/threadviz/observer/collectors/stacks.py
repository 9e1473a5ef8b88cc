"""Which function each lane is in, and what its thread is called, as py-spy reads it in the memory of its process.

One process after the other is read: seldom, and never more than one at a time.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import msgspec

from threadviz.observer.probes.base import Collector, ObservedThread, Probe, ProcessKind
from threadviz.processes import HELPERS
from threadviz.protocol.events import Event, NameSource, StackSample, StackSampling, ThreadNamed

# What py-spy has dumped, as `py-spy dump --json --nonblocking` prints it, and what of it is worth telling.

_STANDARD = re.compile(r"/lib(?:64)?/python3\.\d+t?/(?!(?:site|dist)-packages/)|^<frozen ")
"""A file of the standard library."""

_INSTALLED = re.compile(r"/(?:site|dist)-packages/")
"""A file of a package that somebody else has made, as a rule."""

_MOST_NAME = 200
"""How long the name of a thread, a function or a file may be, in characters: one that is longer is none."""

_MOST_LINE = 10_000_000


class _Frame(msgspec.Struct, gc=False):
    name: str
    filename: str
    line: int
    short_filename: str | None = None


class _Thread(msgspec.Struct, gc=False):
    os_thread_id: int | None = None
    thread_name: str | None = None
    frames: tuple[_Frame, ...] = ()


_DECODER = msgspec.json.Decoder(tuple[_Thread, ...])


class Found(NamedTuple):
    """What was found of one thread: '' for a name or a function that there is not, or that can't be right."""

    tid: int
    name: str
    function: str


def read_dump(data: bytes) -> Iterator[Found]:
    """Yield what a dump says of each thread that it gives the system's number of. Raises msgspec.DecodeError."""
    for thread in _DECODER.decode(data):
        if thread.os_thread_id is not None:
            name = thread.thread_name or ""
            yield Found(thread.os_thread_id, name if _is_sane(name) else "", where(thread.frames))


def where(frames: Sequence[_Frame]) -> str:
    """Return what a thread is in, of its frames from the innermost on, such as 'fetch (app.py:12)'.

    That is the innermost function of the program's own: not of the standard library, nor, where there is another, of
    an installed package. Where that is in a call of others, the innermost follows: 'fetch (app.py:12) >
    SocketIO.readinto (socket.py:706)'.
    """
    if not frames or not all(map(_is_sound, frames)):
        return ""
    innermost = frames[0]
    others = [frame for frame in frames if not _STANDARD.search(frame.filename)]
    own = next((frame for frame in others if not _INSTALLED.search(frame.filename)), None)
    told = own or (others[0] if others else innermost)
    return _written(told) if told is innermost else f"{_written(told)} > {_written(innermost)}"


def _written(frame: _Frame) -> str:
    return f"{frame.name} ({_file(frame)}:{frame.line})"


def _file(frame: _Frame) -> str:
    return frame.short_filename or re.split(r"[/\\]", frame.filename)[-1]


def _is_sound(frame: _Frame) -> bool:
    return _is_sane(frame.name) and _is_sane(_file(frame)) and 0 <= frame.line <= _MOST_LINE


def _is_sane(text: str) -> bool:
    """Tell whether a text can be what a program calls something, rather than what memory held."""
    return 0 < len(text) <= _MOST_NAME and text.isprintable()


# py-spy, started for one process at a time, and not waited for.

MISSING = "py-spy is not there: install threadviz[stacks]"

LIMIT_NS = 10_000_000_000
"""How long it may take for one process (ns)."""

_MOST_BYTES = 10_000_000
"""How much it may say of one."""

_MOST_WORDS = 200


def find_py_spy() -> str | None:
    """Return where py-spy is: beside this Python, where the extra puts it, or else on the path; None if nowhere."""
    beside = Path(sys.executable).parent / "py-spy"
    return str(beside) if os.access(beside, os.X_OK) else shutil.which("py-spy")


class Dump(NamedTuple):
    """What py-spy has said of process `pid`: it took from `started` to `ended` at most, and `cpu` of a core (ns)."""

    pid: int
    started: int
    ended: int
    cpu: int
    data: bytes
    error: str
    """Why there is none, as a clause; else empty."""


@dataclass(frozen=True, slots=True)
class _AtWork:
    process: "subprocess.Popen[bytes]"
    pid: int
    started: int


class PySpy:
    """Runs the py-spy at `program`. What it says goes to files without a name, so that it never waits to be heard."""

    def __init__(self, program: str) -> None:
        self._program = program
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - open until close(), as is the next
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115
        self._at_work: _AtWork | None = None

    @property
    def busy(self) -> bool:
        """Whether one is at work."""
        return self._at_work is not None

    def start(self, pid: int, now: int) -> None:
        """Have it read the stacks of process `pid`, which goes on meanwhile. Raises OSError."""
        for file in (self._said, self._errors):
            file.seek(0)
            file.truncate()
        command = [self._program, "dump", "--json", "--nonblocking", "--pid", str(pid)]
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=self._said,
            stderr=self._errors,
            env={**os.environ, "RUST_BACKTRACE": "0"},  # a reason is enough where it fails
        )
        HELPERS.add(process.pid)
        self._at_work = _AtWork(process, pid, now)

    def result(self, now: int) -> Dump | None:
        """Return what came out, once it has ended; None before. One that takes too long is killed."""
        assert self._at_work is not None
        process, pid, started = self._at_work.process, self._at_work.pid, self._at_work.started
        try:
            # Not poll(), for what it has cost is known only to who collects it.
            collected, status, usage = os.wait4(process.pid, os.WNOHANG)
        except ChildProcessError:  # this process was started with SIGCHLD ignored
            process.returncode, self._at_work = 0, None
            HELPERS.discard(process.pid)
            return Dump(pid, started, now, 0, b"", "the system does not say how it ended, nor what it cost")
        if not collected:
            if now - started > LIMIT_NS:
                process.kill()
            return None
        process.returncode, self._at_work = os.waitstatus_to_exitcode(status), None
        HELPERS.discard(process.pid)
        cpu = int((usage.ru_utime + usage.ru_stime) * 1e9)
        self._said.seek(0)
        data = self._said.read(_MOST_BYTES)
        error = "" if process.returncode == 0 else self._reason(process.returncode)
        return Dump(pid, started, now, cpu, data, error)

    def _reason(self, status: int) -> str:
        """Return what it gave as the reason: the first line, and the last cause that is named below it."""
        self._errors.seek(0)
        words = self._errors.read(_MOST_BYTES).decode("utf-8", "replace").strip()
        if not words:
            return f"it ended with status {status}"
        first, *others = words.splitlines()
        reason = first.removeprefix("Error: ")
        cause = others[-1].partition(": ")[2] if others else ""
        return f"{reason} ({cause})"[:_MOST_WORDS] if cause else reason[:_MOST_WORDS]

    def close(self) -> None:
        """End it where it is at work."""
        if self._at_work is not None:
            self._at_work.process.kill()
            self._at_work.process.wait()
        self._said.close()
        self._errors.close()


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


class StackReader(Collector):
    """Tells functions and names of the threads that `probe` watches, by the py-spy that is at `program`, if any."""

    def __init__(self, probe: Probe, program: str | None) -> None:
        self._probe = probe
        self._py_spy = PySpy(program) if program else None
        self._next = self._turn = 0
        self._failing: dict[int, _Failing] = {}
        self._names: dict[ObservedThread, str] = {}
        self._functions: dict[ObservedThread, str] = {}
        self._dumps = self._failed = self._cpu = 0
        self._reason = ""
        self._why = "" if program else MISSING
        self._account: StackSampling | None = None

    def poll(
        self, now: int, new: Sequence[ObservedThread], gone: Sequence[ObservedThread]
    ) -> Iterator[Event]:
        """Yield what has come out since the last call, and have the next process read, where it is time (`now`, ns)."""
        self._forget(gone)
        if self._py_spy is not None and self._py_spy.busy and (dump := self._py_spy.result(now)) is not None:
            yield from self._take(dump)
        if self._py_spy is not None and not self._py_spy.busy and now >= self._next:
            self._read_next(self._py_spy, now)
        yield from self._tell_cost(now)

    def close(self) -> None:
        """End py-spy where it is at work."""
        if self._py_spy is not None:
            self._py_spy.close()

    def _forget(self, gone: Sequence[ObservedThread]) -> None:
        for thread in gone:
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

    def _tell(self, when: int, lane: int, thread: ObservedThread, found: Found) -> Iterator[Event]:
        if found.name and found.name != self._names.get(thread, thread.name):
            self._names[thread] = found.name
            yield ThreadNamed(when, lane, found.name, NameSource.STACKS)
        if found.function and found.function != self._functions.get(thread):
            self._functions[thread] = found.function
            yield StackSample(when, lane, found.function)

    def _failed_on(self, pid: int, reason: str, now: int) -> None:
        self._failed += 1
        self._reason = reason
        if all(thread.pid != pid for thread in self._probe.threads):
            return  # it is gone, and that was why
        failing = self._failing.setdefault(pid, _Failing())
        failing.again = now + (PATIENCE_NS << failing.times)
        failing.times += 1

    def _tell_cost(self, now: int) -> Iterator[StackSampling]:
        """Yield what it has cost so far, where that has changed, now and then; at once where it is given up."""
        account = StackSampling(now, self._dumps, self._failed, self._cpu, self._why)
        last = self._account
        if last is not None and account == msgspec.structs.replace(last, t=now):
            return
        if last is None or now - last.t >= TELL_NS or account.why != last.why:
            self._account = account
            yield account


_NOT = _Failing()
_READ = (ProcessKind.SUBJECT, ProcessKind.WORKER)
"""What processes are read: not those that `multiprocessing` keeps for itself."""
