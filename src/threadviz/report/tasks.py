"""The table of a run's tasks."""

from collections import Counter
from collections.abc import Mapping, Sequence

from rich.table import Table
from rich.text import Text

from threadviz.events import State
from threadviz.picture.brief import brief_seconds
from threadviz.picture.figures import NOTHING
from threadviz.picture.plain import printable
from threadviz.report.paper import MIN_WIDTH, PIPED_WIDTH
from threadviz.report.tables import columns
from threadviz.timeline import Task, Timeline

MAX_TASKS = 40
"""So many tasks are listed: the first that finished, and LAST_TASKS of those at the end."""

LAST_TASKS = 10

WAIT_MATTERS = 0.01
"""A kind of waiting has a column of its own where it took this share of all tasks' time, or more."""

OTHER = "other"
"""The column of all other kinds of waiting, where there is a task of which they are more than OTHER_MATTERS."""

OTHER_MATTERS = 0.05

_RESULT_WIDTH = 12
_WIDTH_FOR_A_KIND = 20
_NO_WAITS = frozenset({State.RUNNING, State.IDLE})


def task_table(timeline: Timeline, width: int) -> tuple[Table, int]:
    """Return the tasks as they finished, the others after them, and how many are left out.

    The table is no wider than `width`: long results are folded, and then long names.
    """
    tasks = [*timeline.finished_tasks(), *(task for task in timeline.tasks if task.finished is None)]
    left_out = max(0, len(tasks) - MAX_TASKS)
    shown = [*tasks[: MAX_TASKS - LAST_TASKS], *tasks[-LAST_TASKS:]] if left_out else tasks
    states = [timeline.task_states(task) for task in shown]
    kinds = _kinds(states, 2 + (width - MIN_WIDTH) // _WIDTH_FOR_A_KIND)
    names = ("task", "lane", ">queued", ">elapsed", ">running", *(f">{kind}" for kind in kinds), "result")
    rows = [_row(task, each, kinds, timeline.now) for task, each in zip(shown, states, strict=True)]
    if left_out:
        rows.insert(MAX_TASKS - LAST_TASKS, [Text("..."), *[Text()] * (len(names) - 1)])
    gap = 1 if width < PIPED_WIDTH else 2
    table = columns(*names, gap=gap)
    _fit(table, names, rows, width - gap * (len(names) - 1))
    for row in rows:
        table.add_row(*row)
    return table, left_out


def _kinds(tasks: Sequence[Mapping[State, int]], most: int) -> list[str]:
    """Return the kinds of waiting that matter, what took longest first, and OTHER where tasks have much beside."""
    total = Counter[State]()
    for states in tasks:
        total.update(states)
    waits = [(state, ns) for state, ns in total.most_common() if state not in _NO_WAITS]
    kinds = [state.value for state, ns in waits if ns >= WAIT_MATTERS * total.total()][:most]
    listed = _NO_WAITS.union(map(State, kinds))
    for states in tasks:
        other = sum(ns for state, ns in states.items() if state not in listed)
        if other > OTHER_MATTERS * sum(states.values()):
            return [*kinds, OTHER]
    return kinds


def _row(task: Task, states: Mapping[State, int], kinds: Sequence[str], now: int) -> list[Text]:
    waits = Counter[str]()
    for state in states.keys() - _NO_WAITS:
        waits[state.value if state.value in kinds else OTHER] += states[state]
    if task.started is None:
        times = [NOTHING] * (3 + len(kinds))
    else:
        running = brief_seconds(states.get(State.RUNNING, 0))
        times = [brief_seconds(task.started - task.submitted), brief_seconds(task.elapsed(now)), running]
        times += [brief_seconds(waits[kind]) if waits[kind] else NOTHING for kind in kinds]
    lane = printable(task.lane.name) if task.lane else NOTHING
    return [Text(printable(task.name)), *map(Text, (lane, *times)), _came_out(task)]


def _came_out(task: Task) -> Text:
    if task.error is not None:
        return Text(f"failed: {printable(task.error)}", style="red")
    if task.finished is None:
        return Text("not finished" if task.started is not None else "not started", style="yellow")
    return Text(printable(task.result or ""))


def _fit(table: Table, names: Sequence[str], rows: Sequence[Sequence[Text]], width: int) -> None:
    """Share `width` out: to the figures what they need, then to the names and the results."""
    needed = [
        max([len(name.removeprefix(">")), *(row[index].cell_len for row in rows)])
        for index, name in enumerate(names)
    ]
    left = width - sum(needed[1:-1])
    result = min(needed[-1], max(_RESULT_WIDTH, left - needed[0]))
    table.columns[0].width = min(needed[0], left - result)
    table.columns[-1].width = result
