"""The tracks of a trace: which process and which thread everything is shown in."""

from collections.abc import Iterable, Iterator
from heapq import heappop, heappush
from itertools import count
from typing import NamedTuple

from threadviz.timeline import Lane, Ribbon, Role, Task, Timeline
from threadviz.vocabulary import Watches

OWN_IDS = 10_000_000
"""Tracks that are no thread of the run are numbered from here on: no Linux has so many processes (4,194,304)."""

_MAX_ID = 2**31 - 1


class Track(NamedTuple):
    """What viewers take for a thread: a row of slices."""

    pid: int
    tid: int
    name: str


class TaskRow(NamedTuple):
    """Tasks none of which begins before the one before it is over, as (start, end, task), in ns."""

    track: Track
    tasks: list[tuple[int, int, Task]]


class Tracks:
    """All tracks of a run. Each lane is in its own process and thread, by the numbers that those had in the run.

    Where two threads had the same number, one after the other, or where it is none that a viewer takes, the lane gets
    a number of its own, and so do the tracks that are no thread: the rows of tasks, and `whole`, a process for what is
    said of the run as a whole.
    """

    def __init__(self, timeline: Timeline) -> None:
        lanes = timeline.lanes
        self._until = timeline.now
        said = {number for lane in lanes for number in (lane.pid, lane.tid)}
        self._own = (number for number in count(OWN_IDS) if number not in said)
        self._threads = set[int]()
        self.whole = Track(next(self._own), next(self._own), "events")
        self.processes = {self.whole.pid: "the run as a whole"}
        self._pids: dict[int, int] = {}
        self.lanes: list[tuple[Lane, Track]] = []
        # In the order in which they are to be shown.
        self.in_order = [self.whole]
        self.rows: list[TaskRow] = []
        self._add_rows(
            self.whole.pid,
            "tasks that never started",
            ((task.submitted, self._end(task), task) for task in timeline.tasks if task.started is None),
        )
        self._add_rows(
            self.whole.pid,
            "tasks on no lane",
            self._elapsed(task for task in timeline.tasks if task.lane is None),
        )
        self.ribbons: list[tuple[Ribbon, Track]] = []
        ribbons = list(timeline.ribbons)
        for lane in lanes:
            mine = [ribbon for ribbon in ribbons if ribbon.pid == lane.pid]
            ribbons = [ribbon for ribbon in ribbons if ribbon.pid != lane.pid]
            for ribbon in mine:
                self._add_ribbon(self._pid(timeline, lane), ribbon)
            self._add_lane(timeline, lane)

    def _add_ribbon(self, pid: int, ribbon: Ribbon) -> None:
        """A GIL stands above the threads of its process."""
        name = f"GIL of interpreter {ribbon.interpreter}" if ribbon.interpreter else "GIL"
        track = Track(pid, next(self._own), name)
        self.ribbons.append((ribbon, track))
        self.in_order.append(track)

    def _add_lane(self, timeline: Timeline, lane: Lane) -> None:
        track = Track(self._pid(timeline, lane), self._tid(lane), lane.name)
        self.lanes.append((lane, track))
        self.in_order.append(track)
        tasks = (timeline.task(number) for number in lane.tasks)
        self._add_rows(track.pid, f"{lane.name}: tasks", self._elapsed(tasks))

    def _add_rows(self, pid: int, name: str, tasks: Iterable[tuple[int, int, Task]]) -> None:
        """Put tasks into rows, into as few as will do: mostly one."""
        rows: list[TaskRow] = []
        ends: list[tuple[int, int]] = []
        for start, end, task in sorted(tasks, key=lambda each: each[:2]):
            if ends and ends[0][0] <= start:
                _, index = heappop(ends)
            else:
                index = len(rows)
                track = Track(pid, next(self._own), f"{name} ({index + 1})" if index else name)
                rows.append(TaskRow(track, []))
            rows[index].tasks.append((start, end, task))
            heappush(ends, (end, index))
        self.rows += rows
        self.in_order += [row.track for row in rows]

    def _elapsed(self, tasks: Iterable[Task]) -> Iterator[tuple[int, int, Task]]:
        for task in tasks:
            if task.started is not None:
                yield task.started, self._end(task), task

    def _end(self, task: Task) -> int:
        return self._until if task.finished is None else task.finished

    def _pid(self, timeline: Timeline, lane: Lane) -> int:
        pid = self._pids.get(lane.pid)
        if pid is None:
            pid = self._pids[lane.pid] = lane.pid if 0 < lane.pid <= _MAX_ID else next(self._own)
            header = timeline.header
            if header.watches is not Watches.WORKLOAD:
                self.processes[pid] = lane.process_name
            elif lane.role is Role.LOOP:
                self.processes[pid] = f"{header.workload}, {header.mode}"
            else:
                self.processes[pid] = lane.name if lane.kind == "process" else lane.process
        return pid

    def _tid(self, lane: Lane) -> int:
        tid = lane.tid if 0 < lane.tid <= _MAX_ID and lane.tid not in self._threads else next(self._own)
        self._threads.add(tid)
        return tid
