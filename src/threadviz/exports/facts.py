"""What the page has beside the lanes: the findings, the figures and the tasks."""

from collections.abc import Iterator, Sequence

from threadviz.exports.markup import Markup, element, text
from threadviz.exports.scale import rect
from threadviz.findings import Finding
from threadviz.findings.words import count
from threadviz.picture.figures import Row
from threadviz.picture.tasks import Stage, kinds_of_waiting, task_row
from threadviz.picture.window import Window, measured
from threadviz.timeline import Task, Timeline

MAX_TASKS = 500
"""So many tasks are listed: the first that finished."""

_KINDS = 4
"""So many kinds of waiting have columns of their own."""

_CLASSES = {Stage.QUEUED: "open", Stage.STARTED: "open", Stage.DONE: "done", Stage.FAILED: "failed"}


def finding_list(found: Sequence[Finding]) -> Markup:
    """What the run shows, each with a mark: whether it holds."""
    return element("ul", *map(_finding, found), class_="findings")


def _finding(finding: Finding) -> Markup:
    holds = finding.holds
    mark = element("span", text("\N{CHECK MARK}" if holds else "\N{BALLOT X}"), class_="mark")
    claim = element("b", text(finding.id.replace("_", " ")))
    return element(
        "li", mark, element("span", claim, text(f": {finding.text}")), class_="holds" if holds else "fails"
    )


def figure_table(rows: Sequence[Row]) -> Markup:
    """Figures, each with what it is of."""
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
    """Yield the tasks as they finished, the others after them, and how many are left out."""
    tasks = [*timeline.finished_tasks(), *(task for task in timeline.tasks if task.finished is None)]
    shown = tasks[:MAX_TASKS]
    states = [timeline.task_states(task) for task in shown]
    kinds = kinds_of_waiting(states, _KINDS)
    window = measured(timeline)
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
            element("td", text(row.name), class_="said"),
            element("td", text(row.lane), class_="lane-name"),
            element("td", _when(task, row.stage, window), class_="when"),
        ]
        cells += [
            element("td", text(figure), class_="figure")
            for figure in (row.queued, row.elapsed, row.running, *row.waits)
        ]
        cells.append(element("td", text(row.came_out), class_=f"said {_CLASSES[row.stage]}"))
        rows.append(element("tr", *cells))
    table = element("table", element("thead", element("tr", *heads)), element("tbody", *rows), class_="tasks")
    yield element("div", table, class_="wide-table")
    if len(tasks) > len(shown):
        left_out = f"{count(len(tasks) - len(shown), 'task')} left out here; the export to csv has all tasks."
        yield element("p", text(left_out), class_="faint")


def _when(task: Task, stage: Stage, window: Window) -> Markup:
    """A line for as long as a task waited for a worker, and a bar for as long as it ran."""
    finished = window.until if task.finished is None else task.finished
    started = finished if task.started is None else task.started
    return element(
        "svg",
        rect(window, task.submitted, started, class_="queued", y="45%", height="10%"),
        rect(window, started, finished, class_=f"ran {_CLASSES[stage]}", y="15%", height="70%"),
        class_="when",
        aria_hidden="true",
    )
