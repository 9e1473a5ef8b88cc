"""The lanes of a run: which thread each is, which tasks are on it, and what role it has among the others."""

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
from threadviz.timeline.roles import ProgramRoles, RoleAssigner, WorkloadRoles
from threadviz.timeline.tasks import Task
from threadviz.timeline.threads import Thread, Threads

# Lanes that were folded away: threads that are gone, too many to be kept one by one.

BIN_NS = 100_000_000
"""How long (ns) the bins are that their time is added up in, at first."""

_MOST_BINS = 4096
"""With more, each becomes twice as long."""


class ArchivedLanes:
    """How many lanes were folded away, and what they were in, added up from `origin` (ns) on.

    `threads` counts them, `processes` those processes of which there is no lane left. The sums are exact at the edges
    of bins, whose length is `bin_ns`, and once all of these lanes were gone; in between they are shared out evenly.
    """

    def __init__(self, origin: int) -> None:
        self.origin = origin
        self.threads = 0
        self.processes = 0
        self.bin_ns = BIN_NS
        self._of_process = Counter[int]()
        self._until = origin
        # Bin after bin, in each the sums of plumbing lanes, and then those of the others.
        self._sums = array("q")

    def of_process(self, pid: int) -> int:
        """How many threads of a process were folded away, of which there are lanes still."""
        return self._of_process[pid]

    def states(self, until: int) -> dict[State, int]:
        """Nanoseconds in each state until then (ns), of all but the plumbing; without states of 0 ns."""
        _, others = self.sums(until)
        return {state: ns for state, ns in zip(STATES, others, strict=True) if ns}

    def sums(self, until: int) -> tuple[Sums, Sums]:
        """Nanoseconds in each state until then (ns): of plumbing, and of the others."""
        until = min(until, self._until)
        whole, rest = divmod(max(until - self.origin, 0), self.bin_ns)
        row = 2 * WIDTH
        sums = [sum(self._sums[column : whole * row : row]) for column in range(row)]
        if rest:
            start = self.origin + whole * self.bin_ns
            length = min(self.bin_ns, self._until - start)
            part = self._sums[whole * row : (whole + 1) * row]
            sums = [ns + more * rest // length for ns, more in zip(sums, part, strict=True)]
        return tuple(sums[:WIDTH]), tuple(sums[WIDTH:])

    def binned(self, since: int, width: int, count: int) -> list[Sums]:
        """For each of `count` bins of `width` ns, from `since` (ns) on: ns in each state, plumbing included."""
        edges = [self.sums(since + number * width) for number in range(count + 1)]
        until = [tuple(map(add, plumbing, others)) for plumbing, others in edges]
        return [tuple(map(sub, after, before)) for before, after in pairwise(until)]

    def take(self, lane: Lane, *, last: bool) -> None:
        """Fold a lane away that has ended; `last` says if there is no other lane of its process."""
        self.threads += 1
        self._of_process[lane.pid] += 1
        if last:
            self.processes += 1
            del self._of_process[lane.pid]
        assert lane.end is not None
        self._until = max(self._until, lane.end)
        while lane.end > self.origin + _MOST_BINS * self.bin_ns:
            self._widen()
        first = max(lane.start - self.origin, 0) // self.bin_ns
        number = -(-(lane.end - self.origin) // self.bin_ns) - first
        if number <= 0:
            return
        row = 2 * WIDTH
        self._sums.extend([0] * ((first + number) * row - len(self._sums)))
        bins = lane.binned(self.origin + first * self.bin_ns, self.bin_ns, number)
        index = first * row + (0 if lane.role is Role.PLUMBING else WIDTH)
        for sums in bins:
            for column, ns in enumerate(sums, index):
                self._sums[column] += ns
            index += row

    def _widen(self) -> None:
        self.bin_ns *= 2
        row = 2 * WIDTH
        if len(self._sums) // row % 2:
            self._sums.extend([0] * row)
        wide = array("q")
        for start in range(0, len(self._sums), 2 * row):
            both = self._sums[start : start + 2 * row]
            wide.extend(one + other for one, other in zip(both[:row], both[row:], strict=True))
        self._sums = wide


# Which tasks are on which lanes: they find each other by thread, whichever is told of first.


class _Stay(NamedTuple):
    """A task, and what was said of where it runs."""

    task: Task
    started: TaskStarted

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

    def place(self, task: Task, event: TaskStarted) -> None:
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


_AT_A_TIME = 256
"""After so many stretches it is seen to again that there are not too many."""

MOST_GONE = 1000
"""So many lanes that have ended are kept, and as many that have a task which is not over: the next one folds the
oldest away."""


class LaneIndex:
    """All lanes: of a workload's run, unless it is said that they are those of a program."""

    def __init__(self, clock: Clock, most_gone: int = MOST_GONE) -> None:
        self.archived: ArchivedLanes | None = None
        self._threads = Threads()
        self._stays = Stays(self._threads)
        self._casting: RoleAssigner = WorkloadRoles(self._threads)
        self._process_names: dict[int, str] = {}
        self._begin: RunStarted | None = None
        self._gone = deque[Lane]()
        # Lanes that have ended as well, but with tasks that are not over, by their numbers.
        self._not_left: dict[int, Lane] = {}
        self._most_gone = most_gone
        self._in_order: tuple[Lane, ...] | None = ()
        self._clock = clock
        self._kinds = Kinds()

    def __len__(self) -> int:
        return len(self._threads)

    def are_of_program(self) -> None:
        """Nobody will say what they are for. To be said before there are any."""
        self._casting = ProgramRoles(self._threads)

    @property
    def loop(self) -> Lane | None:
        """The event loop's; None until it is known."""
        return self._casting.loop

    @property
    def in_order(self) -> tuple[Lane, ...]:
        """All lanes, as they are to be shown."""
        if self._in_order is None:
            self._in_order = tuple(sorted(self._threads, key=self._casting.place))
        return self._in_order

    @property
    def unseen_tasks(self) -> int:
        """How many tasks have started in threads that were not seen."""
        return self._stays.unseen

    @property
    def kinds(self) -> int:
        """How many different kinds of stretches were told of."""
        return len(self._kinds.table)

    def find(self, number: int) -> Lane:
        """The lane of this number. Raises StreamError."""
        return self._threads.find(number)

    def has_process(self, pid: int) -> bool:
        """Whether there is a lane of it."""
        return bool(self._threads.of_process(pid))

    def start(self, event: LaneStarted) -> None:
        """A thread came into view."""
        lane = Lane(event, self._kinds, self._clock)
        lane.process_name = self._process_names.get(event.pid, lane.process_name)
        self._threads.add(lane)
        self._stays.welcome(lane)
        self._casting.came(lane)
        self._in_order = None

    def tell(self, event: Spans) -> int:
        """A lane went on; return until when (ns)."""
        lane = self._threads.find(event.lane)
        role, end = lane.role, lane.tell(event)
        self._casting.heard(lane, event)
        if lane.role is not role:
            self._in_order = None
        return end

    def name(self, event: ThreadNamed) -> None:
        """A thread has a name."""
        lane = self._threads.find(event.lane)
        lane.take_name(event)
        self._casting.named(lane)

    def name_process(self, pid: int, name: str) -> None:
        """A process is called so."""
        self._process_names[pid] = name
        for lane in self._threads.of_process(pid):
            lane.process_name = name
        self._casting.process_named(pid)

    def begin(self, event: RunStarted) -> None:
        """The workload begins, or the watch of a program."""
        self._begin = event
        self._casting.begin(event)
        self._in_order = None

    def place(self, task: Task, event: TaskStarted) -> None:
        """Put a task on its thread's lane, or leave it on none until that comes into view."""
        self._stays.place(task, event)
        lane = task.lane
        if lane is not None and lane.role in (Role.PLUMBING, Role.THREAD):
            self._casting.changed(lane)
            self._in_order = None

    def leave_untold(self) -> None:
        """Not all tasks are told."""
        self._casting.left_untold()
        self._in_order = None

    def end(self, event: LaneEnded) -> list[Lane]:
        """A thread is gone; tasks that started in its number later are another's. Return what is folded away now."""
        lane = self._threads.find(event.lane)
        lane.finish(event.t)
        strays = self._stays.end(lane, event.t)
        self._casting.ended(lane, strays=strays)
        self._in_order = None
        return self._let_go(lane)

    def leave(self, lane: Lane) -> list[Lane]:
        """A task on a lane is over. Return what is folded away now."""
        if lane.number not in self._not_left or not lane.is_left:
            return []
        self._in_order = None
        del self._not_left[lane.number]
        return self._let_go(lane)

    def task_on(self, lane: Lane, t: int) -> Task | None:
        """The task that is on a lane right after `t` (ns); of several the one that started last."""
        return self._stays.task_on(lane, t)

    def check_holders(self, event: GilHeld) -> None:
        """Raise StreamError where a lane is said to hold a GIL that was never started."""
        for hold in event.holds:
            if not self._threads.was_started(hold.holder):
                raise StreamError(f"lane {hold.holder} holds the GIL, but was never started")

    def make_room(self, keep: int, marks: Sequence[int]) -> int:
        """Thin the fullest lane a little, where there are more than `keep` stretches; return how many may come now.

        What is added up stays exact at `marks` (ns).
        """
        held = sum(lane.held for lane in self._threads)
        if held > keep:
            max(self._threads, key=_held).thin(marks)
        return max(keep - held, _AT_A_TIME)

    def _let_go(self, lane: Lane) -> list[Lane]:
        """A lane has ended. Return what is folded away for it."""
        if lane.is_left:
            self._gone.append(lane)
        else:
            self._not_left[lane.number] = lane
        return [*self._fold(self._begin.t)] if self._begin is not None else []

    def _fold(self, origin: int) -> Iterator[Lane]:
        """Fold away what is too much, but for the event loop's lane."""
        for lane in self._too_many():
            if lane is self.loop:
                continue
            if self.archived is None:
                self.archived = ArchivedLanes(origin)
            self._threads.remove(lane)
            self.archived.take(lane, last=not self.has_process(lane.pid))
            if not self.has_process(lane.pid):
                self._process_names.pop(lane.pid, None)
            self._stays.forget(lane)
            self._casting.forget(lane)
            yield lane

    def _too_many(self) -> Iterator[Lane]:
        while len(self._gone) > self._most_gone:
            yield self._gone.popleft()
        while len(self._not_left) > self._most_gone:
            yield self._not_left.pop(next(iter(self._not_left)))


_held = attrgetter("held")
