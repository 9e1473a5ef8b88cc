"""The view: one run, or several on one time axis, each from its own start on."""

from collections.abc import Hashable, Sequence
from dataclasses import replace

from threadviz.presentation.cells import Window, run_window
from threadviz.timeline import Task
from threadviz.tui.view.gil_marks import GilRows
from threadviz.tui.view.row_cache import RowCache
from threadviz.tui.view.rows import Row, RowOptions, ViewedRun
from threadviz.tui.view.viewport import Motion, Playhead, Viewport

HOLD_NS = 3_000_000_000
"""How long the end is shown before a replay begins, if the view `loops`."""


class View:
    """Which runs are shown, which part of their time, up to which moment, and what is selected. Commands change it.

    Times are ns since the start of the run's workload, unless a docstring says otherwise. `cursor` is the examined
    moment, if any. Change `selected_row` and `selected_task` by `select_row` and `select_task`, which keep them
    together. `comparing` is whether the runs are compared, each below a heading; `awaiting` is whether a run was
    started from which nothing was received yet. A view that `loops` replays finished runs again
    and again, as on a screen on a wall, unless the user freezes it or sets the cursor.
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
        self.loops = False
        self._held_ns = 0
        self.runs: tuple[ViewedRun, ...] = tuple(runs)

    def show_runs(self, runs: Sequence[ViewedRun], comparing: bool = False) -> None:
        """Show other runs: whole, up to the latest moment, with nothing selected."""
        self.runs = tuple(runs)
        self.comparing = comparing
        self.cursor = self.selected_row = self.selected_task = None
        self.row_cache.reset()
        self.playhead.follow()
        self.viewport.fitted = True
        self.viewport.whole = comparing

    def add(self, run: ViewedRun) -> None:
        """Show one more run, below the others."""
        self.runs = (*self.runs, run)

    @property
    def state(self) -> tuple[Hashable, ...]:
        """What the picture depends on besides the runs: equal as long as nothing was changed."""
        viewport, playhead = self.viewport, self.playhead
        return (
            (self.runs, self.comparing, self.awaiting, self.cursor, self.selected_row, self.selected_task),
            (self.row_cache.options, self.gil_rows.enabled),
            (viewport.left, viewport.cell_ns, viewport.cells),
            (playhead.motion, playhead.at, playhead.speed),
        )

    @property
    def growing(self) -> bool:
        """Whether a run goes on."""
        return any(not run.over for run in self.runs)

    @property
    def moving(self) -> bool:
        """Whether the picture moves by itself."""
        motion = self.playhead.motion
        return motion is Motion.REPLAYING or (motion is Motion.FOLLOWING and self.growing)

    @property
    def length(self) -> int:
        """How long the longest run has taken so far."""
        return max((run_window(run.timeline).length for run in self.runs), default=0)

    @property
    def present(self) -> int:
        """The moment that is shown as the present."""
        return self.playhead.present(self.length)

    def origin(self, run: ViewedRun) -> int:
        """Return where the time axis of a run begins, in ns since the run's origin."""
        return run_window(run.timeline).since

    def until(self, run: ViewedRun) -> int:
        """Return up to when a run is drawn, in ns since the run's origin."""
        window = run_window(run.timeline)
        return window.since + min(self.present, window.length)

    def visible_window(self, run: ViewedRun) -> Window:
        """Return the visible part of a run, in ns since the run's origin; it may be empty."""
        origin, until, viewport = self.origin(run), self.until(run), self.viewport
        since = min(origin + viewport.left, until)
        return Window(since, max(since, min(origin + viewport.right, until)))

    @property
    def rows(self) -> tuple[Row, ...]:
        """The rows of the picture, from the top. The same object as long as nothing about them has changed."""
        return self.row_cache.rows()

    def arrange(self, how: RowOptions) -> None:
        """Arrange the lanes in another way. If that folds the selected lane away, its group is selected instead."""
        self.row_cache.arrange(how)
        picked = self.selected_row
        self.selected_row = None  # a selected lane has a row in any case
        rows = self.rows
        if picked is None or any(picked.is_same(row) for row in rows):
            self.selected_row = picked
            return
        self.select_row(next((row for row in rows if row.head and picked.lane in row.head.lanes), None))

    def fold(self, row: Row | None = None) -> None:
        """Fold or unfold the group of a row; for None, of the selected row."""
        head = self.row_cache.header_of(self.selected_row if row is None else row)
        if head is not None:
            how = self.row_cache.options
            self.arrange(replace(how, toggled=how.toggled ^ {head.key}))

    def select_row(self, row: Row | None) -> None:
        """Select a row, and the task on its lane at the cursor, or else at present."""
        self.selected_row = row
        task = None if row is None else self.task_at(row)
        self.selected_task = None if row is None or task is None else (row.run, task)

    def select_task(self, run: ViewedRun, task: Task) -> None:
        """Select a task and its lane."""
        self.selected_task = (run, task)
        self.selected_row = None if task.lane is None else Row(run, task.lane)

    def move_selection(self, rows: int) -> None:
        """Select the row that is `rows` below the selected one (above, if negative)."""
        selectable = [row for row in self.rows if row.selectable]
        if not selectable:
            return
        index = next((i for i, row in enumerate(selectable) if self.is_selected(row)), None)
        if index is None:  # the first or the last comes next
            index = -1 if rows > 0 else len(selectable)
        self.select_row(selectable[min(max(0, index + rows), len(selectable) - 1)])

    def is_selected(self, row: Row) -> bool:
        """Whether this row's lane or group is selected."""
        return self.selected_row is not None and self.selected_row.is_same(row)

    def task_at(self, row: Row, t: int | None = None) -> Task | None:
        """Return the task on a row's lane at `t`; for None, at the cursor, or else at present."""
        if row.lane is None:
            return None
        t, until = self.cursor if t is None else t, self.until(row.run)
        moment = until if t is None else self.origin(row.run) + t
        return None if moment > until else row.run.timeline.task_on(row.lane, moment)

    def move_cursor(self, cells: int) -> None:
        """Move the cursor by so many cells, from the present at first; that freezes the picture while a run goes on."""
        self._hold()
        viewport = self.viewport
        if self.cursor is None:
            self.set_cursor(min(self.present, viewport.right - 1))
        else:
            self.set_cursor(viewport.time(viewport.cell(self.cursor) + cells))

    def set_cursor(self, t: int) -> None:
        """Put the cursor at `t`, or at the nearest moment there is, and make it visible."""
        self.cursor = min(max(0, t), self.present)
        if not self.viewport.sees(self.cursor):
            self.viewport.fitted = False
            self.viewport.follow(self.cursor)

    def zoom(self, steps: int, around: int | None = None) -> None:
        """Zoom in by so many steps (out, if negative) around a moment; for None, the cursor, the present or the middle.

        Zooming out stops when everything is visible.
        """
        if steps < 0 and not self.viewport.left and self.viewport.right > self.length:
            return
        self.viewport.zoom(steps, self._centre if around is None else around)

    def pan(self, cells: int) -> None:
        """Move the visible part right by so many cells (left, if negative); that freezes the picture while it moves."""
        self._hold()
        self.viewport.pan(cells, self.length)

    def jump(self, t: int) -> None:
        """Put the cursor at `t`; that freezes the picture while a run goes on."""
        self._hold()
        self.set_cursor(t)

    def fit_all(self) -> None:
        """Show the runs from their start to their end, or as far as they got, and on as they grow."""
        self.viewport.whole = True
        self.viewport.fitted = self.playhead.motion is not Motion.FROZEN
        self._fit()

    def follow(self) -> None:
        """Show the latest moment from now on."""
        self.playhead.follow()
        self.viewport.fitted = True
        self.viewport.whole = self.comparing
        self.cursor = None

    def freeze_at(self, t: int) -> None:
        """Freeze the picture at `t`, or at the nearest moment there is."""
        self.playhead.replay(max(0, t))
        self.playhead.freeze(self.length)

    def toggle_freeze(self) -> None:
        """Freeze the picture, or let it go on: with the run, or with a replay that was frozen before its end."""
        playhead = self.playhead
        if playhead.motion is not Motion.FROZEN:
            playhead.freeze(self.length)
        elif playhead.in_replay and playhead.at < self.length:
            playhead.replay(playhead.at)
        else:
            playhead.follow()
            self.cursor = None

    def replay(self) -> None:
        """Replay from the cursor on; from the start if there is none, or if it is at the end."""
        if self.cursor is not None and self.cursor >= self.length:
            self.cursor = None  # it would be ahead of the replay
        self.playhead.replay(self.cursor or 0)

    def advance(self, elapsed: int) -> None:
        """Move the playhead, and the visible part with it: `elapsed` ns have passed."""
        at_end = self.playhead.motion is Motion.FOLLOWING and not self.growing
        self.playhead.advance(elapsed, self.length)
        self._see_front()
        self.row_cache.advance(elapsed)
        self._held_ns = self._held_ns + elapsed if at_end and self.length and self.cursor is None else 0
        if self.loops and self._held_ns >= HOLD_NS:
            self._held_ns = 0
            self.replay()

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
        """The cursor if it is visible, else the present or the middle."""
        viewport = self.viewport
        at_end = self.playhead.motion is Motion.FOLLOWING and not self.growing
        if self.cursor is not None and viewport.sees(self.cursor):
            return self.cursor
        if not at_end and viewport.sees(self._front):
            return self._front
        return (viewport.left + min(viewport.right, self.length)) // 2

    @property
    def _front(self) -> int:
        """The moment at which the picture grows. It is before the present if a run goes on beside longer ones."""
        if self.playhead.motion is not Motion.FOLLOWING:
            return self.present
        lengths = (run_window(run.timeline).length for run in self.runs if not run.over)
        return max(lengths, default=self.length)

    def _fit(self) -> None:
        if self.growing and self.playhead.motion is Motion.REPLAYING:
            # Fitted to a length that grows, it would be redrawn in each frame.
            self.viewport.fit(self.present, growing=True)
        else:
            length = self.length
            growing = self.growing or not length  # if there is nothing yet, more will come
            self.viewport.fit(length, growing=growing and self.playhead.motion is Motion.FOLLOWING)

    def _hold(self) -> None:
        if self.moving:
            self.playhead.freeze(self.length)
