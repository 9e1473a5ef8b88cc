"""How the table of tasks is written: which columns there are, how wide, and what a row says."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from textual.content import Content

from threadviz.picture.plain import printable
from threadviz.picture.tasks import OTHER, Stage, TaskRow, kinds_of_waiting, task_row
from threadviz.timeline import Task, Timeline
from threadviz.tui.drawing.colours import variable
from threadviz.tui.widgets.task_order import Sort
from threadviz.tui.widgets.wording import ALARM, FAINT, STRONG, cut
from threadviz.vocabulary import State

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
        self, timeline: Timeline, t: int, *, width: int, longest_name: int, sort: Sort, plain: bool
    ) -> None:
        self._timeline = timeline
        self._t = t
        self._plain = plain
        self._gap = " " * (1 if width < _ROOM_FOR_GAPS else 2)
        self._kinds = _kinds(timeline, t, 2 + max(0, width - _AT_80) // _WIDTH_FOR_A_KIND)
        lanes = [len(lane.name) for lane in timeline.lanes if lane.tasks]
        title = self._title
        figures = [title(each, sort) for each in (Sort.QUEUED, Sort.ELAPSED, Sort.RUNNING)] + list(
            self._kinds
        )
        middle = [
            Column(title(Sort.LANE, sort), max([len(title(Sort.LANE, sort)), *lanes])),
            *(Column(each, max(len(each), _FIGURE), right=True) for each in figures),
        ]
        left = (
            width - sum(column.width + len(self._gap) for column in middle) - len(self._gap) - len(_UNMARKED)
        )
        name = min(max(longest_name, len(title(Sort.NAME, sort))), max(left - _RESULT, _NAME))
        last = Column(title(Sort.FINISHING, sort), max(0, left - name))
        self._columns = [Column(title(Sort.NAME, sort), name), *middle, last]

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
        return row.stylize_before(FAINT) if told.stage is Stage.QUEUED else row

    def whole(self, task: Task) -> Content | None:
        """The name of a task that is over and all of what came of it, where its row has no room for that."""
        told = task_row(task, {}, (), self._t)
        if told.stage not in {Stage.DONE, Stage.FAILED}:
            return None
        shown = self._came_out(task, told, going_on=False)
        if len(told.name) <= self._columns[0].width and shown.cell_length <= self._columns[-1].width:
            return None
        return Content.assemble(
            (f"{told.name}: ", STRONG), (told.came_out, ALARM if told.stage is Stage.FAILED else "")
        )

    def _row(self, mark: Content, cells: Sequence[Content]) -> Content:
        written = []
        for column, cell in zip(self._columns, cells, strict=True):
            text = cut(cell, column.width, self._plain)
            missing = column.width - text.cell_length
            written.append(text.pad_left(missing) if column.right else text.pad_right(missing))
        return mark.append(Content(self._gap).join(written))

    def _title(self, of: Sort, sort: Sort) -> str:
        up, down = ("^", "v") if self._plain else ("▴", "▾")
        mark = up if of in {Sort.NAME, Sort.LANE} else down
        # The order of finishing has no column of its own, and it is not by results that they are sorted.
        return f"{of.value}{mark if of is sort and of is not Sort.FINISHING else ''}"

    def _came_out(self, task: Task, row: TaskRow, going_on: bool) -> Content:
        """The result, or the error; of a task that goes on, what its lane is in."""
        if row.stage is Stage.FAILED:
            short = f"{'x' if self._plain else '✗'} {printable(task.error or '')}"
            return Content.styled(
                row.came_out if self._columns[-1].width >= _ROOM_FOR_WORDS else short, ALARM
            )
        if row.stage is not Stage.STARTED:
            return Content(row.came_out)
        now = task.lane.at(self._t) if going_on and task.lane is not None else None
        if now is None:
            return Content.styled(row.came_out, "$text-warning")
        return Content.styled(printable(f"{now.state} {now.call}".rstrip()), f"${variable(now.state)}")


_UNMARKED = "  "


def marked(picked: bool, beside: bool, plain: bool) -> str:
    """What stands before a task's name: it is picked, or it is `beside` that one, on the lane that is picked."""
    if picked:
        return "> " if plain else "▶ "
    return ("| " if plain else "▌ ") if beside else _UNMARKED


def _kinds(timeline: Timeline, t: int, most: int) -> list[str]:
    """The kinds of waiting that matter to the lanes that tasks are on; they have `most` columns, OTHER included."""
    states = Counter[State]()
    for lane in timeline.lanes:
        if lane.tasks:
            states.update(lane.states(timeline.begin or 0, t))
    del states[State.IDLE]
    kinds = kinds_of_waiting([states], most)
    return kinds if len(kinds) <= most else [*kinds[: most - 1], OTHER]
