"""Loads a recording, as far as it is sound."""

import errno
import os
import stat
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import thread_time_ns
from typing import BinaryIO

from msgspec import structs

from threadviz.protocol.codec import READ_SIZE, Decoder, StreamError
from threadviz.protocol.events import (
    AnyEvent,
    Event,
    GilHeld,
    LaneStarted,
    ObserverTick,
    ProcessDied,
    ProcessSeen,
    Spans,
    StackSample,
    TaskSubmitted,
    ThreadNamed,
    WaitTarget,
)
from threadviz.timeline import Timeline

# How much is taken of a recording that may have been made to be too much.

FREE_NS = 10_000_000_000
NS_PER_BYTE = 500
"""How much CPU time may be taken in any case, and for each byte (ns): ten times as much as a sound recording needs."""
_LOOKS = 40
_NAMES: dict[type[Event], str] = {
    TaskSubmitted: "tasks",
    ProcessDied: "deaths",
    LaneStarted: "lanes",
    ProcessSeen: "processes",
    GilHeld: "GILs",
}
_NOTES = (ThreadNamed, WaitTarget, StackSample)
"""Said again and again: what is the same takes memory once."""


@dataclass(frozen=True, slots=True)
class Most:
    """How many of each are taken."""

    lanes: int = 20_000
    """That are there: those folded away are not."""
    processes: int = 10_000
    gils: int = 5_000
    tasks: int = 200_000
    """Twice what a run may have that threadviz starts."""
    deaths: int = 10_000
    kinds: int = 5_000
    """Of stretches: Linux has some 400 system calls, and each is seen in one or two states."""
    characters: int = 100_000_000
    """In all names, results and errors together."""
    segments: int = 4_000_000
    """That are left when the old ones are thinned already: about 80 MB."""


_ALL = Most()


class Bounds:
    """What a timeline has taken so far, of one recording. `clock` gives the CPU time (ns) that was used."""

    def __init__(self, timeline: Timeline, clock: Callable[[], int], most: Most = _ALL) -> None:
        self._timeline = timeline
        self._most = most
        self._clock = clock
        self._deadline = clock() + FREE_NS
        self._most_of: dict[type[Event], int] = {
            LaneStarted: most.lanes,
            TaskSubmitted: most.tasks,
            ProcessDied: most.deaths,
            ProcessSeen: most.processes,
            GilHeld: most.gils,
        }
        self._notes = set[str]()
        self._number_of = Counter[type[Event]]()
        self._characters = 0
        # After so many stretches it is seen to again how many are left.
        self._some = most.segments // _LOOKS
        self._until_look = self._some

    def more(self, size: int) -> None:
        """So many bytes, unpacked, are to be read now."""
        self._deadline += size * NS_PER_BYTE
        self._check_time()

    def check(self, event: AnyEvent) -> None:
        """Raise StreamError where it is too much to take this event as well."""
        self._check_time()
        if isinstance(event, Spans):
            self._check_stretches(len(event.spans))
        elif not isinstance(event, ObserverTick):
            self._check_kept(event)

    def _kept(self, event: AnyEvent) -> int:
        """How many are kept of what this event would be one more of."""
        timeline = self._timeline
        if isinstance(event, LaneStarted):
            return timeline.lane_count
        if isinstance(event, ProcessSeen):
            return 0 if event.pid in timeline.processes else len(timeline.processes)
        if isinstance(event, GilHeld):
            return 0 if (event.pid, event.interpreter) in timeline.gils else len(timeline.gils)
        self._number_of[type(event)] += 1
        return self._number_of[type(event)] - 1

    def _check_time(self) -> None:
        if self._clock() > self._deadline:
            raise StreamError("it is made so that it would take too long to read")

    def _check_stretches(self, number: int) -> None:
        most = self._most
        if self._timeline.kinds > most.kinds:
            raise StreamError(f"no more than {most.kinds} kinds of stretches are taken")
        self._until_look -= number
        if self._until_look < 0:
            self._until_look = self._some
            if sum(lane.size for lane in self._timeline.lanes) > most.segments:
                raise StreamError(f"no more than {most.segments} stretches are kept")

    def _check_kept(self, event: AnyEvent) -> None:
        """Of an event that the timeline keeps as it is."""
        kind = type(event)
        if kind in _NAMES and self._kept(event) >= self._most_of[kind]:
            raise StreamError(f"no more than {self._most_of[kind]} {_NAMES[kind]} are taken")
        texts = [value for value in structs.astuple(event) if isinstance(value, str)]
        if isinstance(event, _NOTES):
            texts = [text for text in texts if text not in self._notes]
            self._notes.update(texts)
        self._characters += sum(map(len, texts))
        if self._characters > self._most.characters:
            raise StreamError(
                f"no more than {self._most.characters} characters of names, results and errors are taken"
            )


# The bytes of a file, in chunks of bounded size, unpacked where gzip has packed them.

GZIP_MAGIC = b"\x1f\x8b"
"""What every file begins with that gzip has packed."""

GZIP = 31
"""zlib's `wbits` for that form (see `zlib.decompressobj`)."""

MAX_RATIO = 50
"""No recording is packed any closer: those of real runs become 4 to 8 times as large."""

UNPACKED_FREELY = 64 * 2**20
"""So many bytes may come of a file, however small it is."""


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Yield the file, open for reading. Raises OSError, at once, also for what is no file, such as a named pipe."""
    # What is no file could be waited for without end: the first byte of a pipe, the last of a device.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    try:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            raise OSError(
                errno.EINVAL, "it is a folder" if stat.S_ISDIR(mode) else "it is a pipe or a device"
            )
        with open(descriptor, "rb", buffering=0, closefd=False) as file:
            yield file
    finally:
        os.close(descriptor)


def chunks(file: BinaryIO, progress: Callable[[float], None]) -> Iterator[bytes]:
    """Yield what is in the file now, unpacked, in chunks of about READ_SIZE bytes at most; tell `progress` the share.

    Packed bytes that were cut off end where they were cut. Raises StreamError where they are damaged, or become more
    than any recording does, once all that came before was yielded.
    """
    size = os.fstat(file.fileno()).st_size
    packed = _read(file, size, progress)
    first = next(packed, b"")
    if first.startswith(GZIP_MAGIC):
        yield from _unpacked(first, packed, max(UNPACKED_FREELY, MAX_RATIO * size))
    else:
        yield first
        yield from packed


def _read(file: BinaryIO, size: int, progress: Callable[[float], None]) -> Iterator[bytes]:
    """Yield the first `size` bytes: the file may grow meanwhile, as long as its run goes on."""
    left = size
    while left and (chunk := file.read(min(left, READ_SIZE))):
        left -= len(chunk)
        yield chunk
        progress(1 - left / size)


def _unpacked(first: bytes, rest: Iterator[bytes], most: int) -> Iterator[bytes]:
    unpacker = zlib.decompressobj(GZIP)
    packed = first
    while packed or (packed := next(rest, b"")):
        if unpacker.eof:  # and yet there is more: several were put one after the other
            packed = packed.lstrip(b"\0")
            if not packed:
                continue
            unpacker = zlib.decompressobj(GZIP)
        try:
            chunk = unpacker.decompress(packed, READ_SIZE)
        except zlib.error as error:
            raise StreamError("what is packed is damaged") from error
        packed = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
        yield chunk
        most -= len(chunk)
        if most < 0:
            raise StreamError(f"it becomes more than {MAX_RATIO} times its size when it is unpacked")
    if not unpacker.eof:
        yield unpacker.flush(READ_SIZE)


_CLAUSE_LENGTH = 200
"""The longest description of a fault (characters), because it may quote the recording."""

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
