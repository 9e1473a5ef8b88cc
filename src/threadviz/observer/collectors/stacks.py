"""Stack samples: which function each thread is in, and its name, as py-spy reads them in the memory of its process.

One process is read after the other: seldom, and never more than one at a time.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from threadviz.observer.probes.base import Changes, Collector, ObservedThread, Probe, ProcessKind
from threadviz.processes import HELPERS
from threadviz.protocol.events import Event, NameSource, StackSample, StackSampling, ThreadNamed

MISSING = "py-spy is not there: install threadviz[stacks]"

LIMIT_NS = 10_000_000_000
"""How long py-spy may take for one process (ns)."""

INTERVAL_NS = 500_000_000
"""The shortest interval between two samples (ns)."""

CPU_SHARE = 0.02
"""The share of one core that py-spy may take, as the system counts it."""

START_NS = 300_000_000
"""How long a process has to start before it is sampled (ns)."""

MAX_FAILURES = 5
"""A process is given up after this many failures in a row ..."""

RETRY_NS = 500_000_000
"""... between which it has so long (ns), and twice that each time: it may yet become a Python."""

REPORT_NS = 1_000_000_000
"""The shortest interval between two reports on the cost (ns)."""

_SAMPLED_KINDS = (ProcessKind.SUBJECT, ProcessKind.WORKER)
"""Which processes are sampled: not those that `multiprocessing` keeps for itself."""

_MAX_DUMP = 10_000_000
"""How much output of py-spy is read (bytes)."""

_MAX_REASON = 200

_MAX_NAME = 200
"""The longest name of a thread, a function or a file, in characters: one that is longer can't be right."""

_MAX_LINE = 10_000_000

_STANDARD_LIBRARY = re.compile(r"/lib(?:64)?/python3\.\d+t?/(?!(?:site|dist)-packages/)|^<frozen ")
_INSTALLED_PACKAGE = re.compile(r"/(?:site|dist)-packages/")


class _DumpedFrame(msgspec.Struct, gc=False):
    name: str
    filename: str
    line: int
    short_filename: str | None = None

    @property
    def file(self) -> str:
        return self.short_filename or re.split(r"[/\\]", self.filename)[-1]

    @property
    def is_sane(self) -> bool:
        return bool(_sane(self.name) and _sane(self.file)) and 0 <= self.line <= _MAX_LINE

    def __str__(self) -> str:
        return f"{self.name} ({self.file}:{self.line})"


class _DumpedThread(msgspec.Struct, gc=False):
    os_thread_id: int | None = None
    thread_name: str | None = None
    frames: tuple[_DumpedFrame, ...] = ()


_DECODER = msgspec.json.Decoder(tuple[_DumpedThread, ...])


def read_dump(data: bytes) -> list[tuple[int, str, str]]:
    """Return number, name and location of the threads that `py-spy dump --json` prints. Raises msgspec.DecodeError.

    Name and location are '' where there is none that can be right. Threads without the system's number are skipped, as
    those of a Python before 3.11.
    """
    return [
        (thread.os_thread_id, _sane(thread.thread_name or ""), _location(thread.frames))
        for thread in _DECODER.decode(data)
        if thread.os_thread_id is not None
    ]


def _location(frames: Sequence[_DumpedFrame]) -> str:
    """Return the location of a stack whose innermost frame is the first, such as 'fetch (app.py:12)'.

    That is the innermost function of the program itself: not of the standard library, nor of an installed package where
    there is another. Where it is in a call of others, the innermost follows: 'fetch (app.py:12) > SocketIO.readinto
    (socket.py:706)'. If one frame can't be right, all may be torn, and there is no location.
    """
    if not frames or not all(frame.is_sane for frame in frames):
        return ""
    candidates = [frame for frame in frames if not _STANDARD_LIBRARY.search(frame.filename)] or [frames[0]]
    shown = next((each for each in candidates if not _INSTALLED_PACKAGE.search(each.filename)), candidates[0])
    return str(shown) if shown is frames[0] else f"{shown} > {frames[0]}"


def _sane(text: str) -> str:
    """Return a text if it can be what a program calls something, rather than what memory held; else ''."""
    return text if len(text) <= _MAX_NAME and text.isprintable() else ""


def find_py_spy() -> str | None:
    """Return the path of py-spy: beside this Python, where the extra installs it, or else on the search path."""
    beside = Path(sys.executable).parent / "py-spy"
    return str(beside) if os.access(beside, os.X_OK) else shutil.which("py-spy")


class Dump(NamedTuple):
    """The result of one py-spy process: the CPU time it took (ns), and either its output or why there is none."""

    cpu: int
    data: bytes
    error: str = ""


class PySpy:
    """Runs the py-spy at `program`, at most once at a time. Its output goes to unnamed files, so it never blocks."""

    def __init__(self, program: str) -> None:
        self._program = program
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 - open until close(), as is the next
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115
        self.process: subprocess.Popen[bytes] | None = None
        """The process that is at work, if any."""
        self.pid = self.started = 0
        """Which process was read last, and when that has begun (ns)."""

    def start(self, pid: int, now: int) -> None:
        """Have it read the stacks of process `pid`, which is not paused. Raises OSError."""
        for file in (self._output, self._errors):
            file.seek(0)
            file.truncate()
        self.pid, self.started = pid, now
        self.process = subprocess.Popen(
            [self._program, "dump", "--json", "--nonblocking", "--pid", str(pid)],
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=self._errors,
            env={**os.environ, "RUST_BACKTRACE": "0"},  # a reason is enough where it fails
        )
        HELPERS.add(self.process.pid)

    def result(self, now: int) -> Dump | None:
        """Return the result once it has ended, None before or if it is not at work. Kills it if it takes too long."""
        process = self.process
        if process is None:
            return None
        # Not poll(): only wait4() tells what it has cost.
        collected, status, usage = os.wait4(process.pid, os.WNOHANG)
        if not collected:
            if now - self.started > LIMIT_NS:
                process.kill()
            return None
        process.returncode, self.process = os.waitstatus_to_exitcode(status), None
        HELPERS.discard(process.pid)
        self._output.seek(0)
        cpu, data = int((usage.ru_utime + usage.ru_stime) * 1e9), self._output.read(_MAX_DUMP)
        return Dump(cpu, data, self._reason(process.returncode) if process.returncode else "")

    def _reason(self, status: int) -> str:
        """Return the reason that it gave: the first line, and the last cause that is named below it."""
        self._errors.seek(0)
        words = self._errors.read(_MAX_DUMP).decode("utf-8", "replace").strip()
        if not words:
            return f"it ended with status {status}"
        first, *others = words.splitlines()
        reason = first.removeprefix("Error: ")
        cause = others[-1].partition(": ")[2] if others else ""
        return f"{reason} ({cause})"[:_MAX_REASON] if cause else reason[:_MAX_REASON]

    def close(self) -> None:
        """End it where it is at work."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
        self._output.close()
        self._errors.close()


class StackCollector(Collector):
    """Collects locations and names of the threads that `probe` samples, with the py-spy at `program`, if any."""

    def __init__(self, probe: Probe, program: str | None) -> None:
        self._probe = probe
        self._py_spy = PySpy(program) if program else None
        self._next = self._last_pid = 0
        self._failures: dict[int, tuple[int, int]] = {}
        """By process, how often in a row it could not be read, and when it may be tried again (ns)."""
        self._sampled: dict[ObservedThread, tuple[str, str]] = {}
        """The name and the location that were sampled last."""
        self._dumps = self._failed = self._cpu = 0
        self._reason = ""
        self._why = "" if program else MISSING
        self._reported: StackSampling | None = None

    def poll(self, now: int, changes: Changes) -> Iterator[Event]:
        for thread in changes.gone:
            self._sampled.pop(thread, None)
            if thread.tid == thread.pid:
                self._failures.pop(thread.pid, None)
        if (py_spy := self._py_spy) is not None:
            if (dump := py_spy.result(now)) is not None:
                yield from self._read(py_spy, dump, now)
            if py_spy.process is None and now >= self._next:
                self._start_next(py_spy, now)
        yield from self._report_cost(now)

    def close(self) -> None:
        if self._py_spy is not None:
            self._py_spy.close()

    def _start_next(self, py_spy: PySpy, now: int) -> None:
        """Start with the process whose turn it is, if any may be read. They take turns by their numbers."""
        grown_up = (thread for thread in self._probe.threads if now - thread.started >= START_NS)
        pids = sorted({thread.pid for thread in grown_up if thread.owner.kind in _SAMPLED_KINDS})
        failures = {pid: self._failures.get(pid, (0, 0)) for pid in pids}
        given_up = pids and all(times >= MAX_FAILURES for times, _ in failures.values())
        self._why = f"it did not work, and was given up: {self._reason}" if given_up else ""
        ready = [pid for pid, (times, due) in failures.items() if times < MAX_FAILURES and due <= now]
        self._next = now + INTERVAL_NS
        if not ready:
            return
        self._last_pid = next((pid for pid in ready if pid > self._last_pid), ready[0])
        try:
            py_spy.start(self._last_pid, now)
        except OSError as error:
            self._dumps += 1
            self._fail(self._last_pid, str(error.strerror), now)

    def _read(self, py_spy: PySpy, dump: Dump, now: int) -> Iterator[Event]:
        """Yield what is new in a dump."""
        pid, started = py_spy.pid, py_spy.started
        self._dumps += 1
        self._cpu += dump.cpu
        self._next = started + max(INTERVAL_NS, int(dump.cpu / CPU_SHARE))
        if dump.error:
            self._fail(pid, dump.error, now)
            return
        try:
            samples = read_dump(dump.data)
        except msgspec.DecodeError:
            self._fail(pid, "what it printed can't be read", now)
            return
        self._failures.pop(pid, None)
        when = (started + now) // 2
        threads = {thread.tid: thread for thread in self._probe.threads if thread.pid == pid}
        for tid, name, location in samples:
            thread = threads.get(tid)
            if thread is None or thread.lane < 0 or thread.started > started:
                continue
            last_name, last_location = self._sampled.get(thread, (thread.name, ""))
            self._sampled[thread] = name or last_name, location or last_location
            if name and name != last_name:
                yield ThreadNamed(when, thread.lane, name, NameSource.STACKS)
            if location and location != last_location:
                yield StackSample(when, thread.lane, location)

    def _fail(self, pid: int, reason: str, now: int) -> None:
        self._failed += 1
        self._reason = reason
        if any(thread.pid == pid for thread in self._probe.threads):  # else it has ended, and that was why
            times, _ = self._failures.get(pid, (0, 0))
            self._failures[pid] = times + 1, now + (RETRY_NS << times)

    def _report_cost(self, now: int) -> Iterator[StackSampling]:
        """Yield what it has cost so far, where that has changed, now and then; at once where it is given up."""
        cost = StackSampling(now, self._dumps, self._failed, self._cpu, self._why)
        last = self._reported
        if last is not None and cost == msgspec.structs.replace(last, t=now):
            return
        if last is None or now - last.t >= REPORT_NS or cost.why != last.why:
            self._reported = cost
            yield cost
