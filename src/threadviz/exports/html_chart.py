"""The lanes of the HTML page: an SVG for each, on one axis."""

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
    """From `start` to `end` (ns). `parts` are ns for each mark; `title` describes the block."""

    start: int
    end: int
    parts: Mapping[Mark, int]
    title: str


class BlockCutter:
    """Divides the lanes of a run, within `window`, into at most `most` blocks each.

    `in_cells` is whether any lane so far had more segments than that.
    """

    def __init__(self, timeline: Timeline, window: Window, most: int) -> None:
        self._timeline = timeline
        self._window = window
        self._most = most
        self.in_cells = False
        self._apart = max(1, window.length // 2000)

    def blocks(self, lane: Lane) -> Iterator[Block]:
        """Yield the lane's segments if there are few, otherwise cells of equal length that it existed in."""
        if lane.size <= self._most and lane.downsampled_until == lane.start:
            for segment in lane.segments(*self._window):
                (durations,) = mark_durations(lane, segment.start, segment.end - segment.start, 1)
                parts = {mark: ns for mark, ns in zip(MARKS, durations, strict=True) if ns}
                yield Block(segment.start, segment.end, parts, self._segment_title(lane, segment, parts))
            return
        self.in_cells = True
        for cell in strip(lane, self._window, self._most, self._window.until):
            parts = {mark: ns for mark, ns in cell.parts.items() if mark is not ExtraMark.AWAY}
            if parts:
                yield Block(cell.start, cell.end, parts, self._cell_title(lane, cell.start, cell.end, parts))

    def _when(self, t: int) -> str:
        t -= self._window.since
        return moment(t, self._apart) if t else "0"

    def _segment_title(self, lane: Lane, segment: LaneSegment, parts: Mapping[Mark, int]) -> str:
        call = f" in {segment.call}" if segment.call else ""
        blocked = "blocked: " if ExtraMark.BLOCKED in parts else ""
        words = f"{blocked}{segment.state}{call}, {seconds(segment.end - segment.start)}"
        since = f"from {self._when(segment.start)} on, {EVIDENCE_LABELS[segment.known]}"
        return f"{words}, {since}{self._task(lane, segment.start)}"

    def _cell_title(self, lane: Lane, start: int, end: int, parts: Mapping[Mark, int]) -> str:
        length = sum(parts.values())
        most_first = sorted(parts.items(), key=lambda item: -item[1])
        shares = ", ".join(f"{mark} {percent(ns / length)}" for mark, ns in most_first)
        return f"{self._when(start)} to {self._when(end)}: {shares}{self._task(lane, start)}"

    def _task(self, lane: Lane, t: int) -> str:
        task = self._timeline.task_on(lane, t)
        return "" if task is None else f"; task {task.name}"


# HTML, built so that text never becomes markup.

Markup = NewType("Markup", str)
"""Text that is markup already. Only this module creates it from a `str`, apart from the page's style and script."""

NOTHING = Markup("")

MOST_CHARACTERS = 500
"""Longer text is cut off, because a name can appear in very many places."""


def text(words: str) -> Markup:
    """Return text as markup, cut off after MOST_CHARACTERS."""
    return _escaped(clipped(words, MOST_CHARACTERS))


def _escaped(words: str) -> Markup:
    return Markup(escape(printable(words)))


def element(tag: str, /, *content: Markup, **attributes: str | int) -> Markup:
    """Return an element with its end tag. The attribute data-tip is named `data_tip`, class is named `class_`."""
    return Markup(f"{start(tag, **attributes)}{''.join(content)}</{tag}>")


def start(tag: str, /, **attributes: str | int) -> Markup:
    """Return a start tag, of an element that has no end tag or whose content follows."""
    named = "".join(
        f' {key.strip("_").replace("_", "-")}="{_escaped(str(value))}"' for key, value in attributes.items()
    )
    return Markup(f"<{tag}{named}>")


def joined(parts: list[Markup]) -> Markup:
    """Return parts one after the other."""
    return Markup("".join(parts))


# Positions, in percent of the picture's width, so that it scales.


def percent_of(window: Window, t: int) -> float:
    """Return the position of the moment `t` (ns) in `window`, which is not empty."""
    return round(100 * (t - window.since) / window.length, 4)


def rect(window: Window, start: int, end: int, *inside: Markup, **attributes: str) -> Markup:
    """Return a rectangle from `start` to `end` (ns), clipped to the window."""
    start, end = max(start, window.since), min(end, window.until)
    if start >= end:
        return NOTHING
    width = round(100 * (end - start) / window.length, 4)
    return element("rect", *inside, x=f"{percent_of(window, start)}%", width=f"{width}%", **attributes)


MOST_BLOCKS = 24_000
"""About how many blocks are drawn in all."""

MOST_CELLS, LEAST_CELLS = 1000, 100
"""How many blocks of a lane are drawn, at most, and at least if it has as many."""

_WIDTHS = (("wide", 90), ("narrow", 34))
"""The classes of axes, with the width of each in characters."""

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
"""The pattern drawn on a mark's colour, 8 by 8, so that marks can be told apart without colour."""


class Chart:
    """Draws about `lanes` lanes of a run that has begun.

    `drawn` are the marks drawn so far, `column_ns` is the length of a column where it draws in columns.
    """

    def __init__(self, timeline: Timeline, lanes: int) -> None:
        self._window = run_window(timeline)
        cells = max(LEAST_CELLS, min(MOST_CELLS, MOST_BLOCKS // max(lanes, 1)))
        self.column_ns = self._window.length // cells
        self.drawn = set[Mark]()
        self._cutter = BlockCutter(timeline, self._window, cells)
        self._grid = joined([_grid(self._window, *each) for each in _WIDTHS])

    @property
    def in_columns(self) -> bool:
        """Whether a lane changed too often to draw all of its segments."""
        return self._cutter.in_cells

    def axis(self) -> Markup:
        """Return the row of the axis."""
        labels = (_axis(self._window, *each) for each in _WIDTHS)
        axis = element("svg", *labels, class_="axis", aria_hidden="true")
        share = element("span", text("running"), class_="share", title="of the thread's life")
        return element("div", element("span", class_="name"), axis, share, class_="lane head")

    def lane(self, lane: Lane) -> Markup:
        """Return a lane's row: its name, its strip, and the share of its life that it ran."""
        since, until = self._window
        states = lane.states(since, until)
        life = sum(states.values())
        share = brief_percent(states.get(State.RUNNING, 0) / life) if life else ""
        words = ", ".join(f"{state} {percent(ns / life)}" for state, ns in states.items())
        strip = element(
            "svg",
            *(self._life(lane), self._grid, joined([*map(self._block, self._cutter.blocks(lane))])),
            class_="strip",
            role="img",
            aria_label=f"{lane.name}: {words or 'was not there'}",
        )
        name = element(
            "span",
            text(lane.name),
            class_="name",
            title=f"{clipped(lane.thread_name, MOST_CHARACTERS)}: process {lane.pid}, thread {lane.tid}",
        )
        return element("div", name, strip, element("span", text(share), class_="share"), class_="lane")

    def gil(self, gil_timeline: GilTimeline, names: Mapping[int, str]) -> Markup:
        """Return the GIL's row: how long it was held in each column, and by which lane longest. `names` are by lane."""
        width = max(1, self._window.length // MOST_CELLS)
        parts = gil_timeline.binned(self._window.since, width, -(-self._window.length // width))
        columns = [
            self._held(self._window.since + number * width, width, part, names)
            for number, part in enumerate(parts)
            if part.held or part.open
        ]
        share = gil_timeline.shares(*self._window).held_share
        words = (
            "not seen" if share is None else f"held for {percent(share)} of the time for which that is known"
        )
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
        columns = []
        if part.held:
            most = names.get(part.holder, "a thread without a lane")
            words = f"held for {percent(part.held / length)}, most of it by {clipped(most, MOST_CHARACTERS)}"
            height = 100 * part.held / length
            columns.append(self._column(start, end, words, "held", 100 - height, height))
        if part.open:
            words = f"for {percent(part.open / length)} it is not known who held it, if any thread did"
            columns.append(self._column(start, end, words, State.UNKNOWN.value, 0, 100 * part.open / length))
        return joined(columns)

    def _column(self, start: int, end: int, words: str, class_: str, y: float, height: float) -> Markup:
        title = element("title", text(words))
        return rect(self._window, start, end, title, class_=class_, y=f"{y:.4g}%", height=f"{height:.4g}%")

    def _life(self, lane: Lane) -> Markup:
        until = self._window.until if lane.end is None else lane.end
        return rect(self._window, lane.start, until, class_="there", y="0", height="100%")

    def _block(self, block: Block) -> Markup:
        """Return a block, in which the marks are stacked by their shares, running at the bottom."""
        length, below = sum(block.parts.values()), 0
        rects = []
        title = element("title", text(block.title))
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
    """Return the meaning of the marks that were drawn."""
    return element("ul", *(_entry(mark) for mark in STATE_STYLES if mark in drawn), class_="legend")


def textures() -> Markup:
    """Return the patterns that fill the strips of the whole page. They are not visible by themselves."""
    return element("svg", *map(_texture, _TEXTURES), class_="textures", aria_hidden="true")


def _texture(mark: Mark) -> Markup:
    size = {"width": "8", "height": "8"}
    ground = element("rect", class_=f"ground {mark}-ink", **size)
    lines = element("path", d=_TEXTURES[mark], class_=f"lines {mark}-ink")
    return element("pattern", ground, lines, id=mark, patternUnits="userSpaceOnUse", **size)


def _entry(mark: Mark) -> Markup:
    swatch = element("svg", element("rect", width="100%", height="100%", class_=mark), class_="swatch")
    return element("li", swatch, element("b", text(mark)), text(f" {STATE_STYLES[mark].meaning}"))


def _axis(window: Window, kind: str, characters: int) -> Markup:
    marked = _marked(window, characters)
    labels = (element("text", text(label), x=f"{x}%", y="13") for x, label in marked)
    return element("g", *labels, *_lines(marked), class_=kind)


def _grid(window: Window, kind: str, characters: int) -> Markup:
    return element("g", *_lines(_marked(window, characters)), class_=f"grid {kind}")


def _marked(window: Window, characters: int) -> list[tuple[float, str]]:
    """Return the positions and labels of round moments since the window's begin, as far as there is room."""
    moments, unit = round_moments(window.length, characters)
    marked = [
        (percent_of(window, window.since + t), f"{label} {unit}" if t else label) for t, label in moments
    ]
    return [(x, label) for x, label in marked if x + 100 * len(label) / characters <= 100]


def _lines(marked: Sequence[tuple[float, str]]) -> Iterator[Markup]:
    for x, _ in marked:
        yield element("line", x1=f"{x}%", x2=f"{x}%", y1="0", y2="100%")
