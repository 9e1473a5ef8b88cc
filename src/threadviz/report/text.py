"""The reports as text: one run, or several side by side."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from threadviz.findings import answer, comparison, findings, same_work, verdict
from threadviz.findings.comparing import baseline_of
from threadviz.findings.words import count
from threadviz.picture.heading import cannot, machine, what_ran, who_watched
from threadviz.picture.plain import printable
from threadviz.report.holders import holders
from threadviz.report.lanes import Picture
from threadviz.report.paper import Paper
from threadviz.report.tables import comparison_table, totals_table
from threadviz.report.tasks import task_table
from threadviz.timeline import Timeline
from threadviz.vocabulary import Watches

_TASKS = "Tasks, in the order in which they finished"


def run_report(timeline: Timeline, paper: Paper) -> str:
    """Return what one run was: its lanes, tasks, totals and findings."""
    picture = Picture([timeline], paper)
    tasks, left_out = task_table(timeline, paper.width)
    found, held = findings(timeline), [*holders(timeline)]
    of_program = timeline.header.watches is not Watches.WORKLOAD
    return paper.render(
        Text(what_ran(timeline), style="bold"),
        Text(machine(timeline)),
        Text(who_watched(timeline)),
        *_sentence(cannot(timeline.header)),
        *_section("Lanes", [*picture.axis(), *picture.lanes(timeline), "", *picture.legend()]),
        *(_section("Who held the GIL, as far as was seen", held) if held else ()),
        *(_section(_TASKS, [tasks, *_left_out(left_out)]) if timeline.tasks or not of_program else ()),
        *_section("Totals", [totals_table(timeline)]),
        *(_section("Findings", [_items((each.text for each in found), paper)]) if found else ()),
    )


def comparison_report(timelines: Mapping[str, Timeline], paper: Paper, not_run: Sequence[str] = ()) -> str:
    """Return several runs side by side, each under a mode of its own; there is at least one.

    `not_run` are modes that did not get their turn.
    """
    runs = list(timelines.values())
    picture = Picture(runs, paper)
    lanes: list[RenderableType] = [*picture.axis()]
    for label, timeline in timelines.items():
        lanes += [Text(_which(label, timeline), style="bold"), *picture.lanes(timeline), ""]
    baseline = baseline_of(timelines) if same_work(runs) else None
    verdicts = verdict(timelines, not_run)
    beside = [finding.text for found in comparison(timelines).values() for finding in found]
    return paper.render(
        Text(_what_is_compared(timelines), style="bold"),
        *map(Text, _on_what(timelines)),
        *map(Text, dict.fromkeys(words for each in runs if (words := cannot(each.header)))),
        *_section("Lanes", [*lanes, *picture.legend()]),
        *_section("Totals", [comparison_table(timelines, verdicts, baseline)]),
        *_section(
            "Verdict",
            [*_sentence(answer(timelines, verdicts)), _items((each.text for each in verdicts), paper)],
        ),
        *(_section("Findings", [_items(beside, paper)]) if beside else ()),
    )


def _what_is_compared(timelines: Mapping[str, Timeline]) -> str:
    headers = [timeline.header for timeline in timelines.values()]
    workloads = printable(", ".join(dict.fromkeys(header.workload for header in headers)))
    if same_work(timelines.values()) and [*timelines] == [header.mode for header in headers]:
        return f"{workloads}, one mode after the other"
    return f"{workloads}: {len(headers)} runs side by side"


def _which(label: str, timeline: Timeline) -> str:
    """What ran, and where that does not tell it from the others, by what label it goes."""
    ran = what_ran(timeline)
    return ran if label == timeline.header.mode else f"{printable(label)}: {ran}"


def _on_what(timelines: Mapping[str, Timeline]) -> list[str]:
    """The machines and the probes: of each run, where they are not the same."""
    of_each = {
        label: f"{machine(timeline)}, probe {printable(timeline.header.probe.name)}"
        for label, timeline in timelines.items()
    }
    if len(set(of_each.values())) == 1:
        return [*set(of_each.values())]
    return [f"{printable(label)}: {words}" for label, words in of_each.items()]


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
