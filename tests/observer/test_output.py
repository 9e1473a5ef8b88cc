"""The stream to the viewer: a slow reader blocks nothing and loses nothing, and one that has gone is noticed."""

import os

import pytest

from threadviz.observer.io import StreamWriter, ViewerGoneError
from threadviz.protocol.codec import encode
from threadviz.protocol.events import ObserverTick

EVENTS = 20_000


def test_a_slow_reader_blocks_nothing_and_loses_nothing() -> None:
    """Far more than a pipe has room for is written before the first byte is read."""
    source, target = os.pipe()
    output = StreamWriter(target)
    for t in range(EVENTS):
        output.write([ObserverTick(t, 0, 0, 0)])
    data = b""
    while data.count(b"\n") < EVENTS:
        data += os.read(source, 2**16)
        output.write([])
    output.finish()
    os.close(target)
    os.close(source)
    assert data == b"".join(encode(ObserverTick(t, 0, 0, 0)) for t in range(EVENTS))


def test_a_closed_stream_raises() -> None:
    """At the next write."""
    source, target = os.pipe()
    output = StreamWriter(target)
    os.close(source)
    with pytest.raises(ViewerGoneError):
        output.write([ObserverTick(0, 0, 0, 0)])
    os.close(target)
