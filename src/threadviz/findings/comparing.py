"""What shows only where several runs of the same workload, each under a mode of its own, lie side by side."""

from collections.abc import Collection, Iterable, Mapping

from threadviz.findings.figures import Figures, Finding
from threadviz.findings.words import count, percent, seconds
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
    runs = {mode: Figures(timeline) for mode, timeline in timelines.items()}
    baseline = baseline_of(runs)
    found = {mode: no_task_got_faster(mode, run, baseline, runs[baseline]) for mode, run in runs.items()}
    return {mode: [] if finding is None else [finding] for mode, finding in found.items()}


def no_task_got_faster(mode: str, run: Figures, baseline: str, base: Figures) -> Finding | None:
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


def _pairs(run: Figures, base: Figures) -> list[tuple[Task, Task]]:
    """The same task in both runs, wherever it went well in both."""
    before = {(task.number, task.name): task for task in base.timeline.finished_tasks() if _went_well(task)}
    tasks = [task for task in run.timeline.finished_tasks() if _went_well(task)]
    return [(task, before[task.number, task.name]) for task in tasks if (task.number, task.name) in before]


def _went_well(task: Task) -> bool:
    return task.error is None and task.elapsed() > 0


def _ratio(pair: tuple[Task, Task]) -> float:
    task, before = pair
    return task.elapsed() / before.elapsed()
