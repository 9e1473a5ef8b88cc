"""Tables, and that of the totals of one run or of more."""

from collections.abc import Mapping, Sequence

from rich.table import Table

from threadviz.findings import Verdict
from threadviz.picture.figures import NOTHING, Row, observer_rows, times, totals_rows
from threadviz.picture.plain import printable
from threadviz.timeline import Timeline


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
    for row in totals_rows(timeline):
        table.add_row(*row)
    return table


def comparison_table(
    timelines: Mapping[str, Timeline], verdicts: Sequence[Verdict], baseline: str | None
) -> Table:
    """The figures of several runs, side by side: a row for each figure, a column for each mode.

    `baseline` is what they are measured by, None where that makes no sense.
    """
    table = _figure_table(*map(printable, timelines))
    figures = [[*totals_rows(timeline), *observer_rows(timeline)] for timeline in timelines.values()]
    # Of a program there are other figures than of a workload: each row has what there is.
    named = [{row.name: row for row in each} for each in figures]
    there = {row.name: row for each in reversed(figures) for row in each}
    order = dict.fromkeys(row.name for each in figures for row in each)
    rows = [[each.get(name, Row(name, NOTHING, there[name].about)) for each in named] for name in order]
    if baseline is not None:
        name = printable(baseline)
        against = [
            Row(f"against {name}", times(each.speedup), f"speed-up: total of {name} / total")
            for each in verdicts
            if each.mode in timelines
        ]
        rows.insert(1, against)
    for row in rows:
        name, _, about = row[0]
        table.add_row(name, *(figure for _, figure, _ in row), about)
    return table


def _figure_table(*headings: str) -> Table:
    table = columns("", *(f">{heading}" for heading in headings), "")
    table.show_header = any(headings)
    table.columns[-1].style = "dim"
    return table
