from hypothesis import given
from hypothesis import strategies as st

from tests.timeline.streams import Run, runs
from threadviz.presentation.summary import TaskStage, queued, stage_of
from threadviz.protocol.events import State
from threadviz.timeline import Task, Timeline
from threadviz.tui.widgets.tasks import TaskOrder, TaskSort


def ordered(run: Run, t: int, sort: TaskSort) -> tuple[Timeline, list[Task]]:
    """The rows of a run as of `t`; it has so few tasks that each has one."""
    timeline = Timeline()
    timeline.extend(run.events())
    order = TaskOrder(timeline)
    order.learn(over=True)
    rows = order.rows(t, sort)
    tasks = [row for row in rows if isinstance(row, Task)]
    assert len(tasks) == len(rows)
    return timeline, tasks


@given(runs(), st.integers(0, 100), st.sampled_from(TaskSort))
def test_each_task_that_was_submitted_by_then_has_one_row(run: Run, t: int, sort: TaskSort) -> None:
    """Whatever the order, none is missing and none is there twice."""
    timeline, tasks = ordered(run, t, sort)
    assert sorted(task.number for task in tasks) == sorted(
        task.number for task in timeline.tasks if task.submitted <= t
    )


@given(runs(), st.integers(0, 100))
def test_those_that_go_on_come_first_and_then_the_others_as_they_finished(run: Run, t: int) -> None:
    """Running, waiting for a worker, over."""
    _, tasks = ordered(run, t, TaskSort.FINISHING)
    stages = [stage_of(task, t) for task in tasks]
    places = {TaskStage.STARTED: 0, TaskStage.QUEUED: 1, TaskStage.DONE: 2, TaskStage.FAILED: 2}
    assert [places[stage] for stage in stages] == sorted(places[stage] for stage in stages)
    over = [task.finished for task in tasks if places[stage_of(task, t)] == 2]
    assert over == sorted(over, key=lambda finished: finished or 0)


@given(runs(), st.integers(0, 100))
def test_figures_fall_from_row_to_row(run: Run, t: int) -> None:
    """The longest comes first, by the column that is sorted by."""
    for sort, figure in (
        (TaskSort.QUEUED, lambda _, task: queued(task, t)),
        (TaskSort.ELAPSED, lambda _, task: task.elapsed(t)),
        (TaskSort.RUNNING, lambda timeline, task: timeline.task_states(task, t).get(State.RUNNING, 0)),
    ):
        timeline, tasks = ordered(run, t, sort)
        figures = [figure(timeline, task) for task in tasks]
        assert figures == sorted(figures, reverse=True)
