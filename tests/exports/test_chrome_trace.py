import json
from collections import Counter, defaultdict
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.protocol.header import HEADER
from tests.report.golden import PROGRAMS, RUNS, recorded
from tests.timeline.programs import named, process, program, thread
from tests.timeline.streams import Run, interleavings, runs, timeline
from threadviz.exports import chrome_trace as counters
from threadviz.exports.chrome_trace import OWN_IDS, trace
from threadviz.protocol.events import (
    ELSEWHERE,
    FREE,
    OPEN,
    Evidence,
    GilHeld,
    Hold,
    LaneEnded,
    LaneStarted,
    ObserverTick,
    ProcessDied,
    RunEnded,
    RunStarted,
    Span,
    Spans,
    StackSample,
    State,
    TaskFinished,
    TaskStarted,
    TaskSubmitted,
    WaitTarget,
)
from threadviz.timeline import Lane, Timeline

REQUIRED = {
    "X": {"name", "cat", "ts", "dur", "pid", "tid", "args"},
    "M": {"name", "ts", "pid", "args"},
    "C": {"name", "ts", "pid", "tid", "args"},
    "i": {"name", "cat", "ts", "pid", "tid", "s", "args"},
}
"""What an event of each phase must have, by the format's description."""

METADATA = {
    "process_name": ("name", str),
    "process_sort_index": ("sort_index", int),
    "thread_name": ("name", str),
    "thread_sort_index": ("sort_index", int),
}

Event = dict[str, Any]


def events(of: Timeline, dropped: str = "") -> list[Event]:
    """The events of its trace, each checked to be one that viewers take."""
    text = "".join(trace(of, dropped))
    assert text.isascii()
    whole = json.loads(text)
    assert whole["displayTimeUnit"] == "ms"
    for event in whole["traceEvents"]:
        check(event)
    return list(whole["traceEvents"])


def check(event: Event) -> None:
    """Hold one event against the format."""
    assert event.keys() >= REQUIRED[event["ph"]], event
    assert isinstance(event["name"], str) and isinstance(event["args"], dict)
    assert event["ts"] >= 0
    for key in {"pid", "tid"} & event.keys():
        assert 0 < event[key] < 2**31
    if event["ph"] == "X":
        assert event["dur"] >= 0
    elif event["ph"] == "C":
        assert all(isinstance(value, int | float) for value in event["args"].values())
    elif event["ph"] == "M":
        key, kind = METADATA[event["name"]]
        assert isinstance(event["args"][key], kind)
        assert ("tid" in event) == event["name"].startswith("thread")
    else:
        assert event["s"] == "t"


def ns(micros: float) -> int:
    """Microseconds as ns."""
    return round(micros * 1000)


def tracks(found: list[Event]) -> dict[tuple[int, int], list[Event]]:
    """The slices of each track, as they stand in the trace."""
    result = defaultdict(list)
    for event in found:
        if event["ph"] == "X":
            result[event["pid"], event["tid"]].append(event)
    return result


def names(found: list[Event]) -> dict[tuple[int, int], str]:
    """The tracks' names."""
    return {
        (event["pid"], event["tid"]): event["args"]["name"]
        for event in found
        if event["name"] == "thread_name"
    }


def slices(found: list[Event], name: str) -> list[Event]:
    """The slices of the track of this name."""
    (track,) = (track for track, each in names(found).items() if each == name)
    return tracks(found)[track]


def in_order_of_lanes(found: list[Event], of: Timeline) -> list[tuple[Lane, list[Event]]]:
    """Each lane, and the slices of its states."""
    mine = [track for track, each in tracks(found).items() if each[0]["cat"] == "state"]
    seen = [lane for lane in of.lanes if lane.states()]
    assert len(mine) == len(seen)
    return [(lane, tracks(found)[track]) for lane, track in zip(seen, mine, strict=True)]


def obeys_the_laws(of: Timeline) -> None:
    """What holds of every trace."""
    found = events(of)
    named = names(found)
    assert len(set(named)) == sum(event["name"] == "thread_name" for event in found)
    for track, each in tracks(found).items():
        assert track in named
        for before, after in pairwise(each):
            # As a viewer adds it up, whose floats may begin at the track's first slice or at 0.
            for base in (0.0, each[0]["ts"]):
                assert before["ts"] - base + before["dur"] <= after["ts"] - base
    for lane, each in in_order_of_lanes(found, of):
        sums = Counter[str]()
        for slice_ in each:
            sums[slice_["name"]] += ns(slice_["dur"])
        assert sums == lane.states()
        assert ns(each[0]["ts"]) == lane.start
        for before, after in pairwise(each):
            assert ns(before["ts"]) + ns(before["dur"]) == ns(after["ts"])
    told = {event["args"]["task"]: event for event in found if event.get("cat") == "task"}
    for task in of.tasks:
        start = task.submitted if task.started is None else task.started
        end = of.now if task.finished is None else task.finished
        assert (ns(told[task.number]["ts"]), ns(told[task.number]["dur"])) == (start, end - start)
    assert len(told) == len(of.tasks) == sum(event.get("cat") == "task" for event in found)


@given(run=runs(), data=st.data())
def test_laws_of_any_run(run: Run, data: st.DataObject) -> None:
    """Slices of a track do not overlap, are in order, and add up to the lane's states; every task is told once."""
    of = timeline()
    of.extend(data.draw(interleavings(run.seen, run.said)))
    obeys_the_laws(of)


@pytest.mark.parametrize("name", [*RUNS, "fetch-processes", *PROGRAMS])
def test_laws_of_recorded_runs(name: str) -> None:
    """The same, of runs of some hundred stretches with real times."""
    obeys_the_laws(recorded(name))


@given(run=runs())
def test_counters_say_how_many_lanes_are_in_a_state(run: Run) -> None:
    """At every moment, where they are exact: as many as lanes are in it."""
    of = timeline(*run.events()[1:])
    found = [event for event in events(of) if event["ph"] == "C"]
    assert [event["ts"] for event in found] == sorted(event["ts"] for event in found)
    for state, name in counters.COUNTED.items():
        steps = [(ns(event["ts"]), event["args"]["lanes"]) for event in found if event["name"] == name]
        for t in range(of.now):
            lanes = sum(lane.states(t, t + 1).get(state, 0) for lane in of.lanes)
            assert [value for at, value in steps if at <= t][-1] == lanes


def test_counters_of_very_many_stretches_are_averages(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are as many as there are bins, add up to the same CPU time, and the trace says how long a bin is."""
    monkeypatch.setattr(counters, "MOST_EXACT", 100)
    monkeypatch.setattr(counters, "BINS", 50)
    of = recorded("primes-threads")
    name = counters.COUNTED[State.RUNNING]
    found = [event for event in events(of) if event["name"] == name]
    assert len(found) == 51 and found[-1]["args"] == {"lanes": 0}
    cpu = sum(
        before["args"]["lanes"] * (ns(after["ts"]) - ns(before["ts"])) for before, after in pairwise(found)
    )
    running = sum(lane.states().get(State.RUNNING, 0) for lane in of.lanes)
    assert cpu == pytest.approx(running, abs=of.now * 0.0005)
    (note,) = json.loads("".join(trace(of)))["otherData"]["notes"]
    assert note == "The run has very many segments: its counters are averages over 12 ms each."


def test_a_run_in_its_tracks() -> None:
    """The threads of each process, and below each its tasks; real numbers; a mark where something happened."""
    of = timeline(
        LaneStarted(0, 0, pid=10, tid=10, name="python", process="subject"),
        LaneStarted(0, 1, pid=20, tid=20, name="python", process="worker"),
        RunStarted(100, 10, 10),
        TaskSubmitted(200, 0, "a"),
        TaskStarted(1500, 0, 20, 20),
        Spans(
            1,
            0,
            (Span(1500, State.RUNNING, Evidence.COUNTED), Span(2000, State.IO, Evidence.SAMPLED, "recv")),
        ),
        TaskFinished(3500, 0, error="refused"),
        ProcessDied(3600, "worker", 20, "killed by SIGKILL"),
        RunEnded(4000),
        ObserverTick(4000, 1, 0, 0),
    )
    found = events(of)
    processes = {event["pid"]: event["args"]["name"] for event in found if event["name"] == "process_name"}
    assert processes == {OWN_IDS: "the run as a whole", 10: "fetch, threads", 20: "process 1"}
    assert names(found) == {
        (OWN_IDS, OWN_IDS + 1): "events",
        (10, 10): "event loop",
        (20, 20): "process 1",
        (20, OWN_IDS + 2): "process 1: tasks",
    }
    running, io, _ = slices(found, "process 1")
    assert (running["name"], ns(running["ts"]), ns(running["dur"])) == ("running", 0, 1500)
    assert (io["name"], ns(io["ts"]), ns(io["dur"])) == ("io", 1500, 2000)
    assert io["args"] == {"known": "sampled", "call": "recv"}
    (task,) = slices(found, "process 1: tasks")
    assert task["name"] == "a"
    assert task["args"] == {"task": 0, "queued_ns": 1300, "states_ns": {"io": 2000}, "error": "refused"}
    moments = [(event["name"], ns(event["ts"]), event["args"]) for event in found if event["ph"] == "i"]
    assert moments == [
        ("begin", 100, {}),
        ("worker died", 3600, {"pid": 20, "how": "killed by SIGKILL"}),
        ("end", 4000, {}),
    ]


def test_each_lane_has_a_track_of_its_own() -> None:
    """Also where two had one number after the other, in one process or two, or one that no viewer takes."""
    of = timeline(
        LaneStarted(0, 0, pid=10, tid=11, name="", process="subject"),
        LaneEnded(5, 0),
        LaneStarted(6, 1, pid=10, tid=11, name="", process="subject"),
        LaneStarted(6, 2, pid=12, tid=11, name="", process="subject"),
        LaneStarted(6, 3, pid=-1, tid=2**40, name="", process="subject"),
        LaneStarted(6, 4, pid=OWN_IDS, tid=OWN_IDS, name="", process="subject"),
        ObserverTick(9, 1, 0, 0),
    )
    named = names(events(of))
    assert sorted(named.values()) == ["events", *(f"plumbing {number}" for number in range(1, 6))]
    shown = {name: track for track, name in named.items()}
    assert shown["plumbing 1"] == (10, 11)
    assert shown["plumbing 2"][0] == 10
    assert shown["plumbing 3"][0] == 12
    assert shown["plumbing 5"] == (OWN_IDS, OWN_IDS)
    assert len({tid for _, tid in named}) == len(named)


def test_tasks_at_the_same_time_on_one_lane_are_in_rows() -> None:
    """In as few as will do; and what is on no lane, or never started, has tracks as well."""
    of = timeline(
        LaneStarted(0, 0, pid=10, tid=10, name="", process="subject"),
        *(TaskSubmitted(0, number, f"task {number}") for number in range(5)),
        *(TaskStarted(t, number, 10, 10) for number, t in enumerate((1, 2, 4))),
        TaskFinished(4, 0, result=""),
        TaskFinished(3, 1, result=""),
        TaskStarted(1, 3, 10, 99),
        ObserverTick(9, 1, 0, 0),
    )
    found = events(of)
    rows = {
        name: [slice_["name"] for slice_ in slices(found, name)]
        for name in names(found).values()
        if "tasks" in name
    }
    assert rows == {
        "tasks that never started": ["task 4"],
        "tasks on no lane": ["task 3"],
        "thread 1: tasks": ["task 0"],
        "thread 1: tasks (2)": ["task 1", "task 2"],
    }
    assert slices(found, "thread 1: tasks (2)")[1]["args"]["unfinished"] is True


def test_what_the_loop_could_not_answer_in_is_told() -> None:
    """Where the calls are made plainly, that is all of the run."""
    of = recorded("fetch-blocking")
    assert of.loop is not None and of.end is not None
    blocked = sum(
        event["args"].get("loop_could_not_answer_ns", 0)
        for event in slices(events(of), "event loop")
        if ns(event["ts"]) < of.end
    )
    assert blocked >= of.loop.blocked(of.end)[0] > 0


def test_text_from_outside_stays_text() -> None:
    """Whatever is in a name, it comes out as it went in."""
    nasty = '"}],\x00\x1b[31m</script>\u202e\U0001f600\n'
    of = timeline(
        LaneStarted(0, 0, pid=1, tid=1, name=nasty, process=nasty),
        TaskSubmitted(0, 0, nasty),
        TaskStarted(1, 0, 1, 1),
        TaskFinished(2, 0, result=nasty),
        ObserverTick(9, 1, 0, 0),
    )
    (task,) = slices(events(of), "thread 1: tasks")
    assert (task["name"], task["args"]["result"]) == (nasty, nasty)


def test_what_was_dropped_and_what_the_probe_can_not_tell_is_noted() -> None:
    """They are among what the trace says of itself."""
    about = json.loads("".join(trace(timeline(RunStarted(0, 1, 1)), "Lost.")))["otherData"]
    assert about["notes"] == ["Lost."]
    assert (about["workload"], about["outcome"], about["python"]) == ("fetch", "broken", HEADER.python)


def test_where_a_run_was_thinned_each_slice_says_so() -> None:
    """The lengths are right, and the order is known to the grain that is told."""
    of = Timeline(keep=2000)
    of.extend([HEADER, LaneStarted(0, 0, 1, 1, "", "subject"), RunStarted(0, 1, 1)])
    states = (State.RUNNING, State.GIL)
    for number in range(40):
        spans = tuple(Span(1_000_000, states[index % 2]) for index in range(500))
        of.apply(Spans(0, number * 500_000_000, spans))
    (lane,) = of.lanes
    assert lane.downsampled_until > lane.start
    for slice_ in slices(events(of), "event loop"):
        assert slice_["args"].get("order_within_ns", 0) == lane.resolution(ns(slice_["ts"]))
    (note,) = json.loads("".join(trace(of)))["otherData"]["notes"]
    assert note.startswith("The run is too long to be kept in full")
    obeys_the_laws(of)


def test_a_program_in_its_tracks() -> None:
    """Each process by its name, its GIL above its threads; where they waited, and in which functions they were."""
    of = program(
        process(100, "serve.py"),
        thread(0, 100),
        thread(1, 101),
        thread(2, 200, pid=200),
        named(1, "worker"),
        GilHeld(100, 0, 10, (Hold(10, 1), Hold(10, FREE), Hold(10, 0), Hold(10, OPEN), Hold(10, ELSEWHERE))),
        GilHeld(100, 1, 0, (Hold(10, FREE),), Evidence.INFERRED),
        Spans(0, 0, (Span(20, State.IO, call="recvfrom"), Span(20, State.RUNNING))),
        WaitTarget(15, 0, "127.0.0.1:80"),
        StackSample(30, 0, "f (a.py:1)"),
        ObserverTick(60, 1, 0, 0),
    )
    found = events(of)
    assert [event["args"]["name"] for event in found if event["name"] == "process_name"] == [
        *("the run as a whole", "serve.py", "process 200")
    ]
    assert [*names(found).values()] == [
        *("events", "GIL", "GIL of interpreter 1", "serve.py", "worker", "process 200")
    ]
    held = [(each["name"], ns(each["ts"]), ns(each["dur"]), each["args"]) for each in slices(found, "GIL")]
    assert held == [
        ("worker", 10, 10, {"known": "sampled", "lane": 1}),
        ("serve.py", 30, 10, {"known": "sampled", "lane": 0}),
        ("a thread without a lane", 50, 10, {"known": "sampled"}),
    ]
    io, running, _ = slices(found, "serve.py")
    assert io["args"] == {"known": "sampled", "call": "recvfrom", "place": "127.0.0.1:80"}
    assert "place" not in running["args"]
    (function,) = (event for event in found if event.get("cat") == "stack")
    assert (function["name"], function["tid"], ns(function["ts"])) == ("f (a.py:1)", 100, 30)


def test_threads_that_were_folded_away_are_noted() -> None:
    """They have no tracks."""
    of = program(thread(0, 100), thread(1, 101), LaneEnded(5, 1), most_gone=0)
    (note,) = json.loads("".join(trace(of)))["otherData"]["notes"]
    assert note == "1 thread more came and went: no track or counter has them."
