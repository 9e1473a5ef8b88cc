"""Converts events to JSON lines and back, for live pipes and for recordings."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Protocol

import msgspec

from threadviz.protocol.events import SCHEMA, AnyEvent, Count, Event, Header

MAX_LINE = 4 * 2**20
"""The longest line that is accepted, in bytes. Lines that are written are much shorter."""

READ_SIZE = 64 * 1024


_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
"""Some editors put it at the beginning of a file."""


class _AnyHeader(msgspec.Struct, tag_field="type", tag="header"):
    """The fields that a header has in every schema."""

    schema: Count
    threadviz: str


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(AnyEvent)
_header_decoder = msgspec.json.Decoder(_AnyHeader)


class StreamError(ValueError):
    """A stream is invalid. The text is a clause on what is wrong and, where known, in which line."""


class Sink(Protocol):
    """What a stream is written into. Both methods raise OSError."""

    def write(self, data: bytes, /) -> object:
        """Append these bytes."""

    def flush(self) -> None:
        """Have all bytes stored."""


def encode(event: Event) -> bytes:
    """Return `event` as one line, its newline included."""
    return _encoder.encode(event) + b"\n"


class LineSplitter:
    """Splits chunks of bytes into lines, and keeps an incomplete line for the next chunk."""

    def __init__(self) -> None:
        self.rest = b""
        """The bytes of the incomplete line."""

    def feed(self, chunk: bytes) -> list[bytes]:
        """Return the lines that `chunk` completes, without their newlines.

        Raises StreamError where a line grows beyond MAX_LINE.
        """
        *lines, self.rest = (self.rest + chunk).split(b"\n")
        if max(map(len, (self.rest, *lines))) > MAX_LINE:
            raise StreamError(f"a line is longer than {MAX_LINE} bytes")
        return lines


class Decoder:
    """Decodes a stream, in chunks of any size. The first event must be a `Header`."""

    def __init__(self) -> None:
        self._lines = LineSplitter()
        self.line = 0
        """The number of the last line, from 1."""

    @property
    def cut(self) -> bool:
        """Whether the bytes so far end within a line."""
        return bool(self._lines.rest)

    def feed(self, chunk: bytes) -> Iterator[AnyEvent]:
        """Yield the events that `chunk` completes.

        Raises StreamError with the line's number for one that is no event, and for a header that is missing or has a
        newer schema than this version knows.
        """
        for line in self._lines.feed(chunk):
            self.line += 1
            if self.line == 1:
                line = line.removeprefix(_BYTE_ORDER_MARK)
                _check_schema(line)
            try:
                event = _decoder.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                raise StreamError(f"line {self.line} is no event: {error}") from error
            if self.line == 1 and not isinstance(event, Header):
                raise StreamError("line 1 is not the header that a stream begins with")
            yield event


def _check_schema(line: bytes) -> None:
    """Raise StreamError for a header of a newer schema."""
    with suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):  # it is no header at all
        header = _header_decoder.decode(line)
        if header.schema > SCHEMA:
            raise StreamError(
                f"it is written in schema {header.schema} by threadviz {header.threadviz}, and this threadviz reads"
                f" schemas up to {SCHEMA}: open it with that version or a newer one"
            )
