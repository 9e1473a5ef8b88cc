"""What is looked at: one run, or several on one time axis, each from its own begin on."""

from collections.abc import Hashable, Sequence
from dataclasses import replace

from threadviz.presentation.cells import Window, run_window
from threadviz.timeline import Task
from threadviz.tui.view.gil_marks import GilRows
from threadviz.tui.view.row_cache import RowCache
from threadviz.tui.view.rows import Row, RowOptions, ViewedRun
from threadviz.tui.view.viewport import Motion, Playhead, Viewport


class View:
    """Times are ns since the begin of the run's workload, unless a name says otherwise.

    `cursor` is the moment that is looked at closely, `lane` the row that is picked, a lane's or a head's, `task` the
    task that is, `holders` says who holds the GIL, `comparing` whether the runs are looked at as a
    comparison, each below a heading, `awaiting` whether a run was started of which nothing is known yet. Change `lane`
    and `task` by `pick_lane` and `pick_task`, which keep them together. `lanes` says which rows there are, and how.
    """

    def __init__(self, runs: Sequence[ViewedRun] = ()) -> None:
        self.viewport = Viewport()
        self.playhead = Playhead()
        self.row_cache = RowCache(self)
        self.gil_rows = GilRows(self)
        self.cursor: int | None = None
        self.selected_row: Row | None = None
        self.selected_task: tuple[ViewedRun, Task] | None = None
        self.comparing = len(runs) > 1
        self.awaiting = False
        self._runs: tuple[ViewedRun, ...] = tuple(runs)

    @property
    def runs(self) -> tuple[ViewedRun, ...]:
        """Those that are looked at, in their order."""
        return self._runs

    def show_runs(self, runs: Sequence[ViewedRun], comparing: bool = False) -> None:
        """Look at other runs: whole, as they are, with nothing picked."""
        self._runs = tuple(runs)
        self.comparing = comparing
        self.cursor = self.selected_row = self.selected_task = None
        self.row_cache.look_at_others()
        self.playhead.follow()
        self.viewport.fitted = True
        self.viewport.whole = comparing

    def add(self, run: ViewedRun) -> None:
        """Look at one more, below the others."""
        self._runs = (*self._runs, run)

    @property
    def state(self) -> tuple[Hashable, ...]:
        """What the picture depends on, beside what is known of the runs: equal as long as nothing was changed."""
        viewport, playhead = self.viewport, self.playhead
        return (
            (self._runs, self.comparing, self.awaiting, self.cursor, self.selected_row, self.selected_task),
            (self.row_cache.options, self.gil_rows.enabled),
            (viewport.left, viewport.cell_ns, viewport.cells),
            (playhead.motion, playhead.at, playhead.speed),
        )

    @property
    def growing(self) -> bool:
        """Whether more of a run will come."""
        return any(not run.over for run in self._runs)

    @property
    def moving(self) -> bool:
        """Whether the picture moves by itself."""
        motion = self.playhead.motion
        return motion is Motion.REPLAYING or (motion is Motion.FOLLOWING and self.growing)

    @property
    def length(self) -> int:
        """For how long the longest of the runs is known."""
        return max((run_window(run.timeline).length for run in self._runs), default=0)

    @property
    def present(self) -> int:
        """The moment that is shown as the present."""
        return self.playhead.present(self.length)

    def origin(self, run: ViewedRun) -> int:
        """Where the time axis of a run begins, in ns since the run's origin."""
        return run_window(run.timeline).since

    def until(self, run: ViewedRun) -> int:
        """Until when a run is drawn, in ns since the run's origin."""
        window = run_window(run.timeline)
        return window.since + min(self.present, window.length)

    def visible_window(self, run: ViewedRun) -> Window:
        """From when to when a run is seen, in ns since the run's origin; nothing of it may be."""
        origin, until, viewport = self.origin(run), self.until(run), self.viewport
        since = min(origin + viewport.left, until)
        return Window(since, max(since, min(origin + viewport.right, until)))

    @property
    def rows(self) -> tuple[Row, ...]:
        """The rows of the picture, from the top. The same object as long as nothing about them has changed."""
        return self.row_cache.rows()

    def arrange(self, how: RowOptions) -> None:
        """Arrange the lanes in another way. A lane that is folded away by that is picked no more, but its head is."""
        self.row_cache.arrange(how)
        picked = self.selected_row
        self.selected_row = None  # a lane that is picked has a row in any case
        rows = self.rows
        if picked is None or any(picked.is_same(row) for row in rows):
            self.selected_row = picked
            return
        heads = (row for row in rows if row.head is not None and picked.lane in row.head.lanes)
        self.select_row(next(heads, None))

    def fold(self, row: Row | None = None) -> None:
        """Fold the lanes below the head of a row, or unfold them; where None, of what is picked."""
        head = self.row_cache.header_of(self.selected_row if row is None else row)
        if head is not None:
            how = self.row_cache.options
            self.arrange(replace(how, toggled=how.toggled ^ {head.key}))

    @property
    def foldable(self) -> bool:
        """Whether what is picked is a head, or below one."""
        return self.row_cache.header_of(self.selected_row) is not None

    def select_row(self, row: Row | None) -> None:
        """Pick a lane, and with it the task that is on it at the cursor, or at present; or a head."""
        self.selected_row = row
        task = None if row is None else self.task_at(row)
        self.selected_task = None if row is None or task is None else (row.run, task)

    def select_task(self, run: ViewedRun, task: Task) -> None:
        """Pick a task, and with it its lane."""
        self.selected_task = (run, task)
        self.selected_row = None if task.lane is None else Row(run, task.lane)

    def move_selection(self, rows: int) -> None:
        """Pick what is so many rows below the one that is picked (above, where negative)."""
        selectable = [row for row in self.rows if row.selectable]
        if not selectable:
            return
        index = next((i for i, row in enumerate(selectable) if self.is_selected(row)), None)
        if index is None:  # the first or the last comes next
            index = -1 if rows > 0 else len(selectable)
        self.select_row(selectable[min(max(0, index + rows), len(selectable) - 1)])

    def is_selected(self, row: Row) -> bool:
        """Whether this row's lane, or head, is the one that is picked."""
        return self.selected_row is not None and self.selected_row.is_same(row)

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
        viewport = self.viewport
        if self.cursor is None:
            self.set_cursor(min(self.present, viewport.right - 1))
        else:
            self.set_cursor(viewport.time(viewport.cell(self.cursor) + cells))

    def set_cursor(self, t: int) -> None:
        """Look closely at `t`, or at what comes nearest to it, and bring it into sight."""
        self.cursor = min(max(0, t), self.present)
        if not self.viewport.sees(self.cursor):
            self.viewport.fitted = False
            self.viewport.follow(self.cursor)

    def clear_cursor(self) -> None:
        """Look at no moment in particular."""
        self.cursor = None

    def zoom(self, steps: int, around: int | None = None) -> None:
        """Come nearer by so many steps, around a moment; where None, around the cursor, the present or the middle.

        One can go no farther away than to see all there is.
        """
        if steps < 0 and not self.viewport.left and self.viewport.right > self.length:
            return
        self.viewport.zoom(steps, self._centre if around is None else around)

    def pan(self, cells: int) -> None:
        """Look at what is so many cells to the right (left, where negative); freezes the picture while it moves."""
        self._hold()
        self.viewport.pan(cells, self.length)

    def jump(self, t: int) -> None:
        """Put the cursor at `t`, and freeze the picture while a run goes on."""
        self._hold()
        self.set_cursor(t)

    def fit_all(self) -> None:
        """See the runs from their begin to their end, or as far as they came, and on as they grow."""
        self.viewport.whole = True
        self.viewport.fitted = self.playhead.motion is not Motion.FROZEN
        self._fit()

    def follow(self) -> None:
        """Show the latest moment from now on."""
        self.playhead.follow()
        self.viewport.fitted = True
        self.viewport.whole = self.comparing
        self.clear_cursor()

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
            self.clear_cursor()

    def replay(self) -> None:
        """Show again what was, from the cursor on; from the begin, where there is none or it is at the end."""
        if self.cursor is not None and self.cursor >= self.length:
            self.clear_cursor()  # it would be ahead of what is shown
        self.playhead.replay(self.cursor or 0)

    def advance(self, elapsed: int) -> None:
        """`elapsed` ns have passed for who looks on."""
        self.playhead.advance(elapsed, self.length)
        self._see_front()
        self.row_cache.advance(elapsed)

    def _see_front(self) -> None:
        motion = self.playhead.motion
        if motion is Motion.FROZEN:
            return
        if self.viewport.fitted:
            self._fit()
        elif motion is Motion.REPLAYING or (self.growing and self.cursor is None):
            self.viewport.go_along(self._front)

    @property
    def _centre(self) -> int:
        """The cursor; without one in sight, the present or the middle."""
        viewport = self.viewport
        at_end = self.playhead.motion is Motion.FOLLOWING and not self.growing
        if self.cursor is not None and viewport.sees(self.cursor):
            return self.cursor
        if not at_end and viewport.sees(self._front):
            return self._front
        return (viewport.left + min(viewport.right, self.length)) // 2

    @property
    def _front(self) -> int:
        """The moment at which the picture grows: where a run goes on beside longer ones, it is before the present."""
        if self.playhead.motion is not Motion.FOLLOWING:
            return self.present
        lengths = (run_window(run.timeline).length for run in self._runs if not run.over)
        return max(lengths, default=self.length)

    def _fit(self) -> None:
        if self.growing and self.playhead.motion is Motion.REPLAYING:
            self.viewport.fit(
                self.present, growing=True
            )  # to fit it to a length that grows, it would ever be redrawn
        else:
            length = self.length
            growing = self.growing or not length  # of nothing yet, more will come
            self.viewport.fit(length, growing=growing and self.playhead.motion is Motion.FOLLOWING)

    def _hold(self) -> None:
        if self.moving:
            self.playhead.freeze(self.length)


# A scene that shows the same again and again, as a screen on a wall does.

HOLD_NS = 3_000_000_000
"""For so long the end is shown before it begins again."""


class ReplayLoop:
    """Begins a replay of what is over when its end was shown for long enough.

    Whoever freezes the picture, or puts the cursor somewhere, is left in peace.
    """

    def __init__(self) -> None:
        self._held = 0

    def advance(self, view: View, elapsed: int) -> None:
        """`elapsed` ns have passed for who looks on."""
        at_end = view.playhead.motion is Motion.FOLLOWING and not view.growing
        if not at_end or view.cursor is not None or not view.length:
            self._held = 0
            return
        self._held += elapsed
        if self._held >= HOLD_NS:
            self._held = 0
            view.replay()
