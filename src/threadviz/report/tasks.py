"""The table of a run's tasks."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from threadviz.picture.tasks import Stage, TaskRow, kinds_of_waiting, task_row
from threadviz.report.paper import MIN_WIDTH, PIPED_WIDTH
from threadviz.report.tables import columns
from threadviz.timeline import Timeline

MAX_TASKS = 40
"""So many tasks are listed: the first that finished, and LAST_TASKS of those at the end."""

LAST_TASKS = 10

_RESULT_WIDTH = 12
_WIDTH_FOR_A_KIND = 20
_STYLES = {Stage.FAILED: "red", Stage.STARTED: "yellow", Stage.QUEUED: "yellow"}


def task_table(timeline: Timeline, width: int) -> tuple[Table, int]:
    """Return the tasks as they finished, the others after them, and how many are left out.

    The table is no wider than `width`: long results are folded, and then long names.
    """
    tasks = [*timeline.finished_tasks(), *(task for task in timeline.tasks if task.finished is None)]
    left_out = max(0, len(tasks) - MAX_TASKS)
    shown = [*tasks[: MAX_TASKS - LAST_TASKS], *tasks[-LAST_TASKS:]] if left_out else tasks
    states = [timeline.task_states(task) for task in shown]
    kinds = kinds_of_waiting(states, 2 + (width - MIN_WIDTH) // _WIDTH_FOR_A_KIND)
    names = ("task", "lane", ">queued", ">elapsed", ">running", *(f">{kind}" for kind in kinds), "result")
    rows = [_row(task_row(task, each, kinds, timeline.now)) for task, each in zip(shown, states, strict=True)]
    if left_out:
        rows.insert(MAX_TASKS - LAST_TASKS, [Text("..."), *[Text()] * (len(names) - 1)])
    gap = 1 if width < PIPED_WIDTH else 2
    table = columns(*names, gap=gap)
    _fit(table, names, rows, width - gap * (len(names) - 1))
    for row in rows:
        table.add_row(*row)
    return table, left_out


def _row(row: TaskRow) -> list[Text]:
    *figures, waits, came_out, stage = row
    return [*map(Text, (*figures, *waits)), Text(came_out, style=_STYLES.get(stage, ""))]


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
