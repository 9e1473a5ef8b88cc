"""What shows only where several runs of the same workload, each under a mode of its own, lie side by side."""

from collections.abc import Mapping

from threadviz.findings.figures import Figures, Finding
from threadviz.findings.words import count, seconds
from threadviz.timeline import Task, Timeline

BASELINE = "blocking"
"""What the other modes are measured against, where it is there; else the first is."""

GOT_FASTER = 0.9
"""A task that takes this share of its time in the baseline, or less, got faster: a tenth is beyond the noise
that two fetches of one address show."""


def baseline_of(runs: Mapping[str, Figures]) -> str:
    """The mode that the others are measured against."""
    return BASELINE if BASELINE in runs else next(iter(runs), BASELINE)


def comparison(timelines: Mapping[str, Timeline]) -> dict[str, list[Finding]]:
    """For each mode, what shows only beside the baseline."""
    runs = {mode: Figures(timeline) for mode, timeline in timelines.items()}
    baseline = baseline_of(runs)
    found = {mode: no_task_got_faster(mode, run, baseline, runs[baseline]) for mode, run in runs.items()}
    return {mode: [] if finding is None else [finding] for mode, finding in found.items()}


def no_task_got_faster(mode: str, run: Figures, baseline: str, base: Figures) -> Finding | None:
    """Running tasks at once makes no single one of them faster."""
    pairs = [] if run is base else _pairs(run, base)
    if not pairs:
        return None
    task, before = min(pairs, key=_ratio)
    faster = sum(_ratio(pair) <= GOT_FASTER for pair in pairs)
    took = f"took {seconds(task.elapsed())}, and {seconds(before.elapsed())} under {baseline}"
    if faster:
        text = f"Under {mode}, {faster} of {count(len(pairs), 'task')} got faster: most of all {task.name}"
        return Finding("no_task_got_faster", holds=False, text=f"{text}, which {took}.")
    text = f"Under {mode} no single task got faster: in the best case one ({task.name}) {took}."
    return Finding("no_task_got_faster", holds=True, text=text)


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
