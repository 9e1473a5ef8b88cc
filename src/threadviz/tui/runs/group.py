"""Runs that are looked at together."""

from collections.abc import Sequence

from threadviz.findings import labelled
from threadviz.request import Request
from threadviz.timeline import Timeline
from threadviz.tui.runs.run import Run
from threadviz.vocabulary import Outcome


class Group:
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
