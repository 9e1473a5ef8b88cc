"""One run as an HTML page in one file, which loads nothing else.

The page's size is bounded, however long the run and however many its lanes; it says what is left out. What is the same
on every page is in `html_page.html`, with its style and script beside it.
"""

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path

from threadviz._version import __version__
from threadviz.analysis import findings
from threadviz.exports.html_chart import Chart, Markup, element, legend, rect, start
from threadviz.presentation.cells import Mark, Window, run_window
from threadviz.presentation.styles import ON_DARK, ON_LIGHT
from threadviz.presentation.summary import (
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

MAX_LANES = 240
"""How many lanes are drawn, and as many of the plumbing."""

MAX_TASKS = 500
"""How many tasks are listed: the first that finished."""

_KINDS = 4
"""How many kinds of waiting have columns of their own."""

_CLASSES = {TaskStage.DONE: "done", TaskStage.FAILED: "failed"}
"""Other tasks are open."""


def _read(name: str) -> str:
    return (Path(__file__).parent / name).read_text(encoding="ascii")


def _variables(colours: Mapping[Mark, str]) -> str:
    return ":root{" + "".join(f"--{mark}:{colour};" for mark, colour in colours.items()) + "}"


def _hash(content: str) -> str:
    """Return the source by which a Content-Security-Policy allows a style or a script."""
    return f"'sha256-{b64encode(sha256(content.encode()).digest()).decode()}'"


_PAGE = _read("html_page.html")
_SCRIPT = Markup(_read("html_page.js"))
_STYLE = Markup(
    f"{_variables(ON_LIGHT)}\n@media screen and (prefers-color-scheme:dark){{{_variables(ON_DARK)}}}\n"
    + "".join(f".{mark}-ink{{--ink:var(--{mark})}}\n" for mark in ON_LIGHT)
    + _read("html_page.css")
)
_POLICY = (
    f"default-src 'none'; style-src {_hash(_STYLE)}; script-src {_hash(_SCRIPT)};"
    " base-uri 'none'; form-action 'none'"
)
"""Nothing may be loaded, and only the page's own style and script run."""


def page(timeline: Timeline, dropped: str = "") -> Iterator[str]:
    """Yield the page as ASCII, so that it is read correctly in any encoding."""
    made = f"Made by threadviz {__version__}, from a recording made by threadviz {timeline.header.threadviz}."
    filled_in = {
        "policy": [start("meta", http_equiv="Content-Security-Policy", content=_POLICY)],
        "title": [element("title", f"{what_ran(timeline)} - threadviz")],
        "style": [element("style", _STYLE)],
        "heading": [_heading(timeline, dropped)],
        "lanes": _lanes(timeline),
        "findings": [_findings(timeline)],
        "totals": [_totals(timeline)],
        "tasks": _tasks(timeline),
        "footer": [element("footer", made)],
        "script": [element("script", _SCRIPT)],
    }
    for line in _PAGE.splitlines():
        for part in filled_in[line[1:]] if line.startswith("$") else [line]:
            yield part.encode("ascii", "xmlcharrefreplace").decode("ascii") + "\n"


def _heading(timeline: Timeline, dropped: str) -> Markup:
    lines = (machine_summary(timeline), f"{observer_summary(timeline)}.", probe_limits(timeline.header))
    return element(
        "header",
        element("h1", what_ran(timeline)),
        *(element("p", line) for line in lines if line),
        element("p", dropped, class_="dropped") if dropped else Markup(),
    )


def _findings(timeline: Timeline) -> Markup:
    """Return the findings, each with a mark for whether it holds."""
    items = []
    for finding in findings(timeline):
        mark = element("span", "\N{CHECK MARK}" if finding.holds else "\N{BALLOT X}", class_="mark")
        claim = element("span", element("b", finding.id.replace("_", " ")), f": {finding.text}")
        items.append(element("li", mark, claim, class_="holds" if finding.holds else "fails"))
    return element("ul", *items, class_="findings")


def _totals(timeline: Timeline) -> Markup:
    """Return the figures of the run and of the observer, each with what it is of."""
    rows = [
        element(
            "tr",
            element("th", row.name, scope="row"),
            element("td", row.figure, class_="figure"),
            element("td", row.about, class_="faint"),
        )
        for row in [*totals_rows(timeline), *observer_rows(timeline)]
    ]
    return element("div", element("table", *rows, class_="figures"), class_="wide-table")


def _tasks(timeline: Timeline) -> Iterator[Markup]:
    """Yield the section of the tasks, in the order in which they finished; nothing for a program without any."""
    tasks = tasks_by_finish(timeline)
    if not tasks and timeline.header.watches is not TargetKind.WORKLOAD:
        return
    shown = tasks[:MAX_TASKS]
    states = [timeline.task_states(task) for task in shown]
    kinds = wait_kinds(states, _KINDS)
    heads = [
        element("th", "task"),
        element("th", "lane"),
        element("th", "waited, ran", class_="when"),
        *(element("th", name, class_="figure") for name in ("queued", "elapsed", "running", *kinds)),
        element("th", "result"),
    ]
    rows = []
    for task, task_states in zip(shown, states, strict=True):
        row = task_row(task, task_states, kinds, timeline.now)
        figures = (row.queued, row.elapsed, row.running, *row.waits)
        class_ = _CLASSES.get(row.stage, "open")
        cells = [
            element("td", row.name, class_="words"),
            element("td", row.lane, class_="lane-name"),
            element("td", _when(task, class_, run_window(timeline)), class_="when"),
            *(element("td", figure, class_="figure") for figure in figures),
            element("td", row.outcome, class_=f"words {class_}"),
        ]
        rows.append(element("tr", *cells))
    head = element("thead", element("tr", *heads))
    table = element("table", head, element("tbody", *rows), class_="tasks")
    yield start("section")
    yield element("h2", "Tasks, in the order in which they finished")
    yield element("div", table, class_="wide-table")
    if len(tasks) > len(shown):
        left_out = count(len(tasks) - len(shown), "task")
        yield _faint(f"{left_out} left out here; the export to csv has all tasks.")
    yield Markup("</section>")


def _when(task: Task, class_: str, window: Window) -> Markup:
    """Return a line for the time that a task waited for a worker, and a bar for the time that it ran."""
    finished = window.until if task.finished is None else task.finished
    started = finished if task.started is None else task.started
    queued = rect(window, task.submitted, started, class_="queued", y="45%", height="10%")
    ran = rect(window, started, finished, class_=f"ran {class_}", y="15%", height="70%")
    return element("svg", queued, ran, class_="when", aria_hidden="true")


def _lanes(timeline: Timeline) -> Iterator[Markup]:
    window = run_window(timeline)
    if not window.length or not timeline.lanes:
        yield element("p", "Nothing was observed of the workload, so there is nothing to draw.")
        return
    plumbing = [lane for lane in timeline.lanes if lane.role is Role.PLUMBING]
    others = [lane for lane in timeline.lanes if lane.role is not Role.PLUMBING]
    chart = Chart(timeline, min(len(others), MAX_LANES) + min(len(plumbing), MAX_LANES))
    yield start("div", class_="chart")
    yield chart.axis()
    if timeline.gil_timeline:
        yield chart.gil(timeline.gil_timeline)
    of_workload = timeline.header.watches is TargetKind.WORKLOAD
    yield from _drawn(chart, others, "worker" if of_workload else "thread")
    if timeline.archived is not None:
        ended = count(timeline.archived.threads, "thread")
        yield _faint(f"{ended} more came and went: they are in the totals.")
    if plumbing:
        yield start("details")
        yield element("summary", count(len(plumbing), "plumbing thread"))
        yield from _drawn(chart, plumbing, "plumbing thread")
        yield Markup("</details>")
    yield Markup("</div>")
    yield legend(chart.drawn)
    column = f" One that changes often has a column for every {seconds(chart.column_ns)}."
    yield _faint("Point at a lane to read it." + (column if chart.in_columns else ""))
    if resolution := max(lane.resolution(window.since) for lane in timeline.lanes):
        words = "The run is too long to be kept in full: in its older part the order is not known, within"
        yield _faint(f"{words} {seconds(resolution)}.")


def _drawn(chart: Chart, lanes: Sequence[Lane], noun: str) -> Iterator[Markup]:
    yield from map(chart.lane, lanes[:MAX_LANES])
    if len(lanes) > MAX_LANES:
        left_out = count(len(lanes) - MAX_LANES, noun)
        yield _faint(f"{left_out} left out here; the export to csv has all lanes.")


def _faint(words: str) -> Markup:
    return element("p", words, class_="faint")
