"""The verdict on each mode: how much faster it was than the baseline, and by what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from threadviz.events import State
from threadviz.findings.comparing import baseline_of, same_work
from threadviz.findings.figures import WAITING, Figures, outcome_of
from threadviz.findings.states import COMPUTES_AT_ONCE, cores_elsewhere
from threadviz.findings.words import count, percent, seconds
from threadviz.timeline import Timeline

OVERLAPS = 0.15
"""From here on, this many tasks waiting at a time (on average), waiting is a part of what overlapped."""

OVERLAPPED = 1.05
"""Tasks overlapped where their sum is beyond the total by more than what noise makes of it."""

IN_THE_WAY = 0.10
"""A loss of this share (of the tasks' time, or of the total) is worth naming as why a run was not faster."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a mode did: `speedup` is relative to the baseline, None where the two can't be compared.

    `total_ns` is None where it did not run. `overlapped` is whether it computed or waited for several tasks at once,
    and `crowded` whether its tasks waited for cores that other programs had.
    """

    mode: str
    total_ns: int | None
    speedup: float | None
    text: str
    overlapped: bool = False
    crowded: bool = False


def verdict(timelines: Mapping[str, Timeline], not_run: Sequence[str] = ()) -> list[Verdict]:
    """How each mode did, in the order given, against 'blocking' (or, without it, the first).

    Where they did not do the same work, none is measured by another.
    `not_run` are modes that were asked for and did not get their turn: they come last.
    """
    runs = {mode: Figures(timeline) for mode, timeline in timelines.items()}
    if same_work(timelines.values()):
        baseline = baseline_of(runs)
        told = [_verdict(mode, run, baseline, runs[baseline]) for mode, run in runs.items()]
    else:
        told = [_alone(mode, run) for mode, run in runs.items()]
    return told + [Verdict(mode, None, None, f"{mode}: did not run") for mode in not_run]


def _alone(mode: str, run: Figures) -> Verdict:
    total = run.totals.total_ns
    what = f"for {count(run.header.tasks, 'task')} of " if run.header.tasks else "of "
    text = f"{mode}: {seconds(total)} {what}{run.header.workload}"
    return Verdict(
        mode, total, None, f"{text}, and nothing to compare with, as the runs did not do the same work"
    )


def _verdict(mode: str, run: Figures, baseline: str, base: Figures) -> Verdict:
    total = run.totals.total_ns
    if not _whole(run):
        text = f"{mode}: {outcome_of(run.timeline)}, and so not compared (it lasted {seconds(total)})"
        return Verdict(mode, total, None, text)
    failed = f"; {len(run.failed)} of {count(len(run.timeline.tasks), 'task')} failed" if run.failed else ""
    if run is base:
        return Verdict(
            mode, total, 1.0, f"{mode}: {seconds(total)}, which the others are measured by{failed}"
        )
    if not _whole(base):
        was = outcome_of(base.timeline)
        text = f"{mode}: {seconds(total)}, and nothing to compare with, as {baseline} was {was}{failed}"
        return Verdict(mode, total, None, text)
    speedup = base.totals.total_ns / total
    if not run.timeline.tasks and not base.timeline.tasks:
        return Verdict(mode, total, speedup, f"{mode}: {_without_tasks(speedup, run, base)}")
    # The words follow the figure as it is printed, with one decimal: less than that is noise.
    if round(speedup, 1) > 1:
        how = f"{speedup:.1f}x faster: {_gain(run, base)}"
    elif round(1 / speedup, 1) > 1:
        how = f"{1 / speedup:.1f}x slower: {_obstacle(run, base)}"
    else:
        how = f"no faster ({speedup:.1f}x): {_obstacle(run, base)}"
    overlapped = any(_at_once(run))
    return Verdict(mode, total, speedup, f"{mode}: {how}{failed}", overlapped, cores_elsewhere(run))


def _without_tasks(speedup: float, run: Figures, base: Figures) -> str:
    """How a program did, of which no tasks were said."""
    cpu = f"{seconds(run.totals.cpu_ns)} of CPU time, and {seconds(base.totals.cpu_ns)} in the baseline"
    if round(speedup, 1) > 1:
        return f"{speedup:.1f}x faster ({cpu})"
    if round(1 / speedup, 1) > 1:
        return f"{1 / speedup:.1f}x slower ({cpu})"
    return f"no faster ({speedup:.1f}x; {cpu})"


def _whole(run: Figures) -> bool:
    return run.whole and run.totals.total_ns > 0


def _gain(run: Figures, base: Figures) -> str:
    """Why a run was faster than the baseline."""
    cpus, waits = _at_once(run)
    computed, waited = f"{cpus:.1f} CPUs computed at once", f"{waits:.1f} tasks waited at a time"
    if cpus:
        return f"{computed}, and {waited}" if waits else computed
    if waits:
        return f"all of it waiting that overlapped ({waited})"
    return _tasks_themselves(run, base, sign=-1)


def _at_once(run: Figures) -> tuple[float, float]:
    """How many CPUs computed at a time, and how many tasks waited: 0 where it is not beyond what noise makes of one."""
    if not _overlapped(run):
        return 0.0, 0.0
    cpus, waits = run.at_once(State.RUNNING), run.at_once(*WAITING)
    return cpus if cpus >= COMPUTES_AT_ONCE else 0.0, waits if waits >= OVERLAPS else 0.0


def _obstacle(run: Figures, base: Figures) -> str:
    """Why a run was no faster than the baseline: of what shows, what took most."""
    outside = _outside_tasks(run)
    gil, ready = run.task_share(State.GIL), run.task_share(State.READY)
    whose = ", and other programs had the cores" if cores_elsewhere(run) else ""
    reasons = [
        (gil, f"its tasks spent {percent(gil)} of their time waiting for the GIL"),
        (ready, f"its tasks spent {percent(ready)} of their time waiting for a CPU core{whose}"),
        (
            outside / run.totals.total_ns,
            f"{seconds(outside)} went by before its first task started and after its last one ended",
        ),
    ]
    share, reason = max(reasons)
    if share >= IN_THE_WAY:
        return reason
    if not _overlapped(run):
        return "its tasks did not overlap"
    return _tasks_themselves(run, base, sign=1)


def _overlapped(run: Figures) -> bool:
    return run.totals.sum_ns >= OVERLAPPED * run.totals.total_ns


def _outside_tasks(run: Figures) -> int:
    """How much of the total (ns) lies before the first task started, or after the last one ended."""
    begin, until = run.timeline.begin, run.timeline.end
    starts = [task.started for task in run.started if task.started is not None]
    ends = [task.finished for task in run.started if task.finished is not None]
    if begin is None or until is None or not starts or not ends:
        return run.totals.total_ns
    return max(min(starts) - begin, 0) + max(until - max(ends), 0)


def _tasks_themselves(run: Figures, base: Figures, sign: int) -> str:
    """What the tasks took themselves: less (sign -1) or more (1) than in the baseline, where that shows."""
    for what, now, before in (
        ("CPU time", run.task_ns[State.RUNNING], base.task_ns[State.RUNNING]),
        ("time", run.totals.sum_ns, base.totals.sum_ns),
    ):
        if sign * (now - before) >= IN_THE_WAY * base.totals.sum_ns:
            figures = f"({seconds(now)} in all, and {seconds(before)} in the baseline)"
            return f"its tasks took {'less' if sign < 0 else 'more'} {what} themselves {figures}"
    return "for no reason that the states of its tasks show"
