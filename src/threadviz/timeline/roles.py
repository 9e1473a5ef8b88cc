"""Roles and names of lanes: event loop, worker, thread or plumbing. Both depend on the other lanes of the run."""

from collections import Counter, defaultdict

from threadviz.protocol.events import NameSource, RunStarted, Spans, State
from threadviz.timeline.account import EVENT_CALLS, FOREVER, Role, TimeRange
from threadviz.timeline.lane import Lane
from threadviz.timeline.threads import Threads

_ORDER = list(Role)

_MAIN = "MainThread"
"""CPython's name for the main thread, unless the program changes it."""

_HELPERS = frozenset({"resource tracker", "fork server"})
"""Processes that `multiprocessing` starts for itself."""


class WorkloadRoles:
    """Roles in a workload's run: the subject says which thread has the event loop, and workers are where tasks are.

    `loop` is the event loop's lane, None until it is known.
    """

    def __init__(self, threads: Threads) -> None:
        self.loop: Lane | None = None
        self._threads = threads
        self._begin: RunStarted | None = None
        self._named = Counter[str]()

    def begin(self, event: RunStarted) -> None:
        self._begin = event
        self._assign_all()

    def lane_started(self, lane: Lane) -> None:
        if self._begin is not None and (lane.pid, lane.tid) == (self._begin.pid, self._begin.tid):
            self._assign_all()  # it is the event loop, so the numbers in others' names change
        else:
            self._assign(lane)

    def spans_added(self, lane: Lane, event: Spans) -> None:
        """What a thread does makes no difference: the subject says what it is."""

    def task_added(self, lane: Lane) -> None:
        self._assign_all()

    def renamed(self, lane: Lane) -> None:
        """The thread's own name makes no difference: lanes are named after their roles, or after their processes."""
        if _is_of_task(lane):
            lane.name = lane.process_name

    def lane_ended(self, lane: Lane, *, strays: bool) -> None:
        """Assign anew if the loop ended, or if tasks (`strays`) turned out to belong to another lane."""
        if strays or lane is self.loop:
            self._assign_all()

    def tasks_unreported(self) -> None:
        """A workload reports all of its tasks."""

    def forget(self, lane: Lane) -> None:
        """The other lanes keep their numbers."""

    def sort_key(self, lane: Lane) -> tuple[int, ...]:
        """The event loop first, then workers in order of appearance, then plumbing."""
        return (_ORDER.index(lane.role),)

    def _assign_all(self) -> None:
        begin = self._begin
        if begin is not None and begin.loop:
            self.loop = self._threads.at((begin.pid, begin.tid), begin.t)
        self._named.clear()
        for lane in self._threads:
            self._assign(lane)

    def _assign(self, lane: Lane) -> None:
        """Give a lane its role and name, after the lanes that appeared before it."""
        is_process = lane.process == "worker" if self._begin is None else lane.pid != self._begin.pid
        lane.kind = "process" if is_process else "thread"
        role = Role.PLUMBING
        if lane is self.loop:
            role = Role.LOOP
        elif lane.tasks or (lane.process == "worker" and lane.is_main):
            role = Role.WORKER
        if role is not lane.role:
            self._threads.reordered = True
            lane.take_role(role, (0 if self._begin is None else self._begin.t, FOREVER), seen=False)
        if role is Role.LOOP:
            lane.name = "event loop"
        elif _is_of_task(lane):
            lane.name = lane.process_name
        else:
            what = lane.kind if role is Role.WORKER else role.value
            self._named[what] += 1
            lane.name = f"{what} {self._named[what]}"


def _is_of_task(lane: Lane) -> bool:
    """Whether a task started the lane's process. It is no worker: tasks in it would have shown."""
    return lane.process == "task's process" and not lane.tasks


class ProgramRoles:
    """Roles in a program, which nobody declares: loops are seen to wait for events, workers have reported tasks.

    `loop` is the lane of the main thread's event loop, else the first loop; None until there is one.
    """

    def __init__(self, threads: Threads) -> None:
        self.loop: Lane | None = None
        self._threads = threads
        self._names = _ProgramNames()
        self._root: int | None = None
        self._unreported = False
        # For each loop: from its first wait for events to the end of its last (ns).
        self._listening: dict[Lane, TimeRange] = {}

    def begin(self, event: RunStarted) -> None:
        self._root = event.pid
        self._threads.reordered = True
        for lane in self._threads:
            self._assign(lane)
        self._choose_loop()

    def lane_started(self, lane: Lane) -> None:
        self._assign(lane)
        if lane.is_main:
            self.renamed(lane)

    def spans_added(self, lane: Lane, event: Spans) -> None:
        """A thread becomes an event loop with its first wait for events."""
        waits = waits_for_events(event)
        if waits is None:
            return
        before = self._listening.get(lane)
        self._listening[lane] = waits if before is None else (before[0], waits[1])
        if before is None:
            self._assign(lane)

    def task_added(self, lane: Lane) -> None:
        self._assign(lane)

    def renamed(self, lane: Lane) -> None:
        """The main thread's name decides which names others have inherited from it."""
        main = self._threads.main_of(lane.pid)
        for each in self._threads.of_process(lane.pid) if lane.is_main else (lane,):
            self._names.assign(each, main)

    def lane_ended(self, lane: Lane, *, strays: bool) -> None:
        if strays:
            for each in self._threads.of_process(lane.pid):
                self._assign(each)
        if lane.role is Role.LOOP:
            # What came after a loop's last wait for events may have come after its end.
            lane.take_role(Role.LOOP, self._listening[lane], seen=True)

    def tasks_unreported(self) -> None:
        """From now on nobody knows when a thread has no task."""
        if not self._unreported:
            self._unreported = True
            for lane in self._threads:
                self._assign(lane)

    def forget(self, lane: Lane) -> None:
        self._names.forget(lane)
        self._listening.pop(lane, None)

    def sort_key(self, lane: Lane) -> tuple[int, ...]:
        """Processes in order of appearance, in each the main thread, then loops, then others; plumbing last."""
        first = next(iter(self._threads.of_process(lane.pid))).number
        return (
            lane.role is Role.PLUMBING,
            -1 if lane.pid == self._root else first,
            not lane.is_main,
            lane.role is not Role.LOOP,
            lane.number,
        )

    def _assign(self, lane: Lane) -> None:
        lane.kind = "thread" if self._root in (None, lane.pid) else "process"
        role, before = self._role(lane), lane.role
        if role is not before:
            since, _ = self._listening.get(lane, (0, 0))
            self._threads.reordered = True
            lane.take_role(role, (since, FOREVER), seen=True)
            if Role.LOOP in (role, before):
                self._choose_loop()
        self._names.assign(lane, self._threads.main_of(lane.pid))

    def _role(self, lane: Lane) -> Role:
        if lane.process in _HELPERS:
            return Role.PLUMBING
        if lane in self._listening:
            return Role.LOOP
        # Outside of tasks the program's main thread does work of its own, so that its waits are not idle time. The
        # same holds for every thread where not all tasks are reported.
        known = not self._is_root(lane) and not self._unreported
        return Role.WORKER if lane.tasks and known else Role.THREAD

    def _choose_loop(self) -> None:
        loops = [lane for lane in self._listening if lane.role is Role.LOOP]
        self.loop = min(loops, key=lambda lane: (not self._is_root(lane), lane.number), default=None)

    def _is_root(self, lane: Lane) -> bool:
        return lane.is_main and lane.pid == self._root


def waits_for_events(event: Spans) -> TimeRange | None:
    """From the start of the first wait for events in these spans to the end of the last (ns); None without one.

    The end is FOREVER if the lane still waits.
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


class _ProgramNames:
    """Names for the lanes of a program. Lanes that would have the same name all get their tid added."""

    def __init__(self) -> None:
        # A lane's name before it is made unique; None where there is only 'thread' to say.
        self._base_names: dict[Lane, str | None] = {}
        self._lanes = defaultdict[str | None, set[Lane]](set)

    def assign(self, lane: Lane, main: Lane | None) -> None:
        """Name a lane, or name it anew; `main` is the lane of its process's main thread, where that is known."""
        base = _base_name(lane, main)
        if base != self._base_names.get(lane, base):
            self.forget(lane)
        self._base_names[lane] = base
        lanes = self._lanes[base]
        lanes.add(lane)
        for each in lanes if len(lanes) == 2 else (lane,):
            self._show(each)

    def forget(self, lane: Lane) -> None:
        if lane not in self._base_names:
            return
        base = self._base_names.pop(lane)
        lanes = self._lanes[base]
        lanes.remove(lane)
        if not lanes:
            del self._lanes[base]
        elif len(lanes) == 1:
            self._show(*lanes)

    def _show(self, lane: Lane) -> None:
        base = self._base_names[lane]
        alone = base is not None and len(self._lanes[base]) == 1
        name = f"{base}" if alone else f"{base or 'thread'} {lane.tid}"
        lane.name = f"{name} (loop)" if lane.role is Role.LOOP else name


def _base_name(lane: Lane, main: Lane | None) -> str | None:
    reported = lane.named_by in (NameSource.PROGRAM, NameSource.STACKS)
    if lane.is_main:
        name = lane.thread_name if reported else _MAIN
        return lane.process_name if name == _MAIN else f"{lane.process_name}: {name}"
    if reported:
        return lane.thread_name
    # Before CPython 3.14 set threads' names in the kernel, each thread had the name of the one that started it.
    inherited = main is not None and lane.system_name == main.system_name
    return None if inherited else lane.system_name or None
