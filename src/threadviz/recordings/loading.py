"""Loads a recording, as far as it is sound."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import thread_time_ns

from threadviz.recordings.bounds import Bounds
from threadviz.recordings.unpacking import chunks, opened
from threadviz.stream import Decoder, StreamError
from threadviz.timeline import Timeline

_CLAUSE_LENGTH = 200
"""What is said of a fault may quote the recording: no more of it is told than this."""

Progress = Callable[[float], None]
"""Told again and again how much of a file was read, as a share of 1."""


class LoadError(Exception):
    """There is nothing that could be loaded; the text is one sentence that says why, without its full stop."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What is sound of a recording. `dropped` is a clause on what is not, empty where all is.

    That a recording ends before its run does, as one that was killed, is no fault: the timeline is not closed then.
    """

    timeline: Timeline
    dropped: str


def load(path: Path, progress: Progress = lambda share: None) -> Loaded:
    """Read the recording in the file `path`, packed with gzip or not. Raises LoadError.

    The timeline has a header, and its workload has begun. What comes after the first fault is not looked at.
    """
    timeline = Timeline()
    dropped = ""
    try:
        with opened(path) as file:
            _take(timeline, chunks(file, progress))
    except OSError as error:
        raise LoadError(f"the recording {str(path)!r} can't be read ({error.strerror or error})") from error
    except StreamError as error:
        dropped = _clipped(str(error))
    if timeline.begin is None:
        why = dropped or "it ends before its workload begins"
        raise LoadError(f"there is nothing to show in the recording {str(path)!r}: {why}")
    return Loaded(timeline, f"{dropped}; that and all that follows was dropped" if dropped else "")


def _take(timeline: Timeline, data: Iterator[bytes]) -> None:
    """Put all that is sound into the timeline. Raises StreamError where that is not all."""
    decoder = Decoder()
    bounds = Bounds(timeline, thread_time_ns)
    for chunk in data:
        bounds.more(len(chunk))
        for event in decoder.feed(chunk):
            try:
                bounds.check(event)
                timeline.apply(event)
            except StreamError as error:
                raise StreamError(f"line {decoder.line}: {error}") from error
    _take_last(timeline, decoder)


def _take_last(timeline: Timeline, decoder: Decoder) -> None:
    """Take the last line, where it is whole but for its newline; else it was cut, which is no fault."""
    try:
        events = list(decoder.feed(b"\n")) if decoder.cut else []
    except StreamError:
        return
    for event in events:
        try:
            timeline.apply(event)
        except StreamError as error:
            raise StreamError(f"line {decoder.line}: {error}") from error


def _clipped(text: str) -> str:
    return text if len(text) <= _CLAUSE_LENGTH else f"{text[:_CLAUSE_LENGTH]}..."
