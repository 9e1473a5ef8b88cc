from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.protocol.header import HEADER
from tests.timeline.streams import timeline
from threadviz.protocol.events import (
    Event,
    Evidence,
    LaneStarted,
    ObserverTick,
    Present,
    RunEnded,
    RunStarted,
    Span,
    Spans,
    State,
    TaskFinished,
    TaskStarted,
    TaskSubmitted,
)
from threadviz.timeline import Lane, Timeline

KEEP = 100
GRAIN_NS = 100_000_000
CHUNK = 16

calls = st.sampled_from(["", "recvfrom", "epoll_wait", "poll"])
lengths = st.integers(1, 30_000_000) | st.integers(1, 300_000_000)
runs = st.builds(Span, lengths, st.just(State.RUNNING), st.just(Evidence.COUNTED))
waits = st.builds(
    Span,
    lengths,
    st.sampled_from([state for state in State if state not in (State.IDLE, State.RUNNING)]),
    st.sampled_from(Evidence),
    calls,
)


@dataclass(frozen=True, repr=False)
class Busy:
    """The events of some busy lanes, in the order in which an observer tells them."""

    events: list[Event]

    def __repr__(self) -> str:
        return f"{len(self.events)} events"


@st.composite
def streams(draw: st.DrawFn) -> Busy:
    """Lanes of hundreds of stretches, on each tasks that follow each other, and the workload's begin and end."""
    lanes = draw(st.integers(1, 3))
    told: list[tuple[int, Event]] = []
    for lane in range(lanes):
        told.append((0, LaneStarted(0, lane, 1, lane + 1, "", "subject")))
        pattern = [
            span for pair in draw(st.lists(st.tuples(runs, waits), min_size=5, max_size=15)) for span in pair
        ]
        t = 0
        for first in range(0, 30 * CHUNK, CHUNK):
            chunk = tuple(pattern[number % len(pattern)] for number in range(first, first + CHUNK))
            start, t = t, t + sum(span.ns for span in chunk)
            told.append((t, Spans(lane, start, chunk, Present(State.RUNNING))))
        edges = sorted(draw(st.lists(st.integers(0, t), max_size=12, unique=True)))
        for number, moment in enumerate(edges):
            task = 100 * lane + number // 2
            told += (
                [(moment, TaskFinished(moment, task, "fine"))]
                if number % 2
                else [(0, TaskSubmitted(0, task, "")), (moment, TaskStarted(moment, task, 1, lane + 1))]
            )
    begin, end = sorted(draw(st.tuples(st.integers(0, 10**9), st.integers(0, 5 * 10**9))))
    told += [(begin, RunStarted(begin, 1, 1)), (end, RunEnded(end))]
    # What the subject says of a moment comes before what was seen of it.
    order = (LaneStarted, TaskSubmitted, TaskFinished, TaskStarted, RunStarted, RunEnded, Spans)
    told.sort(key=lambda each: (each[0], order.index(type(each[1]))))
    return Busy([HEADER, *(event for _, event in told)])


def figures(timeline: Timeline) -> Any:
    """What thinning may not change."""
    now = timeline.now
    return (
        [timeline.totals(t) for t in (timeline.begin, timeline.end, now)],
        [(lane.start, lane.end, lane.states(), lane.blocked(now), lane.at(now)) for lane in timeline.lanes],
        [(task.number, timeline.task_states(task)) for task in timeline.tasks],
        [lane.revision for lane in timeline.lanes],
    )


@given(streams(), st.data())
def test_thinning_changes_no_figure(stream: Busy, data: st.DataObject) -> None:
    """Totals, lifetimes, tasks and what blocked the loop are the same to the ns as of any event."""
    thinned, whole = Timeline(keep=KEEP), Timeline()
    looks = data.draw(st.sets(st.integers(0, len(stream.events)), max_size=3))
    for number, event in enumerate(stream.events):
        thinned.apply(event)
        whole.apply(event)
        if number in looks:
            assert figures(thinned) == figures(whole)
    assert figures(thinned) == figures(whole)
    assert any(lane.downsampled_until > lane.start for lane in thinned.lanes)
    assert not any(lane.downsampled_until > lane.start for lane in whole.lanes)


@given(streams())
def test_sums_at_the_edges_of_grains_are_exact(stream: Busy) -> None:
    """Within each grain there is as much of every state as there was; what is not thinned is as it was told."""
    thinned, whole = Timeline(keep=KEEP), Timeline()
    thinned.extend(stream.events)
    whole.extend(stream.events)
    for lane, other in zip(thinned.lanes, whole.lanes, strict=True):
        t = 0
        while t < lane.downsampled_until:
            grain = lane.resolution(t)
            assert grain >= GRAIN_NS
            t = min((t // grain + 1) * grain, lane.downsampled_until)
            assert lane.states(0, t) == other.states(0, t)
            assert lane.blocked(t) == other.blocked(t)
        assert lane.resolution(t) == 0
        assert list(lane.segments(t)) == list(other.segments(t))


def busy_lane(keep: int, minutes: int) -> tuple[Timeline, Lane]:
    """A lane that runs and waits for the GIL by turns, 400 times a second."""
    model = Timeline(keep)
    model.extend([HEADER, LaneStarted(0, 0, 1, 1, "", "subject"), RunStarted(0, 1, 1)])
    turn = (Span(1_500_000, State.RUNNING, Evidence.COUNTED), Span(3_500_000, State.GIL, call="futex"))
    for t in range(0, minutes * 60 * 10**9, 10**9):
        model.apply(Spans(0, t, turn * 200, Present(State.GIL, "futex")))
    return model, model.lanes[0]


@pytest.mark.parametrize("keep", [1_000, 5_000])
def test_what_is_kept_is_bounded(keep: int) -> None:
    """Ten times as long a run takes no more, and what is older is coarser."""
    model, lane = busy_lane(keep, 10)
    assert lane.size <= keep + 2 * CHUNK * CHUNK + 400
    assert 0 < lane.downsampled_until < model.now
    grains = [lane.resolution(t) for t in range(0, model.now, 10**9)]
    assert grains == sorted(grains, reverse=True)
    assert grains[0] > GRAIN_NS > lane.resolution(lane.downsampled_until) == 0
    assert lane.states() == {State.RUNNING: model.now * 3 // 10, State.GIL: model.now * 7 // 10}


def test_the_fullest_lanes_are_thinned_first() -> None:
    """A lane that does little keeps what it did, however long ago."""
    model = timeline(*(LaneStarted(0, lane, 1, lane + 1, "", "subject") for lane in (0, 1)))
    quiet = (Span(10**9, State.RUNNING), Span(10**9, State.LOCK, call="futex"))
    model.apply(Spans(1, 0, quiet * 20))
    model_of_few = Timeline(keep=200)
    model_of_few.extend([HEADER, *(LaneStarted(0, lane, 1, lane + 1, "", "subject") for lane in (0, 1))])
    model_of_few.apply(Spans(1, 0, quiet * 20))
    for t in range(0, 40 * 10**9, 10**9):
        model_of_few.apply(Spans(0, t, (Span(10**7, State.RUNNING), Span(10**7, State.SLEEP)) * 50))
    busy, calm = model_of_few.lanes
    assert busy.downsampled_until > 0 == calm.downsampled_until
    assert list(calm.segments()) == list(model.lanes[1].segments())


def test_a_late_word_about_thinned_time_still_adds_up() -> None:
    """A lane that turns out to be a worker's is read anew, thinned or not."""
    model, lane = busy_lane(1_000, 1)
    before = lane.states()
    model.extend([TaskSubmitted(0, 0, ""), TaskStarted(10**9, 0, 1, 1), TaskFinished(2 * 10**9, 0, "fine")])
    assert lane.downsampled_until > 2 * 10**9
    assert sum(lane.states().values()) == sum(before.values()) == model.now
    assert sum(model.task_states(model.task(0)).values()) == 10**9


def test_ticks_go_on_after_thinning() -> None:
    """The present grows as ever."""
    model, lane = busy_lane(1_000, 1)
    now = model.now
    waited = lane.states()[State.GIL]
    model.apply(ObserverTick(now + 7, 1, 0, 0))
    assert lane.states()[State.GIL] == waited + 7
