from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.timeline.streams import Run as Stream
from tests.timeline.streams import runs as streams
from tests.tui.view.observed_runs import FRAME, Watched, looked_at
from threadviz.presentation.cells import run_window
from threadviz.timeline import Role, Timeline
from threadviz.tui.view.rows import LaneSort, Row, RowOptions
from threadviz.tui.view.view import View
from threadviz.tui.view.viewport import Motion

MS = 1_000_000


class Told:
    """A run of these events, which is over or not."""

    def __init__(self, stream: Stream, over: bool) -> None:
        self.timeline = Timeline()
        self.timeline.extend(stream.events())
        self.over = over
        self.trouble = ""


def toggle_plumbing(view: View) -> None:
    """Give plumbing rows, or take them away."""
    how = view.row_cache.options
    view.arrange(replace(how, plumbing=not how.plumbing))


row_options = st.builds(
    RowOptions,
    grouped=st.sampled_from([None, True, False]),
    sort=st.sampled_from(LaneSort),
    words=st.sampled_from(["", "io", "thread 1", "nowhere", "process"]),
    idle_folded=st.booleans(),
    plumbing=st.booleans(),
)

# What can be done to a view: the name of a method, and its arguments.
deeds = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["move_cursor", "move_selection", "zoom", "pan"]), st.integers(-12, 12)),
        st.tuples(st.sampled_from(["jump", "set_cursor", "advance"]), st.integers(0, 200)),
        st.tuples(st.sampled_from(["fit_all", "follow", "toggle_freeze", "replay", "drop_cursor", "fold"])),
        st.tuples(st.just("arrange"), row_options),
    ),
    max_size=12,
)


@given(st.lists(st.tuples(streams(), st.booleans()), min_size=1, max_size=2), deeds)
def test_whatever_is_done(told: list[tuple[Stream, bool]], deeds: list[tuple[Any, ...]]) -> None:
    """The present is known, the cursor is not after it, no run is drawn beyond what was measured, picks are in rows."""
    view = View()
    view.show_runs([Told(*each) for each in told], comparing=len(told) > 1)
    for name, *arguments in deeds:
        if name == "drop_cursor":
            view.cursor = None
        else:
            getattr(view, name)(*arguments)
        assert 0 <= view.present <= view.length
        assert view.cursor is None or 0 <= view.cursor <= view.present
        for run in view.runs:
            window = run_window(run.timeline)
            assert window.since <= view.until(run) <= window.until
            assert view.until(run) - window.since <= view.present
        assert view.selected_row is None or any(view.is_selected(row) for row in view.rows)
        if view.selected_task is not None and view.selected_row is not None:
            assert view.selected_task[1].lane is view.selected_row.lane


@given(streams(), st.integers(0, 120))
def test_the_task_at_a_moment(stream: Stream, t: int) -> None:
    """It is on that lane, had started, and was not over, whatever the stream."""
    run = Told(stream, over=True)
    view = View()
    view.show_runs([run])
    for row in view.rows:
        task = view.task_at(row, t)
        moment = view.origin(run) + t
        mine = [each for each in run.timeline.tasks if each.lane is row.lane and each.started is not None]
        if task is None:
            continue
        assert task in mine and task.started is not None
        assert task.started <= moment <= view.until(run)
        assert task.finished is None or moment < task.finished


@pytest.mark.parametrize("name", ["fetch-blocking", "fetch-threads", "primes-processes"])
def test_the_tasks_of_a_run_at_their_moments(name: str) -> None:
    """Each is on its lane from its start on, until right before its end."""
    run = Watched(name)
    view = looked_at(run)
    assert run.timeline.tasks
    for task in run.timeline.tasks:
        assert task.started is not None and task.finished is not None
        started, finished = (t - view.origin(run) for t in (task.started, task.finished))
        for t in (started, (started + finished) // 2, finished - 1):
            assert view.task_at(Row(run, task.lane), t) is task
        assert view.task_at(Row(run, task.lane), finished) is not task


def test_rows_are_the_same_until_they_change() -> None:
    """Frame after frame they are one object; a lane more, a run more and plumbing make others."""
    run = Watched("primes-processes", share=0.05)
    view = looked_at(run)
    rows = view.rows
    view.advance(FRAME)
    assert view.rows is rows
    run.tell(1.0)
    assert [row.lane for row in view.rows] == [
        lane for lane in run.timeline.lanes if lane.role is not Role.PLUMBING
    ]
    rows = view.rows
    assert view.rows is rows
    toggle_plumbing(view)
    assert [row.lane for row in view.rows] == list(run.timeline.lanes)
    assert len(view.rows) > len(rows)
    view.add(Watched())
    assert view.rows[-1].run is view.runs[1]


def test_runs_compared_have_headings() -> None:
    """Each run's lanes come below a heading, also where only the first of them has begun."""
    first, second = Watched("fetch-blocking"), Watched("fetch-threads")
    view = View()
    view.show_runs([first], comparing=True)
    assert view.rows[0] == Row(first, None)
    view.add(second)
    assert [row.run for row in view.rows if row.lane is None] == [first, second]


def test_up_and_down_pick_lanes() -> None:
    """Down begins at the first and ends at the last, headings are passed over; up begins at the last."""
    view = looked_at(Watched("fetch-blocking"), Watched("fetch-threads"))
    lanes = [row for row in view.rows if row.lane is not None]
    for row in [*lanes, lanes[-1]]:
        view.move_selection(1)
        assert view.is_selected(row) and [each for each in view.rows if view.is_selected(each)] == [row]
    view.move_selection(-100)
    assert view.is_selected(lanes[0])
    view.select_row(None)
    view.move_selection(-1)
    assert view.is_selected(lanes[-1])


def test_nothing_to_pick() -> None:
    """Before there is a lane, every key leaves things as they are."""
    view = looked_at(Watched(share=0.0))
    view.move_selection(1)
    view.move_cursor(1)
    view.zoom(1)
    view.replay()
    view.advance(FRAME)
    assert view.selected_row is None and view.rows == () and view.length == view.present == 0


def test_a_task_and_its_lane_are_picked_together() -> None:
    """A task picks its lane; a lane picks the task that was on it at the cursor."""
    run = Watched()
    view = looked_at(run)
    task = run.timeline.tasks[0]
    assert task.started is not None and task.finished is not None
    view.select_task(run, task)
    assert view.selected_row is not None and view.selected_row.lane is task.lane
    row = view.selected_row
    view.set_cursor((task.started + task.finished) // 2 - view.origin(run))
    view.select_row(row)
    assert view.selected_task == (run, task)
    view.set_cursor(0)
    view.select_row(row)
    assert view.selected_task is None
    view.select_row(None)
    assert view.selected_row is None and view.selected_task is None


def test_plumbing_that_is_hidden_is_not_picked() -> None:
    """A lane that loses its row is let go of; others stay picked."""
    view = looked_at(Watched("primes-processes"))
    toggle_plumbing(view)
    view.move_selection(-1)
    assert (
        view.selected_row is not None
        and view.selected_row.lane is not None
        and view.selected_row.lane.role is Role.PLUMBING
    )
    toggle_plumbing(view)
    assert view.selected_row is None
    view.move_selection(1)
    picked = view.selected_row
    toggle_plumbing(view)
    assert view.selected_row is picked


def test_no_task_after_a_run_s_end() -> None:
    """Beside a longer run, the lanes of one that was over by then have no task at the cursor."""
    short, long = Watched("fetch-threads"), Watched("fetch-blocking")
    view = looked_at(short, long)
    view.jump(view.length)
    assert view.length > run_window(short.timeline).length
    assert all(view.task_at(row) is None for row in view.rows if row.run is short)


def test_the_cursor_freezes_a_run_that_goes_on() -> None:
    """It begins at the present, which stands still from then on; what comes is still there when it is followed."""
    run = Watched(share=0.5)
    view = looked_at(run)
    present = view.present
    view.move_cursor(-1)
    assert view.cursor == present > 0
    run.tell(0.8)
    view.advance(FRAME)
    assert view.present == present < view.length
    view.move_cursor(-1)
    assert view.viewport.cell(view.cursor) == view.viewport.cell(present) - 1
    view.follow()
    view.advance(FRAME)
    assert view.present == view.length and view.cursor is None


def test_the_cursor_does_not_freeze_what_is_over() -> None:
    """There is nothing to hold: the picture stays as it is, and the cursor goes through it, cell by cell."""
    view = looked_at(Watched())
    before = view.viewport.left, view.viewport.cell_ns
    view.jump(view.present)
    assert view.cursor == view.length
    last = view.viewport.cell(view.length)
    for cell in range(last - 1, -1, -1):
        view.move_cursor(-1)
        assert view.viewport.cell(view.cursor) == cell
    view.move_cursor(-1)
    assert view.cursor == 0
    assert (view.viewport.left, view.viewport.cell_ns) == before
    assert view.playhead.motion is Motion.FOLLOWING


def test_the_cursor_brings_the_picture_along() -> None:
    """Where it leaves what is in sight, the picture moves after it by as little as that takes."""
    view = looked_at(Watched())
    view.jump(0)
    view.zoom(3)
    view.jump(view.present)
    assert view.cursor is not None and view.viewport.cell(view.cursor) == view.viewport.cells - 1
    left = view.viewport.left
    view.move_cursor(-view.viewport.cells)
    assert view.viewport.left == left - view.viewport.cell_ns
    view.advance(FRAME)
    assert view.viewport.left == left - view.viewport.cell_ns


def test_zoom_is_around_the_cursor() -> None:
    """The cursor stays in its cell; one that is out of sight does not draw the picture to it."""
    view = looked_at(Watched())
    view.jump(view.length // 2)
    cursor = view.cursor
    assert cursor is not None
    cell = view.viewport.cell(cursor)
    view.zoom(2)
    assert view.viewport.cell(cursor) == cell
    view.pan(-1000)
    assert view.viewport.left == 0 and not view.viewport.sees(cursor)
    view.zoom(1)
    assert not view.viewport.sees(cursor)


def test_zoom_stays_at_the_present_of_a_run_that_goes_on() -> None:
    """Without a cursor, the present is in sight before and after, and stays so as the run grows."""
    run = Watched(share=0.5)
    view = looked_at(run)
    for share in (0.6, 0.7, 0.8, 0.9):
        view.zoom(1)
        run.tell(share)
        view.advance(FRAME)
        assert view.viewport.sees(view.present)
        assert view.playhead.motion is Motion.FOLLOWING


def test_a_pan_holds_what_moves() -> None:
    """Looking elsewhere in a run that goes on freezes it; else the next frame would undo it."""
    run = Watched(share=0.5)
    view = looked_at(run)
    view.zoom(6)
    view.pan(-20)
    left = view.viewport.left
    run.tell(0.9)
    view.advance(FRAME)
    assert view.viewport.left == left and view.playhead.motion is Motion.FROZEN


def test_the_whole_run_stays_whole_as_it_grows() -> None:
    """Asked for, the begin stays in sight frame after frame, however long the run gets; following ends that."""
    run = Watched("primes-threads", share=0.3)
    view = looked_at(run)
    view.zoom(4)
    view.fit_all()
    for share in (0.5, 0.7, 0.9, 1.0):
        run.tell(share)
        view.advance(FRAME)
        assert view.viewport.left == 0 and view.viewport.sees(view.present)
    view.follow()
    assert not view.viewport.whole


def test_before_anything_is_known_there_is_room_for_a_run_to_grow() -> None:
    """As much as there is when it begins to."""
    nothing = looked_at()
    begun = looked_at(Watched("fetch-threads", 0.4))
    assert begun.length and nothing.viewport.cell_ns == begun.viewport.cell_ns


def test_the_whole_run_of_a_frozen_picture() -> None:
    """It is seen at once, and stays as it is."""
    run = Watched(share=0.9)
    view = looked_at(run)
    view.toggle_freeze()
    view.zoom(5)
    view.fit_all()
    seen = view.viewport.left, view.viewport.cell_ns
    assert view.viewport.left == 0 and view.viewport.sees(view.present)
    run.tell(1.0)
    view.advance(FRAME)
    assert (view.viewport.left, view.viewport.cell_ns) == seen


def test_a_shorter_run_that_goes_on_beside_a_longer_one_is_in_sight() -> None:
    """While modes are compared, the whole axis is seen; nearer by, it is where the run grows."""
    going = Watched("fetch-threads", share=0.3)
    view = looked_at(Watched("primes-threads"), going)
    assert view.viewport.left == 0 and view.viewport.sees(view.length)
    view.zoom(5)
    for share in (0.6, 0.9):
        going.tell(share)
        view.advance(FRAME)
        assert view.viewport.sees(run_window(going.timeline).length)


def test_space_freezes_and_goes_on_with_the_run() -> None:
    """Frozen, the past is shown as it was; going on shows the latest."""
    run = Watched(share=0.5)
    view = looked_at(run)
    view.toggle_freeze()
    until = view.until(run)
    run.tell(0.9)
    view.advance(FRAME)
    assert view.until(run) == until
    view.toggle_freeze()
    assert view.present == view.length and view.playhead.motion is Motion.FOLLOWING


def test_space_goes_on_with_the_replay() -> None:
    """A replay that was frozen goes on from there, also while the run itself goes on."""
    for share in (0.9, 1.0):
        view = looked_at(Watched(share=share))
        view.replay()
        view.advance(50 * MS)
        view.toggle_freeze()
        at = view.present
        view.advance(FRAME)
        assert view.present == at == 50 * MS
        view.toggle_freeze()
        view.advance(10 * MS)
        assert view.present == at + 10 * MS and view.playhead.motion is Motion.REPLAYING


def test_space_goes_on_to_the_end_of_what_ended_meanwhile() -> None:
    """As it would have, had the run gone on: what came while it was frozen is there at once."""
    run = Watched(share=0.5)
    view = looked_at(run)
    view.toggle_freeze()
    run.tell(1.0)
    assert view.present < view.length
    view.toggle_freeze()
    assert view.present == view.length


def test_replay_from_the_cursor() -> None:
    """It begins there, and nearer by the picture goes along with it; at the end it begins anew."""
    view = looked_at(Watched())
    view.jump(30 * MS)
    view.zoom(5)
    view.replay()
    assert view.present == 30 * MS
    for _ in range(4):
        view.advance(20 * MS)
        assert view.viewport.sees(view.present)
    assert view.present == 110 * MS
    view.follow()
    view.jump(view.length)
    view.replay()
    assert view.present == 0


@pytest.mark.parametrize("share", [0.5, 1.0])
def test_a_replay_ends_by_following(share: float) -> None:
    """It gets to the latest moment, and stays with it."""
    view = looked_at(Watched(share=share))
    view.replay()
    view.advance(view.length)
    assert view.playhead.motion is Motion.FOLLOWING and view.present == view.length


def test_the_cursor_holds_a_replay() -> None:
    """Moving it in slow motion freezes what is shown there and then."""
    view = looked_at(Watched())
    view.replay()
    view.advance(40 * MS)
    view.move_cursor(-1)
    view.advance(FRAME)
    assert view.present == view.cursor == 40 * MS


def test_look_at_begins_anew() -> None:
    """Other runs are looked at whole, at their present, with nothing picked."""
    view = looked_at(Watched())
    view.jump(50 * MS)
    view.move_selection(2)
    view.zoom(4)
    view.toggle_freeze()
    other = Watched("primes-threads")
    view.show_runs([other])
    view.advance(FRAME)
    assert (view.cursor, view.selected_row, view.selected_task) == (None, None, None)
    assert view.runs == (other,) and view.present == view.length
    assert view.viewport.left == 0 and view.viewport.sees(view.length)
