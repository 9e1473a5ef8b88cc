"""One run, from its launch to what was measured of it."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from threadviz.cli.exits import Exit
from threadviz.cli.interrupts import Interrupts
from threadviz.cli.progress import ProgressBar
from threadviz.cli.recording import open_recording
from threadviz.events import AnyEvent, Closed, Died, Outcome
from threadviz.findings import why_broken
from threadviz.launch import Launch, RecordingError
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
    timeline = Timeline()
    try:
        trouble = _follow(request, recording, interrupts, bar, timeline)
    finally:
        if recording is not None:
            with suppress(OSError):  # what could not be written before, and was told, can't be now
                recording.close()
    if interrupts.noted:
        until = (
            "the report shows what was measured until then"
            if timeline.begin is not None
            else "nothing was measured"
        )
        return Ran(timeline, Exit.INTERRUPTED, f"interrupted: {until}")
    return Ran(timeline, Exit.BROKEN if trouble else Exit.FINISHED, trouble)


def _follow(
    request: RunRequest,
    recording: BinaryIO | None,
    interrupts: Interrupts,
    bar: ProgressBar,
    timeline: Timeline,
) -> str:
    """Fold the run into `timeline`, and return what went wrong, if anything did."""
    try:
        launch = Launch(request, recording)
    except OSError as error:
        return f"the run can't be started ({error.strerror})"
    troubles: list[str] = []
    reason = ""
    begun = False
    with launch:
        interrupts.ask(launch.stop)
        try:
            for event in _events(launch, troubles):
                if isinstance(event, Closed) and event.outcome is Outcome.BROKEN:
                    reason = event.reason
                if begun or not isinstance(event, Died | Closed):  # of a run that died before its header
                    timeline.apply(event)
                    begun = True
                    bar.show(timeline)
        except StreamError as error:
            return f"the run was ended, for what its observer says can't be: {error}"
    if reasons := why_broken(timeline) or ([reason] if reason else []):
        troubles.append(f"the run is broken: {'; '.join(reasons)}")
    return "; ".join(troubles)


def _events(launch: Launch, troubles: list[str]) -> Iterator[AnyEvent]:
    """Yield the run's events to its end, even where it can't be recorded any further: that is noted in `troubles`."""
    try:
        yield from launch.events()
    except RecordingError as error:
        troubles.append(f"the recording is not whole, for it can't be written any further ({error})")
        yield from launch.events()
