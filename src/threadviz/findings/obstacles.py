"""Why a run was no faster than another one."""

from dataclasses import dataclass

from threadviz.findings.figures import Figures
from threadviz.findings.states import cores_elsewhere
from threadviz.findings.words import percent, seconds
from threadviz.vocabulary import State

OVERLAPPED = 1.05
"""Tasks overlapped where their sum is beyond the total by more than what noise makes of it."""

IN_THE_WAY = 0.10
"""A loss of this share (of the tasks' time, or of the total) is worth naming as why a run was not faster."""


_NOTHING = "for no reason that the states of its tasks show"


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What kept a run from being faster: a clause on the run, and one that can stand by itself.

    The latter is empty where nothing shows. `of_python` says whether it was the GIL, which no other
    program has a part in.
    """

    text: str
    brief: str
    of_python: bool = False


def obstacle(run: Figures, base: Figures) -> Obstacle:
    """Return why a run was no faster than the baseline: of what shows, what took most."""
    outside, total = _outside_tasks(run), run.totals.total_ns
    gil, ready = run.task_share(State.GIL), run.task_share(State.READY)
    whose = ", and other programs had the cores" if cores_elsewhere(run) else ""
    share = max(gil, ready, outside / total)
    if share < IN_THE_WAY:
        if not overlapped(run):
            return Obstacle("its tasks did not overlap", "the tasks did not overlap")
        text = tasks_themselves(run, base, sign=1)
        return Obstacle(text, "" if text == _NOTHING else text.replace("its tasks", "the tasks"))
    if share == gil:
        return _waited(gil, "the GIL", "", of_python=True)
    if share == ready:
        return _waited(ready, "a CPU core", whose)
    went_by = f"{seconds(outside)} went by before {{}} first task started and after {{}} last one ended"
    return Obstacle(went_by.format("its", "its"), went_by.format("the", "the"))


def _waited(share: float, what: str, whose: str, *, of_python: bool = False) -> Obstacle:
    return Obstacle(
        f"its tasks spent {percent(share)} of their time waiting for {what}{whose}",
        f"{percent(share)} of the tasks' time waited for {what}",
        of_python,
    )


def overlapped(run: Figures) -> bool:
    """Tell whether its tasks overlapped."""
    return run.totals.sum_ns >= OVERLAPPED * run.totals.total_ns


def _outside_tasks(run: Figures) -> int:
    """How much of the total (ns) lies before the first task started, or after the last one ended."""
    begin, until = run.timeline.begin, run.timeline.end
    starts = [task.started for task in run.started if task.started is not None]
    ends = [task.finished for task in run.started if task.finished is not None]
    if begin is None or until is None or not starts or not ends:
        return run.totals.total_ns
    return max(min(starts) - begin, 0) + max(until - max(ends), 0)


def tasks_themselves(run: Figures, base: Figures, sign: int) -> str:
    """What the tasks took themselves: less (sign -1) or more (1) than in the baseline, where that shows."""
    for what, now, before in (
        ("CPU time", run.task_ns[State.RUNNING], base.task_ns[State.RUNNING]),
        ("time", run.totals.sum_ns, base.totals.sum_ns),
    ):
        if sign * (now - before) >= IN_THE_WAY * base.totals.sum_ns:
            figures = f"({seconds(now)} in all, and {seconds(before)} in the baseline)"
            return f"its tasks took {'less' if sign < 0 else 'more'} {what} themselves {figures}"
    return _NOTHING
