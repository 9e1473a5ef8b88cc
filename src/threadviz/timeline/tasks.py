"""The tasks of a run: submitted, started, finished; and the sums of their elapsed times."""

from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from dataclasses import dataclass
from itertools import accumulate, pairwise
from operator import attrgetter, itemgetter
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


_NEVER = FOREVER + 1
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
        self._begun: list[Task] = []
        # Running sums before the task of the same index, as far as they were asked for and are valid. Of `done`: how
        # many had started, the sum of their finish times, and the longest elapsed time. Of `_begun`: the sum of their
        # start times, and the latest finish time.
        self._before_done: list[tuple[int, int, int]] = [(0, 0, 0)]
        self._before_begun: list[tuple[int, int]] = [(0, 0)]

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
        index = bisect_right(self._begun, event.t, key=_started)
        self._begun.insert(index, task)
        del self._before_begun[index + 1 :]
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
        index = bisect_right(self.done, event.t, key=_finished)
        self.done.insert(index, task)
        del self._before_done[index + 1 :]
        if task.started is not None:
            del self._before_begun[bisect_left(self._begun, task.started, key=_started) + 1 :]
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
        done = bisect_right(self.done, t, key=_finished)
        begun = bisect_right(self._begun, t, key=_started)
        self._add_up(done, begun)
        over, finishes, slowest = self._before_done[done]
        starts, _ = self._before_begun[begun]
        # Of the tasks that go on at `t`, the one that started first has taken longest.
        first = bisect_right(self._before_begun, t, hi=begun + 1, key=itemgetter(1)) - 1
        if first < begun:
            slowest = max(slowest, self._begun[first].elapsed(t))
        return (begun - over) * t + finishes - starts, slowest

    def _add_up(self, done: int, begun: int) -> None:
        for task in self.done[len(self._before_done) - 1 : done]:
            over, finishes, slowest = self._before_done[-1]
            if task.started is not None and task.finished is not None:
                over, finishes, slowest = over + 1, finishes + task.finished, max(slowest, task.elapsed())
            self._before_done.append((over, finishes, slowest))
        for task in self._begun[len(self._before_begun) - 1 : begun]:
            starts, last = self._before_begun[-1]
            finished = _NEVER if task.finished is None else task.finished
            self._before_begun.append((starts + _started(task), max(last, finished)))

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
