"""What role each lane has in a program, and what it is called: nobody says what its threads are for."""

from threadviz.events import Begin, Spans
from threadviz.timeline.lane import Lane
from threadviz.timeline.listening import waits_for_events
from threadviz.timeline.names import Names
from threadviz.timeline.reading import FOREVER, Asked, Role
from threadviz.timeline.threads import Threads

_HELPERS = frozenset({"resource tracker", "fork server"})
"""The processes that `multiprocessing` keeps for itself."""


class ProgramCasting:
    """Lanes that were seen to wait for events have a loop, those that tasks were said to run in are workers."""

    def __init__(self, threads: Threads) -> None:
        self.loop: Lane | None = None
        self._threads = threads
        self._names = Names()
        self._root: int | None = None
        self._untold = False
        # From when to when lanes were seen to wait for events.
        self._listening: dict[Lane, Asked] = {}

    def begin(self, event: Begin) -> None:
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
