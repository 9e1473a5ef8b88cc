"""The lanes of a run: which thread each is, which tasks are on it, and which were archived."""

from array import array
from bisect import bisect_right, insort
from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Sequence
from itertools import pairwise
from operator import add, attrgetter, sub
from typing import NamedTuple

from threadviz.protocol.codec import StreamError
from threadviz.protocol.events import (
    GilHeld,
    LaneEnded,
    LaneStarted,
    RunStarted,
    Spans,
    State,
    TaskStarted,
    ThreadNamed,
)
from threadviz.timeline.account import STATES, WIDTH, Clock, Kinds, Role
from threadviz.timeline.history import Sums
from threadviz.timeline.lane import Lane
from threadviz.timeline.roles import ProgramRoles, WorkloadRoles
from threadviz.timeline.tasks import Task
from threadviz.timeline.threads import Thread, Threads

BIN_NS = 100_000_000
"""The length (ns) of the bins in which the time of archived lanes is added up, at first."""

_MOST_BINS = 4096
"""With more bins than this, each becomes twice as long."""

_ROW = 2 * WIDTH

MOST_GONE = 1000
"""So many ended lanes are kept, and as many whose tasks are not over. The next one archives the oldest."""

_AT_A_TIME = 256
"""How many spans may arrive before it is checked again whether lanes have to be downsampled."""


class ArchivedLanes:
    """What is left of ended lanes that are no longer kept one by one, from `origin` (ns) on.

    `threads` counts them, and `processes` those processes without any lane left. Sums are exact at the edges of bins,
    whose length is `bin_ns`, and from the end of the last of these lanes on; in between they are interpolated.
    """

    def __init__(self, origin: int) -> None:
        self.origin = origin
        self.threads = 0
        self.processes = 0
        self.bin_ns = BIN_NS
        self._of_process = Counter[int]()
        self._until = origin
        # One row for each bin: the state sums of plumbing, then those of all other lanes.
        self._sums = array("q")

    def of_process(self, pid: int) -> int:
        """Return how many lanes of a process were archived, if it has other lanes still."""
        return self._of_process[pid]

    def states(self, until: int) -> dict[State, int]:
        """Return ns in each state up to `until` (ns), without plumbing and without states of 0 ns."""
        _, others = self.sums(until)
        return {state: ns for state, ns in zip(STATES, others, strict=True) if ns}

    def sums(self, until: int) -> tuple[Sums, Sums]:
        """Return ns in each state up to `until` (ns): of plumbing, and of all other lanes."""
        until = min(until, self._until)
        whole, rest = divmod(max(until - self.origin, 0), self.bin_ns)
        sums = [sum(self._sums[column : whole * _ROW : _ROW]) for column in range(_ROW)]
        if rest:
            start = self.origin + whole * self.bin_ns
            length = min(self.bin_ns, self._until - start)
            part = self._sums[whole * _ROW : (whole + 1) * _ROW]
            sums = [ns + more * rest // length for ns, more in zip(sums, part, strict=True)]
        return tuple(sums[:WIDTH]), tuple(sums[WIDTH:])

    def binned(self, since: int, width: int, count: int) -> list[Sums]:
        """Return ns in each state, plumbing included, for `count` bins of `width` ns from `since` (ns) on."""
        edges = [self.sums(since + number * width) for number in range(count + 1)]
        until = [tuple(map(add, plumbing, others)) for plumbing, others in edges]
        return [tuple(map(sub, after, before)) for before, after in pairwise(until)]

    def add(self, lane: Lane, *, last: bool) -> None:
        """Archive an ended lane; `last` says that its process has no other lane."""
        self.threads += 1
        self._of_process[lane.pid] += 1
        if last:
            self.processes += 1
            del self._of_process[lane.pid]
        assert lane.end is not None
        self._until = max(self._until, lane.end)
        while lane.end > self.origin + _MOST_BINS * self.bin_ns:
            self._double_bins()
        first = max(lane.start - self.origin, 0) // self.bin_ns
        number = -(-(lane.end - self.origin) // self.bin_ns) - first
        if number <= 0:
            return
        self._sums.extend([0] * ((first + number) * _ROW - len(self._sums)))
        index = first * _ROW + (0 if lane.role is Role.PLUMBING else WIDTH)
        for sums in lane.binned(self.origin + first * self.bin_ns, self.bin_ns, number):
            for column, ns in enumerate(sums, index):
                self._sums[column] += ns
            index += _ROW

    def _double_bins(self) -> None:
        self.bin_ns *= 2
        if len(self._sums) // _ROW % 2:
            self._sums.extend([0] * _ROW)
        doubled = array("q")
        for start in range(0, len(self._sums), 2 * _ROW):
            both = self._sums[start : start + 2 * _ROW]
            doubled.extend(map(add, both[:_ROW], both[_ROW:]))
        self._sums = doubled


class _Placement(NamedTuple):
    """A task, and where it was reported to start."""

    task: Task
    started: TaskStarted

    @property
    def thread(self) -> Thread:
        return self.started.pid, self.started.tid

    def goes_on(self, t: int) -> bool:
        return self.task.finished is None or t < self.task.finished


class _Placements:
    """Which tasks are on which lanes. Task and lane find each other by thread, whichever is reported first."""

    def __init__(self, threads: Threads) -> None:
        self._threads = threads
        self._by_lane: defaultdict[int, list[_Placement]] = defaultdict(list)
        self._without_lane: defaultdict[Thread, list[_Placement]] = defaultdict(list)

    @property
    def unseen(self) -> int:
        """How many tasks started in threads that were never seen."""
        return sum(map(len, self._without_lane.values()))

    def add(self, task: Task, event: TaskStarted) -> None:
        self._place(_Placement(task, event))

    def lane_started(self, lane: Lane) -> None:
        for placement in self._without_lane.pop((lane.pid, lane.tid), ()):
            self._place(placement)

    def lane_ended(self, lane: Lane, t: int) -> bool:
        """Move tasks that started after `t` (ns), when the lane ended, to another lane.

        Return whether there are any.
        """
        placements = self._by_lane[lane.number]
        strays = placements[bisect_right(placements, t, key=_started) :]
        if not strays:
            return False
        del placements[-len(strays) :]
        gone = {placement.task.number for placement in strays}
        lane.tasks[:] = [number for number in lane.tasks if number not in gone]
        for placement in strays:
            _occupy(lane, placement, -1)
            self._place(placement)
        return True

    def archive(self, lane: Lane) -> None:
        for placement in self._by_lane.pop(lane.number, ()):
            placement.task.archive()

    def task_on(self, lane: Lane, t: int) -> Task | None:
        """Return the task on a lane right after `t` (ns); of several the one that started last."""
        if not lane.in_task(t):
            return None
        placements = self._by_lane[lane.number]
        index = bisect_right(placements, t, key=_started) - 1
        while not placements[index].goes_on(t):
            index -= 1
        return placements[index].task

    def _place(self, placement: _Placement) -> None:
        lane = placement.task.lane = self._threads.at(placement.thread, placement.started.t)
        if lane is None:
            self._without_lane[placement.thread].append(placement)
            return
        insort(self._by_lane[lane.number], placement, key=_started)
        lane.tasks.append(placement.task.number)
        _occupy(lane, placement, 1)


def _started(placement: _Placement) -> int:
    return placement.started.t


def _occupy(lane: Lane, placement: _Placement, by: int) -> None:
    lane.occupy(placement.started.t, by)
    if placement.task.finished is not None:
        lane.occupy(placement.task.finished, -by)


class LaneIndex:
    """All lanes of a run. `archived` is None while no lane was archived."""

    def __init__(self, clock: Clock, most_gone: int = MOST_GONE) -> None:
        self.archived: ArchivedLanes | None = None
        self.threads = Threads()
        self.placements = _Placements(self.threads)
        self.roles: WorkloadRoles | ProgramRoles = WorkloadRoles(self.threads)
        self.kinds = Kinds()
        self._process_names: dict[int, str] = {}
        self._begin: RunStarted | None = None
        # Ended lanes, the oldest first, and by number those that have open tasks.
        self._gone = deque[Lane]()
        self._gone_with_tasks: dict[int, Lane] = {}
        self._most_gone = most_gone
        self._in_order: tuple[Lane, ...] | None = ()
        self._clock = clock

    def expect_program(self) -> None:
        """Take the lanes for those of a program. Call it before there are any."""
        self.roles = ProgramRoles(self.threads)

    @property
    def in_order(self) -> tuple[Lane, ...]:
        """All lanes, in the order in which they are shown."""
        if self._in_order is None:
            self._in_order = tuple(sorted(self.threads, key=self.roles.sort_key))
        return self._in_order

    def start(self, event: LaneStarted) -> None:
        lane = Lane(event, self.kinds, self._clock)
        lane.process_name = self._process_names.get(event.pid, lane.process_name)
        self.threads.add(lane)
        self.placements.lane_started(lane)
        self.roles.lane_started(lane)
        self._in_order = None

    def append(self, event: Spans) -> int:
        """Add spans to a lane, and return where (ns) they end."""
        lane = self.threads.find(event.lane)
        role, end = lane.role, lane.append(event)
        self.roles.spans_added(lane, event)
        if lane.role is not role:
            self._in_order = None
        return end

    def name(self, event: ThreadNamed) -> None:
        lane = self.threads.find(event.lane)
        lane.take_name(event)
        self.roles.lane_named(lane)

    def name_process(self, pid: int, name: str) -> None:
        self._process_names[pid] = name
        for lane in self.threads.of_process(pid):
            lane.process_name = name
        self.roles.process_named(pid)

    def begin(self, event: RunStarted) -> None:
        """The workload begins, or the observation of a program."""
        self._begin = event
        self.roles.begin(event)
        self._in_order = None

    def place(self, task: Task, event: TaskStarted) -> None:
        """Put a task on its thread's lane, now or when that thread is seen."""
        self.placements.add(task, event)
        lane = task.lane
        if lane is not None and lane.role in (Role.PLUMBING, Role.THREAD):
            self.roles.task_added(lane)
            self._in_order = None

    def tasks_unreported(self) -> None:
        self.roles.tasks_unreported()
        self._in_order = None

    def end(self, event: LaneEnded) -> list[Lane]:
        """A thread has ended. Return the lanes that were archived for it."""
        lane = self.threads.find(event.lane)
        lane.finish(event.t)
        strays = self.placements.lane_ended(lane, event.t)
        self.roles.lane_ended(lane, strays=strays)
        self._in_order = None
        return self._retire(lane)

    def task_finished(self, lane: Lane) -> list[Lane]:
        """A task on a lane is over. Return the lanes that were archived for it."""
        if lane.number not in self._gone_with_tasks or lane.has_open_tasks:
            return []
        self._in_order = None
        del self._gone_with_tasks[lane.number]
        return self._retire(lane)

    def check_holders(self, event: GilHeld) -> None:
        """Raise StreamError if a lane holds a GIL that was never started."""
        for hold in event.holds:
            if not self.threads.was_started(hold.holder):
                raise StreamError(f"lane {hold.holder} holds the GIL, but was never started")

    def make_room(self, keep: int, marks: Sequence[int]) -> int:
        """Downsample the fullest lane a little if there are more than `keep` pieces. Return how many may come now.

        Sums stay exact at `marks` (ns).
        """
        size = sum(lane.size for lane in self.threads)
        if size > keep:
            max(self.threads, key=attrgetter("size")).downsample(marks)
        return max(keep - size, _AT_A_TIME)

    def _retire(self, lane: Lane) -> list[Lane]:
        if lane.has_open_tasks:
            self._gone_with_tasks[lane.number] = lane
        else:
            self._gone.append(lane)
        return [] if self._begin is None else [*self._archive(self._begin.t)]

    def _archive(self, origin: int) -> Iterator[Lane]:
        """Archive what is too much, but never the event loop's lane."""
        for lane in self._too_many():
            if lane is self.roles.loop:
                continue
            if self.archived is None:
                self.archived = ArchivedLanes(origin)
            self.threads.remove(lane)
            last = not self.threads.of_process(lane.pid)
            self.archived.add(lane, last=last)
            if last:
                self._process_names.pop(lane.pid, None)
            self.placements.archive(lane)
            self.roles.forget(lane)
            yield lane

    def _too_many(self) -> Iterator[Lane]:
        while len(self._gone) > self._most_gone:
            yield self._gone.popleft()
        while len(self._gone_with_tasks) > self._most_gone:
            yield self._gone_with_tasks.pop(next(iter(self._gone_with_tasks)))
