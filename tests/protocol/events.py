"""The events of a stream."""

from collections.abc import Iterator
from typing import BinaryIO

from threadviz.protocol.codec import READ_SIZE, Decoder
from threadviz.protocol.events import AnyEvent


def read_events(source: BinaryIO) -> Iterator[AnyEvent]:
    """Yield the events of an open recording, up to its end or to where it was cut. Raises StreamError."""
    decoder = Decoder()
    while chunk := source.read(READ_SIZE):
        yield from decoder.feed(chunk)
