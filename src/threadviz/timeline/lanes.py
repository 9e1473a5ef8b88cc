"""The lanes of a run: which thread each is, which tasks are on it, and what role it has among the others."""

from collections import Counter, defaultdict
from typing import NamedTuple

from threadviz.events import Begin, LaneEnded, LaneStarted, Started
from threadviz.stream import StreamError
from threadviz.timeline.lane import Clock, Lane, Role
from threadviz.timeline.tasks import Task
from threadviz.timeline.track import Kinds

Thread = tuple[int, int]
"""(pid, tid)"""


class _Stay(NamedTuple):
    """A task, and what was said of where it runs."""

    task: Task
    started: Started

    @property
    def thread(self) -> Thread:
        return self.started.pid, self.started.tid


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
        self._cast()

    def end(self, event: LaneEnded) -> None:
        """A thread is gone; tasks that started in its number later are another's."""
        lane = self.find(event.lane)
        lane.finish(event.t)
        strays = [stay for stay in self._stays[event.lane] if stay.started.t > event.t]
        for stay in strays:
            self._stays[event.lane].remove(stay)
            lane.tasks.remove(stay.task.number)
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

    def _house(self, stay: _Stay) -> None:
        lane = stay.task.lane = self._at_home(stay.thread, stay.started.t)
        if lane is None:
            self._homeless[stay.thread].append(stay)
            return
        self._stays[lane.number].append(stay)
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
        named = Counter[str]()
        for lane in self._by_number.values():
            lane.kind = "process" if self._is_apart(lane) else "thread"
            role = self._role(lane)
            if role is not lane.role:
                lane.take_role(role, 0 if begin is None else begin.t)
            if role is Role.LOOP:
                lane.name = "event loop"
            else:
                what = lane.kind if role is Role.WORKER else role.value
                named[what] += 1
                lane.name = f"{what} {named[what]}"
        self._in_order = None

    def _role(self, lane: Lane) -> Role:
        if lane is self.loop:
            return Role.LOOP
        if lane.tasks or (lane.process == "worker" and lane.tid == lane.pid):
            return Role.WORKER
        return Role.PLUMBING

    def _is_apart(self, lane: Lane) -> bool:
        return lane.process == "worker" if self._begin is None else lane.pid != self._begin.pid


def _occupy(lane: Lane, stay: _Stay, by: int) -> None:
    lane.occupy(stay.started.t, by)
    if stay.task.finished is not None:
        lane.occupy(stay.task.finished, -by)
