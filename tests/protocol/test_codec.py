"""The codec: what is written is read again, in chunks of any size, and what is no event is refused."""

from io import BytesIO
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.protocol.events import read_events
from tests.protocol.header import HEADER
from threadviz.protocol.codec import MAX_LINE, Decoder, StreamError, encode
from threadviz.protocol.events import (
    AnyEvent,
    Evidence,
    LaneStarted,
    ObserverTick,
    Outcome,
    Present,
    ProcessDied,
    Span,
    Spans,
    State,
    StreamClosed,
    TaskFinished,
    TaskSubmitted,
)

times = st.integers(0, 2**63 - 1)
numbers = st.integers(0, 2**31 - 1)
states = st.sampled_from(State)
words = st.text(max_size=20)
spans = st.builds(Span, times, states, st.sampled_from(Evidence), words)
events = st.one_of(
    st.builds(LaneStarted, times, numbers, numbers, numbers, words, words),
    st.builds(
        Spans,
        numbers,
        times,
        st.lists(spans, max_size=5).map(tuple),
        st.none() | st.builds(Present, states, words),
    ),
    st.builds(ObserverTick, times, numbers, numbers, numbers),
    st.builds(TaskSubmitted, times, numbers, words),
    st.builds(TaskFinished, times, numbers, st.none() | words, st.none() | words),
    st.builds(ProcessDied, times, words, numbers, words),
    st.builds(StreamClosed, times, st.sampled_from(Outcome), words),
)
streams = st.lists(events, max_size=8).map(lambda rest: [HEADER, *rest])


def decode(data: bytes, cuts: list[int]) -> list[AnyEvent]:
    """Decode `data` in the chunks that `cuts` make of it."""
    decoder = Decoder()
    marks = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [event for start, end in pairwise(marks) for event in decoder.feed(data[start:end])]


@given(streams, st.lists(st.integers(0, 10**6), max_size=10))
def test_what_is_written_is_read_again_in_any_chunks(stream: list[AnyEvent], cuts: list[int]) -> None:
    """A stream comes back equal, however its bytes arrive."""
    assert decode(b"".join(map(encode, stream)), cuts) == stream


@given(streams, st.integers(0, 10**6))
def test_a_recording_cut_at_any_byte_loads_up_to_there(stream: list[AnyEvent], cut: int) -> None:
    """What was written whole before the cut is read, and nothing else."""
    lines = [encode(event) for event in stream]
    data = b"".join(lines)[: cut % (sum(map(len, lines)) + 1)]
    whole = data.count(b"\n")
    assert list(read_events(BytesIO(data))) == stream[:whole]


def test_a_decoder_knows_that_it_stands_in_mid_line() -> None:
    """`cut` tells whether the bytes so far end within a line."""
    decoder = Decoder()
    line = encode(HEADER)
    assert list(decoder.feed(line[:-5])) == []
    assert decoder.cut
    assert list(decoder.feed(line[-5:])) == [HEADER]
    assert not decoder.cut


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b"nonsense", "line 2 is no event"),
        (b'{"type":"tick","t":-1,"rounds":0,"missed":0,"cpu_ns":0}', "line 2 is no event"),
        (b'{"type":"tick","t":NaN,"rounds":0,"missed":0,"cpu_ns":0}', "line 2 is no event"),
        (b'{"type":"tick","t":1e300,"rounds":0,"missed":0,"cpu_ns":0}', "line 2 is no event"),
        (b'{"type":"spans","lane":0,"start":0,"spans":[[1,"asleep"]]}', "line 2 is no event"),
        (b'{"type":"surprise"}', "line 2 is no event"),
        (b"\xff\xfe", "line 2 is no event"),
        (b"[" * 100_000, "line 2 is no event"),
        (b"", "line 2 is no event"),
    ],
)
def test_what_is_no_event_is_refused_with_its_line(line: bytes, says: str) -> None:
    """The sentence names the line."""
    with pytest.raises(StreamError, match=says):
        list(Decoder().feed(encode(HEADER) + line + b"\n"))


def test_a_stream_without_a_header_is_refused() -> None:
    """An event alone is no stream."""
    with pytest.raises(StreamError, match="line 1 is not the header"):
        list(Decoder().feed(encode(ObserverTick(0, 0, 0, 0))))


def test_a_newer_schema_is_refused_with_what_wrote_it() -> None:
    """The sentence says which version is needed."""
    line = encode(HEADER).replace(b'"schema":2', b'"schema":3').replace(b'"0.1.0"', b'"7.0.0"')
    with pytest.raises(StreamError, match=r"schema 3 by threadviz 7\.0\.0"):
        list(Decoder().feed(line))


def test_a_line_without_end_is_refused_in_time() -> None:
    """Memory stays bounded: a line may not grow beyond MAX_LINE, finished or not."""
    endless = BytesIO(b"x" * (MAX_LINE + 2**20))
    with pytest.raises(StreamError, match="longer than"):
        list(read_events(endless))
    assert endless.tell() < MAX_LINE + 2**18
