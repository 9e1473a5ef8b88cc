"""The reports as text: one run, or several side by side."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from threadviz.findings import comparison, findings, verdict
from threadviz.findings.comparing import BASELINE
from threadviz.findings.words import count
from threadviz.picture.heading import cannot, machine, what_ran, who_watched
from threadviz.picture.plain import printable
from threadviz.report.lanes import Picture
from threadviz.report.paper import Paper
from threadviz.report.tables import comparison_table, totals_table
from threadviz.report.tasks import task_table
from threadviz.timeline import Timeline


def run_report(timeline: Timeline, paper: Paper) -> str:
    """Return what one run was: its lanes, tasks, totals and findings."""
    picture = Picture([timeline], paper)
    tasks, left_out = task_table(timeline, paper.width)
    return paper.render(
        Text(what_ran(timeline), style="bold"),
        Text(machine(timeline.header)),
        Text(who_watched(timeline)),
        *_sentence(cannot(timeline.header)),
        *_section("Lanes", [*picture.axis(), *picture.lanes(timeline), "", *picture.legend()]),
        *_section("Tasks, in the order in which they finished", [tasks, *_left_out(left_out)]),
        *_section("Totals", [totals_table(timeline)]),
        *_section("Findings", [_items((each.text for each in findings(timeline)), paper)]),
    )


def comparison_report(timelines: Mapping[str, Timeline], paper: Paper, not_run: Sequence[str] = ()) -> str:
    """Return several runs side by side, each under a mode of its own; there is at least one.

    `not_run` are modes that did not get their turn.
    """
    runs = list(timelines.values())
    header = runs[0].header
    picture = Picture(runs, paper)
    lanes: list[RenderableType] = [*picture.axis()]
    for timeline in runs:
        lanes += [Text(what_ran(timeline), style="bold"), *picture.lanes(timeline), ""]
    baseline = BASELINE if BASELINE in timelines else next(iter(timelines))
    verdicts = verdict(timelines, not_run)
    beside = [finding.text for found in comparison(timelines).values() for finding in found]
    return paper.render(
        Text(f"{printable(header.workload)}, one mode after the other", style="bold"),
        Text(f"{machine(header)}, probe {printable(header.probe.name)}"),
        *_sentence(cannot(header)),
        *_section("Lanes", [*lanes, *picture.legend()]),
        *_section("Totals", [comparison_table(timelines, verdicts, baseline)]),
        *_section("Verdict", [_items((each.text for each in verdicts), paper)]),
        *(_section("Findings", [_items(beside, paper)]) if beside else ()),
    )


def _section(title: str, parts: Iterable[RenderableType]) -> list[RenderableType]:
    return ["", Text(title, style="bold"), *parts]


def _sentence(text: str) -> Iterator[Text]:
    if text:
        yield Text(text)


def _left_out(number: int) -> Iterator[Text]:
    if number:
        yield Text(f"({count(number, 'task')} left out here; --json has all tasks)", style="dim")


def _items(texts: Iterable[str], paper: Paper) -> Table:
    """One below the other, each with a mark before it."""
    table = Table.grid(padding=(0, 1, 0, 0))
    for text in texts:
        table.add_row("*" if paper.plain else "•", Text(printable(text)))
    return table
