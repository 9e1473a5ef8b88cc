"""The finding about the GIL of a program: how long threads waited for it, and for how long it was held."""

from threadviz.findings.figures import COMPUTING, SHORT_NS, Finding
from threadviz.findings.states import MATTERS
from threadviz.findings.threads import ThreadFigures
from threadviz.findings.words import NS_PER_S, count, percent, seconds
from threadviz.timeline import Ribbon, Timeline
from threadviz.vocabulary import State

KNOWN_ENOUGH = 0.05
"""Where it is known of less than this share of the time who held the GIL, no figures of that are told ..."""

LOOKS_ENOUGH = 20
"""... nor where there were fewer looks."""


def gil_waited_for(run: ThreadFigures) -> Finding | None:
    """How long threads waited for the GIL; beside it how long it was held, which is no cost by itself."""
    wanted = sum(run.totals.states.get(state, 0) for state in COMPUTING)
    if not wanted or not run.tells(State.GIL) or not run.any_gil:
        return None
    waited = run.totals.states.get(State.GIL, 0)
    holds = waited >= MATTERS * wanted
    text = (
        f"Of the time that threads ran or wanted to, they waited for the GIL for {percent(waited / wanted)}"
        f" ({seconds(waited)} of {seconds(wanted)})"
    )
    if holds:
        most = max(run.threads, key=lambda lane: run.states[lane][State.GIL], default=None)
        if most is not None and len(run.threads) > 1:
            text += f", most of all {most.name}, for {seconds(run.states[most][State.GIL])}"
    else:
        text += ": it was in nobody's way"
    ribbon = run.timeline.ribbon
    return Finding("gil_waited_for", holds, f"{text}.{'' if ribbon is None else _held(run, ribbon)}")


def why_hardly_known(timeline: Timeline, ribbon: Ribbon, since: int, until: int) -> str:
    """Why no figures are told of who held a GIL within [since, until] (ns), as a clause; empty where they are."""
    shares, length = ribbon.shares(since, until), until - since
    known = shares.held + shares.free
    if not known or known < KNOWN_ENOUGH * length:
        return f"who had it is known of no more than {seconds(known)} of {seconds(length)}"
    rounds = timeline.watching.rounds
    if 0 < rounds < LOOKS_ENOUGH:  # of a stream that is cut short it may not be known
        return f"the observer looked no more than {count(rounds, 'time')}"
    return ""


def _held(run: ThreadFigures, ribbon: Ribbon) -> str:
    """For how long a GIL was held, as a sentence of its own, with a space before it."""
    since, until = run.since, run.until
    shares, length = ribbon.shares(since, until), until - since
    known = shares.held + shares.free
    seen = run.timeline.processes.get(ribbon.pid)
    process = f"{seen.name} (process {seen.pid})" if seen else f"process {ribbon.pid}"
    whose = f" of {process}" if len({each.pid for each in run.timeline.ribbons}) > 1 else ""
    which = f", that of interpreter {ribbon.interpreter}," if ribbon.interpreter else ""
    if length < SHORT_NS:
        return ""
    if why := why_hardly_known(run.timeline, ribbon, since, until):
        return f" For how long the GIL{whose}{which} was held can't be told: {why}."
    if known < SHORT_NS:
        return ""
    if ribbon.inferred:  # where it is known, somebody holds it
        share = f"at least {percent(shares.held / length)} of the time"
    else:
        share = f"{percent(shares.held / known)} of the {seconds(known)} of which it is known"
    handed = ribbon.handed(until) - ribbon.handed(since)
    rate = handed * NS_PER_S / length
    often = f"{count(round(rate), 'time')} a second" if rate >= 1 else count(handed, "time")
    changed = f"changed hands at least {often}" if handed else "was not seen to change hands"
    return f" The GIL{whose}{which} was held for {share}, and {changed}."
