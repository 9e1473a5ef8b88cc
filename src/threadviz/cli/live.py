"""One run, from its launch to what was measured of it."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from threadviz.cli.exits import Exit
from threadviz.cli.interrupts import Interrupts
from threadviz.cli.passing_on import PassingOn
from threadviz.cli.progress import ProgressBar
from threadviz.cli.recording import open_recording
from threadviz.events import AnyEvent
from threadviz.following import Following
from threadviz.launch import Launch, RecordingError
from threadviz.recordings.writing import RecordingFile
from threadviz.request import AttachRequest, Request
from threadviz.stream import StreamError
from threadviz.timeline import Timeline


@dataclass(frozen=True, slots=True)
class Ran:
    """What was measured of a run, how the run came out, and what went wrong, as a sentence, if anything did."""

    timeline: Timeline
    status: Exit
    trouble: str

    @property
    def measured(self) -> bool:
        """Whether there is anything to report."""
        return self.timeline.begin is not None


def carry_out(
    request: Request,
    interrupts: Interrupts | PassingOn,
    bar: ProgressBar | None,
    record: Path | None = None,
    for_ns: int | None = None,
) -> Ran:
    """Run it, or look on, to its end or as far as it comes, recorded in the file `record`.

    It is told to `bar`, if there is one, and ended by an interrupt, and after `for_ns` (ns), where that is said. Raises
    CommandError, and starts nothing, where it can't be recorded.
    """
    recording = None if record is None else open_recording(record)
    following = Following()
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
        return Ran(timeline, Exit.INTERRUPTED, f"interrupted: {until}")
    return Ran(timeline, Exit.BROKEN if following.trouble else Exit.FINISHED, following.trouble)


def _follow(
    request: Request,
    recording: RecordingFile | None,
    interrupts: Interrupts | PassingOn,
    bar: ProgressBar | None,
    following: Following,
    for_ns: int | None,
) -> None:
    try:
        launch = Launch(request, recording)
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


def _events(launch: Launch, following: Following) -> Iterator[AnyEvent]:
    """Yield the run's events to its end, even where it can't be recorded any further."""
    try:
        yield from launch.events()
    except RecordingError as error:
        following.not_recorded(error)
        yield from launch.events()
