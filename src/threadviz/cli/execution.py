"""Runs a request from its launch to what was measured, with a progress bar on stderr, and takes signals meanwhile."""

import os
import signal
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, Self

from threadviz.cli.output import CommandError, ExitStatus
from threadviz.debug_log import ignoring
from threadviz.launcher import LaunchedRun, RecordingError
from threadviz.processes import forwarded_signals
from threadviz.protocol.codec import StreamError
from threadviz.protocol.events import AnyEvent, Outcome, StreamClosed, TargetKind
from threadviz.protocol.requests import AttachRequest, Request, RunRequest
from threadviz.recordings.writer import RecordingFile
from threadviz.run_follower import RunFollower
from threadviz.text import count
from threadviz.timeline import Timeline

if TYPE_CHECKING:
    from rich.progress import Progress


class Interrupts:
    """While it is entered, the first SIGINT or SIGTERM asks the run to stop, and the second ends the command.

    Further ones are ignored, because the run's processes are being ended then. `noted` says whether there was one.
    """

    def __init__(self) -> None:
        self.noted = False
        self._run: LaunchedRun | None = None
        self._before: dict[signal.Signals, Any] = {}

    def signals(self) -> Iterable[signal.Signals]:
        """Return the signals that are handled."""
        return signal.SIGINT, signal.SIGTERM

    def attend(self, run: LaunchedRun) -> None:
        """Stop this run from now on; at once if there was a signal before."""
        self._run = run
        if self.noted:
            run.stop()

    def __enter__(self) -> Self:
        self._before = {number: signal.signal(number, self._take) for number in self.signals()}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _take(self, number: int, frame: FrameType | None) -> None:
        if self.noted:
            for each in self.signals():
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

    def signals(self) -> Iterable[signal.Signals]:
        return forwarded_signals()

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


class ProgressBar:
    """A bar that is gone afterwards; nothing is drawn if stderr is no terminal that can show it."""

    def __init__(self) -> None:
        self._progress = _progress() if sys.stderr.isatty() else None
        self._drawn = 0

    def begin(self, title: str) -> None:
        """Begin a new run with this title."""
        if self._progress is not None:
            for task in self._progress.task_ids:
                self._progress.remove_task(task)
            self._progress.add_task(title, total=None, elapsed="", done="")
            self._drawn = -REDRAW_NS
            self._progress.refresh()

    def show(self, timeline: Timeline) -> None:
        """Show how far the run is, a few times a second at most."""
        if self._progress is None or timeline.now < self._drawn + REDRAW_NS:
            return
        self._drawn = timeline.now
        total: int | None
        if timeline.header.watches is TargetKind.WORKLOAD:
            done, total = len(timeline.finished_tasks()), timeline.header.tasks
            words = f"{done} of {total} tasks"
        else:  # nobody knows when a program ends
            done, total, words = 0, None, count(sum(lane.end is None for lane in timeline.lanes), "lane")
        self._progress.update(
            self._progress.task_ids[0],
            completed=done,
            total=total,
            done=words,
            elapsed=f"{timeline.now / 1e9:.1f} s",
            refresh=True,
        )

    def __enter__(self) -> Self:
        if self._progress is not None:
            self._progress.start()
            # rich hides the cursor, and a command that is killed could not show it again.
            self._progress.console.show_cursor(True)
        return self

    def __exit__(self, *_: object) -> None:
        if self._progress is not None:
            self._progress.stop()


def _progress() -> "Progress | None":
    """Return a bar that is drawn on request, without a thread of its own; None if stderr cannot show it."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    console = Console(stderr=True)
    if not console.is_interactive:
        return None
    texts = ("{task.description}", "{task.fields[done]}", "{task.fields[elapsed]}")
    title, done, elapsed = (TextColumn(text, markup=False) for text in texts)
    return Progress(
        *(title, BarColumn(), done, elapsed),
        console=console,
        auto_refresh=False,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )


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
    bar: ProgressBar | None,
    record: Path | None = None,
    for_ns: int | None = None,
) -> RunResult:
    """Run or watch to the end, until an interrupt, or for `for_ns` (ns).

    The stream is recorded in the new file `record`. Raises CommandError, and starts nothing, if that is impossible.
    """
    recording = None if record is None else open_recording(record)
    follower = RunFollower()
    try:
        _follow(request, recording, interrupts, bar, follower, for_ns)
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
    with Interrupts() as interrupts, ProgressBar() as bar:
        for number, request in enumerate(requests, 1):
            which = f" ({number} of {len(requests)} modes)" if len(requests) > 1 else ""
            bar.begin(f"{request.workload}, {request.mode}{which}")
            results.append(execute(request, interrupts, bar, record))
            if results[-1].status is not ExitStatus.FINISHED:
                break
    return results


def _follow(
    request: Request,
    recording: RecordingFile | None,
    interrupts: Interrupts,
    bar: ProgressBar | None,
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
            for event in _events(run, follower):
                follower.take(event)
                if follower.timeline.begun:
                    if bar is not None:
                        bar.show(follower.timeline)
                    if for_ns is not None and follower.timeline.now >= for_ns:
                        for_ns = None
                        run.stop()
        except StreamError as error:
            follower.impossible(error)


def _events(run: LaunchedRun, follower: RunFollower) -> Iterator[AnyEvent]:
    """Yield the run's events to the end, even after its recording has failed."""
    try:
        yield from run.events()
    except RecordingError as error:
        follower.not_recorded(error)
        yield from run.events()
