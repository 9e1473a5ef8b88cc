"""The lanes of a run: which thread each is, which tasks are on it, and what role it has among the others."""

from collections import deque
from collections.abc import Iterator, Sequence
from operator import attrgetter

from threadviz.events import Begin, GilHeld, LaneEnded, LaneStarted, Named, Spans, Started
from threadviz.stream import StreamError
from threadviz.timeline.casting import Casting, WorkloadCasting
from threadviz.timeline.clock import Clock
from threadviz.timeline.folded import Folded
from threadviz.timeline.kinds import Kinds
from threadviz.timeline.lane import Lane
from threadviz.timeline.program import ProgramCasting
from threadviz.timeline.reading import Role
from threadviz.timeline.stays import Stays
from threadviz.timeline.tasks import Task
from threadviz.timeline.threads import Threads

_AT_A_TIME = 256
"""After so many stretches it is seen to again that there are not too many."""

MOST_GONE = 1000
"""So many lanes that have ended are kept, and as many that have a task which is not over: the next one folds the
oldest away."""


class Lanes:
    """All lanes: of a workload's run, unless it is said that they are those of a program."""

    def __init__(self, clock: Clock, most_gone: int = MOST_GONE) -> None:
        self.folded: Folded | None = None
        self._threads = Threads()
        self._stays = Stays(self._threads)
        self._casting: Casting = WorkloadCasting(self._threads)
        self._process_names: dict[int, str] = {}
        self._begin: Begin | None = None
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
        self._casting = ProgramCasting(self._threads)

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

    def name(self, event: Named) -> None:
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

    def begin(self, event: Begin) -> None:
        """The workload begins, or the watch of a program."""
        self._begin = event
        self._casting.begin(event)
        self._in_order = None

    def place(self, task: Task, event: Started) -> None:
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
            if self.folded is None:
                self.folded = Folded(origin)
            self._threads.remove(lane)
            self.folded.take(lane, last=not self.has_process(lane.pid))
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
