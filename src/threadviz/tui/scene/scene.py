"""What is looked at: one run, or several on one time axis, each from its own begin on."""

from collections.abc import Hashable, Sequence
from typing import NamedTuple, Protocol

from threadviz.picture.window import measured
from threadviz.timeline import Lane, Role, Task, Timeline
from threadviz.tui.scene.camera import Camera
from threadviz.tui.scene.playhead import Motion, Playhead


class Shown(Protocol):
    """A run, as far as the scene is concerned."""

    @property
    def timeline(self) -> Timeline:
        """What is known of it."""
        ...

    @property
    def over(self) -> bool:
        """Whether no more will come."""
        ...

    @property
    def trouble(self) -> str:
        """What has gone wrong with it so far, as a sentence; nothing where nothing has."""
        ...


class Row(NamedTuple):
    """A row of the picture: a lane of a run, or, where `lane` is None, the heading above a run's lanes."""

    run: Shown
    lane: Lane | None


class Scene:
    """Times are ns since the begin of the run's workload, unless a name says otherwise.

    `cursor` is the moment that is looked at closely, `lane` the lane that is picked, `task` the task that is,
    `plumbing` whether plumbing has rows too, `comparing` whether the runs are looked at as a comparison, each below a
    heading, `awaiting` whether a run was started of which nothing is known yet. Change `lane` and `task` by `pick_lane`
    and `pick_task`, which keep them together.
    """

    def __init__(self, runs: Sequence[Shown] = ()) -> None:
        self.camera = Camera()
        self.playhead = Playhead()
        self.plumbing = False
        self.cursor: int | None = None
        self.lane: Row | None = None
        self.task: tuple[Shown, Task] | None = None
        self.comparing = len(runs) > 1
        self.awaiting = False
        self._runs: tuple[Shown, ...] = tuple(runs)
        self._rows: tuple[Row, ...] = ()
        self._rows_of: tuple[object, ...] = ()

    @property
    def runs(self) -> tuple[Shown, ...]:
        """Those that are looked at, in their order."""
        return self._runs

    def look_at(self, runs: Sequence[Shown], comparing: bool = False) -> None:
        """Look at other runs: whole, as they are, with nothing picked."""
        self._runs = tuple(runs)
        self.comparing = comparing
        self.cursor = self.lane = self.task = None
        self.playhead.follow()
        self.camera.fitted = True
        self.camera.whole = comparing

    def add(self, run: Shown) -> None:
        """Look at one more, below the others."""
        self._runs = (*self._runs, run)

    @property
    def state(self) -> tuple[Hashable, ...]:
        """What the picture depends on, beside what is known of the runs: equal as long as nothing was changed."""
        camera, playhead = self.camera, self.playhead
        return (
            (self._runs, self.comparing, self.awaiting, self.plumbing, self.cursor, self.lane, self.task),
            (camera.left, camera.cell_ns, camera.cells),
            (playhead.motion, playhead.at, playhead.speed),
        )

    @property
    def growing(self) -> bool:
        """Whether more of a run will come."""
        return any(not run.over for run in self._runs)

    @property
    def length(self) -> int:
        """For how long the longest of the runs is known."""
        return max((measured(run.timeline).length for run in self._runs), default=0)

    @property
    def present(self) -> int:
        """The moment that is shown as the present."""
        return self.playhead.present(self.length)

    def origin(self, run: Shown) -> int:
        """Where the time axis of a run begins, in ns since the run's origin."""
        return measured(run.timeline).since

    def until(self, run: Shown) -> int:
        """Until when a run is drawn, in ns since the run's origin."""
        window = measured(run.timeline)
        return window.since + min(self.present, window.length)

    @property
    def rows(self) -> tuple[Row, ...]:
        """The rows of the picture, from the top. The same object as long as nothing about them has changed."""
        of = (self._runs, self.comparing, self.plumbing, *(run.timeline.lanes for run in self._runs))
        if len(of) != len(self._rows_of) or any(a is not b for a, b in zip(of, self._rows_of, strict=True)):
            self._rows_of = of
            self._rows = tuple(self._made_rows())
        return self._rows

    def pick_lane(self, row: Row | None) -> None:
        """Pick a lane, and with it the task that is on it at the cursor, or at present."""
        self.lane = row
        self.task = None
        if row is not None and row.lane is not None:
            task = self.task_at(row)
            self.task = None if task is None else (row.run, task)

    def pick_task(self, run: Shown, task: Task) -> None:
        """Pick a task, and with it its lane."""
        self.task = (run, task)
        self.lane = None if task.lane is None else Row(run, task.lane)

    def move_lane(self, rows: int) -> None:
        """Pick the lane so many lanes below the one that is picked (above, where negative)."""
        lanes = [row for row in self.rows if row.lane is not None]
        if not lanes:
            return
        index = next((i for i, row in enumerate(lanes) if self.is_picked(row)), None)
        if index is None:  # the first or the last comes next
            index = -1 if rows > 0 else len(lanes)
        self.pick_lane(lanes[min(max(0, index + rows), len(lanes) - 1)])

    def is_picked(self, row: Row) -> bool:
        """Whether this row's lane is the one that is picked."""
        return self.lane is not None and self.lane.run is row.run and self.lane.lane is row.lane

    def task_at(self, row: Row, t: int | None = None) -> Task | None:
        """The task that is on a row's lane at `t` (where None: at the cursor, or else at present)."""
        if row.lane is None:
            return None
        if t is None:
            t = self.cursor
        until = self.until(row.run)
        moment = until if t is None else self.origin(row.run) + t
        return None if moment > until else row.run.timeline.task_on(row.lane, moment)

    def move_cursor(self, cells: int) -> None:
        """Move the cursor by so many cells; it begins at the present, and freezes the picture while a run goes on."""
        self._hold()
        camera = self.camera
        if self.cursor is None:
            self.put_cursor(min(self.present, camera.right - 1))
        else:
            self.put_cursor(camera.time(camera.cell(self.cursor) + cells))

    def put_cursor(self, t: int) -> None:
        """Look closely at `t`, or at what comes nearest to it, and bring it into sight."""
        self.cursor = min(max(0, t), self.present)
        if not self.camera.sees(self.cursor):
            self.camera.fitted = False
            self.camera.follow(self.cursor)

    def drop_cursor(self) -> None:
        """Look at no moment in particular."""
        self.cursor = None

    def zoom(self, steps: int, around: int | None = None) -> None:
        """Come nearer by so many steps, around a moment; where None, around the cursor, the present or the middle.

        One can go no farther away than to see all there is.
        """
        if steps < 0 and not self.camera.left and self.camera.right > self.length:
            return
        self.camera.zoom(steps, self._centre if around is None else around)

    def pan(self, cells: int) -> None:
        """Look at what is so many cells to the right (left, where negative); freezes the picture while it moves."""
        self._hold()
        self.camera.pan(cells, self.length)

    def jump(self, t: int) -> None:
        """Put the cursor at `t`, and freeze the picture while a run goes on."""
        self._hold()
        self.put_cursor(t)

    def see_whole(self) -> None:
        """See the runs from their begin to their end, or as far as they came, and on as they grow."""
        self.camera.whole = True
        self.camera.fitted = self.playhead.motion is not Motion.FROZEN
        self._fit()

    def toggle_plumbing(self) -> None:
        """Give plumbing rows, or take them away; a lane that has none any more is not picked."""
        self.plumbing = not self.plumbing
        if self.lane is not None and not any(self.is_picked(row) for row in self.rows):
            self.pick_lane(None)

    def follow(self) -> None:
        """Show the latest moment from now on."""
        self.playhead.follow()
        self.camera.fitted = True
        self.camera.whole = self.comparing
        self.drop_cursor()

    def freeze_at(self, t: int) -> None:
        """Show `t` as the present, or what comes nearest to it, and have the picture stand still there."""
        self.playhead.replay(max(0, t))
        self.playhead.freeze(self.length)

    def toggle_freeze(self) -> None:
        """Have the picture stand still, or go on: with the run, or with the replay where there is more to replay."""
        playhead = self.playhead
        if playhead.motion is not Motion.FROZEN:
            playhead.freeze(self.length)
        elif playhead.in_replay and playhead.at < self.length:
            playhead.replay(playhead.at)
        else:
            playhead.follow()
            self.drop_cursor()

    def replay(self) -> None:
        """Show again what was, from the cursor on; from the begin, where there is none or it is at the end."""
        if self.cursor is not None and self.cursor >= self.length:
            self.drop_cursor()  # it would be ahead of what is shown
        self.playhead.replay(self.cursor or 0)

    def advance(self, elapsed: int) -> None:
        """`elapsed` ns have passed for who looks on."""
        self.playhead.advance(elapsed, self.length)
        motion = self.playhead.motion
        if motion is Motion.FROZEN:
            return
        if self.camera.fitted:
            self._fit()
        elif motion is Motion.REPLAYING or (self.growing and self.cursor is None):
            self.camera.go_along(self._front)

    @property
    def _centre(self) -> int:
        """The cursor; without one in sight, the present or the middle."""
        camera = self.camera
        at_end = self.playhead.motion is Motion.FOLLOWING and not self.growing
        if self.cursor is not None and camera.sees(self.cursor):
            return self.cursor
        if not at_end and camera.sees(self._front):
            return self._front
        return (camera.left + min(camera.right, self.length)) // 2

    @property
    def _moving(self) -> bool:
        """Whether the picture moves by itself."""
        motion = self.playhead.motion
        return motion is Motion.REPLAYING or (motion is Motion.FOLLOWING and self.growing)

    @property
    def _front(self) -> int:
        """The moment at which the picture grows: where a run goes on beside longer ones, it is before the present."""
        if self.playhead.motion is not Motion.FOLLOWING:
            return self.present
        lengths = (measured(run.timeline).length for run in self._runs if not run.over)
        return max(lengths, default=self.length)

    def _fit(self) -> None:
        if self.growing and self.playhead.motion is Motion.REPLAYING:
            self.camera.fit(
                self.present, growing=True
            )  # to fit it to a length that grows, it would ever be redrawn
        else:
            length = self.length
            growing = self.growing or not length  # of nothing yet, more will come
            self.camera.fit(length, growing=growing and self.playhead.motion is Motion.FOLLOWING)

    def _hold(self) -> None:
        if self._moving:
            self.playhead.freeze(self.length)

    def _made_rows(self) -> list[Row]:
        rows = []
        for run in self._runs:
            if self.comparing:
                rows.append(Row(run, None))
            rows += [
                Row(run, lane)
                for lane in run.timeline.lanes
                if self.plumbing or lane.role is not Role.PLUMBING
            ]
        return rows
