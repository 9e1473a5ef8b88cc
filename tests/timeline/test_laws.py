"""The laws of the timeline, held against arbitrary valid streams and arbitrary invalid ones."""

from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.protocol.header import HEADER
from tests.timeline.naive import naive
from tests.timeline.streams import Run, interleavings, presents, runs, spans, times
from threadviz.protocol.codec import StreamError
from threadviz.protocol.events import (
    Event,
    LaneEnded,
    LaneStarted,
    ObserverTick,
    Outcome,
    ProcessDied,
    RunEnded,
    RunStarted,
    Span,
    Spans,
    State,
    StreamClosed,
    TaskFinished,
    TaskStarted,
    TaskSubmitted,
)
from threadviz.timeline import Timeline


def told(events: list[Event]) -> Timeline:
    """A timeline of these events, the header being one."""
    result = Timeline()
    result.extend(events)
    return result


def picture(timeline: Timeline) -> Any:
    """Everything that can be seen of a timeline."""
    return (
        timeline.now,
        timeline.begin,
        timeline.end,
        [
            (lane.number, lane.role, lane.kind, lane.name, lane.start, lane.end, lane.tasks)
            for lane in timeline.lanes
        ],
        [list(lane.segments()) for lane in timeline.lanes],
        [
            (task.number, task.lane and task.lane.number, task.started, timeline.task_states(task))
            for task in sorted(timeline.tasks, key=lambda task: task.number)
        ],
        [timeline.totals(t) for t in range(0, timeline.now + 1, 5)],
    )


@given(runs(), times, times, st.data())
def test_states_add_up_and_stretches_tile(run: Run, since: int, length: int, data: st.DataObject) -> None:
    """Within any window, as of any event, a lane's states and stretches make up its lifetime there."""
    events = run.events()
    timeline = told(events[: data.draw(st.integers(1, len(events)))])
    until = since + length
    for lane in timeline.lanes:
        end = timeline.now if lane.end is None else lane.end
        overlap = max(0, min(until, end) - max(since, lane.start))
        states = lane.states(since, until)
        segments = list(lane.segments(since, until))
        assert sum(states.values()) == overlap
        assert sum(segment.end - segment.start for segment in segments) == overlap
        assert all(segment.end > segment.start for segment in segments)
        for one, other in pairwise(segments):
            assert one.end == other.start
            assert (one.state, one.known, one.call) != (other.state, other.known, other.call)
        for state, ns in states.items():
            assert ns == sum(piece.end - piece.start for piece in segments if piece.state is state) > 0


@given(runs())
def test_agrees_with_the_naive_model(run: Run) -> None:
    """Every nanosecond of every lane is what the naive model says, and so are the event loop's figures."""
    events = run.events()
    timeline, expected = told(events), naive(events)
    assert timeline.now == expected.now
    for lane in timeline.lanes:
        slow = expected.lanes[lane.number]
        shown = [
            (segment.state, segment.known, segment.call)
            for segment in lane.segments()
            for _ in range(segment.start, segment.end)
        ]
        assert shown == slow.shown
        assert sorted(lane.tasks) == sorted(task.task for task in slow.tasks)
    totals = timeline.totals()
    blocked = longest = current = 0
    if expected.loop is not None and expected.begin is not None:
        for t, is_blocked in enumerate(expected.loop.blocked, expected.loop.start.t):
            within = expected.begin <= t < (expected.now if expected.end is None else expected.end)
            current = current + 1 if is_blocked and within else 0
            blocked += is_blocked and within
            longest = max(longest, current)
    assert (totals.loop_blocked_ns, totals.loop_longest_ns) == (blocked, longest)


@given(runs())
def test_at_finds_the_stretch_around_a_moment(run: Run) -> None:
    """At each moment of its life a lane is in the stretch that its whole life shows there."""
    timeline = told(run.events())
    for lane in timeline.lanes:
        segments = list(lane.segments())
        for segment in segments:
            assert lane.at(segment.start) == lane.at(segment.end - 1) == segment
        end = timeline.now if lane.end is None else lane.end
        assert lane.at(end) == (segments[-1] if segments else None)
        assert lane.at(end + 1) is None
        assert lane.at(lane.start - 1) is None


@given(runs(), st.data())
def test_any_interleaving_gives_the_same(run: Run, data: st.DataObject) -> None:
    """What the observer sees and what the subject says may reach the timeline in any order of the two."""
    events = data.draw(interleavings(run.seen, run.said))
    looking = Timeline()
    for event in [HEADER, *events]:
        looking.apply(event)
        if data.draw(st.booleans()):
            picture(looking)
    assert picture(looking) == picture(told(run.events()))


@given(runs(), st.data())
def test_any_chunking_gives_the_same(run: Run, data: st.DataObject) -> None:
    """Settled stretches may come in many events or in few."""
    chunked: list[Event] = []
    for event in run.seen:
        if not isinstance(event, Spans):
            chunked.append(event)
            continue
        cut = data.draw(st.integers(0, len(event.spans)))
        middle = event.start + sum(span.ns for span in event.spans[:cut])
        chunked.append(Spans(event.lane, event.start, event.spans[:cut], data.draw(presents)))
        chunked.append(Spans(event.lane, middle, event.spans[cut:], event.present))
    assert picture(told([HEADER, *chunked, *run.said])) == picture(told(run.events()))


@given(runs())
def test_totals_never_decrease(run: Run) -> None:
    """Each figure that is a sum or a maximum grows with the moment that is asked for."""
    timeline = told(run.events())
    for t in range(timeline.now + 2):
        before, after = timeline.totals(t), timeline.totals(t + 1)
        for name in ("total_ns", "sum_ns", "slowest_ns", "cpu_ns", "loop_blocked_ns", "loop_longest_ns"):
            assert 0 <= getattr(before, name) <= getattr(after, name)
        for state in State:
            assert before.states.get(state, 0) <= after.states.get(state, 0)


@given(runs(), st.data())
def test_task_states_add_up_to_its_elapsed_time(run: Run, data: st.DataObject) -> None:
    """As of any event and any moment, the states of a task make up the time that it took so far."""
    events = run.events()
    timeline = told(events[: data.draw(st.integers(1, len(events)))])
    until = data.draw(times)
    elapsed = [task.elapsed(min(until, timeline.now)) for task in timeline.tasks]
    assert [sum(timeline.task_states(task, until).values()) for task in timeline.tasks] == elapsed
    totals = timeline.totals(until)
    assert (totals.sum_ns, totals.slowest_ns) == (sum(elapsed), max(elapsed, default=0))


@given(runs())
def test_finished_tasks_come_in_the_order_in_which_they_finished(run: Run) -> None:
    """All tasks that are over are there, none twice, the first to finish first."""
    timeline = told(run.events())
    finished = timeline.finished_tasks()
    assert set(finished) == {task for task in timeline.tasks if task.finished is not None}
    ends = [task.finished for task in finished if task.finished is not None]
    assert ends == sorted(ends)
    assert len(set(finished)) == len(finished)


numbers = st.integers(0, 3)
moments = times | st.just(2**63 - 1)
any_event: st.SearchStrategy[Event] = st.one_of(
    st.just(HEADER),
    st.builds(LaneStarted, moments, numbers, numbers, numbers, st.just(""), st.just("worker")),
    st.builds(LaneEnded, moments, numbers),
    st.builds(Spans, numbers, moments, st.lists(spans, max_size=3).map(tuple), presents),
    st.builds(ObserverTick, moments, numbers, numbers, numbers),
    st.builds(RunStarted, moments, numbers, numbers),
    st.builds(TaskSubmitted, moments, numbers, st.just("")),
    st.builds(TaskStarted, moments, numbers, numbers, numbers),
    st.builds(TaskFinished, moments, numbers, st.none(), st.none() | st.just("failed")),
    st.builds(RunEnded, moments),
    st.builds(ProcessDied, moments, st.just("site"), numbers, st.just("killed by SIGKILL")),
)


def applied(timeline: Timeline, event: Event) -> bool:
    """Whether the timeline took the event; what it refuses it must call a StreamError."""
    try:
        timeline.apply(event)
    except StreamError:
        return False
    return True


def looks(timeline: Timeline) -> Any:
    """What can be seen of a timeline whose times may be astronomic."""
    return (
        [(lane.name, lane.tasks, lane.end, list(lane.segments()), lane.states()) for lane in timeline.lanes],
        [timeline.task_states(task) for task in timeline.tasks],
        timeline.totals(),
    )


@given(st.lists(any_event, max_size=25))
def test_an_impossible_event_is_refused_whole(events: list[Event]) -> None:
    """Whatever comes is taken, or refused with a StreamError and without a trace."""
    timeline = Timeline()
    taken = [event for event in [HEADER, *events] if applied(timeline, event)]
    assert looks(timeline) == looks(told(taken))


@given(runs(), st.data())
def test_a_damaged_stream_is_refused_with_a_stream_error_alone(run: Run, data: st.DataObject) -> None:
    """Events lost, doubled or moved make a stream that loads, or that raises StreamError."""
    events = run.events()
    events.append(StreamClosed(99, Outcome.FINISHED))
    damaged = data.draw(st.permutations(events) | st.lists(st.sampled_from(events)))
    timeline = Timeline()
    for event in damaged:
        applied(timeline, event)
    if any(event is HEADER for event in damaged):
        looks(timeline)


@given(st.lists(spans, min_size=10, max_size=20), st.data())
def test_long_lanes_add_up_like_short_ones(pattern: list[Span], data: st.DataObject) -> None:
    """The sums that are kept for blocks of stretches agree with the stretches, also when these are recut."""
    spans = pattern * 20
    end = sum(span.ns for span in spans)
    timeline = told([HEADER, LaneStarted(0, 0, 1, 1, "", "subject"), Spans(0, 0, tuple(spans))])
    (lane,) = timeline.lanes
    for task, start in enumerate(data.draw(st.lists(st.integers(0, end), max_size=5))):
        timeline.extend([TaskSubmitted(0, task, ""), TaskStarted(start, task, 1, 1)])
        since, until = sorted((data.draw(st.integers(0, end)), data.draw(st.integers(0, end))))
        expected = dict.fromkeys(State, 0)
        for segment in lane.segments(since, until):
            expected[segment.state] += segment.end - segment.start
        assert lane.states(since, until) == {state: ns for state, ns in expected.items() if ns}
        timeline.apply(TaskFinished(start + data.draw(st.integers(0, 50)), task))


@given(runs(), times, st.data())
def test_the_task_on_a_lane_is_the_last_that_is_open_there(run: Run, t: int, data: st.DataObject) -> None:
    """As of any event: of the tasks that had started there and were not over, the one that started last."""
    events = run.events()
    timeline = told(events[: data.draw(st.integers(1, len(events)))])
    for lane in timeline.lanes:
        starts = {
            task.number: task.started
            for task in timeline.tasks
            if task.lane is lane and task.started is not None and task.started <= t
            if task.finished is None or t < task.finished
        }
        task = timeline.task_on(lane, t)
        if starts:
            assert task is not None and starts[task.number] == max(starts.values())
        else:
            assert task is None
