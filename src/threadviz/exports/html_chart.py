"""The lanes as pictures: one SVG for each, on one axis."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import NamedTuple, NewType

from threadviz.presentation.axis import moment, round_moments
from threadviz.presentation.cells import MARKS, ExtraMark, Mark, Window, mark_durations, run_window, strip
from threadviz.presentation.styles import EVIDENCE_LABELS, STATE_STYLES
from threadviz.protocol.events import State
from threadviz.text import brief_percent, clipped, percent, printable, seconds
from threadviz.timeline import GilTimeline, Lane, LaneSegment, Part, Timeline

# A lane's time divided into blocks: its segments, or cells of equal length.


class Block(NamedTuple):
    """From `start` to `end` (ns); `parts` are ns for each mark, and `about` is what there is to say of it."""

    start: int
    end: int
    parts: Mapping[Mark, int]
    about: str


class Cutter:
    """Cuts the lanes of a run, within a window of some length, into `most` blocks each.

    `in_cells` says whether there was a lane so far that has more stretches than that.
    """

    def __init__(self, timeline: Timeline, window: Window, most: int) -> None:
        self._timeline = timeline
        self._window = window
        self._most = most
        self.in_cells = False
        self._apart = max(1, window.length // 2000)

    def blocks(self, lane: Lane) -> Iterator[Block]:
        """Yield the lane's blocks: each a stretch where there are few, else a cell of time of equal length.

        What is left out is where it was not there.
        """
        if lane.size <= self._most and lane.downsampled_until == lane.start:
            for segment in lane.segments(*self._window):
                (parts,) = mark_durations(lane, segment.start, segment.end - segment.start, 1)
                told = {mark: ns for mark, ns in zip(MARKS, parts, strict=True) if ns}
                yield Block(segment.start, segment.end, told, self._stretch(lane, segment, told))
            return
        self.in_cells = True
        for cell in strip(lane, self._window, self._most, self._window.until):
            told = {mark: ns for mark, ns in cell.parts.items() if mark is not ExtraMark.AWAY}
            if told:
                yield Block(cell.start, cell.end, told, self._cell(lane, cell.start, cell.end, told))

    def _when(self, t: int) -> str:
        t -= self._window.since
        return moment(t, self._apart) if t else "0"

    def _stretch(self, lane: Lane, segment: LaneSegment, told: Mapping[Mark, int]) -> str:
        call = f" in {segment.call}" if segment.call else ""
        blocked = "blocked: " if ExtraMark.BLOCKED in told else ""
        words = f"{blocked}{segment.state}{call}, {seconds(segment.end - segment.start)}"
        since = f"from {self._when(segment.start)} on, {EVIDENCE_LABELS[segment.known]}"
        return f"{words}, {since}{self._task(lane, segment.start)}"

    def _cell(self, lane: Lane, start: int, end: int, told: Mapping[Mark, int]) -> str:
        there = sum(told.values())
        most_first = sorted(told.items(), key=lambda item: -item[1])
        shares = ", ".join(f"{mark} {percent(ns / there)}" for mark, ns in most_first)
        return f"{self._when(start)} to {self._when(end)}: {shares}{self._task(lane, start)}"

    def _task(self, lane: Lane, t: int) -> str:
        task = self._timeline.task_on(lane, t)
        return "" if task is None else f"; task {task.name}"


# HTML, put together so that text never becomes markup.

Markup = NewType("Markup", str)
"""What is markup already. Only this module makes it of a `str`, but for the page's own style and script."""

NOTHING = Markup("")

MOST = 500
"""No text has more characters: a name may be told of in very many places."""


def text(words: str) -> Markup:
    """Text, whatever is in it; no more of it than MOST."""
    return _escaped(clipped(words, MOST))


def _escaped(words: str) -> Markup:
    return Markup(escape(printable(words)))


def element(tag: str, /, *content: Markup, **attributes: str | int) -> Markup:
    """An element with its end tag. Attributes are named `data_tip` for data-tip and `class_` for class."""
    return Markup(f"{start(tag, **attributes)}{''.join(content)}</{tag}>")


def start(tag: str, /, **attributes: str | int) -> Markup:
    """A start tag alone, of an element that has no end tag, or whose content follows."""
    named = "".join(
        f' {key.strip("_").replace("_", "-")}="{_escaped(str(value))}"' for key, value in attributes.items()
    )
    return Markup(f"<{tag}{named}>")


def joined(parts: list[Markup]) -> Markup:
    """One after the other."""
    return Markup("".join(parts))


# Moments as places: in percent of a picture's width, so that it may be of any.


def percent_of(window: Window, t: int) -> float:
    """Where the moment `t` (ns) is in a picture of `window`, which is not empty."""
    return round(100 * (t - window.since) / window.length, 4)


def rect(window: Window, start: int, end: int, *inside: Markup, **attributes: str) -> Markup:
    """A rectangle from `start` to `end` (ns), as far as it is within the window."""
    start, end = max(start, window.since), min(end, window.until)
    if start >= end:
        return NOTHING
    width = round(100 * (end - start) / window.length, 4)
    return element("rect", *inside, x=f"{percent_of(window, start)}%", width=f"{width}%", **attributes)


MOST_BLOCKS = 24_000
"""About so many blocks are drawn in all."""

MOST_CELLS, LEAST_CELLS = 1000, 100
"""So many are drawn of a lane at most, and at least where it has as many."""

_WIDTHS = (("wide", 90), ("narrow", 34))
"""The classes of axes, and how many characters go into the width of each."""

_TEXTURES: Mapping[Mark, str] = {
    State.READY: "M0 2H8M0 6H8",
    State.GIL: "M-2 2L2 -2M0 8L8 0M6 10L10 6",
    State.IO: "M2 0V8M6 0V8",
    State.LOCK: "M0 0L8 8M0 8L8 0",
    State.SLEEP: "M0 7H8",
    State.WAITING: "M1 4H3M5 4H7",
    State.UNKNOWN: "M2 2H3M6 6H7",
    ExtraMark.BLOCKED: "M-2 -2L10 10M-2 6L2 10M6 -2L10 2",
}
"""What is drawn on a mark's colour, in 8 by 8, so that each can be told from the others without it."""


class Chart:
    """Draws about so many lanes of a run that has begun.

    `drawn` are the marks that it has drawn so far, `column_ns` is how long a column is, where it draws in columns.
    """

    def __init__(self, timeline: Timeline, lanes: int) -> None:
        self._window = run_window(timeline)
        cells = max(LEAST_CELLS, min(MOST_CELLS, MOST_BLOCKS // max(lanes, 1)))
        self.column_ns = self._window.length // cells
        self.drawn = set[Mark]()
        self._cutter = Cutter(timeline, self._window, cells)
        self._grid = joined([_grid(self._window, *each) for each in _WIDTHS])

    @property
    def in_columns(self) -> bool:
        """Whether a lane that was drawn changes too often for all of its stretches to be."""
        return self._cutter.in_cells

    def axis(self) -> Markup:
        """The row of the axis."""
        labels = (_axis(self._window, *each) for each in _WIDTHS)
        axis = element("svg", *labels, class_="axis", aria_hidden="true")
        share = element(
            "span", text("running"), class_="share", title="of the time that the thread was there"
        )
        return element("div", element("span", class_="name"), axis, share, class_="lane head")

    def lane(self, lane: Lane) -> Markup:
        """A row: the lane's name, its strip, and the share of its life that it ran."""
        since, until = self._window
        states = lane.states(since, until)
        there = sum(states.values())
        share = brief_percent(states.get(State.RUNNING, 0) / there) if there else ""
        words = ", ".join(f"{state} {percent(ns / there)}" for state, ns in states.items())
        strip = element(
            "svg",
            *(self._there(lane), self._grid, joined([*map(self._block, self._cutter.blocks(lane))])),
            class_="strip",
            role="img",
            aria_label=f"{lane.name}: {words or 'was not there'}",
        )
        name = element(
            "span",
            text(lane.name),
            class_="name",
            title=f"{clipped(lane.thread_name, MOST)}: process {lane.pid}, thread {lane.tid}",
        )
        return element("div", name, strip, element("span", text(share), class_="share"), class_="lane")

    def gil(self, gil_timeline: GilTimeline, names: Mapping[int, str]) -> Markup:
        """A row above the lanes: how much of each column the GIL was held, and by whom most; `names` are lanes'."""
        width = max(1, self._window.length // MOST_CELLS)
        parts = gil_timeline.binned(self._window.since, width, -(-self._window.length // width))
        columns = [
            self._held(self._window.since + number * width, width, part, names)
            for number, part in enumerate(parts)
            if part.held or part.open
        ]
        share = gil_timeline.shares(*self._window).held_share
        words = "not seen" if share is None else f"held for {percent(share)} of the time of which it is known"
        strip = element(
            "svg", self._grid, joined(columns), class_="strip", role="img", aria_label=f"GIL: {words}"
        )
        which = f", interpreter {gil_timeline.interpreter}" if gil_timeline.interpreter else ""
        name = element("span", text("GIL"), class_="name", title=f"of process {gil_timeline.pid}{which}")
        figure = "" if share is None else f"held {brief_percent(share)}"
        return element("div", name, strip, element("span", text(figure), class_="share"), class_="lane")

    def _held(self, start: int, width: int, part: Part, names: Mapping[int, str]) -> Markup:
        end = min(start + width, self._window.until)
        length = end - start
        there = []
        if part.held:
            most = names.get(part.holder, "a thread without a lane")
            words = f"held for {percent(part.held / length)}, most of it by {clipped(most, MOST)}"
            height = 100 * part.held / length
            there.append(self._column(start, end, words, "held", 100 - height, height))
        if part.open:
            words = f"for {percent(part.open / length)} it was not seen who held it, if anybody"
            there.append(self._column(start, end, words, State.UNKNOWN.value, 0, 100 * part.open / length))
        return joined(there)

    def _column(self, start: int, end: int, words: str, class_: str, y: float, height: float) -> Markup:
        title = element("title", text(words))
        return rect(self._window, start, end, title, class_=class_, y=f"{y:.4g}%", height=f"{height:.4g}%")

    def _there(self, lane: Lane) -> Markup:
        until = self._window.until if lane.end is None else lane.end
        return rect(self._window, lane.start, until, class_="there", y="0", height="100%")

    def _block(self, block: Block) -> Markup:
        """A block: what a lane was in is stacked by its shares, running at the bottom."""
        length, below = sum(block.parts.values()), 0
        rects = []
        title = element("title", text(block.about))
        self.drawn.update(block.parts)
        for mark, ns in block.parts.items():
            below += ns
            y, height = 100 - 100 * below / length, 100 * ns / length
            inside = title if len(block.parts) == 1 else NOTHING
            rects.append(
                rect(
                    self._window,
                    block.start,
                    block.end,
                    inside,
                    class_=mark,
                    y=f"{y:.4g}%",
                    height=f"{height:.4g}%",
                )
            )
        return rects[0] if len(rects) == 1 else element("g", title, *rects, class_="stack")


def legend(drawn: Iterable[Mark]) -> Markup:
    """What the marks mean that were drawn."""
    return element("ul", *(_entry(mark) for mark in STATE_STYLES if mark in drawn), class_="legend")


def textures() -> Markup:
    """What the strips are filled with, for the whole page; not to be seen by itself."""
    return element("svg", *map(_texture, _TEXTURES), class_="textures", aria_hidden="true")


def _texture(mark: Mark) -> Markup:
    size = {"width": "8", "height": "8"}
    ground = element("rect", class_=f"ground {mark}-ink", **size)
    lines = element("path", d=_TEXTURES[mark], class_=f"lines {mark}-ink")
    return element("pattern", ground, lines, id=mark, patternUnits="userSpaceOnUse", **size)


def _entry(mark: Mark) -> Markup:
    swatch = element("svg", element("rect", width="100%", height="100%", class_=mark), class_="swatch")
    look = STATE_STYLES[mark]
    return element("li", swatch, element("b", text(mark)), text(f" {look.meaning}"))


def _axis(window: Window, kind: str, characters: int) -> Markup:
    marked = _marked(window, characters)
    labels = (element("text", text(label), x=f"{x}%", y="13") for x, label in marked)
    return element("g", *labels, *_lines(marked), class_=kind)


def _grid(window: Window, kind: str, characters: int) -> Markup:
    return element("g", *_lines(_marked(window, characters)), class_=f"grid {kind}")


def _marked(window: Window, characters: int) -> list[tuple[float, str]]:
    """Where there are round moments, counted from where the window begins, and their labels: those that have room."""
    moments, unit = round_moments(window.length, characters)
    marked = [
        (percent_of(window, window.since + t), f"{label} {unit}" if t else label) for t, label in moments
    ]
    return [(x, label) for x, label in marked if x + 100 * len(label) / characters <= 100]


def _lines(marked: Sequence[tuple[float, str]]) -> Iterator[Markup]:
    for x, _ in marked:
        yield element("line", x1=f"{x}%", x2=f"{x}%", y1="0", y2="100%")
