"""Tables, and that of the totals of one run or of more."""

from collections.abc import Mapping, Sequence

from rich.table import Table

from threadviz.events import State
from threadviz.findings import Verdict
from threadviz.findings.figures import SHORT_NS
from threadviz.report.brief import brief_percent, brief_seconds
from threadviz.report.facts import probe_facts
from threadviz.report.window import measured
from threadviz.timeline import Timeline

NOTHING = "-"
"""What stands where there is no figure."""


def columns(*names: str, gap: int = 2) -> Table:
    """Return an empty table with these columns; a name that begins with '>' is one of figures."""
    table = Table(box=None, padding=(0, gap, 0, 0), pad_edge=False, header_style="bold")
    for name in names:
        if name.startswith(">"):
            table.add_column(name[1:], justify="right", no_wrap=True)
        else:
            table.add_column(name, overflow="fold")
    return table


def totals_table(timeline: Timeline) -> Table:
    """The figures of one run, each with what it is of."""
    table = _figure_table("")
    for name, figure, about in _figures(timeline):
        table.add_row(name, figure, about)
    return table


def comparison_table(timelines: Mapping[str, Timeline], verdicts: Sequence[Verdict], baseline: str) -> Table:
    """The figures of several runs, side by side: a row for each figure, a column for each mode."""
    table = _figure_table(*timelines)
    figures = [[*_figures(timeline), *_observer(timeline)] for timeline in timelines.values()]
    against = [
        (f"against {baseline}", times(each.speedup), f"speed-up: total of {baseline} / total")
        for each in verdicts
        if each.mode in timelines
    ]
    (total, *others) = zip(*figures, strict=True)
    for row in (total, against, *others):
        name, _, about = row[0]
        table.add_row(name, *(figure for _, figure, _ in row), about)
    return table


def _figure_table(*headings: str) -> Table:
    table = columns("", *(f">{heading}" for heading in headings), "")
    table.show_header = any(headings)
    table.columns[-1].style = "dim"
    return table


def _figures(timeline: Timeline) -> list[tuple[str, str, str]]:
    """The totals of a run: what each is called, its figure, and what it is of."""
    totals = timeline.totals()
    least = "" if State.IO in timeline.header.probe.tells else ", at least: as far as the probe can tell"
    speedup = totals.speedup if timeline.finished_tasks() else None
    cpus = totals.parallelism
    return [
        ("total", brief_seconds(totals.total_ns), "the workload, begin to end"),
        ("sum of the tasks", brief_seconds(totals.sum_ns), "of their elapsed times"),
        ("slowest task", brief_seconds(totals.slowest_ns), ""),
        (
            "against the sum",
            times(speedup),
            "sum / total; in it, waits for the GIL or a core count as task time",
        ),
        ("parallelism", NOTHING if cpus is None else f"{cpus:.2f}", "CPU time / total"),
        ("loop could not answer", brief_seconds(totals.loop_blocked_ns), f"in all, busy or blocked{least}"),
        ("longest stretch", brief_seconds(totals.loop_longest_ns), f"of that{least}"),
    ]


def _observer(timeline: Timeline) -> list[tuple[str, str, str]]:
    """What the observer did, as `_figures` has it."""
    facts, short = probe_facts(timeline), measured(timeline).length < SHORT_NS
    rate, cost = f"{facts.rate_hz.achieved:.0f}", brief_percent(facts.cpu_share)
    return [
        ("looks", NOTHING if short else rate, f"a second, {facts.rate_hz.asked:.0f} asked for"),
        ("missed", f"{facts.missed}", "looks"),
        ("observer's cost", NOTHING if short else cost, "of one core"),
    ]


def times(factor: float | None) -> str:
    """Return a factor as '3.21x'."""
    return NOTHING if factor is None else f"{factor:.2f}x"
