"""The runs of a sitting."""

from collections.abc import Sequence

from threadviz.request import ExecRequest, Request
from threadviz.tui.runs.group import Group
from threadviz.tui.runs.run import Run

MAX_GROUPS = 12
"""So many groups are kept. The oldest goes first, when a new one comes."""


class Sitting:
    """The runs since the app was opened, in groups that are looked at together: the last MAX_GROUPS, newest last.

    Never do two runs go on at once, for they would disturb each other. What is to start while a run goes on stops
    it, and starts when it is over: in `drain`, which therefore changes `current` too.
    """

    def __init__(self) -> None:
        self._groups: list[Group] = []
        self._current: Group | None = None
        self._active: Group | None = None
        self._next: tuple[Request, ...] = ()

    @property
    def groups(self) -> tuple[Group, ...]:
        """All that are kept, newest last."""
        return tuple(self._groups)

    @property
    def current(self) -> Group | None:
        """The group that is looked at; None before there is one."""
        return self._current

    @property
    def running(self) -> Run | None:
        """The run that goes on, if one does, whichever is looked at."""
        last = self._active.runs[-1] if self._active else None
        return last if last is not None and not last.over else None

    @property
    def executing(self) -> bool:
        """Whether a program goes on that was started to be watched."""
        return self.running is not None and isinstance(self.running.request, ExecRequest)

    @property
    def starting(self) -> bool:
        """Whether something is to start as soon as the run that was stopped for it is over."""
        return bool(self._next)

    def start(self, request: Request) -> None:
        """Start a run, and look at it."""
        self.compare([request])

    def compare(self, requests: Sequence[Request]) -> None:
        """Start runs, each when the one before has gone well, and look at them together."""
        self.stop()
        self._next = tuple(requests)
        self._start_next()

    def follow(self, run: Run) -> None:
        """Look at a run that was started elsewhere and may go on, while no other does."""
        self._active = Group([run])
        self._look_at_new(self._active)

    def add(self, runs: Sequence[Run]) -> None:
        """Look at runs together that were started before, or somewhere else: such as recordings."""
        self._look_at_new(Group(runs))

    def go_to(self, index: int) -> None:
        """Look at the group that is there in `groups`. Raises IndexError."""
        self._current = self._groups[index]

    def stop(self) -> None:
        """Stop what goes on, and start nothing that waits. Does not wait for the end of it."""
        self._next = ()
        if self._active is not None:
            self._active.leave_out()
        if self.running is not None:
            self.running.stop()

    def drain(self, budget_ns: int) -> bool:
        """Put what has come into the timeline, for about `budget_ns` (ns) at most, and start what is due.

        Tells whether anything changed.
        """
        if self._active is None:
            return False
        last = self._active.runs[-1]
        changed = last.drain(budget_ns)
        if last.over:
            self._start_next()
            changed = True
        return changed

    def close(self) -> None:
        """End what goes on, and all its processes, and start nothing that waits."""
        self._next = ()
        if self._active is not None:
            self._active.leave_out()
            self._active.runs[-1].close()
            self._active = None

    def _start_next(self) -> None:
        """Start what is due, if nothing goes on."""
        if self.running is not None:
            return
        if self._active is not None and self._active.waiting:
            self._active.start_next()
        elif self._next:
            first, *waiting = self._next
            self._next = ()
            self._active = Group([Run.start(first)], waiting)
            self._look_at_new(self._active)
        else:
            self._active = None

    def _look_at_new(self, group: Group) -> None:
        self._groups.append(group)
        self._current = group
        if len(self._groups) > MAX_GROUPS:
            self._groups.remove(next(each for each in self._groups if each is not self._active))
