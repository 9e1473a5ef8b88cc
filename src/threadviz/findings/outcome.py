"""Findings about how a run came out, and how well it was seen."""

from collections import defaultdict

from threadviz.findings.figures import SHORT_NS, Figures, Finding
from threadviz.findings.words import NS_PER_S, count, percent, seconds
from threadviz.timeline import Timeline
from threadviz.vocabulary import Outcome, State

UNKNOWN_MATTERS = 0.01
"""Beyond this share of the lanes' time unknown, what the states say is no longer good to a point or two."""

MISSED_MATTERS = 0.1
"""Beyond this share of the looks that were due missed, short waits were passed over."""

RATE_MATTERS = 0.5
"""Below this share of the rate that was asked for, waits are told apart less finely than it was meant."""

WAYS_NAMED = 3
"""So many ways of failing are told; the list of the tasks has them all."""


def run_finished(run: Figures) -> Finding | None:
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


def all_tasks_succeeded(run: Figures) -> Finding | None:
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


def _ways(run: Figures) -> str:
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


def observation_sufficed(run: Figures) -> Finding | None:
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
    if untold := run.timeline.untold:
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
