"""The table of tasks: those that go on above, growing; below them the others, as they finished."""

import enum
import re
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from textual.content import Content
from textual.events import Click

from threadviz.presentation.summary import (
    OTHER,
    TaskStage,
    TaskSummary,
    kinds_of_waiting,
    queued,
    stage_of,
    task_row,
)
from threadviz.protocol.events import State
from threadviz.text import count, printable
from threadviz.timeline import Task, Timeline
from threadviz.tui.render.styles import variable
from threadviz.tui.view import View
from threadviz.tui.view.rows import ViewedRun
from threadviz.tui.widgets.panel import (
    ALARM,
    FAINT,
    PERIOD_NS,
    STRONG,
    ScrollPanel,
    moment_key,
    pad_to,
    traceback_lines,
    truncate,
    wrap,
)
from threadviz.tui.widgets.run_text import header_of, run_labels, shows_end

# The order of a table's tasks, as of any moment, for as many as there may be.

MAX_QUEUED = 8
"""In the order of finishing, of the tasks that have not started so many have rows; the others share one."""

LEARNED_AT_ONCE = 400
"""Of so many tasks that are over the running time is looked up at a frame, and kept: it takes about 10 us each."""

_SETTLED_NS = 1_000_000_000
"""So long after a task is over, no more is said of it."""

_DIGITS = re.compile(r"(\d+)")


class TaskSort(enum.Enum):
    """By what a table of tasks is sorted; the values are the names of its columns."""

    FINISHING = "result"
    NAME = "task"
    LANE = "lane"
    QUEUED = "queued"
    ELAPSED = "elapsed"
    RUNNING = "running"


@dataclass(frozen=True, slots=True)
class Rest:
    """A row that stands for so many tasks that have not started."""

    tasks: int


class TaskOrder:
    """The tasks of one run in order. It remembers what can't change any more."""

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self._running: dict[int, int] = {}
        self._names: dict[int, list[str | int]] = {}
        self._learned = 0

    def learn(self, over: bool) -> int:
        """Look up the running time of a few more tasks that are over, and return of how many it is known."""
        done, timeline = self.timeline.finished_tasks(), self.timeline
        if len(self._running) < self._learned:  # one came in between later, and moved the others on
            self._learned = 0
        for task in done[self._learned : self._learned + LEARNED_AT_ONCE]:
            if not over and (task.finished or 0) + _SETTLED_NS > timeline.now:
                break
            self._running[task.number] = timeline.task_states(task).get(State.RUNNING, 0)
            self._learned += 1
        return self._learned

    def rows(self, t: int, sort: TaskSort) -> list[Task | Rest]:
        """The tasks that were submitted by `t` (ns), as they stood then."""
        tasks = [task for task in self.timeline.tasks if task.submitted <= t]
        if sort is TaskSort.FINISHING:
            return self._as_finished(tasks, t)
        keys: dict[TaskSort, Callable[[Task], Any]] = {
            TaskSort.NAME: self._name,
            TaskSort.LANE: self._lane_key(t),
            TaskSort.QUEUED: lambda task: (-queued(task, t), task.number),
            TaskSort.ELAPSED: lambda task: (-task.elapsed(t), task.number),
            TaskSort.RUNNING: lambda task: (-self._running_ns(task, t), task.number),
        }
        return [*sorted(tasks, key=keys[sort])]

    def _as_finished(self, tasks: list[Task], t: int) -> list[Task | Rest]:
        """Those that run, those that wait for a worker, and those that are over."""
        open_ = [task for task in tasks if task.finished is None or task.finished > t]
        over = [
            task
            for task in self.timeline.finished_tasks()
            if task.finished is not None and task.finished <= t
        ]
        running = [task for task in open_ if stage_of(task, t) is TaskStage.STARTED]
        waiting = [task for task in open_ if stage_of(task, t) is TaskStage.QUEUED]
        running.sort(key=lambda task: (task.started, task.number))
        rest = len(waiting) - MAX_QUEUED
        if rest > 1:
            return [*running, *waiting[:MAX_QUEUED], Rest(rest), *over]
        return [*running, *waiting, *over]

    def _name(self, task: Task) -> list[str | int]:
        """The task's name so that 'digest 9' comes before 'digest 10': text and numbers take turns."""
        key = self._names.get(task.number)
        if key is None:
            parts = _DIGITS.split(task.name)
            key = [int(part) if index % 2 else part for index, part in enumerate(parts)]
            self._names[task.number] = key
        return key

    def _lane_key(self, t: int) -> Callable[[Task], tuple[int, int]]:
        places = {lane: place for place, lane in enumerate(self.timeline.lanes)}

        def key(task: Task) -> tuple[int, int]:
            here = task.lane is not None and task.started is not None and task.started <= t
            return (places[task.lane] if here and task.lane else len(places), task.started or task.submitted)

        return key

    def _running_ns(self, task: Task, t: int) -> int:
        if task.finished is not None and task.finished <= t:
            return self._running.get(task.number, 0)
        return self.timeline.task_states(task, t).get(State.RUNNING, 0)


# How the table of tasks is written: which columns there are, how wide, and what a row says.

_FIGURE = 7
_NAME = 10
_RESULT = 12
"""So wide are a figure, a name where it is long, and the result at least."""

_ROOM_FOR_WORDS = 24
"""From this width on, a result says 'failed' before the error."""

_AT_80 = 80
_WIDTH_FOR_A_KIND = 20
"""So many characters more than 80 have room for one more kind of waiting."""

_ROOM_FOR_GAPS = 110


class Column(NamedTuple):
    """`title` stands above it."""

    title: str
    width: int
    right: bool = False


class TaskRows:
    """Writes tasks as they stood at `t` (ns) in `width` characters, `longest_name` being that of a task's name."""

    def __init__(
        self, timeline: Timeline, t: int, *, width: int, longest_name: int, sort: TaskSort, plain: bool
    ) -> None:
        self._timeline = timeline
        self._t = t
        self._plain = plain
        self._gap = " " * (1 if width < _ROOM_FOR_GAPS else 2)
        self._kinds = _kinds(timeline, t, 2 + max(0, width - _AT_80) // _WIDTH_FOR_A_KIND)
        lanes = [len(lane.name) for lane in timeline.lanes if lane.tasks]
        title = self._title
        figures = [
            title(each, sort) for each in (TaskSort.QUEUED, TaskSort.ELAPSED, TaskSort.RUNNING)
        ] + list(self._kinds)
        middle = [
            Column(title(TaskSort.LANE, sort), max([len(title(TaskSort.LANE, sort)), *lanes])),
            *(Column(each, max(len(each), _FIGURE), right=True) for each in figures),
        ]
        left = (
            width - sum(column.width + len(self._gap) for column in middle) - len(self._gap) - len(_UNMARKED)
        )
        name = min(max(longest_name, len(title(TaskSort.NAME, sort))), max(left - _RESULT, _NAME))
        last = Column(title(TaskSort.FINISHING, sort), max(0, left - name))
        self._columns = [Column(title(TaskSort.NAME, sort), name), *middle, last]

    def head(self, note: str) -> Content:
        """The titles of the columns, and a note."""
        *titles, last = (Content(column.title) for column in self._columns)
        return self._row(Content(_UNMARKED), [*titles, last.append(note)]).stylize(STRONG)

    def row(self, task: Task, mark: str, going_on: bool) -> Content:
        """One task after its mark; of one that is `going_on`, what its lane is in."""
        told = task_row(task, self._timeline.task_states(task, self._t), self._kinds, self._t)
        name, lane, *figures = told.name, told.lane, told.queued, told.elapsed, told.running, *told.waits
        came_out = self._came_out(task, told, going_on)
        row = self._row(
            Content.styled(mark, "bold $text-accent"), [*map(Content, (name, lane, *figures)), came_out]
        )
        return row.stylize_before(FAINT) if told.stage is TaskStage.QUEUED else row

    def whole(self, task: Task) -> Content | None:
        """The name of a task that is over and all of what came of it, where its row has no room for that."""
        told = task_row(task, {}, (), self._t)
        if told.stage not in {TaskStage.DONE, TaskStage.FAILED}:
            return None
        shown = self._came_out(task, told, going_on=False)
        if len(told.name) <= self._columns[0].width and shown.cell_length <= self._columns[-1].width:
            return None
        return Content.assemble(
            (f"{told.name}: ", STRONG), (told.came_out, ALARM if told.stage is TaskStage.FAILED else "")
        )

    def _row(self, mark: Content, cells: Sequence[Content]) -> Content:
        written = []
        for column, cell in zip(self._columns, cells, strict=True):
            text = truncate(cell, column.width, self._plain)
            missing = column.width - text.cell_length
            written.append(text.pad_left(missing) if column.right else text.pad_right(missing))
        return mark.append(Content(self._gap).join(written))

    def _title(self, of: TaskSort, sort: TaskSort) -> str:
        up, down = ("^", "v") if self._plain else ("▴", "▾")
        mark = up if of in {TaskSort.NAME, TaskSort.LANE} else down
        # The order of finishing has no column of its own, and it is not by results that they are sorted.
        return f"{of.value}{mark if of is sort and of is not TaskSort.FINISHING else ''}"

    def _came_out(self, task: Task, row: TaskSummary, going_on: bool) -> Content:
        """The result, or the error; of a task that goes on, what its lane is in."""
        if row.stage is TaskStage.FAILED:
            short = f"{'x' if self._plain else '✗'} {printable(task.error or '')}"
            return Content.styled(
                row.came_out if self._columns[-1].width >= _ROOM_FOR_WORDS else short, ALARM
            )
        if row.stage is not TaskStage.STARTED:
            return Content(row.came_out)
        now = task.lane.at(self._t) if going_on and task.lane is not None else None
        if now is None:
            return Content.styled(row.came_out, "$text-warning")
        return Content.styled(printable(f"{now.state} {now.call}".rstrip()), f"${variable(now.state)}")


_UNMARKED = "  "


def marked(picked: bool, side_by_side: bool, plain: bool) -> str:
    """What stands before a task's name: it is picked, or it is `beside` that one, on the lane that is picked."""
    if picked:
        return "> " if plain else "▶ "
    return ("| " if plain else "▌ ") if side_by_side else _UNMARKED


def _kinds(timeline: Timeline, t: int, most: int) -> list[str]:
    """The kinds of waiting that matter to the lanes that tasks are on; they have `most` columns, OTHER included."""
    states = Counter[State]()
    for lane in timeline.lanes:
        if lane.tasks:
            states.update(lane.states(timeline.begin or 0, t))
    del states[State.IDLE]
    kinds = kinds_of_waiting([states], most)
    return kinds if len(kinds) <= most else [*kinds[: most - 1], OTHER]


_MANY = 20_000
"""The rows of so many tasks are sorted anew in steps twice as long, of twice as many in three times as long: for that
takes about 5 ms for each 10,000."""

_STEPS = 10
"""While running times are looked up of very many, the rows are sorted anew so many times."""

_MOST_BELOW = 3
"""In so many lines at most there stands below the rows what did not fit into that of the task that is picked."""

_SORTED = {
    TaskSort.FINISHING: "as they finished",
    TaskSort.NAME: "by name",
    TaskSort.LANE: "by lane",
    TaskSort.QUEUED: "by time queued",
    TaskSort.ELAPSED: "by time elapsed",
    TaskSort.RUNNING: "by time running",
}
"""What stands in the title."""

_PICKED = "bold $text on $primary-muted"


class TaskTable(ScrollPanel):
    """One row for each task of the run that is looked at: of several, the one that has the lane that is picked.

    Only rows that are visible are worked out. The first line is that of the columns' names, and stays; so do the last
    ones, which say what there is no room for in the row that is picked.
    """

    def __init__(self, view: View, *, plain: bool = False) -> None:
        super().__init__(view, plain=plain)
        self.sort = TaskSort.FINISHING
        self._run: ViewedRun | None = None
        self._order = TaskOrder(Timeline())
        self._rows: Sequence[Task | Rest] = ()
        self._until = 0
        self._written: TaskRows | None = None
        self._below: Sequence[Content] = ()
        self._shown_task: Task | None = None
        self._measured = (0, 0)

    def cycle_sort(self) -> None:
        """Sort by the next column."""
        sorts = list(TaskSort)
        self.sort = sorts[(sorts.index(self.sort) + 1) % len(sorts)]
        self.refresh_view()
        self._bring_into_sight()

    def move(self, rows: int) -> None:
        """Pick the task so many rows below the one that is picked (above, where negative)."""
        self.refresh_view()
        tasks = [row for row in self._rows if isinstance(row, Task)]
        if not tasks or self._run is None:
            return
        picked = self._picked()
        if picked in tasks:
            index = min(max(0, tasks.index(picked) + rows), len(tasks) - 1)
        else:
            index = 0 if rows > 0 else len(tasks) - 1
        self.view.select_task(self._run, tasks[index])
        self.refresh_view()

    def key(self) -> tuple[Hashable, ...]:
        """What the rows depend on; where they are many, they follow in longer steps, for to sort them takes long."""
        run = self._looked_at()
        if run is None:
            self._run, self._rows, self._written, self._below = None, (), None, ()
            return (None, self.view.runs)
        if run is not self._run:
            self._run, self._order, self._measured = run, TaskOrder(run.timeline), (0, 0)
        learned = self._order.learn(run.over) if self.sort is TaskSort.RUNNING else 0
        many = 1 + len(self._rows) // _MANY
        return (
            *moment_key(self.view, PERIOD_NS * many, phase=0.6),
            learned * _STEPS // max(1, len(self._rows)),
            run,
            run.over,
            self.sort,
            self.view.selected_task,
            self.view.selected_row,
        )

    def lines(self, width: int) -> Sequence[Content]:
        """The names of the columns; the rows below are worked out when they are drawn."""
        run = self._run
        if run is None or header_of(run.timeline) is None:
            self._rows = self._below = ()
            return [Content.styled("No task was seen yet.", FAINT)]
        self._until = self.view.until(run)
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
        whose = run_labels(self.view.runs)[self.view.runs.index(run)]
        return [self._written.head(f"  ({whose})" if self.view.comparing else "")]

    @property
    def line_count(self) -> int:
        """The rows, the columns' names, and what stands below."""
        return 1 + len(self._rows) + len(self._below)

    def line_number_at(self, y: int) -> int:
        """The columns' names stay where they are, and so does what stands below the rows: those lines are negative."""
        from_bottom = y - self.scrollable_content_region.height
        if from_bottom >= -len(self._below):
            return from_bottom
        return super().line_number_at(y) if y else 0

    def line(self, number: int) -> Content:
        """A row, or the columns' names."""
        if number < 0:
            return self._below[number]
        if self._run is None or self._written is None or not 0 < number <= len(self._rows):
            return super().line(number)
        row = self._rows[number - 1]
        if isinstance(row, Rest):
            return Content.styled(f"  and {count(row.tasks, 'task')} more that wait for a worker", FAINT)
        picked, lane = row is self._picked(), self.view.selected_row
        side_by_side = (
            lane is not None and lane.lane is row.lane and (row.started or self._until) < self._until
        )
        going_on = not shows_end(self.view, self._run)
        line = self._written.row(row, marked(picked, side_by_side, self.plain), going_on)
        if not picked:
            return line
        width = self.scrollable_content_region.width
        return pad_to(line, width).stylize_before("bold" if self.app.current_theme.ansi else _PICKED)

    def refresh_view(self) -> None:
        """Show the scene as it is now, and the task that was picked since, wherever it is."""
        super().refresh_view()
        picked = self._picked()
        if picked is not self._shown_task:
            self._shown_task = picked
            self._bring_into_sight()

    def on_click(self, event: Click) -> None:
        """Pick the task that was clicked at."""
        at = event.get_content_offset(self)
        number = 0 if at is None else self.line_number_at(at.y)
        if self._run is not None and 0 < number <= len(self._rows):
            row = self._rows[number - 1]
            if isinstance(row, Task):
                self._shown_task = row  # it is in sight, and the rows need not move
                self.view.select_task(self._run, row)

    def _looked_at(self) -> ViewedRun | None:
        """The run that has the lane that is picked, else the first that goes on, else the last."""
        picked, runs = self.view.selected_row, self.view.runs
        if picked is not None:
            return picked.run
        return next((run for run in runs if not run.over), runs[-1] if runs else None)

    def _picked(self) -> Task | None:
        return self.view.selected_task[1] if self.view.selected_task is not None else None

    def _below_rows(self, written: TaskRows, width: int) -> list[Content]:
        """Return what the row of the task that is picked has no room for, and where it failed, if it did."""
        if self.view.selected_task is None or self.view.selected_task[0] is not self._run:
            return []
        task = self.view.selected_task[1]
        whole = written.whole(task)
        lines = [] if whole is None else wrap(whole, width)
        last = lines[_MOST_BELOW - 1 :]
        failed = task.finished is not None and task.finished <= self._until
        frames = traceback_lines(task.traceback if failed else "", width, self.plain)
        room = self.scrollable_content_region.height // 2
        return [
            *lines[: _MOST_BELOW - 1],
            *([truncate(Content(" ").join(last), width, self.plain)] if last else []),
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
