"""The tasks that a target's processes report, as events."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from threadviz.observer.messages import ReportedStart, ReportedSubmission, TaskMessage
from threadviz.protocol.events import Event, TaskFinished, TaskStarted, TaskSubmitted

MAX_TASKS = 200_000
"""No more tasks are recorded, so that a recording can be read."""


@dataclass(slots=True)
class _OpenTask:
    """A task that is not over. `t` is the time of its last event (ns)."""

    number: int
    submitter: int
    t: int
    started: bool = False


class ReportedTasks:
    """Turns messages into events: with the run's own numbers, and in an order in which they can have happened.

    Messages may be missing, and may come twice: of how a task ended, the first counts. `when` converts a time of
    `time.monotonic_ns()` into one of the run. `numbered` appends a number to each name.
    """

    def __init__(self, when: Callable[[int], int], limit: int = MAX_TASKS, *, numbered: bool = True) -> None:
        self.submitted = 0
        """How many tasks were submitted, those above the limit not included."""
        self.dropped = 0
        """How many tasks were dropped, because there were `limit` already."""
        self._when = when
        self._limit = limit
        self.open: dict[str, _OpenTask] = {}
        """The tasks that are not over, by the ids that they are reported under."""
        self._names = Counter[str]() if numbered else None

    def events(self, message: TaskMessage) -> Iterator[Event]:
        """Yield the events of this message."""
        if isinstance(message, ReportedSubmission):
            yield from self._submit(message)
        elif (task := self.open.get(message.task)) is None:
            return
        elif isinstance(message, ReportedStart):
            yield from self._start(task, message)
        else:
            if message.started is not None:
                yield from self._start(task, message.started)
            if task.started or message.error is not None:
                del self.open[message.task]
                result = message.result if message.error is None else None
                t = max(task.t, self._when(message.t))
                yield TaskFinished(t, task.number, result, message.error, message.traceback)

    def processes_ended(self, ended: Mapping[int, int]) -> Iterator[TaskFinished]:
        """Yield a TaskFinished for each open task of the processes that have ended, given with their times (ns)."""
        for key, task in list(self.open.items()):
            if task.submitter in ended:
                del self.open[key]
                t = max(task.t, ended[task.submitter])
                yield TaskFinished(t, task.number, error="its process has ended")

    def fail_all(self, t: int, error: str) -> Iterator[TaskFinished]:
        """Yield a TaskFinished with `error` at `t` (ns) for each open task."""
        for task in self.open.values():
            yield TaskFinished(max(task.t, t), task.number, error=error)
        self.open.clear()

    def _submit(self, message: ReportedSubmission) -> Iterator[TaskSubmitted]:
        if message.task in self.open:
            return
        if self.submitted == self._limit:
            self.dropped += 1
            return
        task = self.open[message.task] = _OpenTask(self.submitted, message.pid, self._when(message.t))
        self.submitted += 1
        name = message.name
        if self._names is not None:
            self._names[name] += 1
            name = f"{name} {self._names[name]}"
        yield TaskSubmitted(task.t, task.number, name)

    def _start(self, task: _OpenTask, message: ReportedStart) -> Iterator[TaskStarted]:
        if not task.started:
            task.started = True
            task.t = max(task.t, self._when(message.t))
            yield TaskStarted(task.t, task.number, message.pid, message.tid)
