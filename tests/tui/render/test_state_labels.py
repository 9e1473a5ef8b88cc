import pytest

from tests.protocol.header import HEADER
from tests.timeline.programs import program, thread
from tests.timeline.streams import timeline
from tests.tui.render.observed_runs import Told
from threadviz.presentation.cells import ExtraMark, Window
from threadviz.protocol.events import (
    Event,
    LaneEnded,
    LaneStarted,
    ObserverTick,
    Present,
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
from threadviz.text import seconds
from threadviz.timeline import Timeline
from threadviz.tui.render.labels import LaneText, lane_text
from threadviz.tui.view.view import View

MS = 1_000_000


def view(*more: Event, over: bool = False) -> View:
    """A loop that waits for events from 1 ms on, and a worker on a task from 2 ms on: it reads, then runs."""
    told = timeline(
        LaneStarted(0, 0, 1, 1, "main", "subject"),
        RunStarted(0, 1, 1),
        LaneStarted(0, 1, 1, 2, "worker", "subject"),
        TaskSubmitted(0, 0, "a\x1bsite"),
        TaskStarted(2 * MS, 0, 1, 2),
        Spans(0, 0, (Span(MS, State.RUNNING), Span(9 * MS, State.IO, call="epoll_wait"))),
        Spans(
            1,
            0,
            (Span(7 * MS, State.IO, call="recvfrom"), Span(3 * MS, State.RUNNING)),
            Present(State.RUNNING),
        ),
        ObserverTick(10 * MS, 1, 0, 0),
        *more,
    )
    return View([Told(told, over)])


def of(looked_at: View, index: int) -> LaneText:
    """What the lane of this row does."""
    row = looked_at.rows[index]
    assert row.lane is not None
    window = Window(looked_at.origin(row.run), looked_at.until(row.run))
    return lane_text(looked_at, row, row.lane, window)


def said(looked_at: View, index: int, width: int, *, with_task: bool = False) -> str:
    """That in words."""
    return of(looked_at, index).fit(width, with_task)


def test_while_it_goes_on_it_is_what_it_does_now() -> None:
    """State, and the task where there is room; text from outside can be printed."""
    assert said(view(), 0, 30) == "waits for events"
    assert said(view(), 0, 12) == "idle"
    assert said(view(), 1, 30, with_task=True) == "running, a\\x1bsite"
    assert said(view(), 1, 12, with_task=True) == "running"


def test_at_the_cursor_it_is_what_it_did_then() -> None:
    """And since when, as long as there is room for that."""
    looked_at = view()
    looked_at.set_cursor(4 * MS)
    assert [said(looked_at, 1, width) for width in (30, 15, 14, 9, 3)] == [
        "io recvfrom since 2.0 ms",
        "io since 2.0 ms",
        "io from 2.0 ms",
        "io @2.0ms",
        "io",
    ]
    assert said(looked_at, 0, 30) == "waits for events since 1.0 ms"


def test_a_loop_that_waits_in_a_task_is_blocked() -> None:
    """Whatever it waits for."""
    looked_at = view(TaskSubmitted(10 * MS, 1, "plain"), TaskStarted(10 * MS, 1, 1, 1))
    looked_at.runs[0].timeline.extend(
        [Spans(0, 10 * MS, (Span(MS, State.IO, call="poll"),)), ObserverTick(11 * MS, 2, 0, 0)]
    )
    found = of(looked_at, 0)
    assert found.mark is ExtraMark.BLOCKED
    assert [found.fit(width, with_task=False) for width in (30, 10)] == [
        "blocked: can't answer",
        "blocked",
    ]


def test_when_all_is_over_it_is_what_it_mostly_did() -> None:
    """With the share of its time, not what happened to come last."""
    looked_at = view(TaskFinished(10 * MS, 0, result="fine"), RunEnded(10 * MS), over=True)
    assert said(looked_at, 0, 30) == "waits for events, 90 %"
    assert said(looked_at, 0, 15) == "idle, 90 %"
    assert said(looked_at, 0, 8) == "idle"
    assert said(looked_at, 1, 30) == "io, 50 %"


@pytest.mark.parametrize("over", [False, True])
def test_where_a_lane_was_not_there_it_does_nothing(over: bool) -> None:
    """Neither now nor mostly."""
    looked_at = view(
        LaneStarted(10 * MS, 2, 1, 3, "late", "subject"), TaskSubmitted(10 * MS, 1, "late"), over=over
    )
    looked_at.runs[0].timeline.extend([TaskStarted(10 * MS, 1, 1, 3), RunEnded(10 * MS)])
    assert of(looked_at, 2).mark is None


def why_not(looked_at: View, index: int) -> str:
    """Why the lane of this row does nothing."""
    found = of(looked_at, index)
    assert found.mark is None
    (text,) = found.texts
    return text


def test_a_lane_has_not_begun_before_it_has_ended() -> None:
    """By the moment that is looked at, not by what is known of it."""
    looked_at = view(
        LaneStarted(11 * MS, 2, 1, 3, "late", "subject"),
        TaskSubmitted(11 * MS, 1, "late"),
        TaskStarted(11 * MS, 1, 1, 3),
        TaskFinished(13 * MS, 1, result="fine"),
        LaneEnded(13 * MS, 2),
        ObserverTick(15 * MS, 2, 0, 0),
    )
    assert why_not(looked_at, 2) == "ended"
    looked_at.set_cursor(0)
    assert why_not(looked_at, 2) == "not yet"
    looked_at.set_cursor(12 * MS)
    assert of(looked_at, 2).mark is not None
    looked_at.set_cursor(14 * MS)
    assert why_not(looked_at, 2) == "ended"


@pytest.mark.parametrize(("over", "word"), [(True, "run over"), (False, "not yet")])
def test_after_a_run_its_lanes_do_nothing(over: bool, word: str) -> None:
    """Where another goes on, the cursor may be later than all that is known of this one."""
    short = Told(view(RunEnded(10 * MS), over=over).runs[0].timeline, over)
    long = Told(view(ObserverTick(30 * MS, 2, 0, 0), RunEnded(30 * MS), over=True).runs[0].timeline, True)
    looked_at = View([short, long])
    looked_at.set_cursor(20 * MS)
    for index, row in enumerate(looked_at.rows):
        if row.lane is not None:
            assert (of(looked_at, index).mark is None) == (row.run is short)
    assert {why_not(looked_at, index) for index in (1, 2)} == {word}
    looked_at.set_cursor(4 * MS)
    assert said(looked_at, 2, 15) == "io since 2.0 ms"
    looked_at.set_cursor(20 * MS)
    looked_at.freeze_at(5 * MS)
    assert why_not(looked_at, 2) == "not yet"


def test_the_call_is_left_out_where_it_says_nothing() -> None:
    """Whoever waits for the GIL or a lock does so in the same call."""
    spans = (Span(MS, State.GIL, call="futex"), Span(MS, State.LOCK, call="futex"))
    looked_at = view(Spans(1, 10 * MS, spans, Present(State.LOCK, "futex")), ObserverTick(12 * MS, 2, 0, 0))
    assert said(looked_at, 1, 30) == "lock"
    looked_at.set_cursor(10 * MS + MS // 2)
    assert said(looked_at, 1, 30) == "gil since 10 ms"


def test_of_thinned_times_it_is_told_within_what() -> None:
    """Their order is given up, so that nobody knows since when it was."""
    model = Timeline(keep=200)
    model.extend(
        [
            HEADER,
            LaneStarted(0, 0, 1, 1, "main", "subject"),
            RunStarted(0, 1, 1),
            LaneStarted(0, 1, 1, 2, "", "subject"),
        ]
    )
    model.extend([TaskSubmitted(0, 0, "task"), TaskStarted(0, 0, 1, 2)])
    for turn in range(1000):
        model.apply(Spans(1, 2 * turn * MS, (Span(MS, State.RUNNING), Span(MS, State.IO, call="recvfrom"))))
    looked_at = View([Told(model, True)])
    looked_at.set_cursor(MS)
    found = of(looked_at, 1)
    grain = seconds(model.lanes[1].resolution(MS))
    assert found.texts[0].startswith(f"about {found.mark}")
    assert found.texts[0].endswith(f", within {grain}")
    assert found.texts[-1] == f"~{found.mark}"


def test_what_is_waited_on_and_the_function_are_told() -> None:
    """The place beside the call, where there is room; the function where no task says more."""
    told = program(
        thread(0, 100),
        Spans(0, 0, (Span(10 * MS, State.IO, call="recvfrom"),), Present(State.IO, "recvfrom")),
        WaitTarget(5 * MS, 0, "127.0.0.1:80\x1b"),
        StackSample(4 * MS, 0, "fetch\x1b (app.py:12)"),
        ObserverTick(10 * MS, 1, 0, 0),
    )
    looked_at = View([Told(told)])
    assert said(looked_at, 0, 40) == r"io recvfrom 127.0.0.1:80\x1b"
    assert said(looked_at, 0, 15) == "io recvfrom"
    assert said(looked_at, 0, 80, with_task=True).endswith(r", in fetch\x1b (app.py:12)")
    looked_at.set_cursor(3 * MS)
    found = of(looked_at, 0)
    assert (found.task or found.function) == ""
