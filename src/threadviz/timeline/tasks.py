"""The tasks of a run: handed over, started, finished; and their elapsed times, added up."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import accumulate, pairwise
from operator import attrgetter, itemgetter
from typing import NamedTuple

from threadviz.protocol.codec import StreamError
from threadviz.protocol.events import State, TaskFinished, TaskStarted, TaskSubmitted
from threadviz.timeline.account import FOREVER
from threadviz.timeline.lane import Lane


class WasOn(NamedTuple):
    """What is left of a task's lane that was folded away: what it was called, its kind, and the task's states (ns)."""

    name: str
    kind: str
    states: dict[State, int]


@dataclass(slots=True, eq=False)
class Task:
    """One call of the workload's function. Times are ns; None where it has not come to that.

    A task that failed before a worker took it (its pool broke, say) has `finished` and `error`, and no
    `started`. `lane` is None as long as no lane is the thread that it started in, and where that lane was folded away:
    then `was_on` says what it was.
    """

    number: int
    name: str
    submitted: int
    started: int | None = None
    finished: int | None = None
    result: str | None = None
    error: str | None = None
    traceback: str = ""
    """Of the user's own code, in lines, where it is that which failed."""
    lane: Lane | None = None
    was_on: WasOn | None = None

    @property
    def lane_name(self) -> str | None:
        """What its lane is called, or was; None where it is on none."""
        lane = self.lane or self.was_on
        return None if lane is None else lane.name

    @property
    def lane_kind(self) -> str | None:
        """The kind of its lane; None where it is on none."""
        lane = self.lane or self.was_on
        return None if lane is None else lane.kind

    def elapsed(self, until: int = FOREVER) -> int:
        """From its start to its end, at most until `until` (ns); one that is not over goes on until then."""
        if self.started is None:
            return 0
        return max(min(FOREVER if self.finished is None else self.finished, until) - self.started, 0)

    def states(self, until: int) -> dict[State, int]:
        """Nanoseconds in each state while it ran, at most until `until` (ns): see `Timeline.task_states`."""
        elapsed = self.elapsed(until)
        if self.started is None or not elapsed:
            return {}
        if self.was_on is not None:
            states = _part(self.was_on.states, elapsed)
        else:
            states = {} if self.lane is None else self.lane.states(self.started, self.started + elapsed)
        if missing := elapsed - sum(states.values()):
            states[State.UNKNOWN] = states.get(State.UNKNOWN, 0) + missing
        return states

    def fold(self) -> None:
        """Keep what its lane, which has ended, says of it, and leave that."""
        if self.lane is not None and self.started is not None and self.lane.end is not None:
            end = min(self.lane.end, self.started + self.elapsed())
            self.was_on = WasOn(self.lane.name, self.lane.kind, self.lane.states(self.started, end))
            self.lane = None


def _part(states: dict[State, int], ns: int) -> dict[State, int]:
    """So much (ns) of what was in these states, shared out evenly; all of it, where there is no more."""
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
    """All tasks, by number, and those that finished, in that order."""

    def __init__(self) -> None:
        self.by_number: dict[int, Task] = {}
        self.done: list[Task] = []
        self._begun: list[Task] = []
        # What is before the task of the same index, as far as it was asked for and nobody turned out to come in
        # between. Of those that are done: how many had started, when they finished, added up, and the longest elapsed
        # time. Of those that have begun: when they started, added up, and when the last of them finished.
        self._before_done: list[tuple[int, int, int]] = [(0, 0, 0)]
        self._before_begun: list[tuple[int, int]] = [(0, 0)]

    def submit(self, event: TaskSubmitted) -> None:
        """A task was handed over."""
        if event.task in self.by_number:
            raise StreamError(f"task {event.task} is submitted twice")
        self.by_number[event.task] = Task(event.task, event.name, event.t)

    def start(self, event: TaskStarted) -> Task:
        """A task's function was entered."""
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
        return task

    def finish(self, event: TaskFinished) -> Task:
        """A task is over."""
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
        return task

    def elapsed(self, t: int) -> tuple[int, int]:
        """The elapsed times (ns) of all tasks until `t`: their sum, and the longest."""
        done = bisect_right(self.done, t, key=_finished)
        begun = bisect_right(self._begun, t, key=_started)
        self._add_up(done, begun)
        over, finishes, slowest = self._before_done[done]
        starts, _ = self._before_begun[begun]
        # The first of those that have not finished by then, if it has begun by then, is the one that takes longest.
        first = bisect_right(self._before_begun, t, hi=begun + 1, key=itemgetter(1)) - 1
        if first < begun:
            slowest = max(slowest, self._begun[first].elapsed(t))
        return (begun - over) * t + finishes - starts, slowest

    def _add_up(self, done: int, begun: int) -> None:
        """Have what is before the tasks of these indices."""
        for task in self.done[len(self._before_done) - 1 : done]:
            over, finishes, slowest = self._before_done[-1]
            if task.started is not None and task.finished is not None:
                over, finishes, slowest = over + 1, finishes + task.finished, max(slowest, task.elapsed())
            self._before_done.append((over, finishes, slowest))
        for task in self._begun[len(self._before_begun) - 1 : begun]:
            starts, last = self._before_begun[-1]
            finished = _NEVER if task.finished is None else task.finished
            self._before_begun.append((starts + _started(task), max(last, finished)))

    def _find(self, number: int, what: str) -> Task:
        task = self.by_number.get(number)
        if task is None:
            raise StreamError(f"task {number} {what}, but was never submitted")
        return task
