"""A workload under a mode: its processes are brought up, until they wait for nothing but the word to go."""

import os
import select
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import msgspec

from threadviz.mock_server.sites import Site
from threadviz.observer.collectors.tasks import ReportedTasks
from threadviz.observer.io import RunClock, StreamWriter
from threadviz.observer.messages import AnyMessage, MessagePipe, SubjectReady, SubjectRefused, TaskMessage
from threadviz.observer.observation import (
    CalledOffError,
    Prepared,
    RefusedError,
    StartError,
    called_off,
    header,
)
from threadviz.observer.probes.base import Collector, ObservedThread, Probe, ProcessKind, close_all
from threadviz.observer.probes.sampler import Sampler
from threadviz.observer.system import open_as_many_files_as_allowed
from threadviz.processes import adopt_orphans, end_children, how_it_ended, keep_ended_children
from threadviz.protocol.events import (
    Event,
    Outcome,
    ProcessDied,
    RunEnded,
    RunStarted,
    StreamClosed,
    TaskStarted,
)
from threadviz.protocol.requests import PYTHON, RunRequest, UserFunction
from threadviz.protocol.subject import WORKER_PROCESSES_MODE, SubjectOrder, encode_order

# What a subject prints.

MAX_BYTES = 16 * 2**20
KEPT_BYTES = 64 * 2**10
"""When it is more than the former, only the last of so many bytes is kept: no disk is filled."""

_LAST_BYTES = 4096


class PrintedFile:
    """A file that a process prints to, as much as it likes: it never has to wait for anybody. Raises OSError."""

    def __init__(self, path: Path) -> None:
        self.descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)

    def last_line(self) -> str:
        """Return the last line that says anything, if there is one."""
        lines = self._last(_LAST_BYTES).decode(errors="replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "")

    def cut(self) -> None:
        """Let go of what is old, where it is much."""
        if os.fstat(self.descriptor).st_size > MAX_BYTES:
            kept = self._last(KEPT_BYTES)
            os.ftruncate(self.descriptor, 0)
            os.write(self.descriptor, kept)

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Keep it as it is now: what processes print that are being ended meanwhile is let go of."""
        size = os.fstat(self.descriptor).st_size
        yield
        os.ftruncate(self.descriptor, min(size, os.fstat(self.descriptor).st_size))

    def _last(self, most: int) -> bytes:
        size = os.fstat(self.descriptor).st_size
        return os.pread(self.descriptor, most, max(0, size - most))


# The processes that the observer starts: the stand-in site and the subject.


def _tell(process: "subprocess.Popen[bytes]", line: bytes) -> None:
    """Write a line to the standard input of a process; of one that is dead already, its status tells."""
    assert process.stdin is not None
    with suppress(BrokenPipeError):
        process.stdin.write(line + b"\n")
        process.stdin.flush()


class MockServerProcess:
    """The stand-in site, which is to serve `sites`."""

    def __init__(self, sites: Sequence[Site]) -> None:
        answers, into = os.pipe()
        self.answers: IO[bytes] = os.fdopen(answers, "rb")
        """What it says: one line, with the addresses that it serves at."""
        try:
            self.process = subprocess.Popen(
                [*PYTHON, "threadviz.mock_server", str(into)],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(into,),
            )
        finally:
            os.close(into)
        _tell(self.process, msgspec.json.encode(sites))

    def urls(self) -> tuple[str, ...]:
        """Return where it serves the sites, in their order. Blocks until it has said so. Raises StartError."""
        answer = self.answers.readline()
        if not answer:
            raise StartError(f"the stand-in site ended: {how_it_ended(self.process.wait())}")
        return msgspec.json.decode(answer, type=tuple[str, ...])


class Subject:
    """The watched process, and the named pipe in folder `scratch` through which it speaks.

    What it prints goes to the file `output`, where somebody wants it.
    """

    def __init__(self, scratch: Path, output: str = "") -> None:
        self.pipe = MessagePipe(scratch / "events")
        self.printed = PrintedFile(Path(output) if output else scratch / "printed")
        self.process = subprocess.Popen(
            [*PYTHON, "threadviz.subject"],
            stdin=subprocess.PIPE,
            stdout=self.printed.descriptor,
            stderr=self.printed.descriptor,
        )

    def order(self, order: SubjectOrder) -> None:
        """Tell it what to run. It answers with SubjectReady, or SubjectRefused."""
        _tell(self.process, encode_order(order))

    def go(self) -> None:
        """Let it begin."""
        _tell(self.process, b"")


# Bringing a run's processes up, until the subject waits for nothing but the word to go.

READY_S = 30.0
"""How long each process may take to get ready (s)."""

IMPORTED_S = 120.0
"""How long a module of somebody's own may take to be imported (s)."""

_CHECK_S = 0.1


def give_order(request: RunRequest, subject: Subject, urls: tuple[str, ...]) -> None:
    """Tell the subject what to run, with the addresses at which it is to fetch the request's sites."""
    names = (each.name for each in request.sites)
    calling = request.calling
    subject.order(
        SubjectOrder(
            workload=request.workload,
            mode=request.mode,
            workers=request.workers,
            tasks=request.tasks,
            urls=tuple(zip(names, urls, strict=True)),
            timeout_s=request.timeout_s,
            online=request.online,
            pipe=str(subject.pipe.path),
            function=calling.function if calling else "",
            folder=calling.folder if calling else "",
            items=calling.items if calling else (),
        )
    )


def await_site(site: MockServerProcess, lifeline: int) -> tuple[str, ...]:
    """Wait until the site serves, and return where. Raises StartError and CalledOffError."""
    if not _await(site.answers, lifeline, READY_S):
        raise StartError(f"the stand-in site was not ready within {READY_S:g} s")
    return site.urls()


def await_ready(subject: Subject, lifeline: int, calling: UserFunction | None = None) -> int:
    """Wait until the subject is ready, and return its number of tasks. Raises StartError and CalledOffError."""
    seconds = READY_S if calling is None else IMPORTED_S
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        status = subject.process.poll()
        for event in subject.pipe.read():
            if isinstance(event, SubjectReady):
                return event.tasks
            if isinstance(event, SubjectRefused):
                raise RefusedError(event.why, event.traceback)
        if status is not None:
            raise _ended_early(subject, status, calling)
        _await(subject.pipe.descriptor, lifeline, _CHECK_S)
    if calling is not None:
        module = calling.function.partition(":")[0]
        raise RefusedError(
            f"to import {module!r} takes more than {seconds:g} s: a module is imported as a whole, so that what it is"
            " to do as a program belongs under `if __name__ == '__main__':`",
            "",
        )
    raise StartError(f"the subject was not ready within {seconds:g} s")


def _ended_early(subject: Subject, status: int, calling: UserFunction | None) -> StartError:
    how, words = how_it_ended(status), subject.printed.last_line()
    if calling is None:
        return StartError(f"the subject ended: {how}: {words}")
    module = calling.function.partition(":")[0]
    return RefusedError(f"to import {module!r} ends the process ({how}){f': {words}' if words else ''}", "")


def _await(source: int | IO[bytes], lifeline: int, seconds: float) -> bool:
    """Wait until there is something to read from `source`, for so long at most, and tell whether there is."""
    readable, _, _ = select.select([source, lifeline], [], [], seconds)
    if lifeline in readable:
        raise CalledOffError
    return bool(readable)


def prepare_run(request: RunRequest, scratch: Path, lifeline: int, clock: RunClock) -> Prepared:
    """Start the site and the subject, and open the books. Raises StartError, CalledOffError and OSError.

    What tasks start belongs to the run, wherever it goes: it comes down to this process, which ends it.
    """
    keep_ended_children()
    adopt_orphans(True)
    try:
        return _prepare(request, scratch, lifeline, clock)
    except BaseException:
        end_children()
        raise


def _prepare(request: RunRequest, scratch: Path, lifeline: int, clock: RunClock) -> Prepared:
    site = MockServerProcess(request.sites) if request.sites and not request.online else None
    subject = Subject(scratch, request.calling.output if request.calling else "")
    # Imported while these start, and not before: so a run begins a little sooner.
    from threadviz.observer.collectors.registry import collectors_for
    from threadviz.observer.probes.base import in_pool, without_pool
    from threadviz.observer.probes.choose import choose_probe

    urls = await_site(site, lifeline) if site else tuple(each.url for each in request.sites)
    give_order(request, subject, urls)
    tasks = await_ready(subject, lifeline, request.calling)
    open_as_many_files_as_allowed()  # only now, so that the subject's limit is what it would be
    kind_of = in_pool if request.mode == WORKER_PROCESSES_MODE else without_pool
    probe = choose_probe(subject.process.pid, request.probe, clock, kind_of=kind_of)
    clock.start()
    probe.begin()
    # A recording of a workload has no path in it, unless it is somebody's own function that has to do with files.
    collectors = collectors_for(probe, paths=request.calling is not None)
    watch = Watch(subject, site, probe, lifeline, clock, tasks, collectors)
    return Prepared(header(request, tasks, probe.info), watch, subject.go)


# One run under observation, from the word to go to its last event.


class Watch:
    """Samples, listens and tells, until the subject has ended or `lifeline` (a descriptor) has."""

    def __init__(
        self,
        subject: Subject,
        site: MockServerProcess | None,
        probe: Probe,
        lifeline: int,
        clock: RunClock,
        tasks: int,
        collectors: Sequence[Collector],
    ) -> None:
        self._subject = subject
        self._site = site
        self._probe = probe
        self._lifeline = lifeline
        self._clock = clock
        self._sampler = Sampler(probe, clock)
        self._tellers = collectors
        self._task_count = tasks
        self._tasks = ReportedTasks(clock.when, numbered=False)
        # When each thread was last reported to begin a task, by process and thread id (ns).
        self._began: dict[tuple[int, int], int] = {}
        self._mourned: set[str] = set()
        self._closed: StreamClosed | None = None

    def run(self, output: StreamWriter) -> None:
        """See the run through."""
        for now in self._sampler.rounds():
            output.write(self._news(now))
            if self._closed is not None:
                output.write([self._closed])
                return

    def close(self) -> None:
        """Let go of the files, and end what was started only to look, and whatever is left of the run."""
        try:
            close_all(self._probe, self._tellers)
        finally:
            with self._subject.printed.kept():
                end_children()

    def _news(self, now: int) -> Iterator[Event]:
        """Yield what there is to tell, the subject's own words first, and note whether the run is over."""
        status = self._subject.process.poll()
        self._subject.printed.cut()
        events = [event for message in self._subject.pipe.read() for event in self._events(message)]
        for event in events:
            if isinstance(event, TaskStarted):
                self._probe.meet(event.pid, ProcessKind.WORKER)
                self._began[event.pid, event.tid] = event.t
        if status is not None or any(isinstance(event, RunEnded) for event in events):
            now = self._sampler.look()  # once more, for the last look may be older than the end
        new, gone = self._probe.take_changes()
        self._correct_ends(new, gone)
        yield from events
        yield from self._sampler.events(new, gone)
        for collector in self._tellers:
            yield from collector.poll(now, new, gone)
        yield from self._deaths(now, gone)
        for event in events:
            if isinstance(event, RunEnded):
                yield from self._ended(now, event)
        if self._closed is None and status is not None:
            yield from self._subject_died(now, status)
        if self._closed is None and called_off(self._lifeline):
            self._closed = StreamClosed(now, Outcome.INTERRUPTED, "it was interrupted")
        yield self._sampler.tick(now)

    def _events(self, message: AnyMessage) -> Iterator[Event]:
        """Yield the events of a message of the subject, in run time."""
        if isinstance(message, TaskMessage):
            yield from self._tasks.events(message)
        elif isinstance(message, RunStarted | RunEnded):
            yield msgspec.structs.replace(message, t=self._clock.when(message.t))

    def _correct_ends(self, new: Sequence[ObservedThread], gone: Sequence[ObservedThread]) -> None:
        """Let no thread end before the last task that it was reported to begin, unless its id was reused."""
        numbers = Counter((thread.pid, thread.tid) for thread in {*new, *gone})
        for thread in gone:
            began = self._began.pop((thread.pid, thread.tid), 0)
            if thread.ended is not None and began > thread.ended and numbers[thread.pid, thread.tid] == 1:
                thread.ended = thread.accounting.outlived(began)

    def _ended(self, now: int, event: RunEnded) -> Iterator[Event]:
        """Close the run; what the mode left undone when it raised has failed."""
        outcome = Outcome.BROKEN if event.error else Outcome.FINISHED
        self._closed = StreamClosed(max(now, event.t), outcome, (event.error or "") + self._unsubmitted())
        yield from self._tasks.fail_all(event.t, event.error or "it was never made")

    def _unsubmitted(self) -> str:
        """Return the end of a sentence that says how many tasks were never submitted, empty where all were."""
        missing = self._task_count - self._tasks.submitted
        return f"; {missing} of {self._task_count} tasks were never submitted" if missing else ""

    def _deaths(self, now: int, gone: Iterable[ObservedThread]) -> Iterator[ProcessDied]:
        """Yield the deaths that the run can go on after: a stand-in site's, and a worker's.

        A pool that loses a worker ends the others itself, by SIGTERM: those are not told, where one stands out.
        """
        if self._site and (status := self._site.process.poll()) is not None and "site" not in self._mourned:
            self._mourned.add("site")
            yield ProcessDied(now, "site", self._site.process.pid, how_it_ended(status))
        workers = [each for each in gone if each.process is ProcessKind.WORKER and each.pid == each.tid]
        if workers and self._tasks.open and "worker" not in self._mourned:
            self._mourned.add("worker")
            least = min(map(_by_its_pool, workers))
            for worker in workers:
                if _by_its_pool(worker) == least:
                    how = "gone with tasks to do" if worker.status is None else how_it_ended(worker.status)
                    yield ProcessDied(worker.ended or now, "worker", worker.pid, how)

    def _subject_died(self, now: int, status: int) -> Iterator[Event]:
        how = how_it_ended(status)
        words = self._subject.printed.last_line()
        yield ProcessDied(now, "subject", self._subject.process.pid, f"{how}: {words}" if words else how)
        yield from self._tasks.fail_all(now, f"the subject died ({how})")
        self._closed = StreamClosed(now, Outcome.BROKEN, f"the subject died ({how}){self._unsubmitted()}")


def _by_its_pool(worker: ObservedThread) -> int:
    """Return how likely it is that a worker was ended by its pool: 0 if it was not, 1 if that was not seen, 2."""
    if worker.status is None:
        return 1
    return 2 if worker.status == -signal.SIGTERM else 0
