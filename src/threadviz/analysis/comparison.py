"""Findings and verdicts on several runs of the same workload, each under a mode of its own."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from threadviz.analysis.metrics import WAITING, Finding, RunMetrics, outcome_of
from threadviz.analysis.rules import COMPUTES_AT_ONCE, cores_elsewhere, limited_by_workers, workers_were
from threadviz.protocol.events import State
from threadviz.text import count, percent, seconds
from threadviz.timeline import Task, Timeline

BASELINE = "blocking"
"""The mode that the others are compared with, if it is there; otherwise the first is."""


def baseline_of(modes: Collection[str]) -> str:
    """Return the one of these modes that the others are compared with."""
    return BASELINE if BASELINE in modes else next(iter(modes), BASELINE)


def labelled(timelines: Iterable[Timeline]) -> dict[str, Timeline]:
    """Return runs by mode, as the functions here take them. Further runs of the same mode are numbered."""
    labels: dict[str, Timeline] = {}
    for timeline in timelines:
        label = mode = timeline.header.mode
        number = 1
        while label in labels:
            number += 1
            label = f"{mode} ({number})"
        labels[label] = timeline
    return labels


def same_work(timelines: Iterable[Timeline]) -> bool:
    """Return whether these runs made the same calls, so that they can be compared."""
    return len({(timeline.header.workload, timeline.header.tasks) for timeline in timelines}) < 2


# Findings of a run compared with the baseline.

GOT_FASTER = 0.9
"""A task that takes this share of its time in the baseline, or less, got faster: a tenth is beyond the noise
that two fetches of one address show."""


def comparison(timelines: Mapping[str, Timeline]) -> dict[str, list[Finding]]:
    """Return, for each mode, its findings compared with the baseline; none if the runs did not do the same work."""
    if not same_work(timelines.values()):
        return {mode: [] for mode in timelines}
    runs = {mode: RunMetrics(timeline) for mode, timeline in timelines.items()}
    baseline = baseline_of(runs)
    return {mode: _no_task_got_faster(mode, run, baseline, runs[baseline]) for mode, run in runs.items()}


def _no_task_got_faster(mode: str, run: RunMetrics, baseline: str, base: RunMetrics) -> list[Finding]:
    """Running tasks at the same time makes no single one of them faster."""
    if run is base or not run.whole or not base.whole:
        return []
    before = _succeeded(base)
    pairs = [(task, before[key]) for key, task in _succeeded(run).items() if key in before]
    if not pairs:
        return []
    ratios = [task.elapsed() / earlier.elapsed() for task, earlier in pairs]
    task, earlier = pairs[ratios.index(min(ratios))]
    faster = sum(ratio <= GOT_FASTER for ratio in ratios)
    figures = f"{task.name}, {seconds(task.elapsed())} and {seconds(earlier.elapsed())} under {baseline}"
    who = f"{faster} of {count(len(pairs), 'task')}" if faster else "no task"
    which = ", most of all" if faster else "; the closest was"
    clearly = f"clearly faster (by {percent(1 - GOT_FASTER)} or more)"
    text = f"Under {mode}, {who} got {clearly}{which} {figures}."
    return [Finding("no_task_got_faster", not faster, text)]


def _succeeded(run: RunMetrics) -> dict[tuple[int, str], Task]:
    return {
        (task.number, task.name): task
        for task in run.timeline.finished_tasks()
        if task.error is None and task.elapsed() > 0
    }


# The verdict on each mode: how much faster it was than the baseline, and why.

OVERLAPPED = 1.05
"""Tasks overlapped if their sum exceeds the total by more than this factor; the rest may be noise."""

OVERLAPS = 0.15
"""From this many waiting tasks at a time (on average), waiting is a part of what overlapped."""

IN_THE_WAY = 0.10
"""A loss of this share (of the tasks' time, or of the total) explains why a run was not faster."""

NOT_VISIBLE = "the cause is not visible here (noise?)"


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a mode did. `speedup` is relative to the baseline; None if the two can't be compared.

    `total_ns` is None if the mode did not run. `overlapped` is whether several tasks computed or waited at once.
    `obstacle` is a clause on what kept the mode from being faster; `crowded` is whether other programs used the cores
    that its tasks waited for, and that was the obstacle.
    """

    mode: str
    total_ns: int | None
    speedup: float | None
    text: str
    overlapped: bool = False
    obstacle: str = NOT_VISIBLE
    crowded: bool = False


def verdict(timelines: Mapping[str, Timeline], not_run: Sequence[str] = ()) -> list[Verdict]:
    """Return how each mode did compared with the baseline, in the order given.

    Runs that did not do the same work are not compared. `not_run` are modes that were requested but did not get their
    turn; they come last.
    """
    runs = {mode: RunMetrics(timeline) for mode, timeline in timelines.items()}
    if same_work(timelines.values()):
        baseline = baseline_of(runs)
        verdicts = [_verdict(mode, run, baseline, runs[baseline]) for mode, run in runs.items()]
    else:
        verdicts = [_alone(mode, run) for mode, run in runs.items()]
    return verdicts + [Verdict(mode, None, None, f"{mode}: did not run") for mode in not_run]


def _alone(mode: str, run: RunMetrics) -> Verdict:
    total = run.totals.total_ns
    tasks = f"for {count(run.header.tasks, 'task')} " if run.header.tasks else ""
    text = f"{mode}: {seconds(total)} {tasks}of {run.header.workload}"
    return Verdict(mode, total, None, f"{text}; not compared, because the runs did not do the same work")


def _verdict(mode: str, run: RunMetrics, baseline: str, base: RunMetrics) -> Verdict:
    total = run.totals.total_ns
    if not _whole(run):
        text = f"{mode}: {outcome_of(run.timeline)} after {seconds(total)}, so not compared"
        return Verdict(mode, total, None, text)
    failed = f"; {len(run.failed)} of {count(len(run.timeline.tasks), 'task')} failed" if run.failed else ""
    if run is base:
        return Verdict(mode, total, 1.0, f"{mode}: {seconds(total)} (the baseline){failed}")
    if not _whole(base):
        outcome = outcome_of(base.timeline)
        text = f"{mode}: {seconds(total)}; not compared, because {baseline} was {outcome}{failed}"
        return Verdict(mode, total, None, text)
    speedup = base.totals.total_ns / total
    # The words follow the figure as it is printed, with one decimal: less than that is noise.
    faster, slower = round(speedup, 1) > 1, round(1 / speedup, 1) > 1
    how = f"{speedup:.1f}x faster" if faster else f"{1 / speedup:.1f}x slower" if slower else "no faster"
    figure = "" if faster or slower else f"{speedup:.1f}x"
    if not run.timeline.tasks and not base.timeline.tasks:
        cpu = f"{seconds(run.totals.cpu_ns)} of CPU time, and {seconds(base.totals.cpu_ns)} in the baseline"
        figures = f"{figure}; {cpu}" if figure else cpu
        return Verdict(mode, total, speedup, f"{mode}: {how} ({figures})")
    obstacle, state = _obstacle(run, base)
    why = _gain(run, base) if faster else obstacle
    return Verdict(
        mode,
        total,
        speedup,
        f"{mode}: {how}{f' ({figure})' if figure else ''}: {why}{failed}",
        overlapped=any(_at_once(run)),
        obstacle=obstacle,
        crowded=cores_elsewhere(run) and state is not State.GIL,
    )


def _whole(run: RunMetrics) -> bool:
    return run.whole and run.totals.total_ns > 0


def _obstacle(run: RunMetrics, base: RunMetrics) -> tuple[str, State | None]:
    """Return what most kept a run from being faster, and the state in which its tasks lost that time, if in one."""
    outside, total = _outside_tasks(run), run.totals.total_ns
    gil, ready = run.task_share(State.GIL), run.task_share(State.READY)
    most = max(gil, ready, outside / total)
    if most < IN_THE_WAY:
        return _task_time(run, base, sign=1) if _overlapped(run) else "the tasks did not overlap", None
    if most == gil:
        return f"the tasks waited for the GIL for {percent(gil)} of their time", State.GIL
    if most == ready:
        whose = ", and other programs used the cores" if cores_elsewhere(run) else ""
        return f"the tasks waited for a CPU core for {percent(ready)} of their time{whose}", State.READY
    return f"{seconds(outside)} passed before the first task started and after the last one ended", None


def _overlapped(run: RunMetrics) -> bool:
    return run.totals.sum_ns >= OVERLAPPED * run.totals.total_ns


def _outside_tasks(run: RunMetrics) -> int:
    """Return how much of the total (ns) lies before the first task started or after the last one ended."""
    begin, until = run.timeline.begin, run.timeline.end
    starts = [task.started for task in run.started if task.started is not None]
    ends = [task.finished for task in run.started if task.finished is not None]
    if begin is None or until is None or not ends:
        return run.totals.total_ns
    return max(min(starts) - begin, 0) + max(until - max(ends), 0)


def _task_time(run: RunMetrics, base: RunMetrics, sign: int) -> str:
    """Return by how much the tasks themselves took less (sign -1) or more (1) than in the baseline, if clearly so."""
    for what, now, before in (
        ("CPU time", run.task_ns[State.RUNNING], base.task_ns[State.RUNNING]),
        ("time", run.totals.sum_ns, base.totals.sum_ns),
    ):
        if sign * (now - before) >= IN_THE_WAY * base.totals.sum_ns:
            figures = f"({seconds(now)} in all, and {seconds(before)} in the baseline)"
            return f"the tasks took {'less' if sign < 0 else 'more'} {what} themselves {figures}"
    return NOT_VISIBLE


def _gain(run: RunMetrics, base: RunMetrics) -> str:
    """Return why a run was faster than the baseline."""
    cpus, waits = _at_once(run)
    if cpus:
        computed = f"{cpus:.1f} CPUs computed at once"
        return f"{computed}, and {waits:.1f} tasks waited at a time" if waits else computed
    if waits:
        workers = run.header.workers
        limit = f"; {workers_were(workers)} the limit (--workers)" if limited_by_workers(run) else ""
        return f"the waits overlapped, {waits:.1f} at a time{limit}"
    return _task_time(run, base, sign=-1)


def _at_once(run: RunMetrics) -> tuple[float, float]:
    """Return how many CPUs computed and how many tasks waited at a time; 0 where that may be noise."""
    if not _overlapped(run):
        return 0.0, 0.0
    cpus, waits = run.at_once(State.RUNNING), run.at_once(*WAITING)
    return cpus if cpus >= COMPUTES_AT_ONCE else 0.0, waits if waits >= OVERLAPS else 0.0


# Which pool is worth it, in a sentence or two: what a comparison is made for.

CLEARLY_FASTER = 1.2
"""A mode this many times as fast as plain calls is worth it: less than a fifth is hardly worth a pool."""

ALIKE = 1.1
"""Of two faster modes neither is called the fastest if their speed-ups differ by less than this factor."""

_POOLS = ("threads", "processes")


def answer(timelines: Mapping[str, Timeline], verdicts: Sequence[Verdict]) -> str:
    """Return which pool is faster than plain calls; '' if that is not what was compared.

    `verdicts` are those on `timelines`, one run for each mode.
    """
    measured = {each.mode: each for each in verdicts if each.speedup is not None}
    pools = [measured[mode] for mode in _POOLS if mode in measured]
    if BASELINE not in measured or not pools or not {*timelines} <= {BASELINE, *_POOLS}:
        return ""
    return _failures([timelines[BASELINE], *(timelines[each.mode] for each in pools)]) or _which(pools)


def _failures(timelines: Sequence[Timeline]) -> str:
    """Return why failed tasks leave the answer open; '' if none failed, or as many in each run."""
    failed = [sum(task.error is not None for task in timeline.tasks) for timeline in timelines]
    if len(set(failed)) > 1:
        pairs = zip(failed, timelines, strict=True)
        figures = ", ".join(f"{number} under {timeline.header.mode}" for number, timeline in pairs)
        return f"Which is faster is not clear, because not as many tasks failed in each run: {figures}."
    if failed[0] and failed[0] == len(timelines[0].tasks):
        return "Which is faster is not clear, because all tasks failed."
    return ""


def _which(pools: Sequence[Verdict]) -> str:
    crowded = "is not clear, because other programs used the cores"
    faster = [each for each in pools if each.overlapped and round(each.speedup or 0, 1) >= CLEARLY_FASTER]
    others = [each for each in pools if each not in faster]
    unclear = [] if faster else [each for each in others if each.crowded]
    if unclear and unclear == others:
        figures = ", ".join(f"{each.mode} {_times(each)}" for each in others)
        return f"Which is faster {crowded}: {figures}."
    no_help = [each for each in others if each not in unclear]
    sentences = [_faster(faster)] if faster else []
    sentences += [f"{each.mode.capitalize()} don't help: {_figure(each)}." for each in no_help]
    sentences += [f"Whether {each.mode} help {crowded}: {_times(each)}." for each in unclear]
    return " ".join(sentences)


def _faster(verdicts: Sequence[Verdict]) -> str:
    if len(verdicts) == 1:
        return f"{verdicts[0].mode.capitalize()} are faster: {_times(verdicts[0])}."
    first, second = sorted(verdicts, key=lambda each: -(each.speedup or 0))
    if (first.speedup or 0) < ALIKE * (second.speedup or 0):
        return f"Threads and processes are both faster: {' and '.join(map(_times, verdicts))}."
    return f"{first.mode.capitalize()} are fastest: {_times(first)}; {second.mode} {_times(second)}."


def _figure(each: Verdict) -> str:
    """Return the speed-up of a mode that does not help, and why."""
    if round(each.speedup or 0, 1) >= CLEARLY_FASTER:
        return f"{_times(each)}, but nothing overlapped"
    if each.crowded:
        return f"{_times(each)}, while other programs used the cores"
    return _times(each) if each.obstacle == NOT_VISIBLE else f"{_times(each)}, {each.obstacle}"


def _times(each: Verdict) -> str:
    return f"{each.speedup:.1f}x"
