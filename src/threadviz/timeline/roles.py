"""What role each lane has in a workload's run, and what it is called: that depends on the others."""

from collections import Counter
from typing import NamedTuple, Protocol

from threadviz.protocol.events import NameSource, RunStarted, Spans, State
from threadviz.timeline.account import EVENT_CALLS, FOREVER, Asked, Role
from threadviz.timeline.lane import Lane
from threadviz.timeline.threads import Threads

_ORDER = list(Role)


class RoleAssigner(Protocol):
    """Gives lanes their roles and their names. `loop` is the event loop's lane, or the first of several."""

    loop: Lane | None

    def begin(self, event: RunStarted) -> None:
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


class WorkloadRoles:
    """Of a workload's run the event loop is where the subject says; workers are where tasks are, or are to come."""

    def __init__(self, threads: Threads) -> None:
        self.loop: Lane | None = None
        self._threads = threads
        self._begin: RunStarted | None = None
        self._named = Counter[str]()

    def begin(self, event: RunStarted) -> None:
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


# When a thread was seen to wait for events, as only an event loop does.


def waits_for_events(event: Spans) -> Asked | None:
    """From the begin of the first wait for events in what is said of a lane here to the end of the last; None if none.

    One that goes on has no end yet.
    """
    first = last = None
    t = event.start
    for span in event.spans:
        if span.call in EVENT_CALLS and span.state is State.IO and span.ns:
            first, last = t if first is None else first, t + span.ns
        t += span.ns
    present = event.present
    if present and present.call in EVENT_CALLS and present.state is State.IO:
        first, last = t if first is None else first, FOREVER
    return None if first is None or last is None else (first, last)


# What the lanes of a program are called, such that each name is that of one lane.

_MAIN = "MainThread"
"""What CPython calls the main thread, unless the program does otherwise."""


class _Wish(NamedTuple):
    """What to call a lane if no other is called so, and whether that tells it from others."""

    name: str
    tells: bool


class Names:
    """Gives lanes their names. Where several would have the same, all of these get their tid added."""

    def __init__(self) -> None:
        # Lanes by their numbers, by what they would be called if no other was, and whether that would tell them apart.
        self._bearers: dict[_Wish, dict[int, Lane]] = {}
        self._wishes: dict[int, _Wish] = {}

    def call(self, lane: Lane, main: Lane | None) -> None:
        """Name a lane, anew where it has a name; `main` is the main thread's of its process, where that is known."""
        wish = _wish(lane, main)
        if self._wishes.get(lane.number) != wish:
            self.forget(lane)
            self._wishes[lane.number] = wish
            bearers = self._bearers.setdefault(wish, {})
            bearers[lane.number] = lane
            if len(bearers) == 2:
                self._show_all(wish)
        self._show(lane, wish)

    def forget(self, lane: Lane) -> None:
        """It is called otherwise now, or is folded away."""
        wish = self._wishes.pop(lane.number, None)
        if wish is None:
            return
        bearers = self._bearers[wish]
        del bearers[lane.number]
        if len(bearers) == 1:
            self._show_all(wish)
        elif not bearers:
            del self._bearers[wish]

    def _show_all(self, wish: _Wish) -> None:
        for lane in self._bearers[wish].values():
            self._show(lane, wish)

    def _show(self, lane: Lane, wish: _Wish) -> None:
        alone = wish.tells and len(self._bearers[wish]) == 1
        name = wish.name if alone else f"{wish.name} {lane.tid}"
        lane.name = f"{name} (loop)" if lane.role is Role.LOOP else name


def _wish(lane: Lane, main: Lane | None) -> _Wish:
    said = lane.named_by in (NameSource.PROGRAM, NameSource.STACKS)
    if lane.is_main:
        named = lane.thread_name if said else _MAIN
        return _Wish(lane.process_name if named == _MAIN else f"{lane.process_name}: {named}", tells=True)
    if said:
        return _Wish(lane.thread_name, tells=True)
    # Before CPython 3.14 gave threads' names to the system, each had that of the thread that started it.
    inherited = main is not None and lane.system_name == main.system_name
    if lane.system_name and not inherited:
        return _Wish(lane.system_name, tells=True)
    return _Wish("thread", tells=False)


# What role each lane has in a program, and what it is called: nobody says what its threads are for.

_HELPERS = frozenset({"resource tracker", "fork server"})
"""The processes that `multiprocessing` keeps for itself."""


class ProgramRoles:
    """Lanes that were seen to wait for events have a loop, those that tasks were said to run in are workers."""

    def __init__(self, threads: Threads) -> None:
        self.loop: Lane | None = None
        self._threads = threads
        self._names = Names()
        self._root: int | None = None
        self._untold = False
        # From when to when lanes were seen to wait for events.
        self._listening: dict[Lane, Asked] = {}

    def begin(self, event: RunStarted) -> None:
        """Its first process is known."""
        self._root = event.pid
        for lane in self._threads:
            self.changed(lane)
        self._choose_loop()

    def came(self, lane: Lane) -> None:
        """A main thread tells what names are no threads' own."""
        self.changed(lane)
        if lane.is_main:
            self.process_named(lane.pid)

    def heard(self, lane: Lane, event: Spans) -> None:
        """Waiting for events is what makes an event loop of it."""
        heard = waits_for_events(event)
        if heard is None:
            return
        before = self._listening.get(lane)
        self._listening[lane] = heard if before is None else (before[0], heard[1])
        if before is None:
            self.changed(lane)

    def changed(self, lane: Lane) -> None:
        """Give a lane its role and its name."""
        lane.kind = "thread" if self._root in (None, lane.pid) else "process"
        role, before = self._role(lane), lane.role
        if role is not before:
            since, _ = self._listening.get(lane, (0, 0))
            lane.take_role(role, (since, FOREVER), seen=True)
            if Role.LOOP in (role, before):
                self._choose_loop()
        self._names.call(lane, self._threads.main_of(lane.pid))

    def named(self, lane: Lane) -> None:
        """What the main thread is called may tell what others are not."""
        if lane.is_main:
            self.process_named(lane.pid)
        else:
            self._names.call(lane, self._threads.main_of(lane.pid))

    def ended(self, lane: Lane, *, strays: bool) -> None:
        """What came after a loop's last wait for events may have come after its end."""
        if strays:
            for each in self._threads.of_process(lane.pid):
                self.changed(each)
        if lane.role is Role.LOOP:
            lane.take_role(Role.LOOP, self._listening[lane], seen=True)

    def left_untold(self) -> None:
        """Nobody knows any more when a thread is in no task."""
        if not self._untold:
            self._untold = True
            for lane in self._threads:
                self.changed(lane)

    def process_named(self, pid: int) -> None:
        """Its main thread is called so, and others are not, if all are called so."""
        main = self._threads.main_of(pid)
        for lane in self._threads.of_process(pid):
            self._names.call(lane, main)

    def forget(self, lane: Lane) -> None:
        """It leaves its name to others."""
        self._names.forget(lane)
        self._listening.pop(lane, None)

    def place(self, lane: Lane) -> tuple[int, ...]:
        """Processes as they appeared, of each the main thread, those with loops, and the others; then the plumbing."""
        first = next(iter(self._threads.of_process(lane.pid))).number
        return (
            lane.role is Role.PLUMBING,
            -1 if lane.pid == self._root else first,
            not lane.is_main,
            lane.role is not Role.LOOP,
            lane.number,
        )

    def _role(self, lane: Lane) -> Role:
        if lane.process in _HELPERS:
            return Role.PLUMBING
        if lane in self._listening:
            return Role.LOOP
        # What the first thread of all does when it is in no task, it does on its own account; and where not all tasks
        # are told, nobody knows when a thread is in none.
        known = not self._is_root(lane) and not self._untold
        return Role.WORKER if lane.tasks and known else Role.THREAD

    def _choose_loop(self) -> None:
        """Of several the one of the program's main thread, else the first."""
        loops = [lane for lane in self._listening if lane.role is Role.LOOP]
        self.loop = min(loops, key=lambda lane: (not self._is_root(lane), lane.number), default=None)

    def _is_root(self, lane: Lane) -> bool:
        return lane.is_main and lane.pid == self._root
