"""What a view begins with, in words: what was run, on what, and who watched."""

from threadviz.events import Header
from threadviz.findings.figures import SHORT_NS
from threadviz.findings.words import count, percent
from threadviz.picture.figures import there_were
from threadviz.picture.plain import printable
from threadviz.picture.window import measured
from threadviz.processes.endings import how_it_ended
from threadviz.timeline import Timeline
from threadviz.vocabulary import State, Watches


def what_ran(timeline: Timeline) -> str:
    """What was run, and how much of it there was: tasks and workers, or the threads and processes of a program."""
    header = timeline.header
    if header.watches is not Watches.WORKLOAD:
        return printable(f"{header.workload}, {header.mode}: {_how_much(timeline)}")
    words = f"{header.workload}, {header.mode}: {count(header.tasks, 'task')}"
    there = len(timeline.workers)
    if there == header.workers:
        words += f", {count(there, 'worker')}"
    elif there:
        words += f", up to {count(header.workers, 'worker')}: the pool started {there}"
    return printable(words)


def _how_much(timeline: Timeline) -> str:
    """How many threads and processes of a program were seen, and how it ended, where it has."""
    threads, processes = there_were(timeline)
    words = f"{count(threads, 'thread')} seen"
    if processes > 1:
        words += f" in {processes} processes"
    closed = timeline.closed
    return words if closed is None or closed.status is None else f"{words}, {how_it_ended(closed.status)}"


def machine(timeline: Timeline) -> str:
    """The Python and the machine."""
    header = timeline.header
    return printable(f"{python(timeline)}, {count(header.cores, 'core')}, {header.platform}")


def python(timeline: Timeline) -> str:
    """The Python of the subject, or of the program's first process, and whether it has a GIL, as far as it is known."""
    version, gil = timeline.python, timeline.gil
    words = f"Python {version}" if version else "no CPython that is known"
    return printable(words if gil is None else f"{words} {'with' if gil else 'without'} the GIL")


def who_watched(timeline: Timeline) -> str:
    """The probe, the rate that it reached, what it missed, and what it took; and what reading the stacks took."""
    watching = timeline.watching
    words = f"Probe {timeline.header.probe.name}"
    short = measured(timeline).length < SHORT_NS
    if watching.rounds and short:
        words += f": {count(watching.rounds, 'look')}, {watching.missed} missed"
    elif watching.rounds:
        words += f": {watching.achieved_hz:.0f} looks a second ({watching.asked_hz:.0f} asked for)"
        words += f", {watching.missed} missed, {percent(watching.cpu_share)} of a core"
    if stacks := stacks_cost(timeline):
        words += f"; {stacks}"
    return printable(words)


def stacks_cost(timeline: Timeline) -> str:
    """How often py-spy read the stacks, and what that took, as a clause; nothing where it was not asked to."""
    stacks = timeline.stacks
    if stacks is None:
        return ""
    words = f"py-spy: {count(stacks.dumps, 'dump')}"
    if stacks.failed:
        words += f" ({stacks.failed} failed)"
    if stacks.t >= SHORT_NS:
        words += f", {percent(stacks.cpu_ns / stacks.t)} of a core"
    return printable(f"{words}, and no more: {stacks.why}" if stacks.why else words)


def cannot(header: Header) -> str:
    """What the probe can't tell, as a sentence; nothing where it can tell all."""
    return printable(f"The probe can't tell {header.probe.cannot}.") if header.probe.cannot else ""


def cannot_briefly(header: Header) -> str:
    """The most important of what the probe can't tell, in a few words; nothing where it tells what is waited for."""
    told = [state.value for state in header.probe.tells if state not in {State.IDLE, State.UNKNOWN}]
    return f"tells only {' from '.join(told)}" if told and State.IO not in header.probe.tells else ""
