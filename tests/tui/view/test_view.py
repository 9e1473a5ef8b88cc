from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.timeline.streams import Run as Stream
from tests.timeline.streams import runs as streams
from tests.tui.view.observed_runs import FRAME, Watched, looked_at
from threadviz.presentation.cells import measured
from threadviz.timeline import Role, Timeline
from threadviz.tui.view import Arranging, Motion, Row, Scene, Sort

MS = 1_000_000


class Told:
    """A run of these events, which is over or not."""

    def __init__(self, stream: Stream, over: bool) -> None:
        self.timeline = Timeline()
        self.timeline.extend(stream.events())
        self.over = over
        self.trouble = ""


def toggle_plumbing(scene: Scene) -> None:
    """Give plumbing rows, or take them away."""
    how = scene.lanes.how
    scene.arrange(replace(how, plumbing=not how.plumbing))


arrangings = st.builds(
    Arranging,
    grouped=st.sampled_from([None, True, False]),
    sort=st.sampled_from(Sort),
    words=st.sampled_from(["", "io", "thread 1", "nowhere", "process"]),
    idle_folded=st.booleans(),
    plumbing=st.booleans(),
)

# What can be done to a scene, by a name and what it is done with.
deeds = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["move_cursor", "move_lane", "zoom", "pan"]), st.integers(-12, 12)),
        st.tuples(st.sampled_from(["jump", "put_cursor", "advance"]), st.integers(0, 200)),
        st.tuples(st.sampled_from(["see_whole", "follow", "toggle_freeze", "replay", "drop_cursor", "fold"])),
        st.tuples(st.just("arrange"), arrangings),
    ),
    max_size=12,
)


@given(st.lists(st.tuples(streams(), st.booleans()), min_size=1, max_size=2), deeds)
def test_whatever_is_done(told: list[tuple[Stream, bool]], deeds: list[tuple[Any, ...]]) -> None:
    """The present is known, the cursor is not after it, no run is drawn beyond what was measured, picks are in rows."""
    scene = Scene()
    scene.look_at([Told(*each) for each in told], comparing=len(told) > 1)
    for name, *arguments in deeds:
        getattr(scene, name)(*arguments)
        assert 0 <= scene.present <= scene.length
        assert scene.cursor is None or 0 <= scene.cursor <= scene.present
        for run in scene.runs:
            window = measured(run.timeline)
            assert window.since <= scene.until(run) <= window.until
            assert scene.until(run) - window.since <= scene.present
        assert scene.lane is None or any(scene.is_picked(row) for row in scene.rows)
        if scene.task is not None and scene.lane is not None:
            assert scene.task[1].lane is scene.lane.lane


@given(streams(), st.integers(0, 120))
def test_the_task_at_a_moment(stream: Stream, t: int) -> None:
    """It is on that lane, had started, and was not over, whatever the stream."""
    run = Told(stream, over=True)
    scene = Scene()
    scene.look_at([run])
    for row in scene.rows:
        task = scene.task_at(row, t)
        moment = scene.origin(run) + t
        mine = [each for each in run.timeline.tasks if each.lane is row.lane and each.started is not None]
        if task is None:
            continue
        assert task in mine and task.started is not None
        assert task.started <= moment <= scene.until(run)
        assert task.finished is None or moment < task.finished


@pytest.mark.parametrize("name", ["fetch-blocking", "fetch-threads", "primes-processes"])
def test_the_tasks_of_a_run_at_their_moments(name: str) -> None:
    """Each is on its lane from its start on, until right before its end."""
    run = Watched(name)
    scene = looked_at(run)
    assert run.timeline.tasks
    for task in run.timeline.tasks:
        assert task.started is not None and task.finished is not None
        started, finished = (t - scene.origin(run) for t in (task.started, task.finished))
        for t in (started, (started + finished) // 2, finished - 1):
            assert scene.task_at(Row(run, task.lane), t) is task
        assert scene.task_at(Row(run, task.lane), finished) is not task


def test_rows_are_the_same_until_they_change() -> None:
    """Frame after frame they are one object; a lane more, a run more and plumbing make others."""
    run = Watched("primes-processes", share=0.05)
    scene = looked_at(run)
    rows = scene.rows
    scene.advance(FRAME)
    assert scene.rows is rows
    run.tell(1.0)
    assert [row.lane for row in scene.rows] == [
        lane for lane in run.timeline.lanes if lane.role is not Role.PLUMBING
    ]
    rows = scene.rows
    assert scene.rows is rows
    toggle_plumbing(scene)
    assert [row.lane for row in scene.rows] == list(run.timeline.lanes)
    assert len(scene.rows) > len(rows)
    scene.add(Watched())
    assert scene.rows[-1].run is scene.runs[1]


def test_runs_compared_have_headings() -> None:
    """Each run's lanes come below a heading, also where only the first of them has begun."""
    first, second = Watched("fetch-blocking"), Watched("fetch-threads")
    scene = Scene()
    scene.look_at([first], comparing=True)
    assert scene.rows[0] == Row(first, None)
    scene.add(second)
    assert [row.run for row in scene.rows if row.lane is None] == [first, second]


def test_up_and_down_pick_lanes() -> None:
    """Down begins at the first and ends at the last, headings are passed over; up begins at the last."""
    scene = looked_at(Watched("fetch-blocking"), Watched("fetch-threads"))
    lanes = [row for row in scene.rows if row.lane is not None]
    for row in [*lanes, lanes[-1]]:
        scene.move_lane(1)
        assert scene.is_picked(row) and [each for each in scene.rows if scene.is_picked(each)] == [row]
    scene.move_lane(-100)
    assert scene.is_picked(lanes[0])
    scene.pick_lane(None)
    scene.move_lane(-1)
    assert scene.is_picked(lanes[-1])


def test_nothing_to_pick() -> None:
    """Before there is a lane, every key leaves things as they are."""
    scene = looked_at(Watched(share=0.0))
    scene.move_lane(1)
    scene.move_cursor(1)
    scene.zoom(1)
    scene.replay()
    scene.advance(FRAME)
    assert scene.lane is None and scene.rows == () and scene.length == scene.present == 0


def test_a_task_and_its_lane_are_picked_together() -> None:
    """A task picks its lane; a lane picks the task that was on it at the cursor."""
    run = Watched()
    scene = looked_at(run)
    task = run.timeline.tasks[0]
    assert task.started is not None and task.finished is not None
    scene.pick_task(run, task)
    assert scene.lane is not None and scene.lane.lane is task.lane
    row = scene.lane
    scene.put_cursor((task.started + task.finished) // 2 - scene.origin(run))
    scene.pick_lane(row)
    assert scene.task == (run, task)
    scene.put_cursor(0)
    scene.pick_lane(row)
    assert scene.task is None
    scene.pick_lane(None)
    assert scene.lane is None and scene.task is None


def test_plumbing_that_is_hidden_is_not_picked() -> None:
    """A lane that loses its row is let go of; others stay picked."""
    scene = looked_at(Watched("primes-processes"))
    toggle_plumbing(scene)
    scene.move_lane(-1)
    assert scene.lane is not None and scene.lane.lane is not None and scene.lane.lane.role is Role.PLUMBING
    toggle_plumbing(scene)
    assert scene.lane is None
    scene.move_lane(1)
    picked = scene.lane
    toggle_plumbing(scene)
    assert scene.lane is picked


def test_no_task_after_a_run_s_end() -> None:
    """Beside a longer run, the lanes of one that was over by then have no task at the cursor."""
    short, long = Watched("fetch-threads"), Watched("fetch-blocking")
    scene = looked_at(short, long)
    scene.jump(scene.length)
    assert scene.length > measured(short.timeline).length
    assert all(scene.task_at(row) is None for row in scene.rows if row.run is short)


def test_the_cursor_freezes_a_run_that_goes_on() -> None:
    """It begins at the present, which stands still from then on; what comes is still there when it is followed."""
    run = Watched(share=0.5)
    scene = looked_at(run)
    present = scene.present
    scene.move_cursor(-1)
    assert scene.cursor == present > 0
    run.tell(0.8)
    scene.advance(FRAME)
    assert scene.present == present < scene.length
    scene.move_cursor(-1)
    assert scene.camera.cell(scene.cursor) == scene.camera.cell(present) - 1
    scene.follow()
    scene.advance(FRAME)
    assert scene.present == scene.length and scene.cursor is None


def test_the_cursor_does_not_freeze_what_is_over() -> None:
    """There is nothing to hold: the picture stays as it is, and the cursor goes through it, cell by cell."""
    scene = looked_at(Watched())
    before = scene.camera.left, scene.camera.cell_ns
    scene.jump(scene.present)
    assert scene.cursor == scene.length
    last = scene.camera.cell(scene.length)
    for cell in range(last - 1, -1, -1):
        scene.move_cursor(-1)
        assert scene.camera.cell(scene.cursor) == cell
    scene.move_cursor(-1)
    assert scene.cursor == 0
    assert (scene.camera.left, scene.camera.cell_ns) == before
    assert scene.playhead.motion is Motion.FOLLOWING


def test_the_cursor_brings_the_picture_along() -> None:
    """Where it leaves what is in sight, the picture moves after it by as little as that takes."""
    scene = looked_at(Watched())
    scene.jump(0)
    scene.zoom(3)
    scene.jump(scene.present)
    assert scene.cursor is not None and scene.camera.cell(scene.cursor) == scene.camera.cells - 1
    left = scene.camera.left
    scene.move_cursor(-scene.camera.cells)
    assert scene.camera.left == left - scene.camera.cell_ns
    scene.advance(FRAME)
    assert scene.camera.left == left - scene.camera.cell_ns


def test_zoom_is_around_the_cursor() -> None:
    """The cursor stays in its cell; one that is out of sight does not draw the picture to it."""
    scene = looked_at(Watched())
    scene.jump(scene.length // 2)
    cursor = scene.cursor
    assert cursor is not None
    cell = scene.camera.cell(cursor)
    scene.zoom(2)
    assert scene.camera.cell(cursor) == cell
    scene.pan(-1000)
    assert scene.camera.left == 0 and not scene.camera.sees(cursor)
    scene.zoom(1)
    assert not scene.camera.sees(cursor)


def test_zoom_stays_at_the_present_of_a_run_that_goes_on() -> None:
    """Without a cursor, the present is in sight before and after, and stays so as the run grows."""
    run = Watched(share=0.5)
    scene = looked_at(run)
    for share in (0.6, 0.7, 0.8, 0.9):
        scene.zoom(1)
        run.tell(share)
        scene.advance(FRAME)
        assert scene.camera.sees(scene.present)
        assert scene.playhead.motion is Motion.FOLLOWING


def test_a_pan_holds_what_moves() -> None:
    """Looking elsewhere in a run that goes on freezes it; else the next frame would undo it."""
    run = Watched(share=0.5)
    scene = looked_at(run)
    scene.zoom(6)
    scene.pan(-20)
    left = scene.camera.left
    run.tell(0.9)
    scene.advance(FRAME)
    assert scene.camera.left == left and scene.playhead.motion is Motion.FROZEN


def test_the_whole_run_stays_whole_as_it_grows() -> None:
    """Asked for, the begin stays in sight frame after frame, however long the run gets; following ends that."""
    run = Watched("primes-threads", share=0.3)
    scene = looked_at(run)
    scene.zoom(4)
    scene.see_whole()
    for share in (0.5, 0.7, 0.9, 1.0):
        run.tell(share)
        scene.advance(FRAME)
        assert scene.camera.left == 0 and scene.camera.sees(scene.present)
    scene.follow()
    assert not scene.camera.whole


def test_before_anything_is_known_there_is_room_for_a_run_to_grow() -> None:
    """As much as there is when it begins to."""
    nothing = looked_at()
    begun = looked_at(Watched("fetch-threads", 0.4))
    assert begun.length and nothing.camera.cell_ns == begun.camera.cell_ns


def test_the_whole_run_of_a_frozen_picture() -> None:
    """It is seen at once, and stays as it is."""
    run = Watched(share=0.9)
    scene = looked_at(run)
    scene.toggle_freeze()
    scene.zoom(5)
    scene.see_whole()
    seen = scene.camera.left, scene.camera.cell_ns
    assert scene.camera.left == 0 and scene.camera.sees(scene.present)
    run.tell(1.0)
    scene.advance(FRAME)
    assert (scene.camera.left, scene.camera.cell_ns) == seen


def test_a_shorter_run_that_goes_on_beside_a_longer_one_is_in_sight() -> None:
    """While modes are compared, the whole axis is seen; nearer by, it is where the run grows."""
    going = Watched("fetch-threads", share=0.3)
    scene = looked_at(Watched("primes-threads"), going)
    assert scene.camera.left == 0 and scene.camera.sees(scene.length)
    scene.zoom(5)
    for share in (0.6, 0.9):
        going.tell(share)
        scene.advance(FRAME)
        assert scene.camera.sees(measured(going.timeline).length)


def test_space_freezes_and_goes_on_with_the_run() -> None:
    """Frozen, the past is shown as it was; going on shows the latest."""
    run = Watched(share=0.5)
    scene = looked_at(run)
    scene.toggle_freeze()
    until = scene.until(run)
    run.tell(0.9)
    scene.advance(FRAME)
    assert scene.until(run) == until
    scene.toggle_freeze()
    assert scene.present == scene.length and scene.playhead.motion is Motion.FOLLOWING


def test_space_goes_on_with_the_replay() -> None:
    """A replay that was frozen goes on from there, also while the run itself goes on."""
    for share in (0.9, 1.0):
        scene = looked_at(Watched(share=share))
        scene.replay()
        scene.advance(50 * MS)
        scene.toggle_freeze()
        at = scene.present
        scene.advance(FRAME)
        assert scene.present == at == 50 * MS
        scene.toggle_freeze()
        scene.advance(10 * MS)
        assert scene.present == at + 10 * MS and scene.playhead.motion is Motion.REPLAYING


def test_space_goes_on_to_the_end_of_what_ended_meanwhile() -> None:
    """As it would have, had the run gone on: what came while it was frozen is there at once."""
    run = Watched(share=0.5)
    scene = looked_at(run)
    scene.toggle_freeze()
    run.tell(1.0)
    assert scene.present < scene.length
    scene.toggle_freeze()
    assert scene.present == scene.length


def test_replay_from_the_cursor() -> None:
    """It begins there, and nearer by the picture goes along with it; at the end it begins anew."""
    scene = looked_at(Watched())
    scene.jump(30 * MS)
    scene.zoom(5)
    scene.replay()
    assert scene.present == 30 * MS
    for _ in range(4):
        scene.advance(20 * MS)
        assert scene.camera.sees(scene.present)
    assert scene.present == 110 * MS
    scene.follow()
    scene.jump(scene.length)
    scene.replay()
    assert scene.present == 0


@pytest.mark.parametrize("share", [0.5, 1.0])
def test_a_replay_ends_by_following(share: float) -> None:
    """It gets to the latest moment, and stays with it."""
    scene = looked_at(Watched(share=share))
    scene.replay()
    scene.advance(scene.length)
    assert scene.playhead.motion is Motion.FOLLOWING and scene.present == scene.length


def test_the_cursor_holds_a_replay() -> None:
    """Moving it in slow motion freezes what is shown there and then."""
    scene = looked_at(Watched())
    scene.replay()
    scene.advance(40 * MS)
    scene.move_cursor(-1)
    scene.advance(FRAME)
    assert scene.present == scene.cursor == 40 * MS


def test_look_at_begins_anew() -> None:
    """Other runs are looked at whole, at their present, with nothing picked."""
    scene = looked_at(Watched())
    scene.jump(50 * MS)
    scene.move_lane(2)
    scene.zoom(4)
    scene.toggle_freeze()
    other = Watched("primes-threads")
    scene.look_at([other])
    scene.advance(FRAME)
    assert (scene.cursor, scene.lane, scene.task) == (None, None, None)
    assert scene.runs == (other,) and scene.present == scene.length
    assert scene.camera.left == 0 and scene.camera.sees(scene.length)
