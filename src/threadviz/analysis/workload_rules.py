"""Findings about the shape of a run: its total beside its tasks, their order, and the event loop."""

from collections import defaultdict

from threadviz.analysis.metrics import COMPUTING, SHORT_NS, WAITING, Finding, RunMetrics
from threadviz.protocol.events import Outcome, State, TargetKind
from threadviz.text import NS_PER_S, count, percent, seconds
from threadviz.timeline import Task, Timeline

ABOUT = 0.05
"""Figures no further apart than this are 'about' the same: less is lost in the noise of a small machine."""

A_LITTLE = 0.10
"""What a pool may add to its slowest task, or lose between tasks, and still be said to add or lose little.
The run that the project grew from, six sites on threads, took 6 % more than its slowest."""

NEARLY_ALL = 0.9
"""Tasks that wait for this share of their time leave room for others to be at work at the same time."""

SLOW_CALLBACK_NS = 100_000_000
"""From here on asyncio itself calls a loop's step slow: `loop.slow_callback_duration`, 100 ms by default."""


def total_is_sum(run: RunMetrics) -> Finding | None:
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


def total_is_slowest(run: RunMetrics) -> Finding | None:
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


def workers_kept_busy(run: RunMetrics) -> Finding | None:
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


def limited_by_workers(run: RunMetrics) -> bool:
    """Whether more workers would have let tasks that mostly waited do so at the same time.

    Where tasks wait for locks they may wait for each other: then it can't be told.
    """
    total, workers = run.totals.total_ns, len(run.timeline.workers)
    if run.header.watches is not TargetKind.WORKLOAD or run.pool is None or not total:
        return False
    if workers != run.header.workers or workers >= len(run.started):
        return False
    waits = run.task_share(*WAITING)
    busy = run.totals.sum_ns >= (1 - A_LITTLE) * workers * total
    return busy and waits >= NEARLY_ALL and run.task_share(State.LOCK) < waits / 2


def workers_were(workers: int) -> str:
    """Workers as what a sentence is about, up to its verb."""
    return "the one worker was" if workers == 1 else f"the {workers} workers were"


def order_of_results(run: RunMetrics) -> Finding | None:
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


def loop_could_answer(run: RunMetrics) -> Finding | None:
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


# Findings about how a run came out, and how well it was seen.

UNKNOWN_MATTERS = 0.01
"""Beyond this share of the lanes' time unknown, what the states say is no longer good to a point or two."""

MISSED_MATTERS = 0.1
"""Beyond this share of the looks that were due missed, short waits were passed over."""

RATE_MATTERS = 0.5
"""Below this share of the rate that was asked for, waits are told apart less finely than it was meant."""

WAYS_NAMED = 3
"""So many ways of failing are told; the list of the tasks has them all."""


def run_finished(run: RunMetrics) -> Finding | None:
    """Said only of a run that did not go to its end, or in which something died."""
    if run.whole:
        return None
    closed, after = run.timeline.closed, f"after {seconds(run.totals.total_ns)}"
    until_then = "its figures are those until then"
    said = [*why_broken(run.timeline), until_then]
    if closed is None:
        what = f"What is here of the run was cut off {after}"
    elif closed.outcome is Outcome.INTERRUPTED:
        what = f"The run was interrupted {after}"
    elif closed.outcome is Outcome.BROKEN or run.timeline.error:
        what = f"The run broke {after}"
    else:
        what = "The run went on to its end, but is broken"
        said.remove(until_then)
    return Finding("run_finished", holds=False, text=f"{what}: {'; '.join(said)}.")


def why_broken(timeline: Timeline) -> list[str]:
    """What went wrong with the run itself, as clauses, each said once."""
    closed = timeline.closed
    clauses = [
        f"{f'worker process {died.pid}' if died.who == 'worker' else f'the {died.who}'} died ({died.how})"
        for died in timeline.died
    ]
    if not clauses and timeline.error:
        clauses.append(f"the mode failed: {timeline.error.rstrip('.')}")
    if not clauses and closed is not None and closed.outcome is Outcome.BROKEN and closed.reason:
        clauses.append(closed.reason.rstrip("."))
    return clauses


def all_tasks_succeeded(run: RunMetrics) -> Finding | None:
    """How many tasks failed, and how."""
    tasks = run.timeline.tasks
    if not tasks:
        return None
    left = len(tasks) - len(run.timeline.finished_tasks())
    if not run.failed and not left:
        said = "The one task succeeded." if len(tasks) == 1 else f"All {len(tasks)} tasks succeeded."
        return Finding("all_tasks_succeeded", holds=True, text=said)
    parts = [f"{len(run.failed)} of {count(len(tasks), 'task')} failed: {_ways(run)}"] if run.failed else []
    parts += [f"{left} of {count(len(tasks), 'task')} did not come to an end"] if left else []
    return Finding("all_tasks_succeeded", holds=False, text="; ".join(parts) + ".")


def _ways(run: RunMetrics) -> str:
    """How tasks failed, the most frequent way first."""
    names: defaultdict[str, list[str]] = defaultdict(list)
    for task in run.failed:
        names[(task.error or "").rstrip(".")].append(task.name)
    ways = sorted(names.items(), key=lambda way: -len(way[1]))
    told = [
        f"{error} ({who[0] if len(who) == 1 else f'{len(who)} tasks'})" for error, who in ways[:WAYS_NAMED]
    ]
    more = len(ways) - WAYS_NAMED
    return ", ".join(told) + (f", and in {count(more, 'other way')}" if more > 0 else "")


def observation_sufficed(run: RunMetrics) -> Finding | None:
    """Said only where the observer missed so much that the figures suffer, or looked far less often than asked."""
    tick, probe = run.timeline.tick, run.header.probe
    lanes_ns = sum(run.totals.states.values())
    unknown = run.totals.states.get(State.UNKNOWN, 0) / lanes_ns if lanes_ns else 0.0
    lacks, slow = [], ""
    if unknown > UNKNOWN_MATTERS:
        lacks.append(_beyond(unknown, UNKNOWN_MATTERS, "{} of the lanes' time is unknown"))
    if tick and run.totals.total_ns >= SHORT_NS:
        missed, rate = tick.missed / (tick.rounds + tick.missed or 1), tick.rounds * NS_PER_S / tick.t
        if missed > MISSED_MATTERS:
            lacks.append(_beyond(missed, MISSED_MATTERS, "it missed {} of the looks due"))
        if rate < RATE_MATTERS * probe.asked_hz:
            slow = f"it looked {rate:.0f} times a second, not {probe.asked_hz:.0f}"
    if untold := run.timeline.unreported:
        lacks.append(
            f"{count(untold.tasks, 'task')} of executors were not told, or not to the end: {untold.why}"
        )
    if lacks:
        text = f"The observer fell short: {'; '.join([*lacks, *filter(None, [slow])])}."
    elif slow:
        text = f"The observer lowered its rate to stay within its budget: {slow}."
    else:
        return None
    return Finding("observation_sufficed", holds=not lacks, text=text)


def _beyond(share: float, limit: float, text: str) -> str:
    """Put a share that is beyond a limit into a text, in words that do not contradict themselves once rounded."""
    most = percent(limit)
    figure = percent(share)
    return text.format(f"a little over {most}") if figure == most else f"{text.format(figure)} (over {most})"


# Findings about what the tasks did with their time: computing, and waiting to be let compute.

CPU_BOUND = 0.8
"""Tasks that spend this share of their time computing, or waiting to be let, are CPU-bound: overlapping the
rest could save a fifth at most."""

COMPUTES_AT_ONCE = 1.15
"""From here on more than one CPU computed. Threads that share a GIL come out a little above 1, for each runs
some steps outside of it; two processes on two cores that are not wholly theirs come out well above."""

MATTERS = 0.05
"""A wait that takes less of the tasks' time than this is in nobody's way."""

_NOT_SHOWN = "could not show, for other programs had the cores"


def threads_gain_nothing(run: RunMetrics) -> Finding | None:
    """CPU-bound work does not get faster on threads (unless it releases the GIL)."""
    if run.pool != "thread" or not run.shared or not _cpu_bound(run):
        return None
    one_by_one = run.at_once(State.RUNNING) < COMPUTES_AT_ONCE
    took_turns = run.task_share(State.GIL) >= MATTERS
    holds, why = one_by_one, ""
    if one_by_one and took_turns:
        why = ": threads gained nothing, for they took turns with the GIL"
    elif one_by_one and cores_elsewhere(run):
        holds, why = False, f": what threads gain {_NOT_SHOWN}"
    elif not one_by_one and run.timeline.gil is False:
        why = ": this Python has no GIL"
    elif not one_by_one and not took_turns and _can_tell(run, State.GIL):
        why = ": the function lets the GIL go"
    return Finding("threads_gain_nothing", holds, f"{_computed(run)}{why}.")


def processes_gain(run: RunMetrics) -> Finding | None:
    """CPU-bound work gets faster on processes."""
    if run.pool != "process" or not run.shared or not _cpu_bound(run):
        return None
    holds = run.at_once(State.RUNNING) >= COMPUTES_AT_ONCE
    why = f": what processes gain {_NOT_SHOWN}" if not holds and cores_elsewhere(run) else ""
    return Finding("processes_gain", holds, f"{_computed(run)}{why}.")


def _cpu_bound(run: RunMetrics) -> bool:
    return run.task_share(*COMPUTING) >= CPU_BOUND


def _computed(run: RunMetrics) -> str:
    share, cores = percent(run.task_share(*COMPUTING)), count(run.header.cores, "core")
    return (
        f"The tasks are CPU-bound (for {share} of their time they ran, or waited to be let run),"
        f" and on average {run.at_once(State.RUNNING):.2f} CPUs computed for them at a time, out of {cores}"
    )


def gil_in_the_way(run: RunMetrics) -> Finding | None:
    """How much of the tasks' time went into waiting for the GIL."""
    if run.pool is None or not run.timeline.gil or not _can_tell(run, State.GIL):
        return None
    holds = run.task_share(State.GIL) >= MATTERS
    text = _spent(run, State.GIL, "waiting for the GIL")
    return Finding("gil_in_the_way", holds, f"{text}." if holds else f"{text}: it was in nobody's way.")


def cores_sufficed(run: RunMetrics) -> Finding | None:
    """Whether tasks had to wait for a core, and whose threads had it."""
    if not _can_tell(run, State.READY):
        return None
    holds = run.task_share(State.READY) < MATTERS
    text = _spent(run, State.READY, "waiting for a CPU core")
    if holds:
        return Finding("cores_sufficed", holds, f"{text}: there were cores enough.")
    whose = who_had_the_cores(run, "the run's own threads")
    return Finding("cores_sufficed", holds, f"{text}: {whose}.")


def who_had_the_cores(run: RunMetrics, own: str) -> str:
    """Who had the cores when threads waited for them, as a clause; `own` is what the run's threads are called."""
    needed, cores = run.contenders, run.header.cores
    if round(needed) <= cores:
        figure = f"{needed:.1f}" if round(needed, 1) <= cores else f"about {cores}"
        return f"other programs had the cores: {own} needed {figure} of {cores}"
    return f"{own} needed {needed:.1f}, and there {'is' if cores == 1 else 'are'} {count(cores, 'core')}"


def cores_elsewhere(run: RunMetrics) -> bool:
    """Whether tasks waited for cores although the run's own threads could not have taken more than all of them."""
    return run.task_share(State.READY) >= MATTERS and round(run.contenders) <= run.header.cores


def _can_tell(run: RunMetrics, state: State) -> bool:
    return state in run.header.probe.tells and run.totals.sum_ns > 0


def _spent(run: RunMetrics, state: State, doing: str) -> str:
    share = percent(run.task_share(state))
    figures = f"{seconds(run.task_ns[state])} of {seconds(run.totals.sum_ns)}"
    return f"The tasks spent {share} of their time {doing} ({figures})"
