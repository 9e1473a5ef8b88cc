"""What the findings of a run are made from."""

from collections import Counter
from dataclasses import dataclass
from functools import cached_property

from threadviz.events import State
from threadviz.timeline import Task, Timeline, Totals

COMPUTING = (State.RUNNING, State.READY, State.GIL)
"""In these a task computes, or would if it were let."""

WAITING = (State.IO, State.LOCK, State.SLEEP, State.WAITING)
"""In these a task waits for something else than to be let compute."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A claim, whether it holds of the run, and a text that is true either way. The id is stable."""

    id: str
    holds: bool
    text: str


class Figures:
    """A run's figures, each worked out at most once. Times are ns."""

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self.header = timeline.header

    @cached_property
    def totals(self) -> Totals:
        """Of the whole run, as far as it came."""
        return self.timeline.totals()

    @cached_property
    def started(self) -> list[Task]:
        """The tasks that a worker or the loop took, in the order of submission."""
        return [task for task in self.timeline.tasks if task.started is not None]

    @cached_property
    def failed(self) -> list[Task]:
        """The tasks that failed, in the order in which they did."""
        return [task for task in self.timeline.finished_tasks() if task.error is not None]

    @cached_property
    def task_ns(self) -> Counter[State]:
        """The states of all tasks, added up: their sum is `totals.sum_ns`."""
        states = Counter[State]()
        for task in self.started:
            states.update(self.timeline.task_states(task))
        return states

    @cached_property
    def plain(self) -> bool:
        """Whether the calls were made plainly, that is in the event loop's own thread."""
        return any(task.lane is not None and task.lane is self.timeline.loop for task in self.started)

    @property
    def tells_waits(self) -> bool:
        """Whether the probe could tell what a thread waited for."""
        return State.IO in self.header.probe.tells

    @cached_property
    def pool(self) -> str | None:
        """What took the tasks: 'thread' or 'process'; None where it was the event loop, or is not known."""
        kinds = {task.lane.kind for task in self.started if task.lane is not None}
        return kinds.pop() if len(kinds) == 1 and not self.plain else None

    @property
    def shared(self) -> bool:
        """Whether there was anything for several workers to do at once."""
        return self.pool is not None and self.header.workers > 1 and len(self.started) > 1

    def task_share(self, *states: State) -> float:
        """The share of the tasks' time that was spent in these states; 0 where no time has passed."""
        total = self.totals.sum_ns
        return sum(self.task_ns[state] for state in states) / total if total else 0.0

    def at_once(self, *states: State) -> float:
        """How many tasks were in these states at a time, on average; 0 where no time has passed."""
        total = self.totals.total_ns
        return sum(self.task_ns[state] for state in states) / total if total else 0.0
