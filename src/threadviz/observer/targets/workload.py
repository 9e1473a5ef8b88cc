"""A target that is a workload's subject: its processes are started, until they wait for nothing but the start."""

import os
import select
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import msgspec

from threadviz.debug_log import ignoring
from threadviz.mock_server.sites import Site
from threadviz.observer.collectors.tasks import ReportedTasks
from threadviz.observer.io import RunClock
from threadviz.observer.messages import MessagePipe, SubjectReady, SubjectRefused, TaskMessage
from threadviz.observer.observation import Observation, StartError, StopRequestedError, Target, make_header
from threadviz.observer.probes.base import Changes, Collector, ObservedThread, ProcessKind
from threadviz.observer.system import raise_open_file_limit
from threadviz.processes import adopt_orphans, end_children, how_it_ended, keep_ended_children
from threadviz.protocol.events import Event, Outcome, ProcessDied, RunEnded, RunStarted, StreamClosed
from threadviz.protocol.requests import PYTHON, RunRequest
from threadviz.protocol.subject import WORKER_PROCESSES_MODE

MAX_OUTPUT = 16 * 2**20
"""Output beyond this (bytes) is cut, so that it fills no disk ..."""

KEPT_OUTPUT = 64 * 2**10
"""... and the last of it is kept, as much as this (bytes)."""

READY_S = 30.0
"""How long each process may take to get ready (s)."""

IMPORT_S = 120.0
"""How long the module of a user function may take to be imported (s)."""

_POLL_S = 0.1

_LAST_BYTES = 4096


def prepare_workload(request: RunRequest, scratch: Path, lifeline: int, clock: RunClock) -> Observation:
    """Start the mock server and the subject, and prepare to observe the run.

    Whatever its tasks start belongs to the run: this process adopts it, and ends it.
    Raises StartError, StopRequestedError and OSError.
    """
    keep_ended_children()
    adopt_orphans(True)
    try:
        return _prepare(request, scratch, lifeline, clock)
    except BaseException:
        end_children()
        raise


def _prepare(request: RunRequest, scratch: Path, lifeline: int, clock: RunClock) -> Observation:
    server = MockServerProcess(request.sites) if request.sites and not request.online else None
    subject = Subject(request, scratch, clock)
    # Imported while these start, and not before, so that a run begins a little sooner.
    from threadviz.observer.collectors.registry import collectors_for
    from threadviz.observer.probes.base import in_pool, without_pool
    from threadviz.observer.probes.choose import choose_probe

    urls = server.urls(lifeline) if server else tuple(site.url for site in request.sites)
    subject.order(urls, lifeline)
    raise_open_file_limit()  # only now, so that the subject inherits the original limit
    kind_of = in_pool if request.mode == WORKER_PROCESSES_MODE else without_pool
    probe = choose_probe(subject.pid, request.probe, clock, kind_of=kind_of)
    clock.start()
    probe.begin()
    # The recording of a workload has no paths in it, unless a user function works with files.
    collectors = collectors_for(probe, paths=request.calling is not None)
    collectors.append(DeathCollector(server, subject.tasks))
    header = make_header(request, subject.task_count, probe.info)
    return Observation(header, subject, probe, collectors, lifeline, clock)


def _write_line(process: "subprocess.Popen[bytes]", line: bytes) -> None:
    """Write a line to the standard input of a process. Its exit status tells where it has ended already."""
    assert process.stdin is not None
    with ignoring(BrokenPipeError):
        process.stdin.write(line + b"\n")
        process.stdin.flush()


def _await_readable(source: int | IO[bytes], lifeline: int, seconds: float) -> bool:
    """Wait until there is something to read from `source`, and return whether there is. Raises StopRequestedError."""
    readable, _, _ = select.select([source, lifeline], [], [], seconds)
    if lifeline in readable:
        raise StopRequestedError
    return bool(readable)


def encode_order(request: RunRequest, urls: Sequence[str], pipe: Path) -> bytes:
    """Return the order for the subject, a line without its newline: see `threadviz.protocol.subject`."""
    named = list(zip((site.name for site in request.sites), urls, strict=True))
    return msgspec.json.encode({"request": request, "urls": named, "pipe": str(pipe)})


class MockServerProcess:
    """The process that serves the mock sites. It writes one line with their addresses when it is ready."""

    def __init__(self, sites: Sequence[Site]) -> None:
        source, target = os.pipe()
        self._source: IO[bytes] = os.fdopen(source, "rb")
        try:
            self.process = subprocess.Popen(
                [*PYTHON, "threadviz.mock_server", str(target)],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(target,),
            )
        finally:
            os.close(target)
        _write_line(self.process, msgspec.json.encode(sites))

    def urls(self, lifeline: int) -> tuple[str, ...]:
        """Wait until it serves, and return the address of each site. Raises StartError and StopRequestedError."""
        if not _await_readable(self._source, lifeline, READY_S):
            raise StartError(f"the mock server was not ready within {READY_S:g} s")
        line = self._source.readline()
        if not line:
            raise StartError(f"the mock server ended: {how_it_ended(self.process.wait())}")
        return msgspec.json.decode(line, type=tuple[str, ...])


class OutputFile:
    """A file that a process prints to, as much as it likes, without ever waiting for a reader. Raises OSError."""

    def __init__(self, path: Path) -> None:
        self.descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)

    def last_line(self) -> str:
        """Return the last line that is not blank, '' where there is none."""
        lines = self._tail(_LAST_BYTES).decode(errors="replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "")

    def cut(self) -> None:
        """Drop old output, where there is too much."""
        if os.fstat(self.descriptor).st_size > MAX_OUTPUT:
            kept = self._tail(KEPT_OUTPUT)
            os.ftruncate(self.descriptor, 0)
            os.write(self.descriptor, kept)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Drop what is printed meanwhile, as by processes that are being ended."""
        size = os.fstat(self.descriptor).st_size
        yield
        os.ftruncate(self.descriptor, min(size, os.fstat(self.descriptor).st_size))

    def _tail(self, count: int) -> bytes:
        size = os.fstat(self.descriptor).st_size
        return os.pread(self.descriptor, count, max(0, size - count))


class Subject(Target):
    """The workload's own process, which reports through a named pipe in folder `scratch`.

    Its output goes to the file that a user function's request names, else to one in `scratch`.
    """

    def __init__(self, request: RunRequest, scratch: Path, clock: RunClock) -> None:
        self._request = request
        self._clock = clock
        self._ended: RunEnded | None = None
        self.pipe = MessagePipe(scratch / "events")
        output = request.calling.output if request.calling else ""
        self.output = OutputFile(Path(output) if output else scratch / "output")
        self.tasks = ReportedTasks(clock.when, numbered=False)
        self.task_count = 0
        """How many tasks the run is to have, once the subject is ready."""
        self.process = subprocess.Popen(
            [*PYTHON, "threadviz.subject"],
            stdin=subprocess.PIPE,
            stdout=self.output.descriptor,
            stderr=self.output.descriptor,
        )
        super().__init__(self.process.pid)

    def order(self, urls: Sequence[str], lifeline: int) -> None:
        """Tell it what to run, with the addresses of the request's sites, and wait until it is ready.

        Raises StartError and StopRequestedError.
        """
        _write_line(self.process, encode_order(self._request, urls, self.pipe.path))
        calling = self._request.calling
        module = calling.function.partition(":")[0] if calling else ""
        seconds = IMPORT_S if module else READY_S
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            status = self.process.poll()
            for message in self.pipe.read():
                if isinstance(message, SubjectReady):
                    self.task_count = message.tasks
                    return
                if isinstance(message, SubjectRefused):
                    raise StartError(message.why, "", message.traceback)
            if status is not None:
                raise self._ended_early(status, module)
            _await_readable(self.pipe.descriptor, lifeline, _POLL_S)
        if module:
            advice = "what it is to do as a program belongs under `if __name__ == '__main__':`"
            why = f"takes more than {seconds:g} s: a module is imported as a whole, so that {advice}"
            raise StartError(f"to import {module!r} {why}", "")
        raise StartError(f"the subject was not ready within {seconds:g} s")

    def _ended_early(self, status: int, module: str) -> StartError:
        how, line = how_it_ended(status), self.output.last_line()
        if module:
            last = f": {line}" if line else ""
            return StartError(f"to import {module!r} ends the process ({how}){last}", "")
        return StartError(f"the subject ended: {how}: {line}")

    def start(self) -> list[Event]:
        """Let it begin. It reports that itself."""
        _write_line(self.process, b"")
        return []

    def poll(self) -> list[Event]:
        self.status = self.process.poll()  # first: what it has reported before its end is in the pipe
        self.output.cut()
        events: list[Event] = []
        for message in self.pipe.read():
            if isinstance(message, TaskMessage):
                events += self.tasks.events(message)
            elif isinstance(message, RunStarted | RunEnded):
                event = msgspec.structs.replace(message, t=self._clock.when(message.t))
                events.append(event)
                if isinstance(event, RunEnded):
                    self._ended = event
        return events

    @property
    def ended(self) -> bool:
        return self._ended is not None or self.status is not None

    def finish(self, now: int) -> tuple[list[Event], StreamClosed]:
        """Return the last events. Tasks that are not over have failed, because the mode or the subject has."""
        missing = self.task_count - self.tasks.submitted
        unsubmitted = f"; {missing} of {self.task_count} tasks were never submitted" if missing else ""
        if self._ended is not None:
            error = self._ended.error or ""
            outcome = Outcome.BROKEN if error else Outcome.FINISHED
            failed = self.tasks.fail_all(self._ended.t, error or "it was never made")
            return [*failed], StreamClosed(max(now, self._ended.t), outcome, error + unsubmitted)
        assert self.status is not None
        how, line = how_it_ended(self.status), self.output.last_line()
        died = ProcessDied(now, "subject", self.pid, f"{how}: {line}" if line else how)
        reason = f"the subject died ({how})"
        closed = StreamClosed(now, Outcome.BROKEN, reason + unsubmitted)
        return [died, *self.tasks.fail_all(now, reason)], closed

    def close(self) -> None:
        """End the processes of the run."""
        with self.output.frozen():
            end_children()


class DeathCollector(Collector):
    """Collects the deaths after which a run can go on: that of the mock server, and the first of worker processes.

    A pool that loses a worker ends the others itself, by SIGTERM. Those are not reported, where another one stands out.
    """

    def __init__(self, server: MockServerProcess | None, tasks: ReportedTasks) -> None:
        self._server = server.process if server else None
        self._tasks = tasks
        self._worker_died = False

    def poll(self, now: int, changes: Changes) -> Iterator[ProcessDied]:
        if self._server and (status := self._server.poll()) is not None:
            yield ProcessDied(now, "site", self._server.pid, how_it_ended(status))
            self._server = None
        ended = [each for each in changes.gone if each.pid == each.tid]
        workers = [each for each in ended if each.owner.kind is ProcessKind.WORKER]
        if workers and self._tasks.open and not self._worker_died:
            self._worker_died = True
            least = min(map(_ended_by_pool, workers))
            for worker in workers:
                if _ended_by_pool(worker) == least:
                    how = "gone with tasks to do" if worker.status is None else how_it_ended(worker.status)
                    yield ProcessDied(worker.ended or now, "worker", worker.pid, how)


def _ended_by_pool(worker: ObservedThread) -> int:
    """Return how likely it is that the pool has ended a worker: 0 if it has not, 1 if that was not seen, 2."""
    if worker.status is None:
        return 1
    return 2 if worker.status == -signal.SIGTERM else 0
