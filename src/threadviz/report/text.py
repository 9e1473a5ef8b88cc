"""The reports as text: one run, or several side by side."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from threadviz.analysis import Verdict, answer, comparison, findings, same_work, verdict
from threadviz.analysis.comparison import baseline_of
from threadviz.analysis.metrics import SHORT_NS
from threadviz.presentation.cells import Window, run_window
from threadviz.presentation.summary import (
    NOTHING,
    SummaryRow,
    TaskStage,
    TaskSummary,
    machine_summary,
    observer_rows,
    observer_summary,
    probe_limits,
    speedup_text,
    task_row,
    tasks_by_finish,
    totals_rows,
    wait_kinds,
    what_ran,
)
from threadviz.protocol.events import State, TargetKind
from threadviz.report.console import MIN_WIDTH, PIPED_WIDTH, ReportConsole
from threadviz.report.lane_chart import LaneChart
from threadviz.text import NS_PER_S, brief_percent, count, printable
from threadviz.timeline import Lane, Timeline

# Tables, and that of the totals of one run or of more.


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
    rows = [
        [each.get(name, SummaryRow(name, NOTHING, there[name].about)) for each in named] for name in order
    ]
    if baseline is not None:
        name = printable(baseline)
        against = [
            SummaryRow(f"against {name}", speedup_text(each.speedup), f"speed-up: total of {name} / total")
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


# The table of who held the GIL.

MAX_HOLDERS = 8
"""So many lanes are listed: those that held it longest."""


def holders(timeline: Timeline) -> Iterator[RenderableType]:
    """Yield the table of the lanes that held the GIL, and how many are left out; nothing where that was not seen.

    Of several GILs it is the one that is shown. How long a lane held it is told as a share of the time of which it is
    known, and how long it waited for it, as one of the time that the lane was there.
    """
    gil_timeline, window = timeline.gil_timeline, run_window(timeline)
    shares = None if gil_timeline is None else gil_timeline.shares(*window)
    if gil_timeline is None or gil_timeline.inferred or shares is None or not shares.held:
        return
    held_it = set(gil_timeline.holders)
    lanes = [lane for lane in timeline.lanes if lane.number in held_it]
    held = {lane: gil_timeline.held_within(lane.number, *window) for lane in lanes}
    by_time = sorted((lane for lane in lanes if held[lane][0]), key=lambda lane: -held[lane][0])
    table = columns("lane", ">held", ">hand-offs/s", ">waited for it")
    for lane in by_time[:MAX_HOLDERS]:
        ns, handed = held[lane]
        share = brief_percent(ns / (shares.held + shares.free))
        rate = f"{handed * NS_PER_S / window.length:.0f}" if window.length >= SHORT_NS else NOTHING
        table.add_row(Text(printable(lane.name)), share, rate, _waited(timeline, lane, window))
    yield table
    if len(timeline.gil_timelines) > 1:
        yield Text(f"(That of process {gil_timeline.pid}; --json has all GILs)", style="dim")
    if (left_out := len(by_time) - MAX_HOLDERS) > 0:
        yield Text(f"({count(left_out, 'lane')} left out here; --json has all lanes)", style="dim")


def _waited(timeline: Timeline, lane: Lane, window: Window) -> str:
    states = lane.states(*window)
    if State.GIL not in timeline.header.probe.tells or not states:
        return NOTHING
    return brief_percent(states.get(State.GIL, 0) / sum(states.values()))


# The table of a run's tasks.

MAX_TASKS = 40
"""So many tasks are listed: the first that finished, and LAST_TASKS of those at the end."""

LAST_TASKS = 10

_RESULT_WIDTH = 12
_WIDTH_FOR_A_KIND = 20
_STYLES = {TaskStage.FAILED: "red", TaskStage.STARTED: "yellow", TaskStage.QUEUED: "yellow"}


def task_table(timeline: Timeline, width: int) -> tuple[Table, int]:
    """Return the tasks as they finished, the others after them, and how many are left out.

    The table is no wider than `width`: long results are folded, and then long names.
    """
    tasks = tasks_by_finish(timeline)
    left_out = max(0, len(tasks) - MAX_TASKS)
    shown = [*tasks[: MAX_TASKS - LAST_TASKS], *tasks[-LAST_TASKS:]] if left_out else tasks
    states = [timeline.task_states(task) for task in shown]
    kinds = wait_kinds(states, 2 + (width - MIN_WIDTH) // _WIDTH_FOR_A_KIND)
    names = ("task", "lane", ">queued", ">elapsed", ">running", *(f">{kind}" for kind in kinds), "result")
    rows = [_row(task_row(task, each, kinds, timeline.now)) for task, each in zip(shown, states, strict=True)]
    if left_out:
        rows.insert(MAX_TASKS - LAST_TASKS, [Text("..."), *[Text()] * (len(names) - 1)])
    gap = 1 if width < PIPED_WIDTH else 2
    table = columns(*names, gap=gap)
    _fit(table, names, rows, width - gap * (len(names) - 1))
    for row in rows:
        table.add_row(*row)
    return table, left_out


def _row(row: TaskSummary) -> list[Text]:
    *figures, waits, outcome, stage = row
    return [*map(Text, (*figures, *waits)), Text(outcome, style=_STYLES.get(stage, ""))]


def _fit(table: Table, names: Sequence[str], rows: Sequence[Sequence[Text]], width: int) -> None:
    """Share `width` out: to the figures what they need, then to the names and the results."""
    needed = [
        max([len(name.removeprefix(">")), *(row[index].cell_len for row in rows)])
        for index, name in enumerate(names)
    ]
    left = width - sum(needed[1:-1])
    result = min(needed[-1], max(_RESULT_WIDTH, left - needed[0]))
    table.columns[0].width = min(needed[0], left - result)
    table.columns[-1].width = result


_TASKS = "Tasks, in the order in which they finished"


def run_report(timeline: Timeline, paper: ReportConsole) -> str:
    """Return what one run was: its lanes, tasks, totals and findings."""
    picture = LaneChart([timeline], paper)
    tasks, left_out = task_table(timeline, paper.width)
    found, held = findings(timeline), [*holders(timeline)]
    of_program = timeline.header.watches is not TargetKind.WORKLOAD
    return paper.render(
        Text(what_ran(timeline), style="bold"),
        Text(machine_summary(timeline)),
        Text(observer_summary(timeline)),
        *_sentence(probe_limits(timeline.header)),
        *_section("Lanes", [*picture.axis(), *picture.lanes(timeline), "", *picture.legend()]),
        *(_section("Who held the GIL, as far as was seen", held) if held else ()),
        *(_section(_TASKS, [tasks, *_left_out(left_out)]) if timeline.tasks or not of_program else ()),
        *_section("Totals", [totals_table(timeline)]),
        *(_section("Findings", [_items((each.text for each in found), paper)]) if found else ()),
    )


def comparison_report(
    timelines: Mapping[str, Timeline], paper: ReportConsole, not_run: Sequence[str] = ()
) -> str:
    """Return several runs side by side, each under a mode of its own; there is at least one.

    `not_run` are modes that did not get their turn.
    """
    runs = list(timelines.values())
    picture = LaneChart(runs, paper)
    lanes: list[RenderableType] = [*picture.axis()]
    for label, timeline in timelines.items():
        lanes += [Text(_which(label, timeline), style="bold"), *picture.lanes(timeline), ""]
    baseline = baseline_of(timelines) if same_work(runs) else None
    verdicts = verdict(timelines, not_run)
    beside = [finding.text for found in comparison(timelines).values() for finding in found]
    return paper.render(
        Text(_what_is_compared(timelines), style="bold"),
        *map(Text, _on_what(timelines)),
        *map(Text, dict.fromkeys(words for each in runs if (words := probe_limits(each.header)))),
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
        label: f"{machine_summary(timeline)}, probe {printable(timeline.header.probe.name)}"
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


def _items(texts: Iterable[str], paper: ReportConsole) -> Table:
    """One below the other, each with a mark before it."""
    table = Table.grid(padding=(0, 1, 0, 0))
    for text in texts:
        table.add_row("*" if paper.plain else "•", Text(printable(text)))
    return table
