"""The order of a table's tasks, as of any moment, for as many as there may be."""

import enum
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from threadviz.picture.tasks import Stage, queued, stage_of
from threadviz.timeline import Task, Timeline
from threadviz.vocabulary import State

MAX_QUEUED = 8
"""In the order of finishing, of the tasks that have not started so many have rows; the others share one."""

LEARNED_AT_ONCE = 400
"""Of so many tasks that are over the running time is looked up at a frame, and kept: it takes about 10 us each."""

_SETTLED_NS = 1_000_000_000
"""So long after a task is over, no more is said of it."""

_DIGITS = re.compile(r"(\d+)")


class Sort(enum.Enum):
    """By what a table of tasks is sorted; the values are the names of its columns."""

    FINISHING = "result"
    NAME = "task"
    LANE = "lane"
    QUEUED = "queued"
    ELAPSED = "elapsed"
    RUNNING = "running"


@dataclass(frozen=True, slots=True)
class Rest:
    """A row that stands for so many tasks that have not started."""

    tasks: int


class TaskOrder:
    """The tasks of one run in order. It remembers what can't change any more."""

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self._running: dict[int, int] = {}
        self._names: dict[int, list[str | int]] = {}
        self._learned = 0

    def learn(self, over: bool) -> int:
        """Look up the running time of a few more tasks that are over, and return of how many it is known."""
        done, timeline = self.timeline.finished_tasks(), self.timeline
        if len(self._running) < self._learned:  # one came in between later, and moved the others on
            self._learned = 0
        for task in done[self._learned : self._learned + LEARNED_AT_ONCE]:
            if not over and (task.finished or 0) + _SETTLED_NS > timeline.now:
                break
            self._running[task.number] = timeline.task_states(task).get(State.RUNNING, 0)
            self._learned += 1
        return self._learned

    def rows(self, t: int, sort: Sort) -> list[Task | Rest]:
        """The tasks that were submitted by `t` (ns), as they stood then."""
        tasks = [task for task in self.timeline.tasks if task.submitted <= t]
        if sort is Sort.FINISHING:
            return self._as_finished(tasks, t)
        keys: dict[Sort, Callable[[Task], Any]] = {
            Sort.NAME: self._name,
            Sort.LANE: self._lane_key(t),
            Sort.QUEUED: lambda task: (-queued(task, t), task.number),
            Sort.ELAPSED: lambda task: (-task.elapsed(t), task.number),
            Sort.RUNNING: lambda task: (-self._running_ns(task, t), task.number),
        }
        return [*sorted(tasks, key=keys[sort])]

    def _as_finished(self, tasks: list[Task], t: int) -> list[Task | Rest]:
        """Those that run, those that wait for a worker, and those that are over."""
        open_ = [task for task in tasks if task.finished is None or task.finished > t]
        over = [
            task
            for task in self.timeline.finished_tasks()
            if task.finished is not None and task.finished <= t
        ]
        running = [task for task in open_ if stage_of(task, t) is Stage.STARTED]
        waiting = [task for task in open_ if stage_of(task, t) is Stage.QUEUED]
        running.sort(key=lambda task: (task.started, task.number))
        rest = len(waiting) - MAX_QUEUED
        if rest > 1:
            return [*running, *waiting[:MAX_QUEUED], Rest(rest), *over]
        return [*running, *waiting, *over]

    def _name(self, task: Task) -> list[str | int]:
        """The task's name so that 'digest 9' comes before 'digest 10': text and numbers take turns."""
        key = self._names.get(task.number)
        if key is None:
            parts = _DIGITS.split(task.name)
            key = [int(part) if index % 2 else part for index, part in enumerate(parts)]
            self._names[task.number] = key
        return key

    def _lane_key(self, t: int) -> Callable[[Task], tuple[int, int]]:
        places = {lane: place for place, lane in enumerate(self.timeline.lanes)}

        def key(task: Task) -> tuple[int, int]:
            here = task.lane is not None and task.started is not None and task.started <= t
            return (places[task.lane] if here and task.lane else len(places), task.started or task.submitted)

        return key

    def _running_ns(self, task: Task, t: int) -> int:
        if task.finished is not None and task.finished <= t:
            return self._running.get(task.number, 0)
        return self.timeline.task_states(task, t).get(State.RUNNING, 0)
