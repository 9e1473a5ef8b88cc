"""The runs of a sitting."""

from collections.abc import Sequence

from threadviz.analysis import labelled
from threadviz.protocol.events import Outcome
from threadviz.protocol.requests import ExecRequest, Request
from threadviz.timeline import Timeline
from threadviz.tui.runs.run import Run

# Runs that are looked at together.


class RunGroup:
    """A single run, or a comparison: runs that follow one another, of which the later may not have begun.

    `runs` are those that were started, and always at least one. `waiting` are those whose turn is to come, and
    `left_out` those whose turn will not come, because one before them was stopped or went wrong.
    """

    def __init__(self, runs: Sequence[Run], waiting: Sequence[Request] = ()) -> None:
        self.runs = tuple(runs)
        self.waiting = tuple(waiting)
        self.left_out: tuple[Request, ...] = ()

    @property
    def over(self) -> bool:
        """Whether no more of it will come."""
        return not self.waiting and all(run.over for run in self.runs)

    @property
    def comparison(self) -> bool:
        """Whether it is of several runs, those that wait and those that are left out included."""
        return len(self.runs) + len(self.waiting) + len(self.left_out) > 1

    @property
    def title(self) -> str:
        """What it is, such as 'fetch, threads', or 'fetch: blocking, threads, processes'."""
        asked: list[Run | Request] = [*self.runs, *self.waiting, *self.left_out]
        if len(asked) == 1:
            return self.runs[0].title
        if len({each.workload for each in asked}) > 1:
            return "; ".join(f"{each.workload}, {each.mode}" for each in asked)
        return f"{asked[0].workload}: {', '.join(each.mode for each in asked)}"

    @property
    def requests(self) -> list[Request]:
        """What was asked for to get it; nothing where that is not known of all of it."""
        asked = [run.request for run in self.runs if run.request is not None]
        return [*asked, *self.waiting, *self.left_out] if len(asked) == len(self.runs) else []

    @property
    def of_workload(self) -> bool:
        """Whether it is a workload that is run, which has other modes."""
        return all(run.of_workload for run in self.runs)

    @property
    def timelines(self) -> dict[str, Timeline]:
        """The timelines of what was measured, by mode, as the findings take them; a mode's second run is numbered."""
        return labelled(run.timeline for run in self.runs if run.timeline.begin is not None)

    @property
    def not_run(self) -> list[str]:
        """The modes of which nothing was measured, and nothing will be."""
        unmeasured = [run.mode for run in self.runs if run.over and run.timeline.begin is None]
        return unmeasured + [request.mode for request in self.left_out]

    def start_next(self) -> None:
        """Start the run whose turn it is, if the one before has gone well; else there will be no more."""
        if _went_well(self.runs[-1]):
            self.runs += (Run.start(self.waiting[0]),)
            self.waiting = self.waiting[1:]
        else:
            self.leave_out()

    def leave_out(self) -> None:
        """Start none of those that wait."""
        self.left_out += self.waiting
        self.waiting = ()


def _went_well(run: Run) -> bool:
    closed = run.timeline.closed
    return not run.trouble and closed is not None and closed.outcome is Outcome.FINISHED


MAX_GROUPS = 12
"""So many groups are kept. The oldest goes first, when a new one comes."""


class Session:
    """The runs since the app was opened, in groups that are looked at together: the last MAX_GROUPS, newest last.

    Never do two runs go on at once, for they would disturb each other. What is to start while a run goes on stops
    it, and starts when it is over: in `drain`, which therefore changes `current` too.
    """

    def __init__(self) -> None:
        self._groups: list[RunGroup] = []
        self._current: RunGroup | None = None
        self._active: RunGroup | None = None
        self._next: tuple[Request, ...] = ()

    @property
    def groups(self) -> tuple[RunGroup, ...]:
        """All that are kept, newest last."""
        return tuple(self._groups)

    @property
    def current(self) -> RunGroup | None:
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
        self._active = RunGroup([run])
        self._look_at_new(self._active)

    def add(self, runs: Sequence[Run]) -> None:
        """Look at runs together that were started before, or somewhere else: such as recordings."""
        self._look_at_new(RunGroup(runs))

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
            self._active = RunGroup([Run.start(first)], waiting)
            self._look_at_new(self._active)
        else:
            self._active = None

    def _look_at_new(self, group: RunGroup) -> None:
        self._groups.append(group)
        self._current = group
        if len(self._groups) > MAX_GROUPS:
            self._groups.remove(next(each for each in self._groups if each is not self._active))
