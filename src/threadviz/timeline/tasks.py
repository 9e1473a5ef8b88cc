"""The tasks of a run: handed over, started, finished; and their elapsed times, added up."""

from bisect import bisect_right
from dataclasses import dataclass
from operator import attrgetter

from threadviz.events import Finished, Started, Submitted
from threadviz.stream import StreamError
from threadviz.timeline.lane import FOREVER, Lane


@dataclass(slots=True, eq=False)
class Task:
    """One call of the workload's function. Times are ns; None where it has not come to that.

    A task that failed before a worker took it (its pool broke, say) has `finished` and `error`, and no
    `started`. `lane` is None as long as no lane is the thread that it started in.
    """

    number: int
    name: str
    submitted: int
    started: int | None = None
    finished: int | None = None
    result: str | None = None
    error: str | None = None
    lane: Lane | None = None

    def elapsed(self, until: int = FOREVER) -> int:
        """From its start to its end, at most until `until` (ns); one that is not over goes on until then."""
        if self.started is None:
            return 0
        return max(min(FOREVER if self.finished is None else self.finished, until) - self.started, 0)


_finished = attrgetter("finished")


class Tasks:
    """All tasks, by number, and those that finished, in that order."""

    def __init__(self) -> None:
        self.by_number: dict[int, Task] = {}
        self.done: list[Task] = []
        self._open: dict[int, Task] = {}
        # Elapsed times of the tasks that are done: (sum, slowest) before the one of the same index, as far as
        # it was asked for, and nobody turned out to have finished in between.
        self._before: list[tuple[int, int]] = [(0, 0)]

    def submit(self, event: Submitted) -> None:
        """A task was handed over."""
        if event.task in self.by_number:
            raise StreamError(f"task {event.task} is submitted twice")
        self.by_number[event.task] = Task(event.task, event.name, event.t)

    def start(self, event: Started) -> Task:
        """A task's function was entered."""
        task = self._find(event.task, "starts")
        if task.started is not None:
            raise StreamError(f"task {task.number} starts twice")
        if task.finished is not None:
            raise StreamError(f"task {task.number} starts after it has finished")
        if event.t < task.submitted:
            raise StreamError(f"task {task.number} starts at {event.t} ns, before it was submitted")
        task.started = event.t
        self._open[task.number] = task
        return task

    def finish(self, event: Finished) -> Task:
        """A task is over."""
        task = self._find(event.task, "finishes")
        if task.finished is not None:
            raise StreamError(f"task {task.number} finishes twice")
        if task.started is None and event.error is None:
            raise StreamError(f"task {task.number} finishes, but has never started")
        if event.t < (task.submitted if task.started is None else task.started):
            raise StreamError(f"task {task.number} finishes at {event.t} ns, before it began")
        task.finished, task.result, task.error = event.t, event.result, event.error
        self._open.pop(task.number, None)
        index = bisect_right(self.done, event.t, key=_finished)
        self.done.insert(index, task)
        del self._before[index + 1 :]
        return task

    def elapsed(self, t: int) -> tuple[int, int]:
        """The elapsed times (ns) of all tasks until `t`: their sum, and the longest."""
        index = bisect_right(self.done, t, key=_finished)
        for task in self.done[len(self._before) - 1 : index]:
            total, slowest = self._before[-1]
            elapsed = task.elapsed()
            self._before.append((total + elapsed, max(slowest, elapsed)))
        total, slowest = self._before[index]
        for task in (*self.done[index:], *self._open.values()):
            elapsed = task.elapsed(t)
            total += elapsed
            slowest = max(slowest, elapsed)
        return total, slowest

    def _find(self, number: int, what: str) -> Task:
        task = self.by_number.get(number)
        if task is None:
            raise StreamError(f"task {number} {what}, but was never submitted")
        return task
