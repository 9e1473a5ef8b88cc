"""What role each lane has in a workload's run, and what it is called: that depends on the others."""

from collections import Counter
from typing import Protocol

from threadviz.events import Begin, Spans
from threadviz.timeline.lane import Lane
from threadviz.timeline.reading import FOREVER, Role
from threadviz.timeline.threads import Threads

_ORDER = list(Role)


class Casting(Protocol):
    """Gives lanes their roles and their names. `loop` is the event loop's lane, or the first of several."""

    loop: Lane | None

    def begin(self, event: Begin) -> None:
        """It begins."""

    def came(self, lane: Lane) -> None:
        """A lane came into view."""

    def heard(self, lane: Lane, event: Spans) -> None:
        """A lane went on."""

    def changed(self, lane: Lane) -> None:
        """A lane has got a task."""

    def named(self, lane: Lane) -> None:
        """A lane's thread has another name."""

    def ended(self, lane: Lane, *, strays: bool) -> None:
        """A lane is gone; `strays` says whether some of its tasks turned out to be another's."""

    def left_untold(self) -> None:
        """Not all tasks are told."""

    def process_named(self, pid: int) -> None:
        """A process has a name."""

    def forget(self, lane: Lane) -> None:
        """A lane is folded away."""

    def place(self, lane: Lane) -> tuple[int, ...]:
        """Where a lane comes among the others, as they are to be shown."""
        ...


class WorkloadCasting:
    """Of a workload's run the event loop is where the subject says; workers are where tasks are, or are to come."""

    def __init__(self, threads: Threads) -> None:
        self.loop: Lane | None = None
        self._threads = threads
        self._begin: Begin | None = None
        self._named = Counter[str]()

    def begin(self, event: Begin) -> None:
        """There is an event loop."""
        self._begin = event
        self._cast_all()

    def came(self, lane: Lane) -> None:
        """It may be the event loop's, which changes the names of others."""
        if self._begin is not None and (lane.pid, lane.tid) == (self._begin.pid, self._begin.tid):
            self._cast_all()
        else:
            self._cast(lane)

    def heard(self, lane: Lane, event: Spans) -> None:
        """What a thread does makes it nothing else."""

    def changed(self, lane: Lane) -> None:
        """Where tasks are, there is a worker."""
        if lane.role is Role.PLUMBING:
            self._cast_all()

    def named(self, lane: Lane) -> None:
        """Lanes are called by what they are for."""

    def ended(self, lane: Lane, *, strays: bool) -> None:
        """Another lane may be the event loop's, or a worker's."""
        if strays or lane is self.loop:
            self._cast_all()

    def left_untold(self) -> None:
        """A workload tells all of its tasks."""

    def process_named(self, pid: int) -> None:
        """And so are processes, but for those that tasks have started, of which it is all that is known."""
        for lane in self._threads.of_process(pid):
            if _is_of_task(lane):
                lane.name = lane.process_name

    def forget(self, lane: Lane) -> None:
        """Others keep their numbers."""

    def place(self, lane: Lane) -> tuple[int, ...]:
        """The event loop, the workers as they appeared, and the plumbing."""
        return (_ORDER.index(lane.role),)

    def _cast_all(self) -> None:
        begin = self._begin
        if begin is not None and begin.loop:
            self.loop = self._threads.at((begin.pid, begin.tid), begin.t)
        self._named.clear()
        for lane in self._threads:
            self._cast(lane)

    def _cast(self, lane: Lane) -> None:
        """Give a lane its role and its name, after those that appeared before it."""
        lane.kind = "process" if self._is_apart(lane) else "thread"
        role = self._role(lane)
        if role is not lane.role:
            lane.take_role(role, (0 if self._begin is None else self._begin.t, FOREVER), seen=False)
        if role is Role.LOOP:
            lane.name = "event loop"
        elif _is_of_task(lane):
            lane.name = lane.process_name
        else:
            what = lane.kind if role is Role.WORKER else role.value
            self._named[what] += 1
            lane.name = f"{what} {self._named[what]}"

    def _role(self, lane: Lane) -> Role:
        if lane is self.loop:
            return Role.LOOP
        if lane.tasks or (lane.process == "worker" and lane.is_main):
            return Role.WORKER
        return Role.PLUMBING

    def _is_apart(self, lane: Lane) -> bool:
        return lane.process == "worker" if self._begin is None else lane.pid != self._begin.pid


def _is_of_task(lane: Lane) -> bool:
    """Whether it is a thread of a process that a task has started, and no worker, as tasks in it would have shown."""
    return lane.process == "task's process" and not lane.tasks
