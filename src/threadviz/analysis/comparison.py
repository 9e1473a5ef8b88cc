"""What shows only where several runs of the same workload, each under a mode of its own, lie side by side."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from threadviz.analysis.metrics import WAITING, Finding, RunMetrics, outcome_of
from threadviz.analysis.workload_rules import (
    COMPUTES_AT_ONCE,
    cores_elsewhere,
    limited_by_workers,
    workers_were,
)
from threadviz.protocol.events import State
from threadviz.text import count, percent, seconds
from threadviz.timeline import Task, Timeline

BASELINE = "blocking"
"""What the other modes are measured against, where it is there; else the first is."""

GOT_FASTER = 0.9
"""A task that takes this share of its time in the baseline, or less, got faster: a tenth is beyond the noise
that two fetches of one address show."""


def baseline_of(runs: Collection[str]) -> str:
    """Of these modes the one that the others are measured against."""
    return BASELINE if BASELINE in runs else next(iter(runs), BASELINE)


def labelled(timelines: Iterable[Timeline]) -> dict[str, Timeline]:
    """Runs by their modes, as a comparison takes them; further runs of the same mode are numbered."""
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
    """Whether these runs made the same calls, so that one can be measured by another."""
    return len({(timeline.header.workload, timeline.header.tasks) for timeline in timelines}) < 2


def comparison(timelines: Mapping[str, Timeline]) -> dict[str, list[Finding]]:
    """For each mode, what shows only beside the baseline; nothing where they did not do the same work."""
    if not same_work(timelines.values()):
        return {mode: [] for mode in timelines}
    runs = {mode: RunMetrics(timeline) for mode, timeline in timelines.items()}
    baseline = baseline_of(runs)
    found = {mode: no_task_got_faster(mode, run, baseline, runs[baseline]) for mode, run in runs.items()}
    return {mode: [] if finding is None else [finding] for mode, finding in found.items()}


def no_task_got_faster(mode: str, run: RunMetrics, baseline: str, base: RunMetrics) -> Finding | None:
    """Running tasks at once makes no single one of them faster."""
    pairs = _pairs(run, base) if run is not base and run.whole and base.whole else []
    if not pairs:
        return None
    task, before = min(pairs, key=_ratio)
    faster = sum(_ratio(pair) <= GOT_FASTER for pair in pairs)
    figures = f"{task.name}, {seconds(task.elapsed())} against {seconds(before.elapsed())} under {baseline}"
    clearly = f"clearly faster (by {percent(1 - GOT_FASTER)} or more)"
    if faster:
        text = f"Under {mode}, {faster} of {count(len(pairs), 'task')} got {clearly}: most of all {figures}."
    else:
        text = f"Under {mode} no task got {clearly}: the nearest was {figures}."
    return Finding("no_task_got_faster", not faster, text)


def _pairs(run: RunMetrics, base: RunMetrics) -> list[tuple[Task, Task]]:
    """The same task in both runs, wherever it went well in both."""
    before = {(task.number, task.name): task for task in base.timeline.finished_tasks() if _went_well(task)}
    tasks = [task for task in run.timeline.finished_tasks() if _went_well(task)]
    return [(task, before[task.number, task.name]) for task in tasks if (task.number, task.name) in before]


def _went_well(task: Task) -> bool:
    return task.error is None and task.elapsed() > 0


def _ratio(pair: tuple[Task, Task]) -> float:
    task, before = pair
    return task.elapsed() / before.elapsed()


# Why a run was no faster than another one.

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


def obstacle(run: RunMetrics, base: RunMetrics) -> Obstacle:
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


def overlapped(run: RunMetrics) -> bool:
    """Tell whether its tasks overlapped."""
    return run.totals.sum_ns >= OVERLAPPED * run.totals.total_ns


def _outside_tasks(run: RunMetrics) -> int:
    """How much of the total (ns) lies before the first task started, or after the last one ended."""
    begin, until = run.timeline.begin, run.timeline.end
    starts = [task.started for task in run.started if task.started is not None]
    ends = [task.finished for task in run.started if task.finished is not None]
    if begin is None or until is None or not starts or not ends:
        return run.totals.total_ns
    return max(min(starts) - begin, 0) + max(until - max(ends), 0)


def tasks_themselves(run: RunMetrics, base: RunMetrics, sign: int) -> str:
    """What the tasks took themselves: less (sign -1) or more (1) than in the baseline, where that shows."""
    for what, now, before in (
        ("CPU time", run.task_ns[State.RUNNING], base.task_ns[State.RUNNING]),
        ("time", run.totals.sum_ns, base.totals.sum_ns),
    ):
        if sign * (now - before) >= IN_THE_WAY * base.totals.sum_ns:
            figures = f"({seconds(now)} in all, and {seconds(before)} in the baseline)"
            return f"its tasks took {'less' if sign < 0 else 'more'} {what} themselves {figures}"
    return _NOTHING


# The verdict on each mode: how much faster it was than the baseline, and by what.

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
    runs = {mode: RunMetrics(timeline) for mode, timeline in timelines.items()}
    if same_work(timelines.values()):
        baseline = baseline_of(runs)
        told = [_verdict(mode, run, baseline, runs[baseline]) for mode, run in runs.items()]
    else:
        told = [_alone(mode, run) for mode, run in runs.items()]
    return told + [Verdict(mode, None, None, f"{mode}: did not run") for mode in not_run]


def _alone(mode: str, run: RunMetrics) -> Verdict:
    total = run.totals.total_ns
    what = f"for {count(run.header.tasks, 'task')} of " if run.header.tasks else "of "
    text = f"{mode}: {seconds(total)} {what}{run.header.workload}"
    return Verdict(
        mode, total, None, f"{text}, and nothing to compare with, as the runs did not do the same work"
    )


def _verdict(mode: str, run: RunMetrics, baseline: str, base: RunMetrics) -> Verdict:
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


def _without_tasks(speedup: float, run: RunMetrics, base: RunMetrics) -> str:
    """How a program did, of which no tasks were said."""
    cpu = f"{seconds(run.totals.cpu_ns)} of CPU time, and {seconds(base.totals.cpu_ns)} in the baseline"
    if round(speedup, 1) > 1:
        return f"{speedup:.1f}x faster ({cpu})"
    if round(1 / speedup, 1) > 1:
        return f"{1 / speedup:.1f}x slower ({cpu})"
    return f"no faster ({speedup:.1f}x; {cpu})"


def _whole(run: RunMetrics) -> bool:
    return run.whole and run.totals.total_ns > 0


def _gain(run: RunMetrics, base: RunMetrics) -> str:
    """Why a run was faster than the baseline."""
    cpus, waits = _at_once(run)
    computed, waited = f"{cpus:.1f} CPUs computed at once", f"{waits:.1f} tasks waited at a time"
    if cpus:
        return f"{computed}, and {waited}" if waits else computed
    if waits:
        return f"all of it waiting that overlapped ({waited}){_limit(run)}"
    return tasks_themselves(run, base, sign=-1)


def _limit(run: RunMetrics) -> str:
    """That more workers would have gained more, as a clause to follow others; nothing where that is not so."""
    workers = run.header.workers
    return f"; {workers_were(workers)} the limit (--workers)" if limited_by_workers(run) else ""


def _at_once(run: RunMetrics) -> tuple[float, float]:
    """How many CPUs computed at a time, and how many tasks waited: 0 where it is not beyond what noise makes of one."""
    if not overlapped(run):
        return 0.0, 0.0
    cpus, waits = run.at_once(State.RUNNING), run.at_once(*WAITING)
    return cpus if cpus >= COMPUTES_AT_ONCE else 0.0, waits if waits >= OVERLAPS else 0.0


# Which of the modes pays, in a sentence or two: what a comparison is made for.

PAYS = 1.2
"""A mode pays where it is so many times as fast as plain calls: less than a fifth is hardly worth a pool."""

ALIKE = 1.1
"""Of two modes that pay, none is told to pay more where their speed-ups differ by less than this."""

_POOLS = ("threads", "processes")


def answer(timelines: Mapping[str, Timeline], verdicts: Sequence[Verdict]) -> str:
    """Return which pool pays against plain calls; nothing where that is not what was compared.

    `verdicts` are those on `timelines`, one run each of the modes.
    """
    measured = {each.mode: each for each in verdicts if each.speedup is not None}
    pools = [measured[mode] for mode in _POOLS if mode in measured]
    if BASELINE not in measured or not pools or not {*timelines} <= {BASELINE, *_POOLS}:
        return ""
    return _failures([timelines[BASELINE], *(timelines[each.mode] for each in pools)]) or _which(pools)


def _failures(timelines: Sequence[Timeline]) -> str:
    """Why nothing can be told, where tasks failed; nothing where none did, or as many in each run."""
    failed = [sum(task.error is not None for task in timeline.tasks) for timeline in timelines]
    if len(set(failed)) > 1:
        told = zip(failed, timelines, strict=True)
        figures = ", ".join(f"{number} under {timeline.header.mode}" for number, timeline in told)
        return f"Which pays can't be told, as not as many tasks failed in each run: {figures}."
    if failed[0] and failed[0] == len(timelines[0].tasks):
        return "Which pays can't be told, as all tasks failed."
    return ""


def _which(pools: Sequence[Verdict]) -> str:
    paying = [each for each in pools if each.overlapped and round(each.speedup or 0, 1) >= PAYS]
    others = [each for each in pools if each not in paying]
    unclear = [] if paying else [each for each in others if _crowded(each)]
    if unclear and len(unclear) == len(others):
        figures = ", ".join(f"{each.mode} {_times(each)}" for each in others)
        return f"Which pays can't be told, as other programs had the cores: {figures}."
    others = [each for each in others if each not in unclear]
    if not paying and len(others) > 1:
        return f"Neither pays: {'; '.join(f'{each.mode} {_figure(each)}' for each in others)}."
    pay = "" if paying else " pay"
    not_paying = [f"{each.mode.capitalize()} don't{pay}: {_figure(each)}." for each in others]
    untold = [
        f"Whether {each.mode} do can't be told, as other programs had the cores: {_times(each)}."
        for each in unclear
    ]
    return " ".join([*_paying(paying), *not_paying, *untold])


def _crowded(each: Verdict) -> bool:
    """Whether other programs had a part in it: where it was the GIL that was waited for, none had."""
    return each.crowded and not (each.obstacle and each.obstacle.of_python)


def _paying(verdicts: Sequence[Verdict]) -> list[str]:
    most = sorted(verdicts, key=lambda each: -(each.speedup or 0))
    if len(most) < 2:
        return [f"{each.mode.capitalize()} pay: {_times(each)}." for each in most]
    first, second = most
    if (first.speedup or 0) < ALIKE * (second.speedup or 0):
        return [f"Both pay: {', '.join(f'{each.mode} {_times(each)}' for each in verdicts)}."]
    return [f"{first.mode.capitalize()} pay most: {_times(first)}; {second.mode} {_times(second)}."]


def _figure(each: Verdict) -> str:
    """The figure of one that does not pay, and what is to be known of it."""
    if round(each.speedup or 0, 1) >= PAYS:
        return f"{_times(each)}, but nothing overlapped"
    if _crowded(each):
        return f"{_times(each)}, while other programs had the cores"
    return f"{_times(each)}, {each.obstacle.brief}" if each.obstacle and each.obstacle.brief else _times(each)


def _times(each: Verdict) -> str:
    return f"{each.speedup:.1f}x"
