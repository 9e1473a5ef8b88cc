"""Runs a request from its launch to what was measured, with a progress bar on stderr, and takes signals meanwhile."""

import os
import signal
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Self

from threadviz.cli.output import CommandError, ExitStatus
from threadviz.debug_log import ignoring
from threadviz.launcher import LaunchedRun
from threadviz.processes import forwarded_signals
from threadviz.protocol.codec import StreamError
from threadviz.protocol.events import Outcome, StreamClosed, TargetKind
from threadviz.protocol.requests import AttachRequest, Request, RunRequest
from threadviz.recordings.writer import RecordingFile
from threadviz.run_follower import RunFollower
from threadviz.text import count
from threadviz.timeline import Timeline


class Interrupts:
    """While it is entered, the first SIGINT or SIGTERM asks the run to stop, and the second ends the command.

    Further ones are ignored, because the run's processes are being ended then. `noted` says whether there was one.
    """

    def __init__(self, signals: Collection[signal.Signals] = (signal.SIGINT, signal.SIGTERM)) -> None:
        self.noted = False
        self._signals = signals
        self._run: LaunchedRun | None = None
        self._before: dict[signal.Signals, Any] = {}

    def attend(self, run: LaunchedRun) -> None:
        """Stop this run from now on; at once if there was a signal before."""
        self._run = run
        if self.noted:
            run.stop()

    def __enter__(self) -> Self:
        self._before = {number: signal.signal(number, self._take) for number in self._signals}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _take(self, number: int, frame: FrameType | None) -> None:
        if self.noted:
            for each in self._signals:
                signal.signal(each, signal.SIG_IGN)
            raise SystemExit(ExitStatus.INTERRUPTED)
        self.noted = True
        if self._run is not None:
            self._run.stop()


class SignalForwarding(Interrupts):
    """While it is entered, signals that would end this process go to the program instead.

    A signal that the program got by itself, such as Ctrl-C from the terminal, is not passed on twice. Before the
    program has begun, a signal asks the run to stop, and a second one ends the command.
    """

    def __init__(self) -> None:
        super().__init__(forwarded_signals())

    def attend(self, run: LaunchedRun) -> None:
        """Pass signals on to this run's program from now on.

        Standard input and output belong to the program alone then, so that their other ends see when it closes them.
        """
        nowhere = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1):
            os.dup2(nowhere, descriptor)
        os.close(nowhere)
        super().attend(run)

    def _take(self, number: int, frame: FrameType | None) -> None:
        run = self._run
        if run is not None and run.going:
            run.pass_on(number)
        elif run is not None and run.over:
            run.stop()  # it ends by itself, unless something is in its way
        else:
            super()._take(number, frame)


# The progress bar.

REDRAW_NS = 250_000_000
"""How much of a run's time (ns) passes between two drawings, so that drawing does not disturb what is measured."""

ShowProgress = Callable[[Timeline], None]


@contextmanager
def progress_bar(title: str) -> Iterator[ShowProgress]:
    """Show a bar with this title while it is entered; nothing if stderr is no terminal that can show it.

    Yields a function that shows how far a run is, a few times a second at most.
    """
    console = None
    if sys.stderr.isatty():
        from rich.console import Console  # slow

        console = Console(stderr=True)
    if console is None or not console.is_interactive:
        yield lambda timeline: None
        return
    from rich.progress import BarColumn, Progress, TextColumn

    texts = ("{task.description}", "{task.fields[done]}", "{task.fields[elapsed]}")
    name, done, elapsed = (TextColumn(text, markup=False) for text in texts)
    # It is drawn on request, without a thread of its own.
    with Progress(
        *(name, BarColumn(), done, elapsed),
        console=console,
        auto_refresh=False,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    ) as progress:
        # rich hides the cursor, and a command that is killed could not show it again.
        console.show_cursor(True)
        bar, drawn = progress.add_task(title, total=None, elapsed="", done=""), -REDRAW_NS
        progress.refresh()

        def show(timeline: Timeline) -> None:
            nonlocal drawn
            if timeline.now >= drawn + REDRAW_NS:
                drawn = timeline.now
                progress.update(bar, refresh=True, elapsed=f"{drawn / 1e9:.1f} s", **_how_far(timeline))

        yield show


def _how_far(timeline: Timeline) -> dict[str, Any]:
    if timeline.header.watches is TargetKind.WORKLOAD:
        done, total = len(timeline.finished_tasks()), timeline.header.tasks
        return {"completed": done, "total": total, "done": f"{done} of {total} tasks"}
    # Nobody knows when a program ends.
    return {"done": count(sum(lane.end is None for lane in timeline.lanes), "lane")}


# Runs.


def open_recording(path: Path) -> RecordingFile:
    """Open a new file for a recording. Raises CommandError."""
    try:
        return RecordingFile(path)
    except FileExistsError as error:
        raise CommandError(
            f"the recording {str(path)!r} exists already: give another name, or remove it"
        ) from error
    except OSError as error:
        raise CommandError(
            f"the recording {str(path)!r} can't be written ({error.strerror}):"
            " give the path of a file in a folder of yours"
        ) from error


@dataclass(frozen=True, slots=True)
class RunResult:
    """What was measured of a run, its exit status, and what went wrong, as a sentence ('' for nothing)."""

    timeline: Timeline
    status: ExitStatus
    trouble: str

    @property
    def measured(self) -> bool:
        """Whether there is anything to report."""
        return self.timeline.begin is not None

    @property
    def refused(self) -> StreamClosed | None:
        """The end of a run that could not even be started; None if it could, or if one of its processes died."""
        closed = self.timeline.closed
        if self.measured or self.timeline.died or closed is None or closed.outcome is not Outcome.BROKEN:
            return None
        return closed


def remove_empty(record: Path | None) -> None:
    """Remove the recording of a run that could not be started."""
    if record is not None and record.is_file():
        with ignoring(OSError):
            record.unlink()


def execute(
    request: Request,
    interrupts: Interrupts,
    show: ShowProgress | None = None,
    record: Path | None = None,
    for_ns: int | None = None,
) -> RunResult:
    """Run or watch to the end, until an interrupt, or for `for_ns` (ns).

    The stream is recorded in the new file `record`. Raises CommandError, and starts nothing, if that is impossible.
    """
    recording = None if record is None else open_recording(record)
    follower = RunFollower()
    try:
        _follow(request, recording, interrupts, show, follower, for_ns)
    finally:
        if recording is not None:
            with ignoring(OSError):  # a failure to write was reported, and is repeated here
                recording.close()
    timeline = follower.timeline
    # Letting go of an attached process does no harm, and is the normal end of watching it.
    lets_go = isinstance(request, AttachRequest) and timeline.begin is not None
    if interrupts.noted and not lets_go:
        measured = "the report shows what was measured until then"
        until = "nothing was measured" if timeline.begin is None else measured
        return RunResult(timeline, ExitStatus.INTERRUPTED, f"interrupted: {until}")
    status = ExitStatus.BROKEN if follower.trouble else ExitStatus.FINISHED
    return RunResult(timeline, status, follower.trouble)


def execute_all(requests: Sequence[RunRequest], record: Path | None = None) -> list[RunResult]:
    """Run them one after the other, up to the first that does not finish. Raises CommandError."""
    results: list[RunResult] = []
    with Interrupts() as interrupts:
        for number, request in enumerate(requests, 1):
            which = f" ({number} of {len(requests)} modes)" if len(requests) > 1 else ""
            with progress_bar(f"{request.workload}, {request.mode}{which}") as show:
                results.append(execute(request, interrupts, show, record))
            if results[-1].status is not ExitStatus.FINISHED:
                break
    return results


def _follow(
    request: Request,
    recording: RecordingFile | None,
    interrupts: Interrupts,
    show: ShowProgress | None,
    follower: RunFollower,
    for_ns: int | None,
) -> None:
    try:
        run = LaunchedRun(request, recording)
    except OSError as error:
        follower.not_started(error)
        return
    with run:
        interrupts.attend(run)
        try:
            for event in run.events():
                follower.take(event)
                if follower.timeline.begun:
                    if show is not None:
                        show(follower.timeline)
                    if for_ns is not None and follower.timeline.now >= for_ns:
                        for_ns = None
                        run.stop()
        except StreamError as error:
            follower.impossible(error)
        if run.not_recorded:
            follower.not_recorded(run.not_recorded)
