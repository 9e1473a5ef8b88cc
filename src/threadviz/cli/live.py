"""One run, from its launch to what was measured of it."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from threadviz.cli.exits import Exit
from threadviz.cli.interrupts import Interrupts
from threadviz.cli.progress import ProgressBar
from threadviz.cli.recording import open_recording
from threadviz.events import AnyEvent
from threadviz.following import Following
from threadviz.launch import Launch, RecordingError
from threadviz.recordings.writing import RecordingFile
from threadviz.request import RunRequest
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
    request: RunRequest, interrupts: Interrupts, bar: ProgressBar, record: Path | None = None
) -> Ran:
    """Run it, to its end or as far as it comes, recorded in the file `record`, told to `bar`.

    Raises CommandError, and starts nothing, where it can't be recorded.
    """
    recording = None if record is None else open_recording(record)
    following = Following()
    try:
        _follow(request, recording, interrupts, bar, following)
    finally:
        if recording is not None:
            with suppress(OSError):  # what could not be written before, and was told, can't be now
                recording.close()
    timeline = following.timeline
    if interrupts.noted:
        until = (
            "the report shows what was measured until then"
            if timeline.begin is not None
            else "nothing was measured"
        )
        return Ran(timeline, Exit.INTERRUPTED, f"interrupted: {until}")
    return Ran(timeline, Exit.BROKEN if following.trouble else Exit.FINISHED, following.trouble)


def _follow(
    request: RunRequest,
    recording: RecordingFile | None,
    interrupts: Interrupts,
    bar: ProgressBar,
    following: Following,
) -> None:
    try:
        launch = Launch(request, recording)
    except OSError as error:
        following.not_started(error)
        return
    with launch:
        interrupts.ask(launch.stop)
        try:
            for event in _events(launch, following):
                following.take(event)
                if following.begun:
                    bar.show(following.timeline)
        except StreamError as error:
            following.not_believed(error)


def _events(launch: Launch, following: Following) -> Iterator[AnyEvent]:
    """Yield the run's events to its end, even where it can't be recorded any further."""
    try:
        yield from launch.events()
    except RecordingError as error:
        following.not_recorded(error)
        yield from launch.events()
