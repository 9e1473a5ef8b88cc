from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.timeline.programs import EPOLL, PROGRAM, program, thread
from threadviz.protocol.codec import StreamError
from threadviz.protocol.events import (
    ELSEWHERE,
    FREE,
    OPEN,
    Event,
    Evidence,
    GilHeld,
    Hold,
    LaneEnded,
    RunStarted,
    Spans,
)
from threadviz.timeline import GilTimeline, Part, Timeline
from threadviz.timeline.gil import Held, Shares

LANES = (0, 1, 2)
holds = st.lists(
    st.builds(Hold, st.integers(0, 8), st.sampled_from([*LANES, FREE, OPEN, ELSEWHERE])), max_size=8
)


@st.composite
def tellings(draw: st.DrawFn) -> list[GilHeld]:
    """What is told of one GIL, with a gap now and then."""
    events, t = [], draw(st.integers(0, 5))
    for some in draw(st.lists(holds, min_size=1, max_size=6)):
        events.append(
            GilHeld(100, 0, t, tuple(some), draw(st.sampled_from([Evidence.SAMPLED, Evidence.INFERRED])))
        )
        t += sum(hold.ns for hold in some) + draw(st.sampled_from([0, 0, 0, 4]))
    return events


def moments(events: list[GilHeld]) -> tuple[int, list[tuple[int, Evidence]]]:
    """From when on it is told, and who held it in each ns from there on."""
    start, told = events[0].start, list[tuple[int, Evidence]]()
    for event in events:
        told += [(OPEN, Evidence.SAMPLED)] * (event.start - start - len(told))
        for hold in event.holds:
            told += [(hold.holder, event.known)] * hold.ns
    return start, told


def ribbon_of(events: list[GilHeld]) -> GilTimeline:
    """The one ribbon of these."""
    (gil_timeline,) = program(*[thread(lane, 100 + lane) for lane in LANES], *events).gil_timelines
    return gil_timeline


@given(tellings())
def test_each_moment_is_as_it_was_told(events: list[GilHeld]) -> None:
    """Stretches are whole, and what was not told is open."""
    start, told = moments(events)
    gil_timeline = ribbon_of(events)
    assert (gil_timeline.start, gil_timeline.end) == (start, start + len(told))
    for t, (holder, known) in enumerate(told, start):
        held = gil_timeline.at(t)
        assert held is not None and held.start <= t < held.end
        assert (held.holder, held.known) == (holder, known)
        assert set(told[held.start - start : held.end - start]) == {(holder, known)}
    assert gil_timeline.at(start - 1) is gil_timeline.at(gil_timeline.end + 1) is None


@given(tellings(), st.integers(0, 20), st.integers(1, 9), st.integers(0, 12))
def test_bins_and_shares_add_up(events: list[GilHeld], since: int, width: int, count: int) -> None:
    """Each bin has what its moments have, and so has any stretch of time."""
    start, told = moments(events)
    gil_timeline = ribbon_of(events)
    for number, part in enumerate(gil_timeline.binned(since, width, count)):
        begin, end = since + number * width, since + (number + 1) * width
        mine = Counter(who for t, (who, _) in enumerate(told, start) if begin <= t < end)
        assert part[:3] == gil_timeline.shares(begin, end)
        assert (part.free, part.open) == (mine[FREE], mine[OPEN])
        assert part.held + part.free + part.open == mine.total()
        holders = [ns for who, ns in mine.items() if who not in (FREE, OPEN)]
        assert mine[part.holder] == max(holders, default=mine[FREE] or mine[OPEN])


@given(tellings())
def test_holders_are_known_as_of_any_moment(events: list[GilHeld]) -> None:
    """For how long each had it, and how often it was handed to it; open moments prove no hand-off of their own."""
    start, told = moments(events)
    gil_timeline = ribbon_of(events)
    held, taken = Counter[int](), Counter[int]()
    last = None
    for t, (who, _) in enumerate(told, start):
        for lane in (*LANES, ELSEWHERE):
            assert gil_timeline.held_by(lane, t) == (held[lane], taken[lane])
        assert gil_timeline.hand_offs(t) == taken.total()
        if who not in (FREE, OPEN):
            taken[who] += last not in (None, who)
            held[who] += 1
            last = who
    assert gil_timeline.hand_offs(gil_timeline.end) == taken.total()


def test_the_share_is_of_what_is_known() -> None:
    """What is open counts neither way."""
    gil_timeline = ribbon_of([GilHeld(100, 0, 0, (Hold(30, 0), Hold(10, FREE), Hold(60, OPEN)))])
    assert gil_timeline.shares(0, 100) == Shares(30, 10, 60)
    assert gil_timeline.shares(0, 100).held_share == 0.75
    assert gil_timeline.shares(40, 100).held_share is None


def test_thinning_keeps_the_shares() -> None:
    """However long a run, it takes no more; shares are exact at marks, and hand-offs never too many."""
    ms = 1_000_000
    turn = (Hold(3 * ms, 0), Hold(1 * ms, FREE), Hold(5 * ms, 1), Hold(1 * ms, OPEN))
    thinned, whole = Timeline(keep=5_000), Timeline()
    start = [PROGRAM, RunStarted(12_345_678, 100, 100, loop=False), thread(0, 100), thread(1, 101)]
    holds = [GilHeld(100, 0, t, turn * 100) for t in range(0, 60_000 * ms, 1_000 * ms)]
    for model in (thinned, whole):
        model.extend([*start, *holds])
    (gil_timeline,), (other,) = thinned.gil_timelines, whole.gil_timelines
    assert gil_timeline.size < 3_000 < other.size
    assert gil_timeline.resolution(0) > 0 == gil_timeline.resolution(gil_timeline.end - 1)
    for t in (12_345_678, 40_000 * ms, gil_timeline.end):
        assert gil_timeline.shares(0, t) == other.shares(0, t)
    assert gil_timeline.held_by(1, gil_timeline.end) == other.held_by(1, other.end)
    for one, later in pairwise(range(0, gil_timeline.end, 777 * ms)):
        assert gil_timeline.hand_offs(one) <= other.hand_offs(one)
        assert gil_timeline.hand_offs(one) <= gil_timeline.hand_offs(later)


def test_each_interpreter_has_its_own() -> None:
    """Processes stay beside each other, and the main interpreter is the first."""
    told: list[Event] = [
        GilHeld(pid, number, 0, (Hold(5, FREE),)) for pid, number in ((9, 1), (8, 0), (9, 0))
    ]
    model = program(*told)
    assert [(gil_timeline.pid, gil_timeline.interpreter) for gil_timeline in model.gil_timelines] == [
        (9, 0),
        (9, 1),
        (8, 0),
    ]


def test_the_one_ribbon_is_the_loops_or_the_busiest() -> None:
    """Where there is room for one."""
    model = program(
        thread(0, 100),
        thread(1, 200, pid=200),
        GilHeld(100, 0, 0, (Hold(5, 0),)),
        GilHeld(200, 0, 0, (Hold(9, 1),)),
    )
    assert model.gil_timeline is model.gil_timelines[1]
    model.apply(Spans(0, 0, (EPOLL,)))
    assert model.gil_timeline is model.gil_timelines[0]
    assert Timeline().gil_timeline is None


def test_what_holds_the_gil_has_to_be_there() -> None:
    """And what was told of is told once."""
    model = program(thread(0, 100), GilHeld(100, 0, 5, (Hold(5, 0),)))
    with pytest.raises(StreamError, match="lane 1 holds the GIL, but was never started"):
        model.apply(GilHeld(100, 0, 10, (Hold(5, 1),)))
    with pytest.raises(StreamError, match="at 9 ns, before 10 ns"):
        model.apply(GilHeld(100, 0, 9, (Hold(5, 0),)))


def test_a_stretch_and_a_part_say_who() -> None:
    """By the lane's number, or by what there is in place of it."""
    gil_timeline = ribbon_of([GilHeld(100, 0, 0, (Hold(4, 1), Hold(6, ELSEWHERE)))])
    assert gil_timeline.at(3) == Held(0, 4, 1, Evidence.SAMPLED)
    assert gil_timeline.binned(0, 10, 2) == [Part(10, 0, 0, ELSEWHERE), Part(0, 0, 0, OPEN)]


def test_holders_that_come_and_go_take_no_memory_for_ever() -> None:
    """Of ten thousand threads those that are there are known by name, and what they held adds up."""
    model = program(most_gone=10)
    for lane in range(10_000):
        model.extend([thread(lane, 1000 + lane), GilHeld(100, 0, 3 * lane, (Hold(2, lane), Hold(1, FREE)))])
        model.apply(LaneEnded(3 * lane + 3, lane))
    (gil_timeline,) = model.gil_timelines
    assert gil_timeline.holders == tuple(range(9_990, 10_000))
    assert gil_timeline.shares(0, gil_timeline.end) == Shares(20_000, 10_000, 0)
    assert [held.holder for held in gil_timeline.segments()][-4:] == [9_998, FREE, 9_999, FREE]
    assert gil_timeline.at(0) == Held(0, 2, ELSEWHERE, Evidence.SAMPLED)
    assert gil_timeline.hand_offs(gil_timeline.end) == 9_999
