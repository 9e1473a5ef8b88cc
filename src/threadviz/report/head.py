"""What a report begins with: what was run, on what, and who watched."""

from collections.abc import Iterator

from rich.text import Text

from threadviz.events import Header
from threadviz.findings.figures import SHORT_NS
from threadviz.findings.words import count, percent
from threadviz.report.facts import probe_facts
from threadviz.report.plain import printable
from threadviz.report.window import measured
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
    gil = "with" if header.gil else "without"
    return printable(
        f"Python {header.python} {gil} the GIL, {count(header.cores, 'core')}, {header.platform}"
    )


def cannot(header: Header) -> Iterator[Text]:
    """Yield what the probe can't tell, if there is anything."""
    if header.probe.cannot:
        yield Text(printable(f"The probe can't tell {header.probe.cannot}."))


def head(timeline: Timeline) -> Iterator[Text]:
    """Yield the first lines of the report on one run."""
    yield Text(what_ran(timeline), style="bold")
    yield Text(machine(timeline.header))
    facts, tick = probe_facts(timeline), timeline.tick
    words = f"Probe {facts.name}"
    if tick and measured(timeline).length < SHORT_NS:
        words += f": {count(tick.rounds, 'look')}, {tick.missed} missed"
    elif tick:
        words += f": {facts.rate_hz.achieved:.0f} looks a second ({facts.rate_hz.asked:.0f} asked for)"
        words += f", {facts.missed} missed, {percent(facts.cpu_share)} of a core"
    yield Text(printable(words))
    yield from cannot(timeline.header)
