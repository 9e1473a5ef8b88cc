"""What is told in an order that no observer tells it in: the same figures, and in no more than a moment."""

from tests.timeline.streams import timeline
from threadviz.protocol.events import (
    LaneEnded,
    LaneStarted,
    RunStarted,
    Span,
    Spans,
    State,
    TaskFinished,
    TaskStarted,
    TaskSubmitted,
)

TASKS = 3000


def test_tasks_that_are_told_of_backwards_are_added_up() -> None:
    """On a lane that nothing else was said of: it is looked up for each of them, and not walked along."""
    events = [
        LaneStarted(0, 0, 1, 1, "", "subject"),
        RunStarted(0, 1, 1),
        LaneStarted(0, 1, 1, 2, "", "subject"),
    ]
    told = timeline(*events)
    for number in range(TASKS):
        told.apply(TaskSubmitted(0, number, "task"))
        told.apply(TaskStarted(10 * (TASKS - number), number, 1, 2))
    for number in range(TASKS):
        told.apply(TaskFinished(10 * (TASKS - number) + 4, number, "done"))
    assert all(told.task_states(task) == {State.UNKNOWN: 4} for task in told.tasks)
    lane = told.workers[0]
    assert lane.states(0, 10 * TASKS) == {State.UNKNOWN: 10 * TASKS}
    assert [lane.in_task(t) for t in (9, 10, 13, 14, 20)] == [False, True, True, False, True]


def test_tasks_move_to_the_thread_that_has_the_number_now() -> None:
    """All of them at once, where their lane turns out to have ended before they started."""
    told = timeline(LaneStarted(0, 0, 1, 1, "", "subject"), RunStarted(0, 1, 1))
    told.apply(LaneStarted(0, 1, 1, 2, "", "subject"))
    for number in range(TASKS):
        told.apply(TaskSubmitted(0, number, "task"))
        told.apply(TaskStarted(100 + number % 7 - number // TASKS, number, 1, 2))
    told.apply(LaneEnded(50, 1))
    assert all(task.lane is None for task in told.tasks)
    told.apply(LaneStarted(60, 2, 1, 2, "", "subject"))
    told.apply(Spans(2, 60, (Span(100, State.RUNNING),)))
    assert {task.lane for task in told.tasks} == {told.workers[0]}
    assert told.workers[0].number == 2 and len(told.workers[0].tasks) == TASKS
    assert told.task_states(told.tasks[0], 160) == {State.RUNNING: 60}


def test_kinds_of_stretches_are_counted() -> None:
    """By state and system call; what is not known is one from the first."""
    told = timeline(LaneStarted(0, 0, 1, 1, "", "subject"))
    before = told.kinds
    told.apply(Spans(0, 0, (Span(1, State.IO, call="read"), Span(1, State.IO, call="write"))))
    told.apply(Spans(0, 2, (Span(1, State.IO, call="read"),)))
    assert told.kinds == before + 2
