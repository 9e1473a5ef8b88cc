from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tests.timeline.streams import Run, runs, timeline
from tests.tui.render.observed_runs import PLENTY, Frame, Told, look, paint, scene_of
from threadviz.presentation.cells import ExtraMark, mark_durations
from threadviz.protocol.events import (
    LaneEnded,
    LaneStarted,
    ObserverTick,
    RunStarted,
    Span,
    Spans,
    State,
    TaskFinished,
    TaskStarted,
    TaskSubmitted,
)
from threadviz.tui.render.cells import EDGE, decode, lane_cell_caches, whole_cell
from threadviz.tui.view.view import View

frames = st.builds(Frame, st.integers(1, 9), st.integers(0, 30), st.integers(1, 30), st.integers(0, 100))


@given(runs(), st.lists(st.tuples(st.integers(0, 6), frames), min_size=1, max_size=12), st.booleans())
def test_what_is_kept_is_what_would_be_drawn_anew(
    run: Run, moves: list[tuple[int, Frame]], levels: bool
) -> None:
    """However the run grows and the camera moves in between, cells that are kept show what fresh ones do."""
    events, caches, drawn = run.events(), lane_cell_caches(), paint(levels=levels)
    view = scene_of(events[:1])
    told = 1
    for more, frame in moves:
        view.runs[0].timeline.extend(events[told : told + more])
        told += more
        assert look(view, frame, caches, drawn) == look(view, frame, lane_cell_caches(), drawn)


@given(runs(), frames, st.integers(1, 20))
def test_what_the_budget_does_not_reach_is_missing_and_never_wrong(
    run: Run, frame: Frame, budget: int
) -> None:
    """With a few cells a frame a picture comes to be whole, and until then has a part of it."""
    view, caches, drawn = scene_of(run.events()), lane_cell_caches(), paint(levels=False)
    for goal in look(view, frame, lane_cell_caches(), drawn):
        assert goal.whole
    goals = look(view, frame, lane_cell_caches(), drawn)
    for _ in range(len(goals) * frame.cells + 1):
        found = look(view, frame, caches, drawn, budget)
        for goal, cells in zip(goals, found, strict=True):
            assert [each for each in cells.codes if each != EDGE] == [
                each for each in goal.codes[: len(cells.codes)] if each != EDGE
            ]
        if all(cells.whole for cells in found):
            assert found == goals
            return
    raise AssertionError("it never became whole")


@given(runs(), frames)
def test_heights_are_the_running_shares(run: Run, frame: Frame) -> None:
    """A cell's height is its running share of the time that the lane was there, to within half a step."""
    view = scene_of(run.events())
    for row, cells in zip(view.rows, look(view, frame, lane_cell_caches(), paint()), strict=True):
        assert row.lane is not None
        start = view.origin(row.run) + frame.first * frame.cell_ns
        for parts, code in zip(
            mark_durations(row.lane, start, frame.cell_ns, len(cells.codes)), cells.codes, strict=True
        ):
            if code != EDGE and (there := sum(parts[:-1])):
                _, fine = decode(code)
                assert abs(fine / 48 - parts[0] / there) <= 0.5 / 48 + 1e-9


def one_lane(*spans: Span, end: int | None = None) -> View:
    """An event loop's lane, and a worker's that was in these states from 20 ns on."""
    over = 20 + sum(span.ns for span in spans)
    told = timeline(
        LaneStarted(0, 0, 1, 1, "main", "subject"),
        RunStarted(0, 1, 1),
        LaneStarted(20, 1, 1, 2, "worker", "subject"),
        TaskSubmitted(0, 0, "task"),
        TaskStarted(20, 0, 1, 2),
        Spans(1, 20, spans),
        *([] if end is None else [TaskFinished(end, 0, result="fine"), LaneEnded(end, 1)]),
        ObserverTick(max(over, end or 0), 1, 0, 0),
    )
    return View([Told(told)])


def test_the_present_cell_grows() -> None:
    """It is drawn as far as it has come, in what it was until then."""
    view = one_lane(Span(100, State.RUNNING))
    for present, eighths in ((64, 0), (65, 1), (68, 4), (71, 7)):
        _, cells = look(view, Frame(8, 0, 30, present), lane_cell_caches(), paint())
        assert len(cells.codes) == 8
        assert (cells.latest, cells.eighths) == (whole_cell(State.RUNNING) if present > 64 else None, eighths)


def test_a_lane_begins_and_ends_where_it_does() -> None:
    """In the cell before its first and after its last there is an edge; beyond them it is away."""
    view = one_lane(Span(20, State.IO), Span(20, State.RUNNING), end=60)
    view.runs[0].timeline.apply(ObserverTick(100, 2, 0, 0))
    _, cells = look(view, Frame(10, 0, 10, 100), lane_cell_caches(), paint())
    away, io, running = whole_cell(ExtraMark.AWAY), whole_cell(State.IO), whole_cell(State.RUNNING)
    assert list(cells.codes) == [away, EDGE, io, io, running, running, EDGE, away, away, away]


def test_the_task_that_is_picked_is_marked_on_its_lane() -> None:
    """From the cell in which it started to the one that it is in, or was in until it ended at that one's edge."""
    view = one_lane(Span(40, State.IO), Span(20, State.RUNNING), end=80)
    task = view.runs[0].timeline.task(0)
    view.select_task(view.runs[0], task)
    loop, worker = look(view, Frame(10, 1, 20, 200), lane_cell_caches(), paint())
    assert loop.lit == (0, 0)
    assert worker.lit == (1, 7)
    _, within = look(view, Frame(7, 0, 20, 200), lane_cell_caches(), paint())
    assert within.lit == (2, 12)
    _, earlier = look(view, Frame(10, 1, 20, 45), lane_cell_caches(), paint())
    assert earlier.lit == (1, 4)


def test_the_cursor_is_in_the_cell_of_its_moment() -> None:
    """And in none where it is out of sight."""
    view = one_lane(Span(100, State.IO))
    view.cursor = 57
    frame = Frame(10, 2, 5, 110)
    assert [cells.cursor for cells in look(view, frame, lane_cell_caches(), paint())] == [3, 3]
    assert look(view, replace(frame, first=7), lane_cell_caches(), paint(), PLENTY)[0].cursor is None
