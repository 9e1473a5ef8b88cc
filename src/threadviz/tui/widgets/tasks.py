"""The table of tasks: the unfinished ones first, then the others in the order in which they finished, or sorted."""

import enum
import re
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from textual.content import Content
from textual.events import Click
from textual.strip import Strip

from threadviz.presentation.summary import (
    OTHER,
    TaskStage,
    TaskSummary,
    queued,
    stage_of,
    task_row,
    wait_kinds,
)
from threadviz.protocol.events import State
from threadviz.text import count, printable
from threadviz.timeline import Task, Timeline
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
    state_style,
    traceback_lines,
    truncate,
    wrap,
)
from threadviz.tui.widgets.run_text import header_of, run_labels, shows_end

# The order of the tasks

MAX_QUEUED = 8
"""In the order of finishing, only this many queued tasks have a row of their own; the others share one."""

MAX_NAMES = 20_000
"""The number of names for which the sort keys are kept."""

_SETTLED_NS = 1_000_000_000
"""Reports about a finished task arrive at most this long after its end."""

_FINISHED = frozenset({TaskStage.DONE, TaskStage.FAILED})
_DIGITS = re.compile(r"(\d+)")


class TaskSort(enum.Enum):
    """What the table is sorted by. The values are the titles of its columns."""

    FINISHING = "result"
    NAME = "task"
    LANE = "lane"
    QUEUED = "queued"
    ELAPSED = "elapsed"
    RUNNING = "running"


_SORT_TITLES = {
    TaskSort.FINISHING: "as they finished",
    TaskSort.NAME: "by name",
    TaskSort.LANE: "by lane",
    TaskSort.QUEUED: "by time queued",
    TaskSort.ELAPSED: "by time elapsed",
    TaskSort.RUNNING: "by time running",
}


@dataclass(frozen=True, slots=True)
class QueuedTasks:
    """A row for this many queued tasks."""

    tasks: int


class TaskOrder:
    """Sorts the tasks of one run. It keeps the running times that cannot change any more."""

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self._running: dict[int, int] = {}

    def rows(self, t: int, sort: TaskSort) -> list[Task | QueuedTasks]:
        """Return the tasks submitted by `t` (ns), in their order as of then."""
        tasks = [task for task in self.timeline.tasks if task.submitted <= t]
        if sort is TaskSort.FINISHING:
            return self._by_finishing(tasks, t)
        lanes = {lane: place for place, lane in enumerate(self.timeline.lanes)}

        def lane_key(task: Task) -> tuple[int, int]:
            if task.lane is None or task.started is None or task.started > t:
                return len(lanes), task.started or task.submitted
            return lanes[task.lane], task.started

        keys: dict[TaskSort, Callable[[Task], Any]] = {
            TaskSort.NAME: lambda task: _name_key(task.name),
            TaskSort.LANE: lane_key,
            TaskSort.QUEUED: lambda task: (-queued(task, t), task.number),
            TaskSort.ELAPSED: lambda task: (-task.elapsed(t), task.number),
            TaskSort.RUNNING: lambda task: (-self._running_ns(task, t), task.number),
        }
        return [*sorted(tasks, key=keys[sort])]

    def _by_finishing(self, tasks: list[Task], t: int) -> list[Task | QueuedTasks]:
        """Return the running tasks, the queued ones, and the finished ones."""
        unfinished = [task for task in tasks if task.finished is None or task.finished > t]
        finished = [
            task
            for task in self.timeline.finished_tasks()
            if task.finished is not None and task.finished <= t
        ]
        running = [task for task in unfinished if stage_of(task, t) is TaskStage.STARTED]
        waiting = [task for task in unfinished if stage_of(task, t) is TaskStage.QUEUED]
        running.sort(key=lambda task: (task.started, task.number))
        rest = len(waiting) - MAX_QUEUED
        if rest > 1:
            return [*running, *waiting[:MAX_QUEUED], QueuedTasks(rest), *finished]
        return [*running, *waiting, *finished]

    def _running_ns(self, task: Task, t: int) -> int:
        known = self._running.get(task.number)
        if known is not None and task.finished is not None and task.finished <= t:
            return known
        running = self.timeline.task_states(task, t).get(State.RUNNING, 0)  # takes about 10 us
        if task.finished is not None and task.finished + _SETTLED_NS <= min(t, self.timeline.now):
            self._running[task.number] = running
        return running


@lru_cache(MAX_NAMES)
def _name_key(name: str) -> list[str | int]:
    """Return a sort key that puts task-10 after task-9."""
    return [int(part) if number % 2 else part for number, part in enumerate(_DIGITS.split(name))]


# The columns, and the text of a row

_FIGURE = 7
_MIN_NAME = 10
_MIN_RESULT = 12

_ROOM_FOR_FAILED = 24
"""From this width on, a result says 'failed' before the error."""

_BASE_WIDTH = 80
_WIDTH_OF_A_KIND = 20
"""Each time that the table is wider by this than 80 characters, it has a column for one more kind of waiting."""

_ROOM_FOR_GAPS = 110

_NO_MARK = "  "


class Column(NamedTuple):
    """A column; `right` aligns it on the right."""

    title: str
    width: int
    right: bool = False


class TaskRows:
    """Formats tasks as of `t` (ns) in `width` characters; `longest_name` is the length of the longest task name."""

    def __init__(
        self, timeline: Timeline, t: int, *, width: int, longest_name: int, sort: TaskSort, ascii_only: bool
    ) -> None:
        self._timeline = timeline
        self._t = t
        self._ascii_only = ascii_only
        self._gap = " " * (1 if width < _ROOM_FOR_GAPS else 2)
        self._kinds = _kinds(timeline, t, 2 + max(0, width - _BASE_WIDTH) // _WIDTH_OF_A_KIND)
        titles = {each: f"{each.value}{self._sort_mark(each) if each is sort else ''}" for each in TaskSort}
        lane = titles[TaskSort.LANE]
        figures = [titles[each] for each in (TaskSort.QUEUED, TaskSort.ELAPSED, TaskSort.RUNNING)]
        middle = [
            Column(lane, max(len(lane), *(len(lane.name) for lane in timeline.lanes if lane.tasks), 0)),
            *(Column(each, max(len(each), _FIGURE), right=True) for each in (*figures, *self._kinds)),
        ]
        gaps = len(self._gap) * (len(middle) + 1)
        left = width - sum(column.width for column in middle) - gaps - len(_NO_MARK)
        name = min(max(longest_name, len(titles[TaskSort.NAME])), max(left - _MIN_RESULT, _MIN_NAME))
        last = Column(titles[TaskSort.FINISHING], max(0, left - name))
        self._columns = [Column(titles[TaskSort.NAME], name), *middle, last]

    def heading(self, note: str) -> Content:
        """Return the titles of the columns, followed by a note."""
        *titles, last = (Content(column.title) for column in self._columns)
        return self._row(Content(_NO_MARK), [*titles, last.append(note)]).stylize(STRONG)

    def row(self, task: Task, mark: str, current: bool) -> Content:
        """Return the row of a task after its mark. If `current`, a running one shows what its lane is doing."""
        summary = task_row(task, self._timeline.task_states(task, self._t), self._kinds, self._t)
        cells = (summary.name, summary.lane, summary.queued, summary.elapsed, summary.running, *summary.waits)
        outcome = self._outcome(task, summary, current)
        row = self._row(Content.styled(mark, "bold $text-accent"), [*map(Content, cells), outcome])
        return row.stylize_before(FAINT) if summary.stage is TaskStage.QUEUED else row

    def full_outcome(self, task: Task) -> Content | None:
        """Return the full name and outcome of a finished task if its row has no room for them."""
        summary = task_row(task, {}, (), self._t)
        if summary.stage not in _FINISHED:
            return None
        outcome = self._outcome(task, summary, current=False)
        if len(summary.name) <= self._columns[0].width and outcome.cell_length <= self._columns[-1].width:
            return None
        style = ALARM if summary.stage is TaskStage.FAILED else ""
        return Content.assemble((f"{summary.name}: ", STRONG), (summary.outcome, style))

    def _row(self, mark: Content, cells: Sequence[Content]) -> Content:
        padded = []
        for column, cell in zip(self._columns, cells, strict=True):
            text = truncate(cell, column.width, self._ascii_only)
            missing = column.width - text.cell_length
            padded.append(text.pad_left(missing) if column.right else text.pad_right(missing))
        return mark.append(Content(self._gap).join(padded))

    def _sort_mark(self, sort: TaskSort) -> str:
        if sort is TaskSort.FINISHING:  # this order gets no arrow: no column shows when tasks finished
            return ""
        up, down = ("^", "v") if self._ascii_only else ("▴", "▾")
        return up if sort in {TaskSort.NAME, TaskSort.LANE} else down

    def _outcome(self, task: Task, summary: TaskSummary, current: bool) -> Content:
        """Return the result or the error; for a running task, what its lane is doing."""
        if summary.stage is TaskStage.FAILED:
            short = f"{'x' if self._ascii_only else '✗'} {printable(task.error or '')}"
            return Content.styled(
                summary.outcome if self._columns[-1].width >= _ROOM_FOR_FAILED else short, ALARM
            )
        if summary.stage is not TaskStage.STARTED:
            return Content(summary.outcome)
        segment = task.lane.at(self._t) if current and task.lane is not None else None
        if segment is None:
            return Content.styled(summary.outcome, "$text-warning")
        return Content.styled(
            printable(f"{segment.state} {segment.call}".rstrip()), state_style(segment.state)
        )


def _kinds(timeline: Timeline, t: int, most: int) -> list[str]:
    """Return the kinds of waiting that matter to the lanes with tasks, at most `most` including OTHER."""
    states = Counter[State]()
    for lane in timeline.lanes:
        if lane.tasks:
            states.update(lane.states(timeline.begin or 0, t))
    del states[State.IDLE]
    kinds = wait_kinds([states], most)
    return kinds if len(kinds) <= most else [*kinds[: most - 1], OTHER]


# The table

_MANY = 20_000
"""For every further so many rows, they are sorted one PERIOD_NS less often. Sorting 10,000 takes about 5 ms."""

_MAX_OUTCOME_LINES = 3

_SELECTED = "bold $text on $primary-muted"


class TaskTable(ScrollPanel):
    """A row for each task of one run: the run of the selected lane, else the first that goes on, else the last.

    Only visible rows are formatted: Textual's DataTable takes seconds to fill with 10,000 rows, at each new order. The
    heading stays at the top. Below the rows stands what the row of the selected task has no room for.
    """

    def __init__(self, view: View) -> None:
        super().__init__(view)
        self.sort = TaskSort.FINISHING
        self._run: ViewedRun | None = None
        self._order = TaskOrder(Timeline())
        self._rows: Sequence[Task | QueuedTasks] = ()
        self._until = 0
        self._format: TaskRows | None = None
        self._below: Sequence[Content] = ()
        self._seen_selection: Task | None = None
        self._longest_name = self._names_measured = 0

    def cycle_sort(self) -> None:
        """Sort by the next column."""
        sorts = list(TaskSort)
        self.sort = sorts[(sorts.index(self.sort) + 1) % len(sorts)]
        self.refresh_view()
        self._scroll_to_selected()

    def move(self, rows: int) -> None:
        """Select the task that is this many rows below the selected one (above, if negative)."""
        self.refresh_view()
        tasks = [row for row in self._rows if isinstance(row, Task)]
        if not tasks or self._run is None:
            return
        selected = self._selected
        if selected in tasks:
            index = min(max(0, tasks.index(selected) + rows), len(tasks) - 1)
        else:
            index = 0 if rows > 0 else -1
        self.view.select_task(self._run, tasks[index])
        self.refresh_view()

    def key(self) -> tuple[Hashable, ...]:
        run, runs = None, self.view.runs
        if self.view.selected_row is not None:
            run = self.view.selected_row.run
        elif runs:
            run = next((run for run in runs if not run.over), runs[-1])
        if run is not self._run:
            self._run, self._rows, self._format, self._below = run, (), None, ()
            self._order = TaskOrder(run.timeline if run else Timeline())
            self._longest_name = self._names_measured = 0
        if run is None:
            return (None, runs)
        return (
            *moment_key(self.view, PERIOD_NS * (1 + len(self._rows) // _MANY), phase=0.6),
            run,
            run.over,
            self.sort,
            self.view.selected_task,
            self.view.selected_row,
        )

    def lines(self, width: int) -> Sequence[Content]:
        """Return the heading. The rows are formatted when they are rendered."""
        run = self._run
        if run is None or header_of(run.timeline) is None:
            self._rows = self._below = ()
            return [Content.styled("No task was seen yet.", FAINT)]
        self._until = self.view.until(run)
        self._rows = self._order.rows(self._until, self.sort)
        tasks = run.timeline.tasks
        names = (len(printable(task.name)) for task in tasks[self._names_measured :])
        self._longest_name, self._names_measured = max([self._longest_name, *names]), len(tasks)
        self._format = TaskRows(
            run.timeline,
            self._until,
            width=width,
            longest_name=self._longest_name,
            sort=self.sort,
            ascii_only=self.ascii_only,
        )
        self._below = self._lines_below(self._format, width)
        self.border_title = f"Tasks {_SORT_TITLES[self.sort]}"
        label = run_labels(self.view.runs)[self.view.runs.index(run)]
        return [self._format.heading(f"  ({label})" if self.view.comparing else "")]

    @property
    def line_count(self) -> int:
        return 1 + len(self._rows) + len(self._below)

    def line_number_at(self, y: int) -> int:
        """Return the number of a line. The heading stays, as do the lines below the rows, with negative numbers."""
        from_bottom = y - self.scrollable_content_region.height
        if from_bottom >= -len(self._below):
            return from_bottom
        return super().line_number_at(y) if y else 0

    def line(self, number: int) -> Content | Strip:
        if number < 0:
            return self._below[number]
        if self._run is None or self._format is None or not 0 < number <= len(self._rows):
            return super().line(number)
        row = self._rows[number - 1]
        if isinstance(row, QueuedTasks):
            return Content.styled(f"  and {count(row.tasks, 'task')} more that wait for a worker", FAINT)
        selected, lane = row is self._selected, self.view.selected_row
        on_lane = lane is not None and lane.lane is row.lane and (row.started or self._until) < self._until
        glyphs = (">", "|") if self.ascii_only else ("▶", "▌")
        mark = f"{glyphs[0 if selected else 1]} " if selected or on_lane else _NO_MARK
        line = self._format.row(row, mark, current=not shows_end(self.view, self._run))
        if not selected:
            return line
        width = self.scrollable_content_region.width
        return pad_to(line, width).stylize_before("bold" if self.app.current_theme.ansi else _SELECTED)

    def refresh_view(self) -> None:
        super().refresh_view()
        if self._selected is not self._seen_selection:
            self._seen_selection = self._selected
            self._scroll_to_selected()

    def on_click(self, event: Click) -> None:
        offset = event.get_content_offset(self)
        number = 0 if offset is None else self.line_number_at(offset.y)
        if self._run is not None and 0 < number <= len(self._rows):
            row = self._rows[number - 1]
            if isinstance(row, Task):
                self._seen_selection = row  # it is visible: no need to scroll
                self.view.select_task(self._run, row)

    @property
    def _selected(self) -> Task | None:
        return self.view.selected_task[1] if self.view.selected_task is not None else None

    def _lines_below(self, rows: TaskRows, width: int) -> list[Content]:
        """Return what the row of the selected task has no room for, and its traceback if it has failed."""
        if self.view.selected_task is None or self.view.selected_task[0] is not self._run:
            return []
        task = self.view.selected_task[1]
        outcome = rows.full_outcome(task)
        lines = [] if outcome is None else wrap(outcome, width)
        if rest := lines[_MAX_OUTCOME_LINES - 1 :]:
            lines[_MAX_OUTCOME_LINES - 1 :] = [truncate(Content(" ").join(rest), width, self.ascii_only)]
        has_failed = stage_of(task, self._until) is TaskStage.FAILED
        frames = traceback_lines(task.traceback if has_failed else "", width, self.ascii_only)
        room = self.scrollable_content_region.height // 2
        return [*lines, *frames[max(0, len(frames) - room) :]]

    def _scroll_to_selected(self) -> None:
        if self._selected not in self._rows:
            return
        place = self._rows.index(self._selected)
        height = self.scrollable_content_region.height - 1 - len(self._below)
        if place < self.scroll_offset.y:
            self.scroll_to(y=place, animate=False)
        elif place >= self.scroll_offset.y + height:
            self.scroll_to(y=place - height + 1, animate=False)
