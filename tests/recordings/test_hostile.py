"""Recordings from outside: whatever stands in one, it is loaded as far as it is sound, or refused with a sentence."""

import re
import zlib
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.protocol.events import read_events
from tests.recordings.recorded import DATA, loaded
from threadviz.recordings.reader import Loaded, LoadError
from threadviz.report.console import ReportConsole
from threadviz.report.json_report import run_facts, to_json
from threadviz.report.text import run_report
from threadviz.text import printable
from threadviz.timeline import Timeline

REAL = (DATA / "primes-processes.jsonl").read_bytes()
SMALL = (DATA / "fetch-threads.jsonl").read_bytes()
SHORT = b"".join(
    line for line in SMALL.splitlines(keepends=True) if not re.search(rb'"(lane|task)":[^01]', line)
)
"""The first two lanes and tasks of `SMALL`: the same kinds of events in fewer bytes."""

NUMBERS: tuple[bytes, ...] = (
    b"-1",
    b"0",
    b"7",
    b"1e999",
    b"0.5",
    b"NaN",
    b"null",
    b"true",
    b'"x"',
    b"[]",
    b"{}",
    b"9" * 400,
)
NUMBERS += (b"9223372036854775807", b"9223372036854775808", b"2147483647", b"-9223372036854775808")
WORDS: tuple[bytes, ...] = (
    b"",
    b"\\u001b[31m",
    b"[bold]x[/bold]",
    b"\\u202e",
    b"\\u0000",
    b"\\ud800",
    b"\xff",
    b"x" * 20_000,
)
WORDS += ("\u009b31m\u2028".encode(), b"running", b"python", b"a\\nb")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where recordings are written: one over the other."""
    return tmp_path_factory.mktemp("recordings") / "run.jsonl"


def attempt(place: Path, data: bytes) -> Loaded | None:
    """Load it and draw all that is drawn of a run; None where it is refused."""
    result = quietly(place, data)
    if result is None:
        return None
    assert len(result.dropped) < 500
    for paper in (ReportConsole(80, plain=True), ReportConsole(200, plain=False)):
        text = re.sub(r"\x1b\[[\d;]*m", "", run_report(result.timeline, paper))
        assert all(line == printable(line) for line in text.split("\n"))
    assert to_json(run_facts(result.timeline)).isascii()
    return result


@st.composite
def changed(draw: st.DrawFn) -> bytes:
    """A real recording, in which some lines were lost, doubled, moved, damaged or rewritten."""
    lines = draw(st.sampled_from([REAL, SMALL])).splitlines(keepends=True)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(lines) - 1))
        to = draw(st.integers(0, len(lines) - 1))
        how = draw(st.sampled_from(["drop", "double", "swap", "flip", "number", "number", "word", "word"]))
        line = lines[at]
        if how == "drop" and len(lines) > 1:
            del lines[at]
        elif how == "double":
            lines.insert(to, line)
        elif how == "swap":
            lines[at], lines[to] = lines[to], line
        elif how == "flip" and line:
            byte = draw(st.integers(0, len(line) - 1))
            lines[at] = line[:byte] + bytes([line[byte] ^ 1 << draw(st.integers(0, 7))]) + line[byte + 1 :]
        elif how == "number":
            lines[at] = replaced(draw, rb"-?\d+(\.\d+)?", line, NUMBERS)
        elif how == "word":
            lines[at] = replaced(draw, rb'(?<=")[^"]*(?=")', line, WORDS)
    return b"".join(lines)


def replaced(draw: st.DrawFn, what: bytes, line: bytes, by: tuple[bytes, ...]) -> bytes:
    """The line with one of what is found in it replaced."""
    found = [match.span() for match in re.finditer(what, line)]
    if not found:
        return line
    start, end = draw(st.sampled_from(found))
    return line[:start] + draw(st.sampled_from(by)) + line[end:]


@given(changed())
@settings(max_examples=150)
def test_a_changed_recording_is_loaded_or_refused(place: Path, data: bytes) -> None:
    """It is drawn without control characters, or refused in a sentence; nothing else is ever raised."""
    attempt(place, data)


@given(st.binary(max_size=300), st.booleans())
def test_no_bytes_raise_anything_else(place: Path, data: bytes, packed: bool) -> None:
    """Neither those that could be packed ones."""
    assert attempt(place, b"\x1f\x8b\x08" + data if packed else data) is None


def test_a_recording_cut_at_any_byte_is_good_up_to_there(place: Path) -> None:
    """That it was cut is no fault of what there is: nothing is said to be dropped."""
    begun = SHORT.index(b"\n", SHORT.index(b'"begin"'))
    for end in range(len(SHORT)):
        result = attempt(place, SHORT[:end]) if end % 50 == 0 else quietly(place, SHORT[:end])
        assert (result is not None) == (end >= begun), end
        if result is not None:
            assert result.dropped == ""
            whole = SHORT[: end + 1].count(b"\n")  # the last newline may be missing
            assert state(result.timeline) == STATES[whole], end


def test_a_packed_recording_cut_at_any_byte_is_good_up_to_there(place: Path) -> None:
    """The more there is, the more is loaded."""
    packer = zlib.compressobj(wbits=31)
    packed = b"".join(
        packer.compress(line) + packer.flush(zlib.Z_SYNC_FLUSH) for line in SHORT.splitlines(keepends=True)
    )
    packed += packer.flush()
    before = 0
    for end in range(len(packed)):
        result = quietly(place, packed[:end])
        now = 0 if result is None else told(result)
        assert now >= before
        assert result is None or result.dropped == ""
        before = now
    assert STATES[before] == STATES[-1]


@given(st.integers(0, 10**9), st.integers(0, 255))
def test_a_damaged_packed_recording_is_loaded_or_refused(place: Path, at: int, byte: int) -> None:
    """Up to about where the damage is."""
    packed = bytearray(zlib.compress(REAL, wbits=31))
    packed[at % len(packed)] = byte
    attempt(place, bytes(packed))


def quietly(place: Path, data: bytes) -> Loaded | None:
    """Load it; None where it is refused."""
    try:
        return loaded(place, data)
    except LoadError as error:
        assert 0 < len(str(error)) < 500  # noqa: PT017 - it may be raised, or may not
        return None


def state(timeline: Timeline) -> tuple[object, ...]:
    """All that lines change of a timeline."""
    lanes = [(lane.number, lane.end, lane.size, lane.settled_until) for lane in timeline.lanes]
    tasks = [(task.number, task.started, task.finished) for task in timeline.tasks]
    return timeline.now, timeline.begin, timeline.end, timeline.tick, timeline.closed, lanes, tasks


def states_of(data: bytes) -> list[tuple[object, ...]]:
    """What there is after so many lines."""
    timeline = Timeline()
    states = [state(timeline)]
    for event in read_events(BytesIO(data)):
        timeline.apply(event)
        states.append(state(timeline))
    return states


STATES = states_of(SHORT)


def told(result: Loaded) -> int:
    """How many lines of `SHORT` were taken, at the least."""
    return STATES.index(state(result.timeline))
