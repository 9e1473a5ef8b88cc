"""The lanes of a run: which thread each is, which tasks are on it, and what role it has among the others."""

from bisect import bisect_right, insort
from collections import Counter, defaultdict
from collections.abc import Sequence
from operator import attrgetter
from typing import NamedTuple

from threadviz.events import Begin, LaneEnded, LaneStarted, Started
from threadviz.stream import StreamError
from threadviz.timeline.kinds import Kinds
from threadviz.timeline.lane import Clock, Lane
from threadviz.timeline.reading import Role
from threadviz.timeline.tasks import Task

_AT_A_TIME = 256
"""After so many stretches it is seen to again that there are not too many."""

Thread = tuple[int, int]
"""(pid, tid)"""


class _Stay(NamedTuple):
    """A task, and what was said of where it runs."""

    task: Task
    started: Started

    @property
    def thread(self) -> Thread:
        return self.started.pid, self.started.tid

    def goes_on(self, t: int) -> bool:
        return self.task.finished is None or t < self.task.finished


class Lanes:
    """All lanes, by number. Lanes and tasks find each other by thread, whichever is told of first."""

    def __init__(self, clock: Clock) -> None:
        self.loop: Lane | None = None
        self._by_number: dict[int, Lane] = {}
        # A thread's number may be used again by a later thread: its lanes, one after the other.
        self._by_thread: defaultdict[Thread, list[Lane]] = defaultdict(list)
        self._stays: defaultdict[int, list[_Stay]] = defaultdict(list)
        self._homeless: defaultdict[Thread, list[_Stay]] = defaultdict(list)
        self._begin: Begin | None = None
        self._in_order: tuple[Lane, ...] | None = ()
        self._named = Counter[str]()
        self._clock = clock
        self._kinds = Kinds()

    @property
    def in_order(self) -> tuple[Lane, ...]:
        """All lanes, as they are to be shown: the event loop, the workers as they appeared, the plumbing."""
        if self._in_order is None:
            order = list(Role)
            lanes = self._by_number.values()
            self._in_order = tuple(sorted(lanes, key=lambda lane: order.index(lane.role)))
        return self._in_order

    @property
    def kinds(self) -> int:
        """How many different kinds of stretches were told of."""
        return len(self._kinds.table)

    def find(self, number: int) -> Lane:
        """The lane of this number."""
        lane = self._by_number.get(number)
        if lane is None:
            raise StreamError(f"lane {number} was never started")
        return lane

    def start(self, event: LaneStarted) -> None:
        """A thread came into view."""
        if event.lane in self._by_number:
            raise StreamError(f"lane {event.lane} starts twice")
        thread = (event.pid, event.tid)
        for earlier in self._by_thread.get(thread, ()):
            if earlier.end is None or earlier.end > event.t:
                raise StreamError(
                    f"lane {event.lane} is thread {event.tid} of process {event.pid},"
                    f" and so is lane {earlier.number}, which has not ended then"
                )
        lane = self._by_number[event.lane] = Lane(event, self._kinds, self._clock)
        self._by_thread[thread].append(lane)
        for stay in self._homeless.pop(thread, ()):
            self._house(stay)
        if self._begin is not None and thread == (self._begin.pid, self._begin.tid):
            self._cast()  # it may be the event loop's, which changes the names of others
        else:
            self._cast_lane(lane)

    def end(self, event: LaneEnded) -> None:
        """A thread is gone; tasks that started in its number later are another's."""
        lane = self.find(event.lane)
        lane.finish(event.t)
        stays = self._stays[event.lane]
        strays = stays[bisect_right(stays, event.t, key=_started) :]
        if strays:
            del stays[-len(strays) :]
            gone = {stay.task.number for stay in strays}
            lane.tasks[:] = [number for number in lane.tasks if number not in gone]
        for stay in strays:
            _occupy(lane, stay, -1)
            self._house(stay)
        if strays or lane is self.loop:
            self._cast()

    def begin(self, event: Begin) -> None:
        """The workload begins, and with it there is an event loop."""
        self._begin = event
        self._cast()

    def place(self, task: Task, event: Started) -> None:
        """Put a task on its thread's lane, or leave it on none until that comes into view."""
        self._house(_Stay(task, event))
        if task.lane is not None and task.lane.role is Role.PLUMBING:
            self._cast()

    def task_on(self, lane: Lane, t: int) -> Task | None:
        """The task that is on a lane right after `t`; of several the one that started last."""
        if not lane.in_task(t):
            return None
        stays = self._stays[lane.number]
        index = bisect_right(stays, t, key=_started) - 1
        while not stays[index].goes_on(t):
            index -= 1
        return stays[index].task

    def make_room(self, keep: int, marks: Sequence[int]) -> int:
        """Thin the fullest lane a little, where there are more than `keep` stretches; return how many may come now.

        What is added up stays exact at `marks` (ns).
        """
        held = sum(lane.held for lane in self._by_number.values())
        if held > keep:
            max(self._by_number.values(), key=_held).thin(marks)
        return max(keep - held, _AT_A_TIME)

    def _house(self, stay: _Stay) -> None:
        lane = stay.task.lane = self._at_home(stay.thread, stay.started.t)
        if lane is None:
            self._homeless[stay.thread].append(stay)
            return
        insort(self._stays[lane.number], stay, key=_started)
        lane.tasks.append(stay.task.number)
        _occupy(lane, stay, 1)

    def _at_home(self, thread: Thread, t: int) -> Lane | None:
        """The lane of this thread as of `t`; it may have come into view a little later."""
        lanes = self._by_thread.get(thread, ())
        return next((lane for lane in lanes if lane.end is None or lane.end >= t), None)

    def _cast(self) -> None:
        """Give every lane its role and its name: they depend on the others, and on what came since."""
        begin = self._begin
        if begin is not None:
            self.loop = self._at_home((begin.pid, begin.tid), begin.t)
        self._named.clear()
        for lane in self._by_number.values():
            self._cast_lane(lane)

    def _cast_lane(self, lane: Lane) -> None:
        """Give a lane its role and its name, after those that appeared before it."""
        lane.kind = "process" if self._is_apart(lane) else "thread"
        role = self._role(lane)
        if role is not lane.role:
            lane.take_role(role, 0 if self._begin is None else self._begin.t)
        if role is Role.LOOP:
            lane.name = "event loop"
        else:
            what = lane.kind if role is Role.WORKER else role.value
            self._named[what] += 1
            lane.name = f"{what} {self._named[what]}"
        self._in_order = None

    def _role(self, lane: Lane) -> Role:
        if lane is self.loop:
            return Role.LOOP
        if lane.tasks or (lane.process == "worker" and lane.tid == lane.pid):
            return Role.WORKER
        return Role.PLUMBING

    def _is_apart(self, lane: Lane) -> bool:
        return lane.process == "worker" if self._begin is None else lane.pid != self._begin.pid


_held = attrgetter("held")


def _started(stay: _Stay) -> int:
    return stay.started.t


def _occupy(lane: Lane, stay: _Stay, by: int) -> None:
    lane.occupy(stay.started.t, by)
    if stay.task.finished is not None:
        lane.occupy(stay.task.finished, -by)
