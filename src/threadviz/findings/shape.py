"""Findings about the shape of a run: its total beside its tasks, their order, and the event loop."""

from threadviz.findings.figures import Figures, Finding
from threadviz.findings.words import count, percent, seconds
from threadviz.timeline import Task

ABOUT = 0.05
"""Figures no further apart than this are 'about' the same: less is lost in the noise of a small machine."""

A_LITTLE = 0.10
"""What a pool may add to its slowest task, or lose between tasks, and still be said to add or lose little.
The run that the project grew from, six sites on threads, took 6 % more than its slowest."""

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
        how = "they were" if len(run.started) > 1 else "it was"
        text = f"{figures.format('about')}: {how} called one after the other, and nothing else took long."
        return Finding("total_is_sum", holds=True, text=text)
    apart = percent(abs(total - added) / added)
    text = f"{figures.format('not')}: it is {apart} {'more' if total > added else 'less'}."
    return Finding("total_is_sum", holds=False, text=text)


def total_is_slowest(run: Figures) -> Finding | None:
    """With a worker for each task the total is hardly more than the slowest of them."""
    total, slowest = run.totals.total_ns, run.totals.slowest_ns
    if run.pool is None or len(run.started) < 2 or run.header.workers < len(run.started) or not slowest:
        return None
    more = total - slowest
    holds = more <= A_LITTLE * slowest
    by = f"by {seconds(max(more, 0))} ({percent(max(more, 0) / slowest)})"
    much = "a little over" if holds else "well over"
    text = f"The total, {seconds(total)}, is {much} the slowest task, {seconds(slowest)}: {by}."
    return Finding("total_is_slowest", holds, text)


def workers_kept_busy(run: Figures) -> Finding | None:
    """With fewer workers than tasks, the total is about the sum shared out among the workers."""
    total, workers = run.totals.total_ns, run.header.workers
    if run.pool is None or workers >= len(run.started) or not total:
        return None
    busy = run.totals.sum_ns / (workers * total)
    holds = busy >= 1 - A_LITTLE
    shared = f"{count(len(run.started), 'task')} shared out among {count(workers, 'worker')}"
    often = percent(min(busy, 1.0))
    lasted = f"of the run's {seconds(total)}"
    text = f"{shared}: on average, a worker had a task for {'' if holds else 'only '}{often} {lasted}."
    return Finding("workers_kept_busy", holds, text)


def order_of_results(run: Figures) -> Finding | None:
    """Plain calls give results in the order of submission; workers give them in the order of response."""
    finished = [task for task in run.timeline.finished_tasks() if task.started is not None]
    if len(finished) < 2 or not (run.plain or run.pool):
        return None
    submitted = sorted(finished, key=_submission)
    as_submitted = finished == submitted
    if as_submitted:
        text = "Results came in the order of submission"
        text += "." if run.plain else ": no task overtook one that was submitted before it."
    else:
        first, place = finished[0], submitted.index(finished[0]) + 1
        overtaken, tasks = _overtaken(finished), count(len(finished), "task")
        text = (
            "Results came in the order of response, not of submission:"
            f" {overtaken} of {tasks} came after one that was submitted later;"
            f" the first, after {seconds(first.elapsed())}, was {first.name}, submitted as number {place}."
        )
    return Finding("order_of_results", as_submitted is run.plain, text)


def _submission(task: Task) -> tuple[int, int]:
    return task.submitted, task.number


def _overtaken(finished: list[Task]) -> int:
    """How many tasks finished after one that was submitted later."""
    latest = (-1, -1)
    overtaken = 0
    for task in finished:
        overtaken += _submission(task) < latest
        latest = max(latest, _submission(task))
    return overtaken


def loop_could_answer(run: Figures) -> Finding | None:
    """For how long the event loop could not have answered."""
    if run.timeline.loop is None or not run.totals.total_ns:
        return None
    blocked, longest = run.totals.loop_blocked_ns, run.totals.loop_longest_ns
    share = percent(blocked / run.totals.total_ns)
    figures = (
        f"for {seconds(blocked)} in all ({share} of the run), for {seconds(longest)} at most at a stretch"
    )
    if longest < SLOW_CALLBACK_NS:
        if not run.tells_waits:
            return None  # it may have been blocked in waits that look like waits for events
        text = f"The event loop could answer soon at any time: it was busy {figures}."
        return Finding("loop_could_answer", holds=True, text=text)
    why = ": the tasks ran in its own thread" if run.plain else ""
    text = f"The event loop was blocked, and could not answer {figures}{why}."
    return Finding("loop_could_answer", holds=False, text=text)
