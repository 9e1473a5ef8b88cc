from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.protocol.header import HEADER
from tests.timeline.streams import Run, interleavings, runs, timeline
from threadviz.protocol.events import (
    LaneEnded,
    LaneStarted,
    ObserverTick,
    Present,
    RunStarted,
    Span,
    Spans,
    State,
    TaskFinished,
    TaskStarted,
    TaskSubmitted,
)
from threadviz.timeline import Lane, Timeline


def shown(lane: Lane, until: int) -> Any:
    """What is drawn of a lane before `until`: each ns, and for how long it was blocked by then."""
    moments = [
        (segment.state, segment.known, segment.call)
        for segment in lane.segments(0, until)
        for _ in range(segment.start, segment.end)
    ]
    return moments, lane.blocked_binned(0, 1, min(until, 100))


@given(runs(), st.data())
def test_what_is_settled_stays_as_long_as_the_revision_does(run: Run, data: st.DataObject) -> None:
    """In whatever order things are told, what was settled is right up to where another revision is different."""
    model = Timeline()
    drawn: dict[int, tuple[int, int, Any]] = {}
    for event in [HEADER, *data.draw(interleavings(run.seen, run.said))]:
        model.apply(event)
        for lane in model.lanes:
            revision, until, picture = drawn.get(lane.number, (0, 0, shown(lane, 0)))
            if lane.revision == revision:
                assert lane.settled_until >= until
            same = max(0, min(until, lane.revised_from(revision)))
            moments, blocked = picture
            assert shown(lane, same) == (moments[: max(0, same - lane.start)], blocked[:same])
            if data.draw(st.booleans()):
                until = lane.settled_until
                drawn[lane.number] = (lane.revision, until, shown(lane, until))


def test_a_run_told_in_order_is_settled_as_it_goes() -> None:
    """Where the subject's words come before what was seen, nothing is drawn twice."""
    model = timeline(LaneStarted(0, 0, 1, 1, "", "subject"), RunStarted(0, 1, 1), TaskSubmitted(0, 0, "task"))
    (lane,) = model.lanes
    before = lane.revision
    for t, said in [
        (10, TaskStarted(5, 0, 1, 1)),
        (20, TaskFinished(12, 0, "fine")),
        (30, ObserverTick(30, 1, 0, 0)),
    ]:
        model.apply(said)
        model.apply(Spans(0, t - 10, (Span(10, State.IO, call="epoll_wait"),), Present(State.RUNNING)))
        assert (lane.settled_until, lane.revision) == (t, before)


def test_a_poll_is_not_settled_while_it_goes_on() -> None:
    """Whether the loop waited for events in it depends on the task that may yet begin in it."""
    model = timeline(LaneStarted(0, 0, 1, 1, "", "subject"), RunStarted(0, 1, 1))
    (lane,) = model.lanes
    model.apply(
        Spans(0, 0, (Span(10, State.RUNNING), Span(10, State.IO, call="poll")), Present(State.IO, "poll"))
    )
    assert lane.settled_until == 10
    model.apply(Spans(0, 20, (Span(5, State.IO, call="poll"), Span(5, State.RUNNING)), None))
    assert lane.settled_until == 30


def test_a_late_word_is_another_revision() -> None:
    """A task that is told of after what was seen in it changes what is drawn already."""
    lane = LaneStarted(0, 0, 1, 1, "", "subject")
    model = timeline(lane, *[TaskSubmitted(0, task, "") for task in range(2)], TaskStarted(0, 0, 1, 1))
    (worker,) = model.lanes
    model.apply(Spans(0, 0, (Span(20, State.LOCK),)))
    before = worker.revision
    model.apply(TaskFinished(10, 0, "fine"))
    assert worker.revision != before
    assert worker.states(0, 20) == {State.LOCK: 10, State.IDLE: 10}


def test_a_lane_that_has_ended_is_settled_for_good() -> None:
    """Also what was not seen of its last moments."""
    model = timeline(LaneStarted(0, 0, 1, 1, "", "subject"), LaneEnded(20, 0), ObserverTick(50, 1, 0, 0))
    (lane,) = model.lanes
    assert lane.settled_until > 50
