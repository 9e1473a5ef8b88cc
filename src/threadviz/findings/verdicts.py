"""The verdict on each mode: how much faster it was than the baseline, and by what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from threadviz.findings.comparing import baseline_of, same_work
from threadviz.findings.figures import WAITING, Figures, outcome_of
from threadviz.findings.obstacles import Obstacle, obstacle, overlapped, tasks_themselves
from threadviz.findings.shape import limited_by_workers, workers_were
from threadviz.findings.states import COMPUTES_AT_ONCE, cores_elsewhere
from threadviz.findings.words import count, seconds
from threadviz.timeline import Timeline
from threadviz.vocabulary import State

OVERLAPS = 0.15
"""From here on, this many tasks waiting at a time (on average), waiting is a part of what overlapped."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a mode did: `speedup` is relative to the baseline, None where the two can't be compared.

    `total_ns` is None where it did not run. `overlapped` is whether it computed or waited for several tasks at once,
    and `crowded` whether its tasks waited for cores that other programs had. `obstacle` is what kept it from being
    faster, where it was measured by another.
    """

    mode: str
    total_ns: int | None
    speedup: float | None
    text: str
    overlapped: bool = False
    crowded: bool = False
    obstacle: Obstacle | None = None


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
    why = obstacle(run, base)
    # The words follow the figure as it is printed, with one decimal: less than that is noise.
    if round(speedup, 1) > 1:
        how = f"{speedup:.1f}x faster: {_gain(run, base)}"
    elif round(1 / speedup, 1) > 1:
        how = f"{1 / speedup:.1f}x slower: {why.text}"
    else:
        how = f"no faster ({speedup:.1f}x): {why.text}"
    at_once = any(_at_once(run))
    return Verdict(mode, total, speedup, f"{mode}: {how}{failed}", at_once, cores_elsewhere(run), why)


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
        return f"all of it waiting that overlapped ({waited}){_limit(run)}"
    return tasks_themselves(run, base, sign=-1)


def _limit(run: Figures) -> str:
    """That more workers would have gained more, as a clause to follow others; nothing where that is not so."""
    workers = run.header.workers
    return f"; {workers_were(workers)} the limit (--workers)" if limited_by_workers(run) else ""


def _at_once(run: Figures) -> tuple[float, float]:
    """How many CPUs computed at a time, and how many tasks waited: 0 where it is not beyond what noise makes of one."""
    if not overlapped(run):
        return 0.0, 0.0
    cpus, waits = run.at_once(State.RUNNING), run.at_once(*WAITING)
    return cpus if cpus >= COMPUTES_AT_ONCE else 0.0, waits if waits >= OVERLAPS else 0.0
