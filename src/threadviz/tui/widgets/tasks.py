"""The table of tasks: those that go on above, growing; below them the others, as they finished."""

from collections.abc import Hashable, Sequence

from textual.content import Content
from textual.events import Click

from threadviz.findings.words import count
from threadviz.picture.plain import printable
from threadviz.timeline import Task, Timeline
from threadviz.tui.scene import Scene
from threadviz.tui.scene.shown import Shown
from threadviz.tui.widgets.following import PERIOD_NS, Page, moment
from threadviz.tui.widgets.labels import header_of, labels
from threadviz.tui.widgets.moments import at_end
from threadviz.tui.widgets.task_order import Rest, Sort, TaskOrder
from threadviz.tui.widgets.task_rows import TaskRows, marked
from threadviz.tui.widgets.tracebacks import traceback_lines
from threadviz.tui.widgets.wording import FAINT, cut, filled, wrapped

_MANY = 20_000
"""The rows of so many tasks are sorted anew in steps twice as long, of twice as many in three times as long: for that
takes about 5 ms for each 10,000."""

_STEPS = 10
"""While running times are looked up of very many, the rows are sorted anew so many times."""

_MOST_BELOW = 3
"""In so many lines at most there stands below the rows what did not fit into that of the task that is picked."""

_SORTED = {
    Sort.FINISHING: "as they finished",
    Sort.NAME: "by name",
    Sort.LANE: "by lane",
    Sort.QUEUED: "by time queued",
    Sort.ELAPSED: "by time elapsed",
    Sort.RUNNING: "by time running",
}
"""What stands in the title."""

_PICKED = "bold $text on $primary-muted"


class Tasks(Page):
    """One row for each task of the run that is looked at: of several, the one that has the lane that is picked.

    Only rows that are visible are worked out. The first line is that of the columns' names, and stays; so do the last
    ones, which say what there is no room for in the row that is picked.
    """

    def __init__(self, scene: Scene, *, plain: bool = False) -> None:
        super().__init__(scene, plain=plain)
        self.sort = Sort.FINISHING
        self._run: Shown | None = None
        self._order = TaskOrder(Timeline())
        self._rows: Sequence[Task | Rest] = ()
        self._until = 0
        self._written: TaskRows | None = None
        self._below: Sequence[Content] = ()
        self._shown_task: Task | None = None
        self._measured = (0, 0)

    def cycle_sort(self) -> None:
        """Sort by the next column."""
        sorts = list(Sort)
        self.sort = sorts[(sorts.index(self.sort) + 1) % len(sorts)]
        self.refresh_scene()
        self._bring_into_sight()

    def move(self, rows: int) -> None:
        """Pick the task so many rows below the one that is picked (above, where negative)."""
        self.refresh_scene()
        tasks = [row for row in self._rows if isinstance(row, Task)]
        if not tasks or self._run is None:
            return
        picked = self._picked()
        if picked in tasks:
            index = min(max(0, tasks.index(picked) + rows), len(tasks) - 1)
        else:
            index = 0 if rows > 0 else len(tasks) - 1
        self.scene.pick_task(self._run, tasks[index])
        self.refresh_scene()

    def key(self) -> tuple[Hashable, ...]:
        """What the rows depend on; where they are many, they follow in longer steps, for to sort them takes long."""
        run = self._looked_at()
        if run is None:
            self._run, self._rows, self._written, self._below = None, (), None, ()
            return (None, self.scene.runs)
        if run is not self._run:
            self._run, self._order, self._measured = run, TaskOrder(run.timeline), (0, 0)
        learned = self._order.learn(run.over) if self.sort is Sort.RUNNING else 0
        many = 1 + len(self._rows) // _MANY
        return (
            *moment(self.scene, PERIOD_NS * many, phase=0.6),
            learned * _STEPS // max(1, len(self._rows)),
            run,
            run.over,
            self.sort,
            self.scene.task,
            self.scene.lane,
        )

    def lines(self, width: int) -> Sequence[Content]:
        """The names of the columns; the rows below are worked out when they are drawn."""
        run = self._run
        if run is None or header_of(run.timeline) is None:
            self._rows = self._below = ()
            return [Content.styled("No task was seen yet.", FAINT)]
        self._until = self.scene.until(run)
        self._rows = self._order.rows(self._until, self.sort)
        self._written = TaskRows(
            run.timeline,
            self._until,
            width=width,
            longest_name=self._longest_name(run.timeline),
            sort=self.sort,
            plain=self.plain,
        )
        self._below = self._below_rows(self._written, width)
        self.border_title = f"Tasks {_SORTED[self.sort]}"
        whose = labels(self.scene.runs)[self.scene.runs.index(run)]
        return [self._written.head(f"  ({whose})" if self.scene.comparing else "")]

    @property
    def height_of_all(self) -> int:
        """The rows, the columns' names, and what stands below."""
        return 1 + len(self._rows) + len(self._below)

    def line_at(self, y: int) -> int:
        """The columns' names stay where they are, and so does what stands below the rows: those lines are negative."""
        from_bottom = y - self.scrollable_content_region.height
        if from_bottom >= -len(self._below):
            return from_bottom
        return super().line_at(y) if y else 0

    def line(self, number: int) -> Content:
        """A row, or the columns' names."""
        if number < 0:
            return self._below[number]
        if self._run is None or self._written is None or not 0 < number <= len(self._rows):
            return super().line(number)
        row = self._rows[number - 1]
        if isinstance(row, Rest):
            return Content.styled(f"  and {count(row.tasks, 'task')} more that wait for a worker", FAINT)
        picked, lane = row is self._picked(), self.scene.lane
        beside = lane is not None and lane.lane is row.lane and (row.started or self._until) < self._until
        going_on = not at_end(self.scene, self._run)
        line = self._written.row(row, marked(picked, beside, self.plain), going_on)
        if not picked:
            return line
        width = self.scrollable_content_region.width
        return filled(line, width).stylize_before("bold" if self.app.current_theme.ansi else _PICKED)

    def refresh_scene(self) -> None:
        """Show the scene as it is now, and the task that was picked since, wherever it is."""
        super().refresh_scene()
        picked = self._picked()
        if picked is not self._shown_task:
            self._shown_task = picked
            self._bring_into_sight()

    def on_click(self, event: Click) -> None:
        """Pick the task that was clicked at."""
        at = event.get_content_offset(self)
        number = 0 if at is None else self.line_at(at.y)
        if self._run is not None and 0 < number <= len(self._rows):
            row = self._rows[number - 1]
            if isinstance(row, Task):
                self._shown_task = row  # it is in sight, and the rows need not move
                self.scene.pick_task(self._run, row)

    def _looked_at(self) -> Shown | None:
        """The run that has the lane that is picked, else the first that goes on, else the last."""
        picked, runs = self.scene.lane, self.scene.runs
        if picked is not None:
            return picked.run
        return next((run for run in runs if not run.over), runs[-1] if runs else None)

    def _picked(self) -> Task | None:
        return self.scene.task[1] if self.scene.task is not None else None

    def _below_rows(self, written: TaskRows, width: int) -> list[Content]:
        """Return what the row of the task that is picked has no room for, and where it failed, if it did."""
        if self.scene.task is None or self.scene.task[0] is not self._run:
            return []
        task = self.scene.task[1]
        whole = written.whole(task)
        lines = [] if whole is None else wrapped(whole, width)
        last = lines[_MOST_BELOW - 1 :]
        failed = task.finished is not None and task.finished <= self._until
        frames = traceback_lines(task.traceback if failed else "", width, self.plain)
        room = self.scrollable_content_region.height // 2
        return [
            *lines[: _MOST_BELOW - 1],
            *([cut(Content(" ").join(last), width, self.plain)] if last else []),
            *frames[max(0, len(frames) - room) :],
        ]

    def _bring_into_sight(self) -> None:
        picked = self._picked()
        if picked not in self._rows:
            return
        place, height = self._rows.index(picked), self.scrollable_content_region.height - 1 - len(self._below)
        if place < self.scroll_offset.y:
            self.scroll_to(y=place, animate=False)
        elif place >= self.scroll_offset.y + height:
            self.scroll_to(y=place - height + 1, animate=False)

    def _longest_name(self, timeline: Timeline) -> int:
        seen, longest = self._measured
        tasks = timeline.tasks
        longest = max([longest, *(len(printable(task.name)) for task in tasks[seen:])])
        self._measured = (len(tasks), longest)
        return longest
