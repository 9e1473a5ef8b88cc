"""What a report begins with: what was run, on what, and who watched."""

from collections.abc import Iterator

from rich.text import Text

from threadviz.events import Header
from threadviz.findings.words import count, percent
from threadviz.report.facts import probe_facts
from threadviz.report.plain import printable
from threadviz.timeline import Timeline


def what_ran(timeline: Timeline) -> str:
    """The workload, the mode, and how many tasks and workers there were."""
    header = timeline.header
    words = f"{header.workload}, {header.mode}: {count(header.tasks, 'task')}"
    there = len(timeline.workers)
    if there:
        asked = f" of {header.workers} asked for" if there != header.workers else ""
        words += f", {count(there, 'worker')}{asked}"
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
    facts = probe_facts(timeline)
    looks = f"{facts.rate_hz.achieved:.0f} of {facts.rate_hz.asked:.0f} looks a second, {facts.missed} missed"
    yield Text(printable(f"Probe {facts.name}: {looks}, {percent(facts.cpu_share)} of a core"))
    yield from cannot(timeline.header)
