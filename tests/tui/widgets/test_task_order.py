from hypothesis import given
from hypothesis import strategies as st

from tests.timeline.streams import Run, runs
from threadviz.presentation.summary import TaskStage, queued, stage_of
from threadviz.protocol.events import State
from threadviz.timeline import Task, Timeline
from threadviz.tui.widgets.tasks import TaskSort, ordered


def sorted_tasks(run: Run, t: int, sort: TaskSort) -> tuple[Timeline, list[Task]]:
    """Return the rows of a run as of `t`; it has so few tasks that each has a row."""
    timeline = Timeline()
    timeline.extend(run.events())
    rows = ordered(timeline, t, sort, {})
    tasks = [row for row in rows if isinstance(row, Task)]
    assert len(tasks) == len(rows)
    return timeline, tasks


@given(runs(), st.integers(0, 100), st.sampled_from(TaskSort))
def test_each_submitted_task_has_one_row(run: Run, t: int, sort: TaskSort) -> None:
    """In any order."""
    timeline, tasks = sorted_tasks(run, t, sort)
    assert sorted(task.number for task in tasks) == sorted(
        task.number for task in timeline.tasks if task.submitted <= t
    )


@given(runs(), st.integers(0, 100))
def test_default_order(run: Run, t: int) -> None:
    """Running, queued, then finished tasks as they finished."""
    _, tasks = sorted_tasks(run, t, TaskSort.FINISHING)
    stages = [stage_of(task, t) for task in tasks]
    places = {TaskStage.STARTED: 0, TaskStage.QUEUED: 1, TaskStage.DONE: 2, TaskStage.FAILED: 2}
    assert [places[stage] for stage in stages] == sorted(places[stage] for stage in stages)
    over = [task.finished for task in tasks if places[stage_of(task, t)] == 2]
    assert over == sorted(over, key=lambda finished: finished or 0)


@given(runs(), st.integers(0, 100))
def test_sorted_by_a_figure(run: Run, t: int) -> None:
    """The longest comes first."""
    for sort, figure in (
        (TaskSort.QUEUED, lambda _, task: queued(task, t)),
        (TaskSort.ELAPSED, lambda _, task: task.elapsed(t)),
        (TaskSort.RUNNING, lambda timeline, task: timeline.task_states(task, t).get(State.RUNNING, 0)),
    ):
        timeline, tasks = sorted_tasks(run, t, sort)
        figures = [figure(timeline, task) for task in tasks]
        assert figures == sorted(figures, reverse=True)
