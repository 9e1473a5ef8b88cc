"""What a view begins with, in words: what was run, on what, and who watched."""

from threadviz.events import Header, State
from threadviz.findings.figures import SHORT_NS
from threadviz.findings.words import count, percent
from threadviz.picture.plain import printable
from threadviz.picture.window import measured
from threadviz.timeline import Timeline


def what_ran(timeline: Timeline) -> str:
    """The workload, the mode, and how many tasks and workers there were."""
    header = timeline.header
    words = f"{header.workload}, {header.mode}: {count(header.tasks, 'task')}"
    there = len(timeline.workers)
    if there == header.workers:
        words += f", {count(there, 'worker')}"
    elif there:
        words += f", up to {count(header.workers, 'worker')}: the pool started {there}"
    return printable(words)


def machine(header: Header) -> str:
    """The Python and the machine."""
    return printable(f"{python(header)}, {count(header.cores, 'core')}, {header.platform}")


def python(header: Header) -> str:
    """The Python, and whether it has a GIL."""
    return printable(f"Python {header.python} {'with' if header.gil else 'without'} the GIL")


def who_watched(timeline: Timeline) -> str:
    """The probe, the rate that it reached, what it missed, and what it took."""
    watching = timeline.watching
    words = f"Probe {timeline.header.probe.name}"
    if watching.rounds and measured(timeline).length < SHORT_NS:
        words += f": {count(watching.rounds, 'look')}, {watching.missed} missed"
    elif watching.rounds:
        words += f": {watching.achieved_hz:.0f} looks a second ({watching.asked_hz:.0f} asked for)"
        words += f", {watching.missed} missed, {percent(watching.cpu_share)} of a core"
    return printable(words)


def cannot(header: Header) -> str:
    """What the probe can't tell, as a sentence; nothing where it can tell all."""
    return printable(f"The probe can't tell {header.probe.cannot}.") if header.probe.cannot else ""


def cannot_briefly(header: Header) -> str:
    """The most important of what the probe can't tell, in a few words; nothing where it tells what is waited for."""
    told = [state.value for state in header.probe.tells if state not in {State.IDLE, State.UNKNOWN}]
    return f"tells only {' from '.join(told)}" if told and State.IO not in header.probe.tells else ""
