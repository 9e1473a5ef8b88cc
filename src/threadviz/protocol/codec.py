"""The codec: events to JSON lines and back, from a live pipe as from a recording."""

from collections.abc import Iterator
from contextlib import suppress
from typing import BinaryIO, Protocol

import msgspec

from threadviz.protocol.events import SCHEMA, AnyEvent, Count, Event, Header

MAX_LINE = 4 * 2**20
"""The longest line that is taken, in bytes. The longest that is written is a small part of it."""

READ_SIZE = 64 * 1024


_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
"""Some editors put it before what they save."""


class _Writer(msgspec.Struct, tag_field="type", tag="header"):
    """Of a header in any schema: which, and by whom. These have the same names in every version."""

    schema: Count
    threadviz: str


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(AnyEvent)
_writer_decoder = msgspec.json.Decoder(_Writer)


class StreamError(ValueError):
    """What stands in a stream can't be. The text is a clause that says what and, where known, in which line."""


class Sink(Protocol):
    """What a stream is written into. Both methods raise OSError."""

    def write(self, data: bytes, /) -> object:
        """Take this as well."""

    def flush(self) -> None:
        """Have all that was taken where it is to stay."""


def encode(event: Event) -> bytes:
    """Return `event` as one line, its newline included."""
    return _encoder.encode(event) + b"\n"


class LineSplitter:
    """Cuts chunks of bytes into whole lines, and keeps the unfinished one for the next chunk."""

    def __init__(self) -> None:
        self._rest = b""

    @property
    def rest(self) -> bytes:
        """What has come of a line that has not ended."""
        return self._rest

    def feed(self, chunk: bytes) -> list[bytes]:
        """Return the lines that `chunk` completes, without their newlines.

        Raises StreamError where a line grows beyond MAX_LINE.
        """
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        if len(self._rest) > MAX_LINE or any(len(line) > MAX_LINE for line in lines):
            raise StreamError(f"a line is longer than {MAX_LINE} bytes")
        return lines


class Decoder:
    """Turns the bytes of a stream, in chunks of any size, into events; holds the first to be a `Header`."""

    def __init__(self) -> None:
        self._lines = LineSplitter()
        self._line = 0

    @property
    def cut(self) -> bool:
        """Whether the bytes so far end in mid-line."""
        return bool(self._lines.rest)

    @property
    def line(self) -> int:
        """The number of the line that was read last, from 1 on."""
        return self._line

    def feed(self, chunk: bytes) -> Iterator[AnyEvent]:
        """Yield the events that `chunk` completes.

        Raises StreamError with the line's number for one that is no event, and for a header that is missing or
        of a newer schema than this version knows.
        """
        for line in self._lines.feed(chunk):
            self._line += 1
            if self._line == 1:
                line = line.removeprefix(_BYTE_ORDER_MARK)
                _check_schema(line)
            try:
                event = _decoder.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                raise StreamError(f"line {self._line} is no event: {error}") from error
            if self._line == 1 and not isinstance(event, Header):
                raise StreamError("line 1 is not the header that a stream begins with")
            yield event


def _check_schema(line: bytes) -> None:
    """Say which version is needed of a header that this one can't read, or could only misread."""
    with suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):  # whatever it is, it is no header
        writer = _writer_decoder.decode(line)
        if writer.schema > SCHEMA:
            raise StreamError(
                f"it is written in schema {writer.schema} by threadviz {writer.threadviz}, and this threadviz reads"
                f" schemas up to {SCHEMA}: open it with that version or a newer one"
            )


def read_events(source: BinaryIO) -> Iterator[AnyEvent]:
    """Yield the events of a recording that is open for reading, up to its end or to where it was cut.

    A recording that was cut has no `Closed` event; an unfinished last line is passed over. Raises StreamError.
    """
    decoder = Decoder()
    while chunk := source.read(READ_SIZE):
        yield from decoder.feed(chunk)
