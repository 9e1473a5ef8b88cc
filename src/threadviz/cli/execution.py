"""One run, from its launch to what was measured of it."""

import sys
from typing import TYPE_CHECKING, Self

from threadviz.protocol.events import TargetKind
from threadviz.text import count
from threadviz.timeline import Timeline

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from threadviz.cli.output import CommandError, ExitStatus
from threadviz.cli.signals import Interrupts, SignalForwarding
from threadviz.launcher import LaunchedRun, RecordingError
from threadviz.protocol.codec import StreamError
from threadviz.protocol.events import AnyEvent
from threadviz.protocol.requests import AttachRequest, Request
from threadviz.recordings.writer import RecordingFile
from threadviz.run_follower import RunFollower

# The progress bar on stderr.

REDRAW_NS = 250_000_000
"""How much of a run's time (ns) goes by between two drawings: drawing must not disturb what is measured."""


class ProgressBar:
    """A bar while it is entered, gone afterwards; none where stderr is no terminal that can show it."""

    def __init__(self) -> None:
        self._progress = _progress() if sys.stderr.isatty() else None
        self._task: TaskID | None = None
        self._drawn = 0

    def begin(self, title: str) -> None:
        """A run begins, to be called so."""
        if self._progress is not None:
            if self._task is not None:
                self._progress.remove_task(self._task)
            self._task = self._progress.add_task(title, total=None, elapsed="", done="")
            self._drawn = -REDRAW_NS
            self._progress.refresh()

    def show(self, timeline: Timeline) -> None:
        """The run has come so far; drawn a few times a second at most."""
        if self._progress is None or self._task is None or timeline.now < self._drawn + REDRAW_NS:
            return
        self._drawn = timeline.now
        total: int | None
        if timeline.header.watches is TargetKind.WORKLOAD:
            done, total = len(timeline.finished_tasks()), timeline.header.tasks
            words = f"{done} of {total} tasks"
        else:  # when that ends, nobody knows
            done, total, words = 0, None, count(sum(lane.end is None for lane in timeline.lanes), "lane")
        self._progress.update(
            self._task,
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
    """Return rich's, drawn when it is told to, by no thread of its own; None where there would be no sense in it."""
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


# The file that a run is recorded in.


def open_recording(path: Path) -> RecordingFile:
    """Open `path` for a recording. Raises CommandError, also where it is a file already."""
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
class Ran:
    """What was measured of a run, how the run came out, and what went wrong, as a sentence, if anything did."""

    timeline: Timeline
    status: ExitStatus
    trouble: str

    @property
    def measured(self) -> bool:
        """Whether there is anything to report."""
        return self.timeline.begin is not None


def carry_out(
    request: Request,
    interrupts: Interrupts | SignalForwarding,
    bar: ProgressBar | None,
    record: Path | None = None,
    for_ns: int | None = None,
) -> Ran:
    """Run it, or look on, to its end or as far as it comes, recorded in the file `record`.

    It is told to `bar`, if there is one, and ended by an interrupt, and after `for_ns` (ns), where that is said. Raises
    CommandError, and starts nothing, where it can't be recorded.
    """
    recording = None if record is None else open_recording(record)
    following = RunFollower()
    try:
        _follow(request, recording, interrupts, bar, following, for_ns)
    finally:
        if recording is not None:
            with suppress(OSError):  # what could not be written before, and was told, can't be now
                recording.close()
    timeline = following.timeline
    lets_go = isinstance(request, AttachRequest) and timeline.begin is not None
    if (
        interrupts.noted and not lets_go
    ):  # to be let go of does a process no harm, and is how looking on at it ends
        until = (
            "the report shows what was measured until then"
            if timeline.begin is not None
            else "nothing was measured"
        )
        return Ran(timeline, ExitStatus.INTERRUPTED, f"interrupted: {until}")
    return Ran(timeline, ExitStatus.BROKEN if following.trouble else ExitStatus.FINISHED, following.trouble)


def _follow(
    request: Request,
    recording: RecordingFile | None,
    interrupts: Interrupts | SignalForwarding,
    bar: ProgressBar | None,
    following: RunFollower,
    for_ns: int | None,
) -> None:
    try:
        launch = LaunchedRun(request, recording)
    except OSError as error:
        following.not_started(error)
        return
    with launch:
        interrupts.attend(launch)
        try:
            for event in _events(launch, following):
                following.take(event)
                if following.begun:
                    if bar is not None:
                        bar.show(following.timeline)
                    if for_ns is not None and following.timeline.now >= for_ns:
                        for_ns = None
                        launch.stop()
        except StreamError as error:
            following.not_believed(error)


def _events(launch: LaunchedRun, following: RunFollower) -> Iterator[AnyEvent]:
    """Yield the run's events to its end, even where it can't be recorded any further."""
    try:
        yield from launch.events()
    except RecordingError as error:
        following.not_recorded(error)
        yield from launch.events()
