"""Where the stream goes: a slow reader holds nothing up, and loses nothing; one that is gone is noticed."""

import os

import pytest

from threadviz.observer.io import StreamWriter, ViewerGoneError
from threadviz.protocol.codec import encode
from threadviz.protocol.events import ObserverTick

EVENTS = 20_000


def test_a_reader_that_does_not_read_holds_nothing_up_and_loses_nothing() -> None:
    """Far more than a pipe takes is written before the first byte is read."""
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


def test_a_reader_that_is_gone_is_noticed() -> None:
    """At the next thing that is written."""
    source, target = os.pipe()
    output = StreamWriter(target)
    os.close(source)
    with pytest.raises(ViewerGoneError):
        output.write([ObserverTick(0, 0, 0, 0)])
    os.close(target)
