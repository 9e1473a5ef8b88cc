"""The reports as text: one run, or several side by side."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from threadviz.analysis import Verdict, answer, comparison, findings, same_work, verdict
from threadviz.analysis.comparison import baseline_of
from threadviz.analysis.metrics import SHORT_NS
from threadviz.presentation.cells import run_window
from threadviz.presentation.summary import (
    NOTHING,
    TaskStage,
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
from threadviz.timeline import Timeline


def columns(*names: str, gap: int = 2) -> Table:
    """Return an empty table with these columns. A name that begins with '>' is right-aligned, for figures."""
    table = Table(box=None, padding=(0, gap, 0, 0), pad_edge=False, header_style="bold")
    for name in names:
        if name.startswith(">"):
            table.add_column(name[1:], justify="right", no_wrap=True)
        else:
            table.add_column(name, overflow="fold")
    return table


def run_report(timeline: Timeline, console: ReportConsole) -> str:
    """Return the report on one run: its lanes, tasks, totals and findings."""
    chart = LaneChart([timeline], console)
    has_tasks = timeline.tasks or timeline.header.watches is TargetKind.WORKLOAD
    totals = _figure_table("")
    for row in totals_rows(timeline):
        totals.add_row(*row)
    return console.render(
        Text(what_ran(timeline), style="bold"),
        Text(machine_summary(timeline)),
        Text(observer_summary(timeline)),
        *_sentence(probe_limits(timeline.header)),
        *_section("Lanes", [*chart.axis(), *chart.lanes(timeline), "", *chart.legend()]),
        *_section("Who held the GIL, as far as was seen", [*_holder_table(timeline)]),
        *_section(
            "Tasks, in the order in which they finished",
            _task_table(timeline, console.width) if has_tasks else (),
        ),
        *_section("Totals", [totals]),
        *_section("Findings", _items((finding.text for finding in findings(timeline)), console)),
    )


def comparison_report(
    timelines: Mapping[str, Timeline], console: ReportConsole, not_run: Sequence[str] = ()
) -> str:
    """Return the report on one or more runs side by side, by mode. `not_run` are modes that did not get their turn."""
    runs = list(timelines.values())
    chart = LaneChart(runs, console)
    lanes: list[RenderableType] = [*chart.axis()]
    for label, timeline in timelines.items():
        ran = what_ran(timeline)
        title = ran if label == timeline.header.mode else f"{printable(label)}: {ran}"
        lanes += [Text(title, style="bold"), *chart.lanes(timeline), ""]
    verdicts = verdict(timelines, not_run)
    compared = [finding.text for found in comparison(timelines).values() for finding in found]
    items = _items((each.text for each in verdicts), console)
    return console.render(
        Text(_title(timelines), style="bold"),
        *map(Text, _machines(timelines)),
        *map(Text, filter(None, dict.fromkeys(probe_limits(timeline.header) for timeline in runs))),
        *_section("Lanes", [*lanes, *chart.legend()]),
        *_section("Totals", [_comparison_table(timelines, verdicts)]),
        *_section("Verdict", [*_sentence(answer(timelines, verdicts)), *items]),
        *_section("Findings", _items(compared, console)),
    )


def _title(timelines: Mapping[str, Timeline]) -> str:
    headers = [timeline.header for timeline in timelines.values()]
    workloads = printable(", ".join(dict.fromkeys(header.workload for header in headers)))
    if same_work(timelines.values()) and [*timelines] == [header.mode for header in headers]:
        return f"{workloads}, one mode after the other"
    return f"{workloads}: {len(headers)} runs side by side"


def _machines(timelines: Mapping[str, Timeline]) -> list[str]:
    """Return the machines and probes, for each run if they differ."""
    by_label = {
        label: f"{machine_summary(timeline)}, probe {printable(timeline.header.probe.name)}"
        for label, timeline in timelines.items()
    }
    if len(set(by_label.values())) == 1:
        return [next(iter(by_label.values()))]
    return [f"{printable(label)}: {words}" for label, words in by_label.items()]


def _section(title: str, parts: Sequence[RenderableType]) -> list[RenderableType]:
    """Return a section, or nothing if it would be empty."""
    return ["", Text(title, style="bold"), *parts] if parts else []


def _sentence(text: str) -> list[RenderableType]:
    return [Text(text)] if text else []


def _items(texts: Iterable[str], console: ReportConsole) -> list[RenderableType]:
    """Return a list, or nothing if it would be empty."""
    table = Table.grid(padding=(0, 1, 0, 0))
    for text in texts:
        table.add_row("*" if console.plain else "•", Text(printable(text)))
    return [table] if table.row_count else []


def _left_out(number: int, noun: str) -> list[RenderableType]:
    words = f"({count(number, noun)} left out here; --json has all {noun}s)"
    return [Text(words, style="dim")] if number > 0 else []


# Totals.


def _figure_table(*headings: str) -> Table:
    table = columns("", *(f">{heading}" for heading in headings), "")
    table.show_header = any(headings)
    table.columns[-1].style = "dim"
    return table


def _comparison_table(timelines: Mapping[str, Timeline], verdicts: Sequence[Verdict]) -> Table:
    """Return the figures of several runs: a row for each figure, a column for each mode."""
    table = _figure_table(*map(printable, timelines))
    figures = [[*totals_rows(timeline), *observer_rows(timeline)] for timeline in timelines.values()]
    # A program has other figures than a workload: the table has the rows of both.
    by_name = [{row.name: row for row in rows} for rows in figures]
    about = {row.name: row.about for rows in reversed(figures) for row in rows}
    lines = [
        [name, *(rows[name].figure if name in rows else NOTHING for rows in by_name), about[name]]
        for name in dict.fromkeys(row.name for rows in figures for row in rows)
    ]
    if same_work(timelines.values()):
        baseline = printable(baseline_of(timelines))
        speedups = [speedup_text(each.speedup) for each in verdicts if each.mode in timelines]
        lines.insert(1, [f"against {baseline}", *speedups, f"speed-up: total of {baseline} / total"])
    for line in lines:
        table.add_row(*line)
    return table


# Who held the GIL.

MAX_HOLDERS = 8
"""How many lanes are listed: those that held it longest."""


def _holder_table(timeline: Timeline) -> Iterator[RenderableType]:
    """Yield the table of the lanes that held the GIL, and what is left out; nothing if that was not seen.

    If there are several GILs it is the one that is shown. How long a lane held it is a share of the time for which that
    is known; how long it waited for it is a share of the lane's life.
    """
    gil_timeline, window = timeline.gil_timeline, run_window(timeline)
    if gil_timeline is None or gil_timeline.inferred:
        return
    shares = gil_timeline.shares(*window)
    if not shares.held:
        return
    held = [(*gil_timeline.held_by(lane.number, window.until, window.since), lane) for lane in timeline.lanes]
    longest = sorted((each for each in held if each[0]), key=lambda each: -each[0])
    table = columns("lane", ">held", ">hand-offs/s", ">waited for it")
    for ns, hand_offs, lane in longest[:MAX_HOLDERS]:
        share = brief_percent(ns / (shares.held + shares.free))
        rate = f"{hand_offs * NS_PER_S / window.length:.0f}" if window.length >= SHORT_NS else NOTHING
        states = lane.states(*window)
        known = State.GIL in timeline.header.probe.tells and states
        waited = brief_percent(states.get(State.GIL, 0) / sum(states.values())) if known else NOTHING
        table.add_row(Text(printable(lane.name)), share, rate, waited)
    yield table
    if len(timeline.gil_timelines) > 1:
        yield Text(f"(That of process {gil_timeline.pid}; --json has all GILs)", style="dim")
    yield from _left_out(len(longest) - MAX_HOLDERS, "lane")


# Tasks.

MAX_TASKS = 40
"""How many tasks are listed: the first that finished, and LAST_TASKS of those at the end."""

LAST_TASKS = 10

_RESULT_WIDTH = 12
_WIDTH_FOR_A_KIND = 20
_STYLES = {TaskStage.FAILED: "red", TaskStage.STARTED: "yellow", TaskStage.QUEUED: "yellow"}


def _task_table(timeline: Timeline, width: int) -> list[RenderableType]:
    """Return the table of tasks, and how many are left out.

    The table is no wider than `width`: long results are wrapped, and then long names.
    """
    tasks = tasks_by_finish(timeline)
    left_out = max(0, len(tasks) - MAX_TASKS)
    shown = [*tasks[: MAX_TASKS - LAST_TASKS], *tasks[-LAST_TASKS:]] if left_out else tasks
    states = [timeline.task_states(task) for task in shown]
    kinds = wait_kinds(states, 2 + (width - MIN_WIDTH) // _WIDTH_FOR_A_KIND)
    names = ("task", "lane", ">queued", ">elapsed", ">running", *(f">{kind}" for kind in kinds), "result")
    rows = []
    for task, task_states in zip(shown, states, strict=True):
        *figures, waits, outcome, stage = task_row(task, task_states, kinds, timeline.now)
        rows.append([*map(Text, (*figures, *waits)), Text(outcome, style=_STYLES.get(stage, ""))])
    if left_out:
        rows.insert(MAX_TASKS - LAST_TASKS, [Text("..."), *[Text()] * (len(names) - 1)])
    gap = 1 if width < PIPED_WIDTH else 2
    table = columns(*names, gap=gap)
    # The figures get the width they need; what is left is shared by names and results.
    needed = [
        max([len(name.removeprefix(">")), *(cell.cell_len for cell in cells)])
        for name, *cells in zip(names, *rows, strict=True)
    ]
    left = width - gap * (len(names) - 1) - sum(needed[1:-1])
    result = min(needed[-1], max(_RESULT_WIDTH, left - needed[0]))
    table.columns[0].width = min(needed[0], left - result)
    table.columns[-1].width = result
    for row in rows:
        table.add_row(*row)
    return [table, *_left_out(left_out, "task")]
