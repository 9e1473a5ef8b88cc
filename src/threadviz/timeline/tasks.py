"""The tasks of a run: submitted, started, finished; and the sums of their elapsed times."""

from bisect import bisect_right, insort
from collections import defaultdict
from dataclasses import dataclass
from itertools import accumulate, pairwise
from operator import attrgetter
from typing import NamedTuple

from threadviz.protocol.codec import StreamError
from threadviz.protocol.events import State, TaskFinished, TaskStarted, TaskSubmitted
from threadviz.timeline.account import FOREVER
from threadviz.timeline.lane import Lane, Thread
from threadviz.timeline.threads import Threads


class ArchivedLane(NamedTuple):
    """What is left of a task's archived lane: its name, its kind, and the task's states (ns)."""

    name: str
    kind: str
    states: dict[State, int]


@dataclass(slots=True, eq=False)
class Task:
    """One call of the workload's function. Times are ns; None for what has not happened.

    A task that failed before a worker took it (say, its pool broke) has `finished` and `error` but no `started`.
    `lane` is None while its thread has no lane, and after the lane was archived; then `archived_lane` says what it
    was.
    """

    number: int
    name: str
    submitted: int
    started: int | None = None
    finished: int | None = None
    result: str | None = None
    error: str | None = None
    traceback: str = ""
    """Of the user's own function, in lines, if that failed."""
    lane: Lane | None = None
    archived_lane: ArchivedLane | None = None

    @property
    def lane_name(self) -> str | None:
        """The name of its lane, archived or not; None without a lane."""
        lane = self.lane or self.archived_lane
        return None if lane is None else lane.name

    @property
    def lane_kind(self) -> str | None:
        """The kind of its lane; None without a lane."""
        lane = self.lane or self.archived_lane
        return None if lane is None else lane.kind

    def elapsed(self, until: int = FOREVER) -> int:
        """Return ns from its start to its end or to `until`, whichever is first."""
        if self.started is None:
            return 0
        return max(min(FOREVER if self.finished is None else self.finished, until) - self.started, 0)

    def states(self, until: int) -> dict[State, int]:
        """Return ns in each state while it ran, at most until `until` (ns); see `Timeline.task_states`."""
        elapsed = self.elapsed(until)
        if self.started is None or not elapsed:
            return {}
        if self.archived_lane is not None:
            states = _part(self.archived_lane.states, elapsed)
        else:
            states = {} if self.lane is None else self.lane.states(self.started, self.started + elapsed)
        if missing := elapsed - sum(states.values()):
            states[State.UNKNOWN] = states.get(State.UNKNOWN, 0) + missing
        return states


def _part(states: dict[State, int], ns: int) -> dict[State, int]:
    """Return an even share of these states that adds up to `ns`; all of them if there is no more."""
    total = sum(states.values())
    if ns >= total:
        return states.copy()
    edges = [part * ns // total for part in accumulate(states.values(), initial=0)]
    parts = {state: until - since for state, (since, until) in zip(states, pairwise(edges), strict=True)}
    return {state: part for state, part in parts.items() if part}


_started = attrgetter("started")
_finished = attrgetter("finished")


class Tasks:
    """All tasks by number, and the finished ones in the order in which they finished.

    A task and its lane find each other by thread, whichever is reported first.
    """

    def __init__(self, threads: Threads) -> None:
        self._threads = threads
        self._without_lane: defaultdict[Thread, list[Task]] = defaultdict(list)
        self.by_number: dict[int, Task] = {}
        self.done: list[Task] = []
        # The tasks that go on; and of those that are over, the sum of their elapsed times and the longest (ns).
        self._open: dict[int, Task] = {}
        self._over_ns = self._longest_ns = 0

    def submit(self, event: TaskSubmitted) -> None:
        if event.task in self.by_number:
            raise StreamError(f"task {event.task} is submitted twice")
        self.by_number[event.task] = Task(event.task, event.name, event.t)

    def start(self, event: TaskStarted) -> Task:
        task = self._find(event.task, "starts")
        if task.started is not None:
            raise StreamError(f"task {task.number} starts twice")
        if task.finished is not None:
            raise StreamError(f"task {task.number} starts after it has finished")
        if event.t < task.submitted:
            raise StreamError(f"task {task.number} starts at {event.t} ns, before it was submitted")
        task.started = event.t
        self._open[task.number] = task
        self._place(task, (event.pid, event.tid))
        return task

    def finish(self, event: TaskFinished) -> Task:
        task = self._find(event.task, "finishes")
        if task.finished is not None:
            raise StreamError(f"task {task.number} finishes twice")
        if task.started is None and event.error is None:
            raise StreamError(f"task {task.number} finishes, but has never started")
        if event.t < (task.submitted if task.started is None else task.started):
            raise StreamError(f"task {task.number} finishes at {event.t} ns, before it began")
        task.finished, task.result, task.error = event.t, event.result, event.error
        task.traceback = event.traceback
        insort(self.done, task, key=_finished)
        self._open.pop(task.number, None)
        elapsed = task.elapsed()
        self._over_ns += elapsed
        self._longest_ns = max(self._longest_ns, elapsed)
        if task.lane is not None:
            task.lane.occupy(event.t, -1)
        return task

    @property
    def unseen(self) -> int:
        """How many tasks started in threads that were never seen."""
        return sum(map(len, self._without_lane.values()))

    def lane_started(self, lane: Lane) -> None:
        for task in self._without_lane.pop(lane.thread, ()):
            self._place(task, lane.thread)

    def lane_ended(self, lane: Lane, t: int) -> bool:
        """Move tasks that started after `t` (ns), when the lane ended, to another lane.

        Return whether there are any.
        """
        first = self._started_until(lane, t)
        strays = lane.tasks[first:]
        del lane.tasks[first:]
        for task in map(self.by_number.__getitem__, strays):
            _occupy(lane, task, -1)
            self._place(task, lane.thread)
        return bool(strays)

    def archive(self, lane: Lane) -> None:
        """Keep of the tasks on an ended lane what it says of them."""
        for task in map(self.by_number.__getitem__, lane.tasks):
            states = lane.states(_started(task), _started(task) + task.elapsed())
            task.archived_lane, task.lane = ArchivedLane(lane.name, lane.kind, states), None

    def on(self, lane: Lane, t: int) -> Task | None:
        """Return the task on a lane right after `t` (ns); of several the one that started last."""
        if not lane.in_task(t):
            return None
        started = reversed(lane.tasks[: self._started_until(lane, t)])
        tasks = map(self.by_number.__getitem__, started)
        return next(task for task in tasks if task.finished is None or t < task.finished)

    def elapsed(self, t: int) -> tuple[int, int]:
        """Return the sum and the longest of all tasks' elapsed times (ns) up to `t`."""
        if self.done and t < _finished(self.done[-1]):
            times = [task.elapsed(t) for task in self.by_number.values()]
            return sum(times), max(times)
        times = [task.elapsed(t) for task in self._open.values()]
        return self._over_ns + sum(times), max([self._longest_ns, *times])

    def _place(self, task: Task, thread: Thread) -> None:
        task.lane = lane = self._threads.at(thread, _started(task))
        if lane is None:
            self._without_lane[thread].append(task)
            return
        insort(lane.tasks, task.number, key=self._start_of)
        _occupy(lane, task, 1)

    def _started_until(self, lane: Lane, t: int) -> int:
        """Return how many of the tasks on a lane started up to `t` (ns)."""
        return bisect_right(lane.tasks, t, key=self._start_of)

    def _start_of(self, number: int) -> int:
        return _started(self.by_number[number])  # type: ignore[no-any-return]

    def _find(self, number: int, what: str) -> Task:
        task = self.by_number.get(number)
        if task is None:
            raise StreamError(f"task {number} {what}, but was never submitted")
        return task


def _occupy(lane: Lane, task: Task, by: int) -> None:
    lane.occupy(_started(task), by)
    if task.finished is not None:
        lane.occupy(task.finished, -by)
