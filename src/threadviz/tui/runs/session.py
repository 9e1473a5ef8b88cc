"""The runs of a session of the app."""

from collections.abc import Sequence

from threadviz.protocol.events import Outcome
from threadviz.protocol.requests import Request
from threadviz.tui.runs.run import Run
from threadviz.tui.runs.terminal import TerminalText

MAX_GROUPS = 12
"""The number of run groups that are kept: the oldest is dropped when a new one comes."""


class RunGroup:
    """Runs that are shown together: a single one, or a comparison.

    `runs` are those that were started. `waiting` are to be started one after the other; `left_out` will not be started,
    because one before them was stopped or went wrong.
    """

    def __init__(self, runs: Sequence[Run], waiting: Sequence[Request] = ()) -> None:
        self.runs = tuple(runs)
        self.waiting = tuple(waiting)
        self.left_out: tuple[Request, ...] = ()

    @property
    def over(self) -> bool:
        """Whether all of its runs are over."""
        return not self.waiting and all(run.over for run in self.runs)

    @property
    def comparison(self) -> bool:
        """Whether it has several runs, including those that wait and those that are left out."""
        return len(self.runs) + len(self.waiting) + len(self.left_out) > 1

    @property
    def title(self) -> str:
        """Its workload and mode, such as 'fetch, threads', or 'fetch: blocking, threads, processes'."""
        parts: list[Run | Request] = [*self.runs, *self.waiting, *self.left_out]
        if len(parts) == 1:
            return self.runs[0].title
        if len({each.workload for each in parts}) > 1:
            return "; ".join(f"{each.workload}, {each.mode}" for each in parts)
        return f"{parts[0].workload}: {', '.join(each.mode for each in parts)}"

    @property
    def requests(self) -> list[Request]:
        """The requests for all of its runs; empty unless all are known."""
        known = [run.request for run in self.runs if run.request is not None]
        return [*known, *self.waiting, *self.left_out] if len(known) == len(self.runs) else []

    @property
    def is_workload(self) -> bool:
        """Whether it runs a workload, which has other modes."""
        return all(run.is_workload for run in self.runs)

    @property
    def has_tasks(self) -> bool:
        """Whether there are tasks: those of a workload, or those that a program has reported."""
        return self.is_workload or any(run.timeline.tasks for run in self.runs)

    @property
    def output(self) -> TerminalText | None:
        """The output of the program that was run in the app; None if there is no such program."""
        return next((run.output for run in reversed(self.runs) if run.output is not None), None)

    @property
    def pending(self) -> list[str]:
        """The modes that are still to be run."""
        return [request.mode for request in self.waiting]

    @property
    def not_run(self) -> list[str]:
        """The modes of which nothing was measured, and nothing will be."""
        unmeasured = [run.mode for run in self.runs if run.over and run.timeline.begin is None]
        return unmeasured + [request.mode for request in self.left_out]

    def start_next(self) -> None:
        """Start the first of those that wait if the last run has gone well; else leave all of them out."""
        last = self.runs[-1]
        closed = last.timeline.closed
        if last.trouble or closed is None or closed.outcome is not Outcome.FINISHED:
            self.leave_out()
        else:
            self.runs += (Run.start(self.waiting[0]),)
            self.waiting = self.waiting[1:]

    def leave_out(self) -> None:
        """Start none of those that wait."""
        self.left_out += self.waiting
        self.waiting = ()


class Session:
    """The last MAX_GROUPS run groups, the newest last, of which `current` is shown: an empty one before there is any.

    No two runs go on at once, for they would disturb each other. A run that is started while another one goes on stops
    that, and starts when it is over: in `drain`, which therefore changes `current` too.
    """

    def __init__(self) -> None:
        self.groups: tuple[RunGroup, ...] = ()
        self.current = RunGroup(())
        self._active: RunGroup | None = None
        self._next: tuple[Request, ...] = ()

    @property
    def running(self) -> Run | None:
        """The run that goes on, whichever is shown; None if none does."""
        last = self._active.runs[-1] if self._active else None
        return last if last is not None and not last.over else None

    @property
    def starting(self) -> bool:
        """Whether something is to start as soon as the run that was stopped for it is over."""
        return bool(self._next)

    def start(self, *requests: Request) -> None:
        """Start a run for each request, each after the one before has gone well, and show them together."""
        self.stop()
        self._next = requests
        self._start_next()

    def follow(self, run: Run) -> None:
        """Show a run that was started elsewhere and may go on, while no other does."""
        self._active = RunGroup([run])
        self._show_new(self._active)

    def add(self, runs: Sequence[Run]) -> None:
        """Show runs together that were started before or are recorded."""
        self._show_new(RunGroup(runs))

    def stop(self) -> None:
        """Stop the run that goes on, without waiting for its end, and start nothing that waits."""
        self._next = ()
        if self._active is not None:
            self._active.leave_out()
        if self.running is not None:
            self.running.stop()

    def drain(self, budget_ns: int) -> bool:
        """Apply new events to the timeline, for about `budget_ns` (ns) at most, and start what is due.

        Returns whether anything changed.
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
        """End the run that goes on and all its processes at once, and start nothing that waits."""
        self._next = ()
        if self._active is not None:
            self._active.leave_out()
            self._active.runs[-1].close()
            self._active = None

    def _start_next(self) -> None:
        """Start what is due, unless a run goes on."""
        if self.running is not None:
            return
        if self._active is not None and self._active.waiting:
            self._active.start_next()
        elif self._next:
            first, *waiting = self._next
            self._next = ()
            self._active = RunGroup([Run.start(first)], waiting)
            self._show_new(self._active)
        else:
            self._active = None

    def _show_new(self, group: RunGroup) -> None:
        self.groups += (group,)
        self.current = group
        if len(self.groups) > MAX_GROUPS:
            dropped = next(each for each in self.groups if each is not self._active)
            self.groups = tuple(each for each in self.groups if each is not dropped)
