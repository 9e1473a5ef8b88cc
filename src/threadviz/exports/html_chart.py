"""The lanes of the HTML page: an SVG for each, on one axis."""

from collections.abc import Iterable, Iterator, Mapping
from html import escape

from threadviz.presentation.axis import moment, round_moments
from threadviz.presentation.cells import MARKS, ExtraMark, Mark, Window, mark_durations, run_window, strip
from threadviz.presentation.styles import EVIDENCE_LABELS, STATE_STYLES
from threadviz.protocol.events import State
from threadviz.text import brief_percent, clipped, percent, printable, seconds
from threadviz.timeline import GilTimeline, Lane, Part, Timeline

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


# Lanes.

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
