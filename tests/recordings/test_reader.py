"""Loading: what a recording may look like, and what is no recording."""

import gzip
import os
import zlib
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.protocol.header import HEADER
from tests.recordings.recorded import DATA, SOUND, descriptors, loaded, written
from tests.timeline.programs import BEGIN, PROGRAM, thread
from threadviz.protocol.codec import MAX_LINE, StreamError, encode
from threadviz.protocol.events import (
    FREE,
    AnyEvent,
    GilHeld,
    Hold,
    LaneEnded,
    LaneStarted,
    ObserverTick,
    Outcome,
    ProcessDied,
    ProcessSeen,
    Span,
    Spans,
    State,
    StreamClosed,
    TaskFinished,
    TaskStarted,
    TaskSubmitted,
    WaitTarget,
)
from threadviz.recordings import reader as bounds
from threadviz.recordings import reader as unpacking
from threadviz.recordings.reader import LIMITS, Bounds, LoadError, load
from threadviz.timeline import Timeline

FETCH = DATA / "fetch-threads.jsonl"
SMALL = FETCH.read_bytes()
BEYOND = LaneStarted(5, 7, 1, 2, "", "subject")


def facts(timeline: Timeline) -> list[object]:
    """What tells two timelines apart."""
    return [timeline.header, timeline.totals(), timeline.closed, *(lane.states() for lane in timeline.lanes)]


@pytest.mark.parametrize(
    "data",
    [
        SMALL,
        gzip.compress(SMALL),
        zlib.compress(SMALL, wbits=31) + zlib.compress(b"", wbits=31) + b"\0" * 100,
        gzip.compress(SMALL[:1000]) + gzip.compress(SMALL[1000:]),
        b"\xef\xbb\xbf" + SMALL,
        SMALL.replace(b"\n", b"\r\n"),
        SMALL.removesuffix(b"\n"),
        gzip.compress(SMALL)[:-8],
    ],
    ids=["plain", "packed", "padded", "in two parts", "BOM", "CRLF", "no newline", "no checksum"],
)
def test_it_is_known_by_its_bytes(tmp_path: Path, data: bytes) -> None:
    """Packed or not, whatever the file is called; what an editor or a kill does to its ends is no fault."""
    for name in ("run.jsonl", "run.jsonl.gz"):
        result = loaded(tmp_path / name, data)
        assert result.dropped == ""
        assert facts(result.timeline) == facts(load(FETCH).timeline)
        assert result.timeline.closed is not None


@pytest.mark.parametrize(
    ("name", "schema"),
    [("primes-threads", 1), ("fetch-blocking", 1), ("fetch-processes", 1), ("schema-1", 1), ("schema-2", 2)],
)
def test_recordings_of_every_schema_are_loaded(name: str, schema: int) -> None:
    """For ever: see the README of that folder."""
    result = load(DATA / f"{name}.jsonl")
    assert result.dropped == "" and result.timeline.closed is not None
    assert result.timeline.header.schema == schema


def test_what_a_program_says_is_loaded() -> None:
    """Names, what was waited on, functions, who held the GIL, and tasks."""
    timeline = load(DATA / "schema-2.jsonl").timeline
    (hearer,) = (lane for lane in timeline.lanes if lane.thread_name == "hearer")
    assert [place.rpartition(":")[0] for _, place in hearer.wait_targets] == ["127.0.0.1"]
    assert any("count (every.py:" in where for lane in timeline.lanes for _, where in lane.locations)
    assert timeline.gil_timeline is not None and timeline.gil_timeline.shares(0, timeline.now).held > 0
    assert [task.error is None for task in timeline.tasks] == [True, True, False]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", ": it ends before its workload begins"),
        (b"\n", ": line 1 is no event: Input data was truncated"),
        (b"what?\n", ": line 1 is no event: JSON is malformed"),
        (SMALL.decode().encode("utf-16"), ": line 1 is no event: "),
        (encode(ObserverTick(0, 0, 0, 0)), ": line 1 is not the header that a stream begins with"),
        (encode(HEADER), ": it ends before its workload begins"),
        (encode(HEADER) + encode(HEADER), ": line 2: a second header"),
        (encode(HEADER).replace(b'"cores":2', b'"cores":-2'), ": line 1 is no event: Expected `int` >= 0"),
        (b"\x1f\x8b\x08" + b"\0" * 7 + b"\xff" * 20, ": what is packed is damaged"),
        (b"x" * (MAX_LINE + 2**17), ": a line is longer than"),
        (b"[" * 100_000 + b"\n", ": line 1 is no event: "),
        (
            SMALL.replace(b'"schema":1', b'"schema":3').replace(b'"tells":[', b'"tells":["new",'),
            "schema 3 by",
        ),
    ],
)
def test_what_is_no_recording_is_said_in_a_sentence(tmp_path: Path, data: bytes, why: str) -> None:
    """With the name of the file."""
    with pytest.raises(LoadError) as raised:
        loaded(tmp_path / "run.jsonl", data)
    said = str(raised.value)
    assert said.startswith(f"there is nothing to show in the recording {str(tmp_path / 'run.jsonl')!r}: ")
    assert why in said and len(said) < 500


def test_an_older_schema_is_loaded(tmp_path: Path) -> None:
    """A newer one is refused, with the version that is needed, even where nothing else of it can be read."""
    assert loaded(tmp_path / "old", [replace(HEADER, schema=0), *SOUND[1:]]).timeline.header.schema == 0
    with pytest.raises(
        LoadError, match=r"schema 9 by threadviz 4\.2, and this .* with that version or a newer one"
    ):
        loaded(tmp_path / "new", b'{"type":"header","schema":9,"threadviz":"4.2","more":[]}\n')


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    """A folder, a device, a pipe that nobody writes, and nothing at all; each leaves nothing open."""
    os.mkfifo(tmp_path / "pipe")
    before = descriptors()
    for path, why in [
        (tmp_path, "it is a folder"),
        (Path("/dev/zero"), "it is a pipe or a device"),
        (tmp_path / "pipe", "it is a pipe or a device"),
        (tmp_path / "missing", "No such file or directory"),
        (tmp_path / ("x" * 300), "File name too long"),
    ]:
        with pytest.raises(LoadError) as raised:
            load(path)
        assert str(raised.value) == f"the recording {str(path)!r} can't be read ({why})"
    assert descriptors() == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_of_somebody_else_is_said_to_be(tmp_path: Path) -> None:
    """As the system says it."""
    path = written(tmp_path / "run", SOUND)
    path.chmod(0)
    with pytest.raises(LoadError, match=r"can't be read \(Permission denied\)"):
        load(path)


def test_what_comes_before_a_fault_is_kept(tmp_path: Path) -> None:
    """It is said from which line on nothing was taken, and why."""
    events = [*SOUND, TaskSubmitted(1, 0, "one"), Spans(3, 0, ()), TaskSubmitted(2, 1, "two")]
    result = loaded(tmp_path / "run", events)
    assert [task.name for task in result.timeline.tasks] == ["one"]
    assert result.dropped == "line 5: lane 3 was never started; that and all that follows was dropped"
    result = loaded(
        tmp_path / "run", b"".join(map(encode, SOUND)) + b"what?\n" + encode(TaskSubmitted(2, 1, "two"))
    )
    assert result.timeline.tasks == ()
    assert result.dropped.startswith("line 4 is no event: JSON is malformed")
    closed = loaded(tmp_path / "run", [*SOUND, StreamClosed(9, Outcome.FINISHED), TaskSubmitted(9, 1, "two")])
    assert closed.timeline.closed is not None
    assert closed.dropped.startswith("line 5: TaskSubmitted after the stream was closed")


def test_a_last_line_without_newline_that_can_not_be_is_told(tmp_path: Path) -> None:
    """It is whole, and yet it can't be."""
    data = b"".join(map(encode, [*SOUND, Spans(3, 0, ())])).removesuffix(b"\n")
    assert loaded(tmp_path / "run", data).dropped.startswith("line 4: lane 3 was never started")


def test_what_is_said_quotes_no_more_than_a_little(tmp_path: Path) -> None:
    """However long the text is that it is about."""
    state = encode(Spans(0, 0, (Span(1, State.IO),))).replace(b'"io"', b'"' + b"x" * 100_000 + b'"')
    dropped = loaded(tmp_path / "run", b"".join(map(encode, SOUND)) + state).dropped
    assert dropped.startswith("line 4 is no event: Invalid enum value") and len(dropped) < 300


def test_a_file_that_grows_is_read_as_it_was_at_first(tmp_path: Path) -> None:
    """Else one that grows quickly would be read without end."""
    path = written(tmp_path / "run", SOUND)
    more = encode(ObserverTick(1, 1, 0, 0)) * 1000

    def grow(share: float) -> None:
        assert share == 1
        with path.open("ab") as file:
            file.write(more)

    assert load(path, grow).timeline.tick is None


def test_how_far_it_is_is_told(tmp_path: Path) -> None:
    """From little to all of it."""
    shares: list[float] = []
    load(written(tmp_path / "run", [*SOUND, *[ObserverTick(n, n, 0, 0) for n in range(5000)]]), shares.append)
    assert len(shares) > 3 and shares == sorted(shares) and shares[-1] == 1
    assert 0 < shares[0] < 0.5


def test_what_unpacks_to_too_much_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What had come until then is kept."""
    monkeypatch.setattr(unpacking, "UNPACKED_FREELY", 10**6)
    data = zlib.compress(b"".join(map(encode, SOUND)) + encode(ObserverTick(0, 0, 0, 0)) * 200_000, wbits=31)
    result = loaded(tmp_path / "run.gz", data)
    assert result.dropped.startswith("it becomes more than 50 times its size when it is unpacked; ")
    assert result.timeline.tick is not None


@pytest.mark.parametrize(
    ("limits", "events", "what"),
    [
        ({"lanes": 5}, [replace(BEYOND, lane=n, tid=n) for n in range(2, 9)], "5 lanes are taken"),
        ({"processes": 5}, [ProcessSeen(0, n, 1, "x") for n in range(9)], "5 processes are taken"),
        ({"GILs": 5}, [GilHeld(n, 0, 0, (Hold(1, FREE),)) for n in range(9)], "5 GILs are taken"),
        ({"characters": 300}, [WaitTarget(n, 0, f"{n:050}") for n in range(9)], "300 characters of names"),
        ({"tasks": 5}, [TaskSubmitted(0, n, "x") for n in range(9)], "5 tasks are taken"),
        ({"deaths": 5}, [ProcessDied(0, "worker", n, "x") for n in range(9)], "5 deaths are taken"),
        (
            {"kinds of stretches": 5},
            [Spans(0, n, (Span(1, State.IO, call=f"{n}"),)) for n in range(9)],
            "5 kinds of stretches are taken",
        ),
        (
            {"characters": 300},
            [TaskSubmitted(0, n, "x" * 50) for n in range(9)],
            "300 characters of names, results and errors are taken",
        ),
        (
            {"stretches": 5},
            [Spans(0, 2 * n, (Span(1, State.IO), Span(1, State.GIL))) for n in range(9)],
            "5 stretches are kept",
        ),
    ],
)
def test_no_more_is_taken_than_there_is_room_for(
    limits: dict[str, int], events: list[AnyEvent], what: str
) -> None:
    """What can be in a real run is taken; the bound is named where there is more."""

    def take(bounds: Bounds, timeline: Timeline) -> None:
        for event in [*SOUND, *events]:
            timeline.apply(event)
            bounds.check(event)

    take(Bounds(sound := Timeline(), lambda: 0), sound)
    timeline = Timeline()
    with pytest.raises(StreamError, match=f"no more than {what}"):
        take(Bounds(timeline, lambda: 0, {**LIMITS, **limits}), timeline)
    assert timeline.begin == 0


def test_what_is_said_again_and_again_is_taken(tmp_path: Path) -> None:
    """Of the same processes, GILs and places there may be any number of words, and of threads that are gone."""
    events: list[AnyEvent] = []
    for n in range(1, 2000):
        place, seen = WaitTarget(n, 0, "127.0.0.1:80"), ProcessSeen(n, 1, 0, "x")
        held = GilHeld(1, 0, n, (Hold(1, FREE),))
        events += [place, seen, held, replace(BEYOND, t=n, lane=n, tid=n + 1), LaneEnded(n, n)]
    limits = Bounds(
        timeline := Timeline(),
        lambda: 0,
        {**LIMITS, "lanes": 1002, "processes": 1, "GILs": 1, "characters": 200_000},
    )
    for event in [*SOUND, *events]:
        timeline.apply(event)
        limits.check(event)
    assert timeline.archived is not None and timeline.archived.threads == 999


def test_threads_of_one_task_each_may_come_without_end(tmp_path: Path) -> None:
    """What is recorded of a program that makes a pool for every task is read, whole, in the time that there is."""
    events: list[AnyEvent] = [PROGRAM, BEGIN, thread(0, 100)]
    for n in range(1, 21_001):
        t = n * 1_000_000
        events += [thread(n, 100 + n, t=t), TaskSubmitted(t, n, "f")]
        events += [
            TaskStarted(t, n, 100, 100 + n),
            Spans(n, t, (Span(900, State.RUNNING),)),
            TaskFinished(t + 500, n, "x"),
        ]
        events += [LaneEnded(t + 900, n)]
    result = loaded(tmp_path / "run.jsonl", events)
    timeline = result.timeline
    assert result.dropped == "" and timeline.archived is not None
    assert (timeline.archived.threads, timeline.lane_count) == (20_000, 1_001)
    assert timeline.totals().states[State.RUNNING] == 21_000 * 900
    assert {tuple(timeline.task_states(task).items()) for task in timeline.tasks} == {((State.RUNNING, 500),)}
    assert all(task.lane_name for task in timeline.tasks)


def test_what_takes_too_long_is_read_no_further() -> None:
    """There is so much CPU time in any case, and more for each byte."""
    used = 0
    limits = Bounds(Timeline(), lambda: used)
    limits.more(1000)
    used = bounds.FREE_NS + 1000 * bounds.NS_PER_BYTE
    limits.check(ObserverTick(0, 0, 0, 0))
    used += 1
    with pytest.raises(StreamError, match="too long to read"):
        limits.check(ObserverTick(0, 0, 0, 0))
    with pytest.raises(StreamError, match="too long to read"):
        limits.more(0)
    limits.more(1)
    limits.check(ObserverTick(0, 0, 0, 0))
