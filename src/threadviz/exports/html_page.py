"""One run as an HTML page in one file, which loads nothing else.

The page's size is bounded, however long the run and however many its lanes; it says what is left out. What is the same
on every page is in `html_page.html`, with its style and script beside it.
"""

from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from html import escape
from pathlib import Path

from threadviz._version import __version__
from threadviz.analysis import findings
from threadviz.presentation.axis import moment, round_moments
from threadviz.presentation.cells import MARKS, ExtraMark, Mark, Window, mark_durations, run_window, strip
from threadviz.presentation.styles import EVIDENCE_LABELS, ON_DARK, ON_LIGHT, STATE_STYLES
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
from threadviz.protocol.events import State, TargetKind
from threadviz.text import brief_percent, clipped, count, percent, printable, seconds
from threadviz.timeline import GilTimeline, Lane, Part, Role, Task, Timeline

# HTML, built so that text never becomes markup.

MOST_CHARACTERS = 500
"""Longer text is cut off, because a name can appear in very many places."""


class Markup(str):
    """Text that is markup already. Only `element` and `start` make it, apart from the page's own files."""

    __slots__ = ()


def element(tag: str, /, *content: str, **attributes: str | int) -> Markup:
    """Return an element with its end tag.

    Content that is not markup is escaped, and cut off after MOST_CHARACTERS. The attribute data-tip is named
    `data_tip`, class is named `class_`.
    """
    inside = "".join(
        each if isinstance(each, Markup) else _escaped(clipped(each, MOST_CHARACTERS)) for each in content
    )
    return Markup(f"{start(tag, **attributes)}{inside}</{tag}>")


def start(tag: str, /, **attributes: str | int) -> Markup:
    """Return a start tag, of an element whose content follows."""
    named = "".join(
        f' {key.strip("_").replace("_", "-")}="{_escaped(str(value))}"' for key, value in attributes.items()
    )
    return Markup(f"<{tag}{named}>")


def _escaped(words: str) -> str:
    return escape(printable(words))


# Positions, in percent of the picture's width, so that it scales.


def percent_of(window: Window, t: int) -> float:
    """Return the position of the moment `t` (ns) in `window`, which is not empty."""
    return round(100 * (t - window.since) / window.length, 4)


def rect(window: Window, start: int, end: int, *inside: Markup, **attributes: str) -> Markup:
    """Return a rectangle from `start` to `end` (ns), clipped to the window."""
    start, end = max(start, window.since), min(end, window.until)
    if start >= end:
        return Markup()
    width = round(100 * (end - start) / window.length, 4)
    return element("rect", *inside, x=f"{percent_of(window, start)}%", width=f"{width}%", **attributes)


# The lanes: an SVG for each, on one axis.

MOST_BLOCKS = 24_000
"""About how many blocks are drawn in all."""

MOST_CELLS, LEAST_CELLS = 1000, 100
"""How many blocks of a lane are drawn, at most, and at least if it has as many."""

_WIDTHS = (("wide", 90), ("narrow", 34))
"""The classes of axes, with the width of each in characters."""


class Chart:
    """Draws about `lanes` lanes of a run that has begun.

    `drawn` are the marks drawn so far. `in_columns` is whether a lane changed too often to draw all of its segments:
    such a lane is drawn in columns of `column_ns`.
    """

    def __init__(self, timeline: Timeline, lanes: int) -> None:
        self._timeline = timeline
        self._window = run_window(timeline)
        self._cells = max(LEAST_CELLS, min(MOST_CELLS, MOST_BLOCKS // max(lanes, 1)))
        self._moments = {kind: _moments(self._window, characters) for kind, characters in _WIDTHS}
        self._grid = [
            element("g", *_lines(moments), class_=f"grid {kind}") for kind, moments in self._moments.items()
        ]
        self.column_ns = self._window.length // self._cells
        self.drawn = set[Mark]()
        self.in_columns = False

    def axis(self) -> Markup:
        """Return the row of the axis."""
        scales = []
        for kind, moments in self._moments.items():
            labels = (element("text", label, x=f"{x}%", y="13") for x, label in moments)
            scales.append(element("g", *labels, *_lines(moments), class_=kind))
        axis = element("svg", *scales, class_="axis", aria_hidden="true")
        share = element("span", "running", class_="share", title="of the thread's life")
        return element("div", element("span", class_="name"), axis, share, class_="lane head")

    def lane(self, lane: Lane) -> Markup:
        """Return a lane's row: its name, its strip, and the share of its life that it ran."""
        states = lane.states(*self._window)
        life = sum(states.values())
        words = ", ".join(f"{state} {percent(ns / life)}" for state, ns in states.items())
        about = f"{clipped(lane.thread_name, MOST_CHARACTERS)}: process {lane.pid}, thread {lane.tid}"
        until = self._window.until if lane.end is None else lane.end
        there = rect(self._window, lane.start, until, class_="there", y="0", height="100%")
        strip = self._strip(
            f"{lane.name}: {words or 'was not there'}", there, *self._grid, *self._blocks(lane)
        )
        share = brief_percent(states.get(State.RUNNING, 0) / life) if life else ""
        return _row(lane.name, about, strip, share)

    def gil(self, gil_timeline: GilTimeline) -> Markup:
        """Return the GIL's row: how long it was held in each column, and by which lane longest."""
        since, until = self._window
        width = max(1, self._window.length // MOST_CELLS)
        names = {lane.number: lane.name for lane in self._timeline.lanes}
        columns: list[Markup] = []
        for number, part in enumerate(gil_timeline.binned(since, width, -(-self._window.length // width))):
            start = since + number * width
            columns += self._held(start, min(start + width, until), part, names)
        share = gil_timeline.shares(since, until).held_share
        words, figure = "not seen", ""
        if share is not None:
            words = f"held for {percent(share)} of the time for which that is known"
            figure = f"held {brief_percent(share)}"
        which = f", interpreter {gil_timeline.interpreter}" if gil_timeline.interpreter else ""
        strip = self._strip(f"GIL: {words}", *self._grid, *columns)
        return _row("GIL", f"of process {gil_timeline.pid}{which}", strip, figure)

    def _strip(self, label: str, *content: Markup) -> Markup:
        return element("svg", *content, class_="strip", role="img", aria_label=label)

    def _blocks(self, lane: Lane) -> Iterator[Markup]:
        """Yield the lane's segments if there are few, otherwise columns of equal length that it existed in."""
        if lane.size <= self._cells and lane.downsampled_until == lane.start:
            for segment in lane.segments(*self._window):
                length = segment.end - segment.start
                (durations,) = mark_durations(lane, segment.start, length, 1)
                parts = {mark: ns for mark, ns in zip(MARKS, durations, strict=True) if ns}
                blocked = "blocked: " if ExtraMark.BLOCKED in parts else ""
                call = f" in {segment.call}" if segment.call else ""
                title = (
                    f"{blocked}{segment.state}{call}, {seconds(length)}, from {self._when(segment.start)} on,"
                    f" {EVIDENCE_LABELS[segment.known]}{self._task(lane, segment.start)}"
                )
                yield self._block(segment.start, segment.end, parts, title)
            return
        self.in_columns = True
        for cell in strip(lane, self._window, self._cells, self._window.until):
            parts = {mark: ns for mark, ns in cell.parts.items() if mark is not ExtraMark.AWAY}
            if parts:
                length = sum(parts.values())
                most_first = sorted(parts.items(), key=lambda item: -item[1])
                shares = ", ".join(f"{mark} {percent(ns / length)}" for mark, ns in most_first)
                when = f"{self._when(cell.start)} to {self._when(cell.end)}"
                yield self._block(
                    cell.start, cell.end, parts, f"{when}: {shares}{self._task(lane, cell.start)}"
                )

    def _when(self, t: int) -> str:
        t -= self._window.since
        return moment(t, max(1, self._window.length // 2000)) if t else "0"

    def _task(self, lane: Lane, t: int) -> str:
        task = self._timeline.task_on(lane, t)
        return "" if task is None else f"; task {task.name}"

    def _block(self, start: int, end: int, parts: Mapping[Mark, int], title: str) -> Markup:
        """Return a block, in which the marks are stacked by their shares (ns), running at the bottom."""
        self.drawn.update(parts)
        length, below = sum(parts.values()), 0
        words = element("title", title)
        if len(parts) == 1:
            (mark,) = parts
            return self._bar(start, end, mark, 0, 100, words)
        bars = []
        for mark, ns in parts.items():
            below += ns
            bars.append(self._bar(start, end, mark, 100 - 100 * below / length, 100 * ns / length))
        return element("g", words, *bars, class_="stack")

    def _held(self, start: int, end: int, part: Part, names: Mapping[int, str]) -> Iterator[Markup]:
        """Yield a column of the GIL: how long it was held, and how long that is not known."""
        length = end - start
        if part.held:
            most = clipped(names.get(part.holder, "a thread without a lane"), MOST_CHARACTERS)
            words = element("title", f"held for {percent(part.held / length)}, most of it by {most}")
            height = 100 * part.held / length
            yield self._bar(start, end, "held", 100 - height, height, words)
        if part.open:
            share = percent(part.open / length)
            words = element("title", f"for {share} it is not known who held it, if any thread did")
            yield self._bar(start, end, State.UNKNOWN, 0, 100 * part.open / length, words)

    def _bar(self, start: int, end: int, class_: str, y: float, height: float, *inside: Markup) -> Markup:
        return rect(self._window, start, end, *inside, class_=class_, y=f"{y:.4g}%", height=f"{height:.4g}%")


def legend(drawn: Iterable[Mark]) -> Markup:
    """Return the meaning of the marks that were drawn."""
    entries = []
    for mark, style in STATE_STYLES.items():
        if mark in drawn:
            swatch = element(
                "svg", element("rect", width="100%", height="100%", class_=mark), class_="swatch"
            )
            entries.append(element("li", swatch, element("b", mark), f" {style.meaning}"))
    return element("ul", *entries, class_="legend")


def _row(name: str, about: str, strip: Markup, figure: str) -> Markup:
    label = element("span", name, class_="name", title=about)
    return element("div", label, strip, element("span", figure, class_="share"), class_="lane")


def _moments(window: Window, characters: int) -> list[tuple[float, str]]:
    """Return the positions and labels of round moments since the window's begin, as far as there is room."""
    moments, unit = round_moments(window.length, characters)
    placed = [
        (percent_of(window, window.since + t), f"{label} {unit}" if t else label) for t, label in moments
    ]
    return [(x, label) for x, label in placed if x + 100 * len(label) / characters <= 100]


def _lines(moments: Iterable[tuple[float, str]]) -> Iterator[Markup]:
    for x, _ in moments:
        yield element("line", x1=f"{x}%", x2=f"{x}%", y1="0", y2="100%")


# The page.

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
