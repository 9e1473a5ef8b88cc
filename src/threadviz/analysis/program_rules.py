"""Findings about a program: what its threads did with their time, whatever they were for."""

from collections import Counter
from collections.abc import Sequence

from threadviz.analysis.metrics import COMPUTING, FEW_LOOKS, SHORT_NS, WAITING, Finding, ProgramMetrics
from threadviz.analysis.workload_rules import MATTERS, SLOW_CALLBACK_NS, who_had_the_cores
from threadviz.processes import how_it_ended
from threadviz.protocol.events import State
from threadviz.text import NS_PER_S, count, percent, seconds
from threadviz.timeline import GilTimeline, Lane, Role, Timeline

MANY_THREADS = 50
"""More threads than these that came and went are worth a word ..."""

TO_ONE = 5
"""... where they are more than so many to one that stayed, and on average were there for no more than ..."""

SHORT_LIVED = 0.25
"""... this share of the program's time."""

SOME_FLEETING = 5
"""So many threads that were hardly there to be seen are worth a word on those that were not."""


def program_succeeded(run: ProgramMetrics) -> Finding | None:
    """Said only of a program that did not end well."""
    closed = run.timeline.closed
    if closed is None or not closed.status:
        return None
    after = seconds(run.totals.total_ns)
    text = f"The program ended after {after}: {how_it_ended(closed.status)}."
    return Finding("program_succeeded", holds=False, text=text)


def cores_were_enough(run: ProgramMetrics) -> Finding | None:
    """How long threads that could run waited for a CPU core."""
    ready, running = (run.totals.states.get(state, 0) for state in (State.READY, State.RUNNING))
    if not ready + running or not run.tells(State.READY):
        return None
    share = ready / (ready + running)
    text = (
        f"Of the time that threads could run, they waited for a CPU core for {percent(share)}"
        f" ({seconds(ready)} of {seconds(ready + running)})"
    )
    if share < MATTERS or ready < SHORT_NS:
        return Finding("cores_were_enough", holds=True, text=f"{text}: there were cores enough.")
    return Finding(
        "cores_were_enough", holds=False, text=f"{text}: {who_had_the_cores(run, 'its own threads')}."
    )


def loops_could_answer(run: ProgramMetrics) -> Finding | None:
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


def threads_stayed(run: ProgramMetrics) -> Finding | None:
    """Said only where threads came and went in great number: each is to be started, and to be ended.

    One that lives for less than a look may not be seen: where there were such, that is said.
    """
    gone, lived = run.gone
    total = run.totals.total_ns
    stayed = sum(lane.end is None for lane in run.threads)
    if gone <= max(MANY_THREADS, TO_ONE * stayed) or lived > SHORT_LIVED * gone * total:
        return _threads_not_seen(run)
    each_second = round(gone * NS_PER_S / total) if total else 0
    rate = f", {each_second} a second" if each_second else ""
    text = f"At least {gone} threads came and went{rate}: on average, one was there for {seconds(lived // gone)}."
    return Finding("threads_stayed", holds=False, text=text)


def _threads_not_seen(run: ProgramMetrics) -> Finding | None:
    """Said where some have come and gone between two looks, or others were hardly there for longer."""
    told = []
    if unseen := run.timeline.unseen_tasks:
        told.append(f"{count(unseen, 'task')} ran in threads that were never seen")
    if run.fleeting >= SOME_FLEETING:
        told.append(
            f"{run.fleeting} of {len(run.threads)} threads that were seen were there for less than"
            f" {seconds(run.looks_ns)} ({FEW_LOOKS} looks), and others may have been gone before they were seen"
        )
    if not told:
        return None
    text = f"Threads came and went so fast that they can't be counted: {'; '.join(told)}."
    return Finding("threads_stayed", holds=False, text=text)


def processes_told(run: ProgramMetrics) -> Finding | None:
    """Said only where there is something that can't be told of a process, in which threads could share a GIL."""
    seen = run.timeline.processes.values()
    concerned = [each for each in seen if each.cannot and run.has_had_several(each.pid)]
    if not concerned:
        return None
    told = []
    for clause in dict.fromkeys(each.cannot for each in concerned):
        mine = [each for each in concerned if each.cannot == clause]
        one = f"of {mine[0].name} (process {mine[0].pid})"
        whose = one if len(mine) == 1 else f"of {len(mine)} of {len(seen)} processes"
        told.append(f"Not all can be told {whose}: {clause}.")
    return Finding("processes_told", holds=False, text=" ".join(told))


# The finding about the GIL of a program: how long threads waited for it, and for how long it was held.

KNOWN_ENOUGH = 0.05
"""Where it is known of less than this share of the time who held the GIL, no figures of that are told ..."""

LOOKS_ENOUGH = 20
"""... nor where there were fewer looks."""


def gil_waited_for(run: ProgramMetrics) -> Finding | None:
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
    gil_timeline = run.timeline.gil_timeline
    return Finding(
        "gil_waited_for", holds, f"{text}.{'' if gil_timeline is None else _held(run, gil_timeline)}"
    )


def why_hardly_known(timeline: Timeline, gil_timeline: GilTimeline, since: int, until: int) -> str:
    """Why no figures are told of who held a GIL within [since, until] (ns), as a clause; empty where they are."""
    shares, length = gil_timeline.shares(since, until), until - since
    known = shares.held + shares.free
    if not known or known < KNOWN_ENOUGH * length:
        return f"who had it is known of no more than {seconds(known)} of {seconds(length)}"
    rounds = timeline.observer_stats.rounds
    if 0 < rounds < LOOKS_ENOUGH:  # of a stream that is cut short it may not be known
        return f"the observer looked no more than {count(rounds, 'time')}"
    return ""


def _held(run: ProgramMetrics, gil_timeline: GilTimeline) -> str:
    """For how long a GIL was held, as a sentence of its own, with a space before it."""
    since, until = run.since, run.until
    shares, length = gil_timeline.shares(since, until), until - since
    known = shares.held + shares.free
    seen = run.timeline.processes.get(gil_timeline.pid)
    process = f"{seen.name} (process {seen.pid})" if seen else f"process {gil_timeline.pid}"
    whose = f" of {process}" if len({each.pid for each in run.timeline.gil_timelines}) > 1 else ""
    which = f", that of interpreter {gil_timeline.interpreter}," if gil_timeline.interpreter else ""
    if length < SHORT_NS:
        return ""
    if why := why_hardly_known(run.timeline, gil_timeline, since, until):
        return f" For how long the GIL{whose}{which} was held can't be told: {why}."
    if known < SHORT_NS:
        return ""
    if gil_timeline.inferred:  # where it is known, somebody holds it
        share = f"at least {percent(shares.held / length)} of the time"
    else:
        share = f"{percent(shares.held / known)} of the {seconds(known)} of which it is known"
    handed = gil_timeline.hand_offs(until) - gil_timeline.hand_offs(since)
    rate = handed * NS_PER_S / length
    often = f"{count(round(rate), 'time')} a second" if rate >= 1 else count(handed, "time")
    changed = f"changed hands at least {often}" if handed else "was not seen to change hands"
    return f" The GIL{whose}{which} was held for {share}, and {changed}."


# The finding about the thread of a program that waited most.

ONLY_LOCKS = 0.9
"""A main thread whose waits are locks to this share waits for other threads to end, which is no cost."""

_WAITS = (State.READY, State.GIL, *WAITING)
_AT_WORK = (State.RUNNING, State.READY, State.GIL, State.IO)
_FOR = {
    State.READY: "for a CPU core",
    State.GIL: "for the GIL",
    State.IO: "for input or output",
    State.LOCK: "for a lock",
    State.SLEEP: "in a timer",
    State.WAITING: "for what can't be seen",
}


def who_waited_most(run: ProgramMetrics) -> Finding | None:
    """The thread that waited longest, and what for: of several that are there one by one, and have work to do."""
    if run.totals.total_ns < SHORT_NS or not run.tells_waits or len(run.threads) < 2:
        return None
    waits = {lane: sum(run.states[lane][state] for state in _WAITS) for lane in _asked_of(run)}
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


def _asked_of(run: ProgramMetrics) -> Sequence[Lane]:
    """The threads that do something, or would: else those that might, where none does, as when all wait for a lock.

    Waiting for events is what event loops are for. A main thread that has started others waits for their end.
    """
    others = [
        lane
        for lane in run.threads
        if not _is_idle_loop(lane, run.states[lane])
        and not (lane.is_main and _waits_for_locks(run.states[lane]))
    ]
    return [lane for lane in others if _is_at_work(run.states[lane])] or others


def _is_idle_loop(lane: Lane, states: Counter[State]) -> bool:
    return lane.role is Role.LOOP and 2 * states[State.IDLE] >= sum(states.values())


def _waits_for_locks(states: Counter[State]) -> bool:
    waits = sum(states[state] for state in _WAITS)
    return waits > 0 and states[State.LOCK] >= ONLY_LOCKS * waits


def _is_at_work(states: Counter[State]) -> bool:
    return sum(states[state] for state in _AT_WORK) >= max(MATTERS * sum(states.values()), 1)
