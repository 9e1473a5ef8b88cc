"""Findings about a program: what its threads did with their time, whatever they were for."""

from threadviz.events import State
from threadviz.findings.figures import COMPUTING, SHORT_NS, WAITING, Finding
from threadviz.findings.outcome import UNKNOWN_MATTERS
from threadviz.findings.shape import SLOW_CALLBACK_NS
from threadviz.findings.states import MATTERS
from threadviz.findings.threads import ThreadFigures
from threadviz.findings.words import NS_PER_S, count, percent, seconds
from threadviz.processes.endings import how_it_ended
from threadviz.timeline import Lane, Ribbon

MANY_THREADS = 100
"""So many threads that came and went are worth a word ..."""

A_SECOND = 10
"""... where it was at least so many a second, and on average they were there for less than ..."""

SHORT_LIVED = 0.25
"""... this share of the program's time."""

_WAITS = (State.READY, State.GIL, *WAITING)
_FOR = {
    State.READY: "for a CPU core",
    State.GIL: "for the GIL",
    State.IO: "for input or output",
    State.LOCK: "for a lock",
    State.SLEEP: "in a timer",
    State.WAITING: "for what can't be seen",
}


def program_succeeded(run: ThreadFigures) -> Finding | None:
    """Said only of a program that did not end well."""
    closed = run.timeline.closed
    if closed is None or not closed.status:
        return None
    after = seconds(run.totals.total_ns)
    text = f"The program ended after {after}: {how_it_ended(closed.status)}."
    return Finding("program_succeeded", holds=False, text=text)


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


def _held(run: ThreadFigures, ribbon: Ribbon) -> str:
    """For how long a GIL was held, as a sentence of its own, with a space before it."""
    since, until = run.since, run.until
    shares, length = ribbon.shares(since, until), until - since
    known = shares.held + shares.free
    if known < SHORT_NS:
        return ""
    if ribbon.inferred:  # where it is known, somebody holds it
        share = f"at least {percent(shares.held / length)} of the time"
    elif shares.open > UNKNOWN_MATTERS * length:
        share = f"{percent(shares.held / known)} of the {seconds(known)} of which that is known"
    else:
        share = f"{percent(shares.held / known)} of the time"
    seen = run.timeline.processes.get(ribbon.pid)
    process = f"{seen.name} (process {seen.pid})" if seen else f"process {ribbon.pid}"
    whose = f" of {process}" if len({each.pid for each in run.timeline.ribbons}) > 1 else ""
    which = f", that of interpreter {ribbon.interpreter}," if ribbon.interpreter else ""
    handed = ribbon.handed(until) - ribbon.handed(since)
    rate = handed * NS_PER_S / length
    often = f"{count(round(rate), 'time')} a second" if rate >= 1 else count(handed, "time")
    return f" The GIL{whose}{which} was held for {share}, and changed hands at least {often}."


def cores_were_enough(run: ThreadFigures) -> Finding | None:
    """How long threads that could run waited for a CPU core."""
    ready, running = (run.totals.states.get(state, 0) for state in (State.READY, State.RUNNING))
    if not ready + running or not run.tells(State.READY):
        return None
    share = ready / (ready + running)
    text = (
        f"Of the time that threads could run, they waited for a CPU core for {percent(share)}"
        f" ({seconds(ready)} of {seconds(ready + running)})"
    )
    if share < MATTERS:
        return Finding("cores_were_enough", holds=True, text=f"{text}: there were cores enough.")
    could = f"on average {run.contenders:.1f} of its own threads could run then"
    cores = count(run.header.cores, "core")
    if round(run.contenders) <= run.header.cores:
        why = f"{could}, no more than {cores} can take, so that other programs had them"
    else:
        why = f"{could}, more than {cores} can take"
    return Finding("cores_were_enough", holds=False, text=f"{text}: {why}.")


def who_waited_most(run: ThreadFigures) -> Finding | None:
    """The thread that waited longest, and what for: of those that are there one by one."""
    if run.totals.total_ns < SHORT_NS or not run.tells_waits:
        return None
    waits = {lane: sum(run.states[lane][state] for state in _WAITS) for lane in run.threads}
    most = max(waits, key=waits.__getitem__, default=None)
    if most is None or not waits[most]:
        return None
    states = run.states[most]
    state = max(_WAITS, key=states.__getitem__)
    there = sum(states.values())
    text = (
        f"{most.name} waited most: for {seconds(waits[most])} of the {seconds(there)} that it was there,"
        f" {seconds(states[state])} of that {_FOR[state]}."
    )
    return Finding("who_waited_most", holds=True, text=text)


def loops_could_answer(run: ThreadFigures) -> Finding | None:
    """For how long event loops could not have answered, since they were first seen to wait for events."""
    until = run.until
    loops = [(lane, *lane.blocked(until)) for lane in run.timeline.loops]
    if not loops:
        return None
    lane, blocked, longest = max(loops, key=lambda each: each[2])
    which = f"The event loop in {_thread(lane)}"
    if len(loops) > 1:
        which = f"Of {len(loops)} event loops, the one in {_thread(lane)} was held up longest: it"
    asked = (until if lane.end is None else min(lane.end, until)) - (lane.loop_since or 0)
    share = f" ({percent(blocked / asked)} of the time since it was known)" if asked >= SHORT_NS else ""
    figures = f"for {seconds(blocked)} in all{share}, for {seconds(longest)} at most at a stretch"
    if longest < SLOW_CALLBACK_NS:
        text = f"{which} could answer soon at any time: it was busy {figures}."
        return Finding("loops_could_answer", holds=True, text=text)
    return Finding("loops_could_answer", holds=False, text=f"{which} could not answer {figures}.")


def _thread(lane: Lane) -> str:
    return lane.name.removesuffix(" (loop)")


def threads_stayed(run: ThreadFigures) -> Finding | None:
    """Said only where threads came and went in great number: each is to be started, and to be ended.

    One that lives for less than a look may not be seen.
    """
    gone, lived = run.gone
    total = run.totals.total_ns
    if gone < MANY_THREADS or gone * NS_PER_S < A_SECOND * total or lived > SHORT_LIVED * gone * total:
        return None
    rate = f"{gone * NS_PER_S / total:.0f} a second"
    text = f"At least {gone} threads came and went, {rate}: on average, one was there for {seconds(lived // gone)}."
    return Finding("threads_stayed", holds=False, text=text)


def processes_told(run: ThreadFigures) -> Finding | None:
    """Said only where there is something that can't be told of a process."""
    seen = run.timeline.processes.values()
    clauses = dict.fromkeys(each.cannot for each in seen if each.cannot)
    if not clauses:
        return None
    told = []
    for clause in clauses:
        mine = [each for each in seen if each.cannot == clause]
        one = f"of {mine[0].name} (process {mine[0].pid})"
        whose = one if len(mine) == 1 else f"of {len(mine)} of {len(seen)} processes"
        told.append(f"{whose}: {clause}")
    return Finding("processes_told", holds=False, text=f"Not all can be told {'; '.join(told)}.")
