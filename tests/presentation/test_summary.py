from hypothesis import given
from hypothesis import strategies as st

from tests.timeline.streams import Run, runs
from threadviz.presentation.summary import OTHER, TaskStage, queued, stage_of, task_row, wait_kinds
from threadviz.protocol.events import State
from threadviz.timeline import Task, Timeline

MS = 1_000_000


def test_a_task_row_is_as_of_any_moment() -> None:
    """Queued and elapsed time grow, and nothing later is shown."""
    task = Task(0, "a\x1b", submitted=10 * MS, started=30 * MS, finished=60 * MS, error="no [b]\x07")
    rows = {t: task_row(task, {State.IO: 5 * MS}, ["io"], t * MS) for t in (20, 40, 60)}
    assert rows[20] == (r"a\x1b", "-", "10 ms", "-", "-", ("5.0 ms",), "not started", TaskStage.QUEUED)
    assert rows[40] == (
        r"a\x1b",
        "-",
        "20 ms",
        "10 ms",
        "0 ms",
        ("5.0 ms",),
        "not finished",
        TaskStage.STARTED,
    )
    assert rows[60] == (
        r"a\x1b",
        "-",
        "20 ms",
        "30 ms",
        "0 ms",
        ("5.0 ms",),
        r"failed: no [b]\x07",
        TaskStage.FAILED,
    )


@given(runs(), st.integers(0, 100))
def test_a_stage_is_what_has_happened_by_then(run: Run, t: int) -> None:
    """A task is queued until it starts, or ends without starting."""
    timeline = Timeline()
    timeline.extend(run.events())
    for task in timeline.tasks:
        stage = stage_of(task, t)
        assert (stage in {TaskStage.DONE, TaskStage.FAILED}) == (
            task.finished is not None and task.finished <= t
        )
        if stage is TaskStage.STARTED:
            assert task.started is not None and task.started <= t
        assert queued(task, t) >= 0
        if task.started is not None and task.started <= t:
            assert queued(task, t) == task.started - task.submitted


def test_kinds_that_take_little_have_no_column() -> None:
    """The longest comes first; what is much in one task goes into the column of all others."""
    tasks = [{State.IO: 500, State.GIL: 300, State.RUNNING: 195, State.LOCK: 5}]
    assert wait_kinds(tasks, 3) == ["io", "gil"]
    assert wait_kinds(tasks, 1) == ["io", OTHER]
    assert wait_kinds([*tasks, {State.LOCK: 1, State.RUNNING: 3}], 3) == ["io", "gil", OTHER]
