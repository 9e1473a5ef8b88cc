"""One run as an HTML page in one file, which loads nothing else.

The page's size is bounded, however long the run and however many its lanes; it says what is left out.
"""

from base64 import b64encode
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path

from threadviz._version import __version__
from threadviz.analysis import Finding, findings
from threadviz.exports.html_chart import NOTHING, Chart, Markup, element, legend, rect, start, text, textures
from threadviz.presentation.cells import Window, run_window
from threadviz.presentation.styles import ON_DARK, ON_LIGHT
from threadviz.presentation.summary import (
    SummaryRow,
    TaskStage,
    machine_summary,
    observer_rows,
    observer_summary,
    probe_limits,
    task_row,
    tasks_by_finish,
    totals_rows,
    wait_kinds,
    what_ran,
)
from threadviz.protocol.events import TargetKind
from threadviz.text import count, seconds
from threadviz.timeline import Lane, Role, Task, Timeline

# Findings, figures and tasks.

MAX_TASKS = 500
"""How many tasks are listed: the first that finished."""

_KINDS = 4
"""How many kinds of waiting have columns of their own."""

_CLASSES = {
    TaskStage.QUEUED: "open",
    TaskStage.STARTED: "open",
    TaskStage.DONE: "done",
    TaskStage.FAILED: "failed",
}


def finding_list(found: Sequence[Finding]) -> Markup:
    """Return the findings, each with a mark for whether it holds."""
    return element("ul", *map(_finding, found), class_="findings")


def _finding(finding: Finding) -> Markup:
    holds = finding.holds
    mark = element("span", text("\N{CHECK MARK}" if holds else "\N{BALLOT X}"), class_="mark")
    claim = element("b", text(finding.id.replace("_", " ")))
    return element(
        "li", mark, element("span", claim, text(f": {finding.text}")), class_="holds" if holds else "fails"
    )


def figure_table(rows: Sequence[SummaryRow]) -> Markup:
    """Return the figures, each with what it is of."""
    body = [
        element(
            "tr",
            element("th", text(row.name), scope="row"),
            element("td", text(row.figure), class_="figure"),
            element("td", text(row.about), class_="faint"),
        )
        for row in rows
    ]
    return element("div", element("table", *body, class_="figures"), class_="wide-table")


def task_table(timeline: Timeline) -> Iterator[Markup]:
    """Yield the tasks in the order in which they finished, and how many are left out."""
    tasks = tasks_by_finish(timeline)
    shown = tasks[:MAX_TASKS]
    states = [timeline.task_states(task) for task in shown]
    kinds = wait_kinds(states, _KINDS)
    window = run_window(timeline)
    heads = [
        *(element("th", text(name)) for name in ("task", "lane")),
        element("th", text("waited, ran"), class_="when"),
        *(element("th", text(name), class_="figure") for name in ("queued", "elapsed", "running", *kinds)),
        element("th", text("result")),
    ]
    rows = []
    for task, each in zip(shown, states, strict=True):
        row = task_row(task, each, kinds, timeline.now)
        cells = [
            element("td", text(row.name), class_="words"),
            element("td", text(row.lane), class_="lane-name"),
            element("td", _when(task, row.stage, window), class_="when"),
        ]
        cells += [
            element("td", text(figure), class_="figure")
            for figure in (row.queued, row.elapsed, row.running, *row.waits)
        ]
        cells.append(element("td", text(row.outcome), class_=f"words {_CLASSES[row.stage]}"))
        rows.append(element("tr", *cells))
    table = element("table", element("thead", element("tr", *heads)), element("tbody", *rows), class_="tasks")
    yield element("div", table, class_="wide-table")
    if len(tasks) > len(shown):
        left_out = f"{count(len(tasks) - len(shown), 'task')} left out here; the export to csv has all tasks."
        yield element("p", text(left_out), class_="faint")


def _when(task: Task, stage: TaskStage, window: Window) -> Markup:
    """Return a line for the time that a task waited for a worker, and a bar for the time that it ran."""
    finished = window.until if task.finished is None else task.finished
    started = finished if task.started is None else task.started
    return element(
        "svg",
        rect(window, task.submitted, started, class_="queued", y="45%", height="10%"),
        rect(window, started, finished, class_=f"ran {_CLASSES[stage]}", y="15%", height="70%"),
        class_="when",
        aria_hidden="true",
    )


# The page's style and script, with the hashes by which its policy allows them.

_HERE = Path(__file__).parent


def policy_hash(content: Markup) -> str:
    """Return the hash by which a Content-Security-Policy allows a style or a script."""
    return f"sha256-{b64encode(sha256(content.encode()).digest()).decode()}"


def _read(name: str) -> str:
    return (_HERE / name).read_text(encoding="ascii")


def _variables() -> str:
    """Return the marks' colours as CSS variables."""
    on_light, on_dark = (
        "".join(f"--{mark}:{colour};" for mark, colour in colours.items()) for colours in (ON_LIGHT, ON_DARK)
    )
    inks = "".join(f".{mark}-ink{{--ink:var(--{mark})}}\n" for mark in ON_LIGHT)
    return f":root{{{on_light}}}\n@media screen and (prefers-color-scheme:dark){{:root{{{on_dark}}}}}\n{inks}"


STYLE = Markup(_variables() + _read("html_page.css"))
SCRIPT = Markup(_read("html_page.js"))


MAX_LANES = 240
"""How many lanes are drawn, and as many of the plumbing."""

_HOW_TO_READ = """\
Each lane is one thread, and all share one time axis. The first is the event loop's. An empty lane had nothing to do;
where it has no background, the thread did not exist.

A lane that changes more often than can be drawn is drawn in columns, each stacked by shares with running at the bottom.
The order within a column is not the order of events.

On Linux the kernel counts the time that a lane ran or waited for a CPU core. Other kinds of waiting were sampled, and
are right to about the time between two samples.

If its holder was seen, the GIL has a strip above the lanes. It shows how much of the time the GIL was held and, at the
top, for how much that is not known. A held GIL costs nothing by itself; waiting for it does.

Waiting for the GIL or for a core counts as task time. So overlap alone is no gain: only a comparison with blocking
calls shows one.
"""
"""Paragraphs, separated by blank lines."""


def page(timeline: Timeline, dropped: str = "") -> Iterator[str]:
    """Yield the page as ASCII, so that it is read correctly in any encoding."""
    for part in _page(timeline, dropped):
        yield part.encode("ascii", "xmlcharrefreplace").decode("ascii") + "\n"


def _page(timeline: Timeline, dropped: str) -> Iterator[Markup]:
    yield Markup("<!DOCTYPE html>")
    yield start("html", lang="en")
    yield _head(what_ran(timeline))
    yield start("body")
    yield textures()
    yield _heading(timeline, dropped)
    yield from _section("Lanes", _lanes(timeline))
    yield from _section("Findings", [finding_list(findings(timeline))])
    yield from _section("Totals", [figure_table([*totals_rows(timeline), *observer_rows(timeline)])])
    if timeline.tasks or timeline.header.watches is TargetKind.WORKLOAD:
        yield from _section("Tasks, in the order in which they finished", task_table(timeline))
    yield from _section("How to read it", _paragraphs(_HOW_TO_READ))
    made = f"Made by threadviz {__version__}, from a recording made by threadviz {timeline.header.threadviz}."
    yield element("footer", text(made))
    yield element("script", SCRIPT)
    yield Markup("</body></html>")


def _head(title: str) -> Markup:
    """Return the head. Its policy allows nothing to be loaded, and only the page's own style and script to run."""
    policy = (
        f"default-src 'none'; style-src '{policy_hash(STYLE)}'; script-src '{policy_hash(SCRIPT)}';"
        " base-uri 'none'; form-action 'none'"
    )
    return element(
        "head",
        start("meta", charset="utf-8"),
        start("meta", http_equiv="Content-Security-Policy", content=policy),
        start("meta", name="viewport", content="width=device-width, initial-scale=1"),
        start("meta", name="color-scheme", content="light dark"),
        element("title", text(f"{title} - threadviz")),
        element("style", STYLE),
    )


def _heading(timeline: Timeline, dropped: str) -> Markup:
    header = timeline.header
    lines = (machine_summary(timeline), f"{observer_summary(timeline)}.", probe_limits(header))
    return element(
        "header",
        element("h1", text(what_ran(timeline))),
        *(element("p", text(line)) for line in lines if line),
        element("p", text(dropped), class_="dropped") if dropped else NOTHING,
    )


def _section(title: str, content: Iterator[Markup] | Sequence[Markup]) -> Iterator[Markup]:
    yield start("section")
    yield element("h2", text(title))
    yield from content
    yield Markup("</section>")


def _paragraphs(words: str) -> list[Markup]:
    return [element("p", text(" ".join(each.split()))) for each in words.split("\n\n")]


def _lanes(timeline: Timeline) -> Iterator[Markup]:
    window = run_window(timeline)
    if not window.length or not timeline.lanes:
        yield element("p", text("Nothing was observed of the workload, so there is nothing to draw."))
        return
    plumbing = [lane for lane in timeline.lanes if lane.role is Role.PLUMBING]
    others = [lane for lane in timeline.lanes if lane.role is not Role.PLUMBING]
    chart = Chart(timeline, min(len(others), MAX_LANES) + min(len(plumbing), MAX_LANES))
    yield start("div", class_="chart")
    yield chart.axis()
    of_program = timeline.header.watches is not TargetKind.WORKLOAD
    if gil_timeline := timeline.gil_timeline:
        yield chart.gil(gil_timeline, {lane.number: lane.name for lane in timeline.lanes})
    yield from _drawn(chart, others, "thread" if of_program else "worker")
    if timeline.archived is not None:
        ended = f"{count(timeline.archived.threads, 'thread')} more came and went: they are in the totals."
        yield element("p", text(ended), class_="faint")
    if plumbing:
        yield start("details")
        yield element("summary", text(count(len(plumbing), "plumbing thread")))
        yield from _drawn(chart, plumbing, "plumbing thread")
        yield Markup("</details>")
    yield Markup("</div>")
    yield legend(chart.drawn)
    column = f" One that changes often has a column for every {seconds(chart.column_ns)}."
    words = "Point at a lane to read it." + (column if chart.in_columns else "")
    yield element("p", text(words), class_="faint")
    if resolution := max(lane.resolution(window.since) for lane in timeline.lanes):
        words = "The run is too long to be kept in full: in its older part the order is not known, within "
        yield element("p", text(f"{words}{seconds(resolution)}."), class_="faint")


def _drawn(chart: Chart, lanes: Sequence[Lane], noun: str) -> Iterator[Markup]:
    yield from map(chart.lane, lanes[:MAX_LANES])
    if len(lanes) > MAX_LANES:
        left_out = f"{count(len(lanes) - MAX_LANES, noun)} left out here; the export to csv has all lanes."
        yield element("p", text(left_out), class_="faint")
