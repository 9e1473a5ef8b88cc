"""Loads a recording, as far as it is sound."""

import errno
import os
import stat
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import thread_time_ns
from typing import BinaryIO

from msgspec import structs

from threadviz.protocol.codec import READ_SIZE, Decoder, StreamError
from threadviz.protocol.events import (
    AnyEvent,
    GilHeld,
    LaneStarted,
    ProcessDied,
    ProcessSeen,
    Spans,
    StackSample,
    TaskSubmitted,
    ThreadNamed,
    WaitTarget,
)
from threadviz.text import clipped
from threadviz.timeline import Timeline

# Limits for a recording that may have been made to exhaust time or memory.

FREE_NS = 10_000_000_000
NS_PER_BYTE = 500
"""How much CPU time (ns) reading may take in any case, and for each byte: ten times what a real recording needs."""

_SEGMENT_CHECKS = 40
"""Segments are counted whenever this part of their limit was received."""

_NOTES = (ThreadNamed, WaitTarget, StackSample)
"""Events that repeat their texts: equal texts take memory once."""


LIMITS: Mapping[str, int] = {
    "lanes": 20_000,  # without archived ones
    "processes": 10_000,
    "GILs": 5_000,
    "tasks": 200_000,  # twice what a run that threadviz starts may have
    "deaths": 10_000,
    "kinds of stretches": 5_000,  # Linux has some 400 system calls, and each is seen in one or two states
    "characters": 100_000_000,  # in all names, results and errors together
    "stretches": 4_000_000,  # that are left after downsampling: about 80 MB
}
"""How many of each a timeline may keep."""

_COUNTED: Mapping[type, tuple[str, Callable[[Timeline], int]]] = {
    LaneStarted: ("lanes", lambda timeline: timeline.lane_count),
    ProcessSeen: ("processes", lambda timeline: len(timeline.processes)),
    GilHeld: ("GILs", lambda timeline: len(timeline.gils)),
    TaskSubmitted: ("tasks", lambda timeline: timeline.task_count),
    ProcessDied: ("deaths", lambda timeline: len(timeline.died)),
    Spans: ("kinds of stretches", lambda timeline: timeline.kinds),
}
"""What there are more of after an event of each type, and how many are kept."""


class Bounds:
    """Keeps the timeline of one recording within limits. `clock` returns the CPU time used (ns)."""

    def __init__(
        self, timeline: Timeline, clock: Callable[[], int], limits: Mapping[str, int] = LIMITS
    ) -> None:
        self._timeline = timeline
        self._limits = limits
        self._clock = clock
        self._deadline = clock() + FREE_NS
        self._notes = set[str]()
        self._characters = 0
        self._until_check = limits["stretches"] // _SEGMENT_CHECKS

    def more(self, size: int) -> None:
        """Allow time for `size` more bytes (uncompressed). Raises StreamError if too much was used already."""
        self._deadline += size * NS_PER_BYTE
        self._check_time()

    def check(self, event: AnyEvent) -> None:
        """Raise StreamError if the timeline has become too large with this event, or took too long to read."""
        self._check_time()
        if counted := _COUNTED.get(type(event)):
            what, kept = counted
            if kept(self._timeline) > self._limits[what]:
                raise StreamError(f"no more than {self._limits[what]} {what} are taken")
        if isinstance(event, Spans):
            self._check_segments(len(event.spans))
        else:
            self._check_texts(event)

    def _check_time(self) -> None:
        if self._clock() > self._deadline:
            raise StreamError("it is made so that it would take too long to read")

    def _check_segments(self, more: int) -> None:
        most = self._limits["stretches"]
        self._until_check -= more
        if self._until_check < 0:
            self._until_check = most // _SEGMENT_CHECKS
            if sum(lane.size for lane in self._timeline.lanes) > most:
                raise StreamError(f"no more than {most} stretches are kept")

    def _check_texts(self, event: AnyEvent) -> None:
        texts = [value for value in structs.astuple(event) if isinstance(value, str)]
        if isinstance(event, _NOTES):
            texts = [text for text in texts if text not in self._notes]
            self._notes.update(texts)
        self._characters += sum(map(len, texts))
        most = self._limits["characters"]
        if self._characters > most:
            raise StreamError(f"no more than {most} characters of names, results and errors are taken")


# The bytes of a file, in chunks of bounded size, decompressed if they are compressed.

GZIP_MAGIC = b"\x1f\x8b"
"""The first bytes of every gzip file."""

GZIP = 31
"""zlib's `wbits` for gzip (see `zlib.decompressobj`)."""

MAX_RATIO = 50
"""No recording is compressed any further: those of real runs expand to 4 to 8 times their size."""

UNPACKED_FREELY = 64 * 2**20
"""A file may expand to so many bytes however small it is."""


def opened(path: Path) -> BinaryIO:
    """Open a file for reading. Raises OSError, also for a folder, a pipe or a device."""
    return open(path, "rb", buffering=0, opener=_open)


def _open(path: str, flags: int) -> int:
    # Without blocking: the first byte of a pipe, or the last of a device, may never come.
    descriptor = os.open(path, flags | os.O_NONBLOCK)
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it is a folder" if stat.S_ISDIR(mode) else "it is a pipe or a device")
    return descriptor


def chunks(file: BinaryIO, progress: Callable[[float], None]) -> Iterator[bytes]:
    """Yield the file's present content, decompressed, in chunks of about READ_SIZE bytes at most.

    `progress` is called with the share (0 to 1) of the file that was read. Compressed data may be cut off. Raises
    StreamError if it is damaged, or expands to more than any recording does, after all that came before was yielded.
    """
    size = os.fstat(file.fileno()).st_size
    raw = _read(file, size, progress)
    first = next(raw, b"")
    if first.startswith(GZIP_MAGIC):
        yield from _decompressed(first, raw, max(UNPACKED_FREELY, MAX_RATIO * size))
    else:
        yield first
        yield from raw


def _read(file: BinaryIO, size: int, progress: Callable[[float], None]) -> Iterator[bytes]:
    """Yield the first `size` bytes: the file grows meanwhile if its run goes on."""
    left = size
    while left and (chunk := file.read(min(left, READ_SIZE))):
        left -= len(chunk)
        yield chunk
        progress(1 - left / size)


def _decompressed(data: bytes, rest: Iterator[bytes], most: int) -> Iterator[bytes]:
    decompressor = zlib.decompressobj(GZIP)
    while data or (data := next(rest, b"")):
        if decompressor.eof:  # several files may have been joined, with zeros between them
            data = data.lstrip(b"\0")
            if not data:
                continue
            decompressor = zlib.decompressobj(GZIP)
        try:
            chunk = decompressor.decompress(data, READ_SIZE)
        except zlib.error as error:
            raise StreamError("what is packed is damaged") from error
        data = decompressor.unused_data if decompressor.eof else decompressor.unconsumed_tail
        yield chunk
        most -= len(chunk)
        if most < 0:
            raise StreamError(f"it becomes more than {MAX_RATIO} times its size when it is unpacked")
    if not decompressor.eof:
        yield decompressor.flush(READ_SIZE)


_CLAUSE_LENGTH = 200
"""The longest description of a fault (characters), because it may quote the recording."""


class LoadError(Exception):
    """Nothing could be loaded. The text is one sentence that says why, without its full stop."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """The sound part of a recording. `dropped` is a clause on the rest; '' if all of it is sound.

    A recording that ends before its run does, such as one of a process that was killed, is sound: its timeline is not
    closed.
    """

    timeline: Timeline
    dropped: str


def load(path: Path, progress: Callable[[float], None] = lambda share: None) -> Loaded:
    """Read the recording in the file `path`, which may be compressed. Raises LoadError.

    The timeline has a header, and its workload has begun. Everything after the first fault is dropped. `progress` is
    called again and again with the share (0 to 1) of the file that was read.
    """
    timeline = Timeline()
    dropped = ""
    try:
        with opened(path) as file:
            _take(timeline, chunks(file, progress))
    except OSError as error:
        raise LoadError(f"the recording {str(path)!r} can't be read ({error.strerror or error})") from error
    except StreamError as error:
        dropped = clipped(str(error), _CLAUSE_LENGTH)
    if timeline.begin is None:
        why = dropped or "it ends before its workload begins"
        raise LoadError(f"there is nothing to show in the recording {str(path)!r}: {why}")
    return Loaded(timeline, f"{dropped}; that and all that follows was dropped" if dropped else "")


def _take(timeline: Timeline, data: Iterator[bytes]) -> None:
    """Apply all events to the timeline. Raises StreamError at the first fault."""
    decoder = Decoder()
    bounds = Bounds(timeline, thread_time_ns)

    def apply(events: Iterable[AnyEvent]) -> None:
        for event in events:
            try:
                timeline.apply(event)
                bounds.check(event)
            except StreamError as error:
                raise StreamError(f"line {decoder.line}: {error}") from error

    for chunk in data:
        bounds.more(len(chunk))
        apply(decoder.feed(chunk))
    if decoder.cut:  # the last line has no newline: it is whole, or it was cut off, which is no fault
        try:
            last = list(decoder.feed(b"\n"))
        except StreamError:
            return
        apply(last)
