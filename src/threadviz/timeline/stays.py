"""Which tasks are on which lanes: they find each other by thread, whichever is told of first."""

from bisect import bisect_right, insort
from collections import defaultdict
from typing import NamedTuple

from threadviz.events import Started
from threadviz.timeline.lane import Lane
from threadviz.timeline.tasks import Task
from threadviz.timeline.threads import Thread, Threads


class _Stay(NamedTuple):
    """A task, and what was said of where it runs."""

    task: Task
    started: Started

    @property
    def thread(self) -> Thread:
        return self.started.pid, self.started.tid

    def goes_on(self, t: int) -> bool:
        return self.task.finished is None or t < self.task.finished


class Stays:
    """The tasks of all lanes, and those whose thread has not come into view."""

    def __init__(self, threads: Threads) -> None:
        self._threads = threads
        self._by_lane: defaultdict[int, list[_Stay]] = defaultdict(list)
        self._homeless: defaultdict[Thread, list[_Stay]] = defaultdict(list)

    @property
    def unseen(self) -> int:
        """How many tasks are on no lane, for no thread came into view that they started in."""
        return sum(map(len, self._homeless.values()))

    def place(self, task: Task, event: Started) -> None:
        """Put a task on its thread's lane, or leave it on none until that comes into view."""
        self._house(_Stay(task, event))

    def welcome(self, lane: Lane) -> None:
        """A lane came into view."""
        for stay in self._homeless.pop((lane.pid, lane.tid), ()):
            self._house(stay)

    def end(self, lane: Lane, t: int) -> bool:
        """A lane was gone at `t` (ns): tasks that started later are another's. Say whether there are any."""
        stays = self._by_lane[lane.number]
        strays = stays[bisect_right(stays, t, key=_started) :]
        if not strays:
            return False
        del stays[-len(strays) :]
        gone = {stay.task.number for stay in strays}
        lane.tasks[:] = [number for number in lane.tasks if number not in gone]
        for stay in strays:
            _occupy(lane, stay, -1)
            self._house(stay)
        return True

    def forget(self, lane: Lane) -> None:
        """A lane is folded away: its tasks keep what it says of them."""
        for stay in self._by_lane.pop(lane.number, ()):
            stay.task.fold()

    def task_on(self, lane: Lane, t: int) -> Task | None:
        """The task that is on a lane right after `t` (ns); of several the one that started last."""
        if not lane.in_task(t):
            return None
        stays = self._by_lane[lane.number]
        index = bisect_right(stays, t, key=_started) - 1
        while not stays[index].goes_on(t):
            index -= 1
        return stays[index].task

    def _house(self, stay: _Stay) -> None:
        lane = stay.task.lane = self._threads.at(stay.thread, stay.started.t)
        if lane is None:
            self._homeless[stay.thread].append(stay)
            return
        insort(self._by_lane[lane.number], stay, key=_started)
        lane.tasks.append(stay.task.number)
        _occupy(lane, stay, 1)


def _started(stay: _Stay) -> int:
    return stay.started.t


def _occupy(lane: Lane, stay: _Stay, by: int) -> None:
    lane.occupy(stay.started.t, by)
    if stay.task.finished is not None:
        lane.occupy(stay.task.finished, -by)
