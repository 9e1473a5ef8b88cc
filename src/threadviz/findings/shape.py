"""Findings about the shape of a run: its total beside its tasks, their order, and the event loop."""

from threadviz.findings.figures import SHORT_NS, WAITING, Figures, Finding
from threadviz.findings.words import count, percent, seconds
from threadviz.timeline import Task
from threadviz.vocabulary import State, Watches

ABOUT = 0.05
"""Figures no further apart than this are 'about' the same: less is lost in the noise of a small machine."""

A_LITTLE = 0.10
"""What a pool may add to its slowest task, or lose between tasks, and still be said to add or lose little.
The run that the project grew from, six sites on threads, took 6 % more than its slowest."""

NEARLY_ALL = 0.9
"""Tasks that wait for this share of their time leave room for others to be at work at the same time."""

SLOW_CALLBACK_NS = 100_000_000
"""From here on asyncio itself calls a loop's step slow: `loop.slow_callback_duration`, 100 ms by default."""


def total_is_sum(run: Figures) -> Finding | None:
    """Calls made plainly come one after the other, so that the total is about their sum."""
    total, added = run.totals.total_ns, run.totals.sum_ns
    if not run.plain or not added or not total:
        return None
    tasks = count(len(run.started), "task")
    figures = f"The total, {seconds(total)}, is {{}} the sum of {tasks}, {seconds(added)}"
    if abs(total - added) <= ABOUT * added:
        how = "they were called one after the other, and " if len(run.started) > 1 else ""
        text = f"{figures.format('about')}: {how}nothing else took long."
        return Finding("total_is_sum", holds=True, text=text)
    apart = seconds(abs(total - added))
    text = f"{figures.format('not')}: it is {apart} {'more' if total > added else 'less'}."
    return Finding("total_is_sum", holds=False, text=text)


def total_is_slowest(run: Figures) -> Finding | None:
    """With a worker for each task the total is hardly more than the slowest of them."""
    total, slowest = run.totals.total_ns, run.totals.slowest_ns
    if run.pool is None or len(run.started) < 2 or run.header.workers < len(run.started) or not slowest:
        return None
    more = total - slowest
    holds = more <= A_LITTLE * slowest
    by = f"by {seconds(max(more, 0))}"
    by += f" ({percent(max(more, 0) / slowest)})" if total >= SHORT_NS else ""
    much = "a little over" if holds else "well over"
    text = f"The total, {seconds(total)}, is {much} the slowest task, {seconds(slowest)}: {by}."
    return Finding("total_is_slowest", holds, text)


def workers_kept_busy(run: Figures) -> Finding | None:
    """With fewer workers than tasks, the total is about the sum shared out among the workers that there were."""
    total, workers = run.totals.total_ns, len(run.timeline.workers)
    if run.pool is None or run.header.workers >= len(run.started) or not total or not workers:
        return None
    busy = run.totals.sum_ns / (workers * total)
    holds = busy >= 1 - A_LITTLE
    shared = f"{count(len(run.started), 'task')} shared out among {count(workers, 'worker')}"
    often = percent(min(busy, 1.0))
    lasted = f"of the run's {seconds(total)}"
    text = f"{shared}: on average, a worker had a task for {'' if holds else 'only '}{often} {lasted}."
    if limited_by_workers(run):
        waited = count(len(run.started) - workers, "task")
        limit = f"{workers_were(workers).capitalize()} the limit: {waited} waited for a turn"
        text += f" {limit}, and more workers (--workers) would overlap more of it."
    return Finding("workers_kept_busy", holds, text)


def limited_by_workers(run: Figures) -> bool:
    """Whether more workers would have let tasks that mostly waited do so at the same time.

    Where tasks wait for locks they may wait for each other: then it can't be told.
    """
    total, workers = run.totals.total_ns, len(run.timeline.workers)
    if run.header.watches is not Watches.WORKLOAD or run.pool is None or not total:
        return False
    if workers != run.header.workers or workers >= len(run.started):
        return False
    waits = run.task_share(*WAITING)
    busy = run.totals.sum_ns >= (1 - A_LITTLE) * workers * total
    return busy and waits >= NEARLY_ALL and run.task_share(State.LOCK) < waits / 2


def workers_were(workers: int) -> str:
    """Workers as what a sentence is about, up to its verb."""
    return "the one worker was" if workers == 1 else f"the {workers} workers were"


def order_of_results(run: Figures) -> Finding | None:
    """Plain calls come back in the order of submission; calls on workers as soon as each is done."""
    finished = [task for task in run.timeline.finished_tasks() if task.started is not None]
    if len(finished) < 2 or not (run.plain or run.pool):
        return None
    overtaken = _overtaken(finished)
    if not overtaken:
        text = "Tasks came back in the order of submission"
        text += "." if run.plain else ": none overtook one that was submitted before it."
    else:
        last, by = overtaken[0]
        text = (
            f"Tasks came back in another order than that of submission: {len(overtaken)} of {len(finished)}"
            f" after one that was submitted later; {by.name}, submitted as number {by.number + 1}, came back"
            f" before {last.name}, number {last.number + 1}."
        )
    return Finding("order_of_results", (not overtaken) is run.plain, text)


def _submission(task: Task) -> tuple[int, int]:
    return task.submitted, task.number


def _overtaken(finished: list[Task]) -> list[tuple[Task, Task]]:
    """The tasks that finished after one that was submitted later, each with such a one."""
    latest = finished[0]
    overtaken = []
    for task in finished:
        if _submission(task) < _submission(latest):
            overtaken.append((task, latest))
        latest = max(latest, task, key=_submission)
    return overtaken


def loop_could_answer(run: Figures) -> Finding | None:
    """For how long the event loop could not have answered."""
    if run.timeline.loop is None or not run.totals.total_ns:
        return None
    blocked, longest = run.totals.loop_blocked_ns, run.totals.loop_longest_ns
    total = run.totals.total_ns
    share = f" ({percent(blocked / total)} of the run)" if total >= SHORT_NS else ""
    figures = f"for {seconds(blocked)} in all{share}, for {seconds(longest)} at most at a stretch"
    if longest < SLOW_CALLBACK_NS:
        if not run.tells_waits:
            return None  # it may have been blocked in waits that look like waits for events
        text = f"The event loop could answer soon at any time: it was busy {figures}."
        return Finding("loop_could_answer", holds=True, text=text)
    why = ": the tasks ran in its own thread" if run.plain else ""
    text = f"The event loop could not answer {figures}{why}."
    return Finding("loop_could_answer", holds=False, text=text)
