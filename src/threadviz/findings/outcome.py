"""Findings about how a run came out, and how well it was seen."""

from collections import defaultdict

from threadviz.events import Outcome, State
from threadviz.findings.figures import Figures, Finding
from threadviz.findings.words import NS_PER_S, count, percent, seconds

UNKNOWN_MATTERS = 0.01
"""Beyond this share of the lanes' time unknown, what the states say is no longer good to a point or two."""

RATE_MATTERS = 0.5
"""Below this share of the rate that was asked for, waits are told apart less finely than it was meant."""

WAYS_NAMED = 3
"""So many ways of failing are told; the list of the tasks has them all."""


def run_finished(run: Figures) -> Finding | None:
    """Said only of a run that did not go to its end."""
    closed = run.timeline.closed
    after = f"after {seconds(run.totals.total_ns)}"
    because = _because(run)
    if closed is None:
        text = f"What is here of the run was cut off {after}{because}: its figures are those until then."
    elif closed.outcome is Outcome.INTERRUPTED:
        text = f"The run was interrupted {after}{because}: its figures are those until then."
    elif closed.outcome is Outcome.BROKEN or because:
        text = f"The run broke {after}{because}."
    else:
        return None
    return Finding("run_finished", holds=False, text=text)


def _because(run: Figures) -> str:
    closed, raised = run.timeline.closed, run.timeline.error
    reasons = [f"{died.who}, process {died.pid}: {died.how}" for died in run.timeline.died]
    reasons += [closed.reason.rstrip(".")] if closed and closed.reason else []
    reasons += [f"the mode raised {raised.rstrip('.')}"] if raised else []
    return f" ({'; '.join(reasons)})" if reasons else ""


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
    """Said only where the observer missed so much that the figures suffer."""
    tick, probe = run.timeline.tick, run.header.probe
    lanes_ns = sum(run.totals.states.values())
    unknown = run.totals.states.get(State.UNKNOWN, 0) / lanes_ns if lanes_ns else 0.0
    rate = tick.rounds * NS_PER_S / tick.t if tick and tick.t else probe.asked_hz
    parts = []
    if unknown > UNKNOWN_MATTERS:
        parts.append(f"{percent(unknown)} of the lanes' time is unknown")
    if tick and rate < RATE_MATTERS * probe.asked_hz:
        parts.append(
            f"it looked {rate:.0f} times a second, not {probe.asked_hz:.0f},"
            f" and missed {count(tick.missed, 'look')}"
        )
    if not parts:
        return None
    return Finding("observation_sufficed", holds=False, text=f"The observer fell short: {'; '.join(parts)}.")
