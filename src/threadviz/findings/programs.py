"""Findings about a program: what its threads did with their time, whatever they were for."""

from threadviz.findings.figures import SHORT_NS, Finding
from threadviz.findings.shape import SLOW_CALLBACK_NS
from threadviz.findings.states import MATTERS, who_had_the_cores
from threadviz.findings.threads import FEW_LOOKS, ThreadFigures
from threadviz.findings.words import NS_PER_S, count, percent, seconds
from threadviz.processes.endings import how_it_ended
from threadviz.timeline import Lane
from threadviz.vocabulary import State

MANY_THREADS = 50
"""More threads than these that came and went are worth a word ..."""

TO_ONE = 5
"""... where they are more than so many to one that stayed, and on average were there for no more than ..."""

SHORT_LIVED = 0.25
"""... this share of the program's time."""

SOME_FLEETING = 5
"""So many threads that were hardly there to be seen are worth a word on those that were not."""


def program_succeeded(run: ThreadFigures) -> Finding | None:
    """Said only of a program that did not end well."""
    closed = run.timeline.closed
    if closed is None or not closed.status:
        return None
    after = seconds(run.totals.total_ns)
    text = f"The program ended after {after}: {how_it_ended(closed.status)}."
    return Finding("program_succeeded", holds=False, text=text)


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
    if share < MATTERS or ready < SHORT_NS:
        return Finding("cores_were_enough", holds=True, text=f"{text}: there were cores enough.")
    return Finding(
        "cores_were_enough", holds=False, text=f"{text}: {who_had_the_cores(run, 'its own threads')}."
    )


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


def _threads_not_seen(run: ThreadFigures) -> Finding | None:
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


def processes_told(run: ThreadFigures) -> Finding | None:
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
