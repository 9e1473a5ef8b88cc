"""The observation of one target: samples it until it ends, or until the viewer stops the run, and writes the events."""

import errno
import gc
import os
import platform
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import msgspec

from threadviz._version import __version__
from threadviz.debug_log import ignoring
from threadviz.observer.io import RunClock, StreamWriter, ViewerGoneError, is_readable
from threadviz.observer.probes.base import Changes, Collector, Probe, ProcessKind
from threadviz.observer.probes.sampler import Sampler
from threadviz.observer.system import cores, has_gil
from threadviz.protocol.events import (
    SCHEMA,
    Event,
    Header,
    Outcome,
    ProbeInfo,
    RunEnded,
    RunStarted,
    StreamClosed,
    TargetKind,
    TaskStarted,
)
from threadviz.protocol.requests import AttachRequest, ExecRequest, Request, RunRequest

NO_PROBE = ProbeInfo("none", (), "anything: nothing was watched", 0.0)

INTERRUPTED = "it was interrupted"

_MESSAGE_BYTES = 4096

_UNOBSERVED_POLL_S = 0.02


class StartError(Exception):
    """A run can't begin. The text is a clause that says why; `prefix` stands before it in the last event.

    `traceback` is that of the user's code, in lines, where that has failed.
    """

    def __init__(self, why: str, prefix: str = "it did not start: ", traceback: str = "") -> None:
        super().__init__(why)
        self.prefix = prefix
        self.traceback = traceback


class StopRequestedError(Exception):
    """The viewer wants no run any more, or has ended."""


def closing_event(error: Exception, t: int = 0) -> StreamClosed:
    """Return the last event of a run that ends with `error`. A fault of the observer itself was at `t` (ns)."""
    if isinstance(error, StopRequestedError):
        return StreamClosed(0, Outcome.INTERRUPTED, INTERRUPTED)
    if isinstance(error, StartError):
        return StreamClosed(0, Outcome.BROKEN, f"{error.prefix}{error}", traceback=error.traceback)
    return StreamClosed(t, Outcome.BROKEN, describe_fault(error))


def describe_fault(error: Exception) -> str:
    """Return a clause that says that the observer has failed, with the exception and the place that raised it."""
    if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE):
        why = "it takes three open files for each thread, and may have no more: raise the limit (ulimit -n)"
    else:
        last = traceback.extract_tb(error.__traceback__)[-1]
        why = f"{type(error).__name__}: {error} ({Path(last.filename).name}, line {last.lineno})"
    return f"the observer failed: {why}"


def make_header(request: Request, tasks: int = 0, probe: ProbeInfo = NO_PROBE) -> Header:
    """Return the header of the run that `request` asks for.

    A subject, and a program that threadviz has found the Python for, run on this Python; of others it is not known.
    """
    is_ours = isinstance(request, RunRequest)
    if isinstance(request, ExecRequest):
        is_ours = request.command[0] == os.fsencode(sys.executable)
    kinds = {ExecRequest: TargetKind.PROGRAM, AttachRequest: TargetKind.PROCESS}
    return Header(
        schema=SCHEMA,
        threadviz=__version__,
        workload=request.workload,
        mode=request.mode,
        workers=request.workers if isinstance(request, RunRequest) else 0,
        tasks=tasks,
        python=platform.python_version() if is_ours else "",
        gil=has_gil() if is_ours else None,
        cores=cores(),
        platform=f"{platform.system()} {platform.machine()}",
        probe=probe,
        watches=kinds.get(type(request), TargetKind.WORKLOAD),
    )


class Target:
    """The process to observe, together with all that it starts.

    The defaults are those of a target that reports nothing itself. All times are in ns since the run's origin.
    """

    outlives_observation = False
    """Whether the observer waits for its end, and stays in charge of it, where it fails to observe it."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.status: int | None = None
        """How it ended, as `subprocess` gives it; None where that is not known."""

    def start(self) -> list[Event]:
        """Let it begin, and return the events of that. Raises StartError and StopRequestedError."""
        return [RunStarted(0, self.pid, self.pid, loop=False)]

    def poll(self) -> list[Event]:
        """Return the events that it has reported since the last call."""
        return []

    @property
    def ended(self) -> bool:
        """Whether it has ended."""
        raise NotImplementedError

    def receive(self, message: bytes) -> None:
        """Take what the viewer has sent."""

    def finish(self, now: int) -> tuple[list[Event], StreamClosed]:
        """Return the last events of a run whose target has ended by itself."""
        return [RunEnded(now)], StreamClosed(now, Outcome.FINISHED, status=self.status)

    def stop(self, now: int) -> tuple[list[Event], StreamClosed]:
        """End the target, where that is the observer's to do, and return the last events."""
        return [], StreamClosed(now, Outcome.INTERRUPTED, INTERRUPTED)

    def close(self) -> None:
        """Close the files, and end what must not outlive the run. Called at the end, however that came."""


@dataclass(eq=False)
class Observation:
    """Samples `target` and polls `collectors`, until the target has ended or the viewer wants it to stop.

    `lifeline` is a descriptor: the viewer may send messages to the target through it, and closes it to stop the run.
    """

    header: Header
    target: Target
    probe: Probe
    collectors: Sequence[Collector]
    lifeline: int
    clock: RunClock

    def __post_init__(self) -> None:
        self._sampler = Sampler(self.probe, self.clock)
        self._files = ExitStack()
        self._files.callback(self.probe.close)
        for collector in self.collectors:
            self._files.callback(collector.close)
        self._task_starts: dict[tuple[int, int], int] = {}
        """When each thread has last started a task, as the target reports, by process and thread id (ns)."""
        self._closed: StreamClosed | None = None

    def run(self, output: StreamWriter) -> None:
        """Let the target begin, and write the stream after its header, to the last event. Raises ViewerGoneError."""
        gc.disable()  # nothing here is cyclic, and a collection would delay a sample
        with closing(self.target), self._files:
            try:
                output.write(self.target.start())
                self._observe(output)
            except ViewerGoneError:
                raise
            except Exception as error:  # noqa: BLE001 - a fault of the observer: nobody would see it otherwise
                output.write([closing_event(error, self.clock())])

    def _observe(self, output: StreamWriter) -> None:
        try:
            for now in self._sampler.rounds():
                output.write(self._events(now))
                if self._closed is not None:
                    output.write([self._closed])
                    return
        except ViewerGoneError:
            raise
        except Exception as error:
            if not self.target.outlives_observation:
                raise
            self._await_end(output, describe_fault(error))

    def _events(self, now: int) -> Iterator[Event]:
        """Yield the events since the last call, and note whether this was the end."""
        reported = self.target.poll()
        for event in reported:
            if isinstance(event, TaskStarted):
                self.probe.meet(event.pid, ProcessKind.WORKER)
                self._task_starts[event.pid, event.tid] = event.t
        ended = self.target.ended
        stopped = not ended and self._is_stop_requested()
        if ended or stopped:
            now = self._sampler.look()  # once more: the last sample may be older than the end
        changes = self.probe.take_changes()
        self._correct_ends(changes)
        yield from reported
        yield from self._sampler.events(changes)
        for collector in self.collectors:
            yield from collector.poll(now, changes)
        if ended or stopped:
            last, self._closed = self.target.finish(now) if ended else self.target.stop(now)
            yield from last
        yield self._sampler.tick(now)

    def _correct_ends(self, changes: Changes) -> None:
        """Let no thread end before the last task that it was reported to start, unless its id was reused."""
        threads = Counter((thread.pid, thread.tid) for thread in {*changes.new, *changes.gone})
        for thread in changes.gone:
            started = self._task_starts.pop((thread.pid, thread.tid), 0)
            if thread.ended is not None and started > thread.ended and threads[thread.pid, thread.tid] == 1:
                thread.ended = thread.accounting.outlived(started)

    def _is_stop_requested(self) -> bool:
        while is_readable(self.lifeline):
            message = os.read(self.lifeline, _MESSAGE_BYTES)
            if not message:
                return True
            self.target.receive(message)
        return False

    def _await_end(self, output: StreamWriter, fault: str) -> None:
        """Wait until the target ends or is stopped. It must not suffer from a fault of the observer."""
        now = self.clock()
        with ignoring(Exception):  # to end processes takes a few files; what can't be closed stays open
            self._files.close()
        output.write([RunEnded(now)])
        while not (ended := self.target.ended) and not self._is_stop_requested():
            time.sleep(_UNOBSERVED_POLL_S)
            output.write(())  # what the viewer has not taken yet
        if ended:
            closed = StreamClosed(now, Outcome.BROKEN, fault, status=self.target.status)
        else:
            closed = msgspec.structs.replace(self.target.stop(now)[1], reason=fault)
        output.write([closed])
