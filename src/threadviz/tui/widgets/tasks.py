"""The table of tasks: the unfinished ones first, then the others in the order in which they finished, or sorted."""

import enum
import re
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
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
from threadviz.tui.view.rows import ViewedRun
from threadviz.tui.view.view import View
from threadviz.tui.widgets.panel import PERIOD_NS, ScrollPanel, moment_key
from threadviz.tui.widgets.run_text import run_labels, segment_text, shows_end
from threadviz.tui.widgets.text_lines import (
    ALARM,
    FAINT,
    STRONG,
    pad_to,
    state_style,
    traceback_lines,
    truncate,
    wrap,
)

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


def ordered(timeline: Timeline, t: int, sort: TaskSort, running: dict[int, int]) -> Sequence[Task | int]:
    """Return the tasks submitted by `t` (ns), in their order as of then; an int stands for so many queued ones.

    `running` keeps the running times (ns) of tasks, by number, that cannot change any more.
    """
    tasks = [task for task in timeline.tasks if task.submitted <= t]
    if sort is TaskSort.FINISHING:
        return _by_finishing(timeline, tasks, t)
    lanes = {lane: place for place, lane in enumerate(timeline.lanes)}

    def lane_key(task: Task) -> tuple[int, int]:
        if task.lane is None or task.started is None or task.started > t:
            return len(lanes), task.started or task.submitted
        return lanes[task.lane], task.started

    def running_ns(task: Task) -> int:
        over = task.finished is not None and task.finished <= t
        if over and task.number in running:
            return running[task.number]
        ns = timeline.task_states(task, t).get(State.RUNNING, 0)  # takes about 10 us
        if task.finished is not None and task.finished + _SETTLED_NS <= min(t, timeline.now):
            running[task.number] = ns
        return ns

    keys: dict[TaskSort, Callable[[Task], Any]] = {
        TaskSort.NAME: lambda task: _name_key(task.name),
        TaskSort.LANE: lane_key,
        TaskSort.QUEUED: lambda task: (-queued(task, t), task.number),
        TaskSort.ELAPSED: lambda task: (-task.elapsed(t), task.number),
        TaskSort.RUNNING: lambda task: (-running_ns(task), task.number),
    }
    return sorted(tasks, key=keys[sort])


def _by_finishing(timeline: Timeline, tasks: Sequence[Task], t: int) -> Sequence[Task | int]:
    """Return the running tasks, the queued ones, and the finished ones."""
    unfinished = [task for task in tasks if task.finished is None or task.finished > t]
    finished = [
        task for task in timeline.finished_tasks() if task.finished is not None and task.finished <= t
    ]
    running = [task for task in unfinished if stage_of(task, t) is TaskStage.STARTED]
    waiting = [task for task in unfinished if stage_of(task, t) is TaskStage.QUEUED]
    running.sort(key=lambda task: (task.started, task.number))
    rest = len(waiting) - MAX_QUEUED
    if rest > 1:
        return [*running, *waiting[:MAX_QUEUED], rest, *finished]
    return [*running, *waiting, *finished]


@lru_cache(MAX_NAMES)
def _name_key(name: str) -> list[str | int]:
    """Return a sort key that puts task-10 after task-9."""
    return [int(part) if number % 2 else part for number, part in enumerate(_DIGITS.split(name))]


# The columns

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
        self._seen_selection: Task | None = None
        self._until = 0
        self._kinds: Sequence[str] = ()
        self._columns: Sequence[Column] = ()
        self._gap = " "
        self._show_run(None)

    def _show_run(self, run: ViewedRun | None) -> None:
        self._run = run
        self._rows: Sequence[Task | int] = ()
        self._below: Sequence[Content] = ()
        self._running_times: dict[int, int] = {}
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
        row, runs = self.view.selected_row, self.view.runs
        run = row.run if row is not None else next((run for run in runs if not run.over), (None, *runs)[-1])
        if run is not self._run:
            self._show_run(run)
        if run is None:
            return ()
        moment = moment_key(self.view, PERIOD_NS * (1 + len(self._rows) // _MANY), phase=0.6)
        return (*moment, run, run.over, self.sort, self.view.selected_task, row)

    def lines(self, width: int) -> Sequence[Content]:
        """Return the heading. The rows are formatted when they are rendered."""
        run = self._run
        if run is None:
            return [Content.styled("No task was seen yet.", FAINT)]
        self._until = self.view.until(run)
        self._rows = ordered(run.timeline, self._until, self.sort, self._running_times)
        self._lay_out(run.timeline, width)
        self._below = self._lines_below(width)
        self.border_title = f"Tasks {_SORT_TITLES[self.sort]}"
        *titles, last = (column.title for column in self._columns)
        note = f"  ({run_labels(self.view.runs)[run]})" if self.view.comparing else ""
        return [self._join(Content(_NO_MARK), [*titles, last + note]).stylize(STRONG)]

    def _lay_out(self, timeline: Timeline, width: int) -> None:
        """Choose the columns for a table of `width`."""
        tasks = timeline.tasks
        names = (len(printable(task.name)) for task in tasks[self._names_measured :])
        self._longest_name, self._names_measured = max([self._longest_name, *names]), len(tasks)
        most = 2 + max(0, width - _BASE_WIDTH) // _WIDTH_OF_A_KIND
        self._kinds = _kinds(timeline, self._until, most)
        self._gap = " " * (1 if width < _ROOM_FOR_GAPS else 2)
        titles = {sort: sort.value for sort in TaskSort}
        if self.sort is not TaskSort.FINISHING:  # no column shows when tasks finished
            up, down = ("^", "v") if self.ascii_only else ("▴", "▾")
            titles[self.sort] += up if self.sort in {TaskSort.NAME, TaskSort.LANE} else down
        lane = titles[TaskSort.LANE]
        figures = [titles[each] for each in (TaskSort.QUEUED, TaskSort.ELAPSED, TaskSort.RUNNING)]
        middle = [
            Column(lane, max(len(lane), *(len(lane.name) for lane in timeline.lanes if lane.tasks), 0)),
            *(Column(each, max(len(each), _FIGURE), right=True) for each in (*figures, *self._kinds)),
        ]
        gaps = len(self._gap) * (len(middle) + 1)
        left = width - sum(column.width for column in middle) - gaps - len(_NO_MARK)
        title = titles[TaskSort.NAME]
        name = min(max(self._longest_name, len(title)), max(left - _MIN_RESULT, _MIN_NAME))
        last = Column(titles[TaskSort.FINISHING], max(0, left - name))
        self._columns = [Column(title, name), *middle, last]

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
        if self._run is None or not 0 < number <= len(self._rows):
            return super().line(number)
        task = self._rows[number - 1]
        if isinstance(task, int):
            return Content.styled(f"  and {count(task, 'task')} more that wait for a worker", FAINT)
        row = self._row(self._run, task)
        if task is not self._selected:
            return row
        width = self.scrollable_content_region.width
        return pad_to(row, width).stylize_before("bold" if self.app.current_theme.ansi else _SELECTED)

    def _row(self, run: ViewedRun, task: Task) -> Content:
        """Return the row of a task. A running one shows what its lane is doing, if the run goes on."""
        lane = self.view.selected_row
        on_lane = lane is not None and lane.lane is task.lane and (task.started or self._until) < self._until
        glyphs = (">", "|") if self.ascii_only else ("▶", "▌")
        selected = task is self._selected
        mark = f"{glyphs[0 if selected else 1]} " if selected or on_lane else _NO_MARK
        summary = task_row(task, run.timeline.task_states(task, self._until), self._kinds, self._until)
        cells = (summary.name, summary.lane, summary.queued, summary.elapsed, summary.running, *summary.waits)
        row = self._join(
            Content.styled(mark, "bold $text-accent"),
            [*cells, self._outcome(task, summary, not shows_end(self.view, run))],
        )
        return row.stylize_before(FAINT) if summary.stage is TaskStage.QUEUED else row

    def _join(self, mark: Content, cells: Sequence[Content | str]) -> Content:
        """Return the cells of a row in their columns, after a mark."""
        padded = []
        for column, cell in zip(self._columns, cells, strict=True):
            content = Content(cell) if isinstance(cell, str) else cell
            text = truncate(content, column.width, self.ascii_only)
            missing = column.width - text.cell_length
            padded.append(text.pad_left(missing) if column.right else text.pad_right(missing))
        return mark.append(Content(self._gap).join(padded))

    def _outcome(self, task: Task, summary: TaskSummary, current: bool = False) -> Content:
        """Return the result or the error; for a running task, if `current`, what its lane is doing."""
        if summary.stage is TaskStage.FAILED:
            short = f"{'x' if self.ascii_only else '✗'} {printable(task.error or '')}"
            room = self._columns[-1].width
            return Content.styled(summary.outcome if room >= _ROOM_FOR_FAILED else short, ALARM)
        if summary.stage is not TaskStage.STARTED:
            return Content(summary.outcome)
        segment = task.lane.at(self._until) if current and task.lane is not None else None
        if segment is None:
            return Content.styled(summary.outcome, "$text-warning")
        return Content.styled(segment_text(segment), state_style(segment.state))

    def refresh_view(self) -> None:
        super().refresh_view()
        if self._selected is not self._seen_selection:
            self._seen_selection = self._selected
            self._scroll_to_selected()

    def on_click(self, event: Click) -> None:
        offset = event.get_content_offset(self)
        number = 0 if offset is None else self.line_number_at(offset.y)
        task = self._rows[number - 1] if 0 < number <= len(self._rows) else None
        if self._run is not None and isinstance(task, Task):
            self._seen_selection = task  # it is visible: no need to scroll
            self.view.select_task(self._run, task)

    @property
    def _selected(self) -> Task | None:
        return self.view.selected_task[1] if self.view.selected_task is not None else None

    def _lines_below(self, width: int) -> Sequence[Content]:
        """Return what the row of the selected task has no room for, and its traceback if it has failed."""
        if self.view.selected_task is None or self.view.selected_task[0] is not self._run:
            return []
        task = self.view.selected_task[1]
        summary, lines = task_row(task, {}, (), self._until), list[Content]()
        name, last = self._columns[0].width, self._columns[-1].width
        cut = len(summary.name) > name or self._outcome(task, summary).cell_length > last
        if cut and summary.stage in _FINISHED:
            style = ALARM if summary.stage is TaskStage.FAILED else ""
            full = Content.assemble((f"{summary.name}: ", STRONG), (summary.outcome, style))
            lines = wrap(full, width)
        if rest := lines[_MAX_OUTCOME_LINES - 1 :]:
            lines[_MAX_OUTCOME_LINES - 1 :] = [truncate(Content(" ").join(rest), width, self.ascii_only)]
        traceback = task.traceback if summary.stage is TaskStage.FAILED else ""
        frames = traceback_lines(traceback, width, self.ascii_only)
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
