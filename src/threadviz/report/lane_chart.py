"""The picture: a strip for each lane, on one time axis, with a legend."""

from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise

from rich.text import Text

from threadviz.analysis.metrics import COMPUTING
from threadviz.presentation.axis import ticks
from threadviz.presentation.cells import Cell, ExtraMark, Mark, Window, dither, run_window, strip
from threadviz.presentation.styles import EDGE, HELD, STATE_STYLES, StateStyle
from threadviz.protocol.events import State, TargetKind
from threadviz.report.console import ReportConsole
from threadviz.text import brief_percent, count, printable, seconds
from threadviz.timeline import GilTimeline, Lane, Role, Timeline

MAX_LANES = 32
"""So many lanes of a run are drawn."""

_SHARE = ("running,", "of its life")
"""The heading, in two lines, of the figure beside each strip."""

_SHARE_WIDTH = max(map(len, _SHARE))
_GAP = 2
_GIL = "GIL"
_SEEN_PART = 50
"""What takes one part in so many of the picture's width, or less, is a speck in it."""
_LABEL_PART = 3
"""Labels take up one part in so many of the paper's width, at most."""


class LaneChart:
    """Draws lanes of one or more runs on one scale: each begins at 0, and the longest fills the width."""

    def __init__(self, timelines: Sequence[Timeline], paper: ReportConsole) -> None:
        self._paper = paper
        self._length = max((run_window(timeline).length for timeline in timelines), default=0)
        labels = [_label(timeline, lane) for timeline in timelines for lane in shown_lanes(timeline)]
        widest = max(map(len, [*labels, *(_GIL for each in timelines if _ribbon(each))]), default=0)
        self._label = min(widest, paper.width // _LABEL_PART) + _GAP
        self._cells = paper.width - self._label - _GAP - _SHARE_WIDTH
        self._drawn = set[Mark]()
        self._edges = self._held = False

    def axis(self) -> Iterator[Text]:
        """Yield the axis: its labels, and a mark below each."""
        labels, marks = " " * self._label, " " * self._label
        for tick in ticks(self._length, self._cells):
            labels = labels.ljust(self._label + tick.cell) + tick.label
            marks = marks.ljust(self._label + tick.cell) + self._glyph(EDGE)
        for line, share in zip((labels, marks), _SHARE, strict=True):
            yield Text(line.ljust(self._label + self._cells + _GAP) + share.rjust(_SHARE_WIDTH), style="dim")

    def lanes(self, timeline: Timeline) -> Iterator[Text]:
        """Yield a line for each lane, and one that says which are left out, where there are any."""
        window = run_window(timeline)
        if gil_timeline := _ribbon(timeline):
            yield self._gil(gil_timeline, window)
        elif timeline.gil_timeline:
            yield Text(WHY_NOT, style="dim")
        shown = shown_lanes(timeline)
        for lane in shown:
            yield self._lane(lane, _label(timeline, lane), window)
        plumbing = sum(lane.role is Role.PLUMBING for lane in timeline.lanes)
        others = "worker" if timeline.header.watches is TargetKind.WORKLOAD else "thread"
        left_out = [
            (len(timeline.lanes) - plumbing - len(shown), others),
            (plumbing, "plumbing thread"),
        ]
        words = " and ".join(count(number, noun) for number, noun in left_out if number)
        if words:
            yield Text(f"({words} left out here; --json has all lanes)", style="dim")
        if timeline.archived is not None:
            gone = count(timeline.archived.threads, "thread")
            yield Text(f"({gone} more came and went: they are in the totals)", style="dim")

    def legend(self) -> Iterator[Text]:
        """Yield what the marks mean that were drawn so far."""
        entries = [
            self._entry(look, mark)
            for mark, look in STATE_STYLES.items()
            if mark in self._drawn - {ExtraMark.AWAY}
        ]
        if self._edges:
            entries.append(self._entry(EDGE, "lane"))
        if self._held:
            entries.append(self._entry(HELD, "held"))
        line = Text()
        for entry in entries:
            if line and line.cell_len + 3 + entry.cell_len > self._paper.width:
                yield line
                line = Text()
            line = Text.assemble(line, "   " if line else "", entry)
        yield line
        if self._length:
            yield Text(
                f"One character is {seconds(self._length // self._cells)}. Where one covers several states,"
                " neighbouring characters share them out by their shares: their order there is not the order"
                " of events.",
                style="dim",
            )

    def _gil(self, gil_timeline: GilTimeline, window: Window) -> Text:
        """Who holds it is not told here, only whether anybody does."""
        self._held = True
        line = Text(_GIL.ljust(self._label))
        cells = self._cells * window.length // max(self._length, 1)
        edges = [window.since + self._length * number // self._cells for number in range(cells + 1)]
        for number, (start, end) in enumerate(pairwise(edges)):
            shares = gil_timeline.shares(start, end)
            looks = HELD, STATE_STYLES[State.IDLE], STATE_STYLES[State.UNKNOWN]
            look = looks[dither(shares, number)] if any(shares) else STATE_STYLES[ExtraMark.AWAY]
            line.append(self._glyph(look), style=look.style)
        share = gil_timeline.shares(*window).held_share
        line.pad_right(self._label + self._cells - line.cell_len)
        words = "" if share is None else f"held {brief_percent(share)}"
        return line.append(words.rjust(_GAP + _SHARE_WIDTH))

    def _lane(self, lane: Lane, label: str, window: Window) -> Text:
        scale = Window(window.since, window.since + self._length)
        line = Text(self._fitted(printable(label)))
        cells = strip(lane, scale, self._cells, window.until)
        self._drawn.update(cell.mark for cell in cells)
        for look, group in groupby(self._looks(cells)):
            line.append(self._glyph(look) * len(list(group)), style=look.style)
        states = lane.states(window.since, window.until)
        there = sum(states.values())
        share = brief_percent(states.get(State.RUNNING, 0) / there) if there else ""
        return line.append(share.rjust(_GAP + _SHARE_WIDTH))

    def _looks(self, cells: Sequence[Cell]) -> Iterator[StateStyle]:
        """Yield how each cell looks; one that is away beside one that is not shows the edge."""
        marks = [cell.mark for cell in cells]
        for before, mark, after in zip(
            [ExtraMark.AWAY, *marks], marks, [*marks[1:], ExtraMark.AWAY], strict=False
        ):
            edge = mark is ExtraMark.AWAY and (before is not ExtraMark.AWAY or after is not ExtraMark.AWAY)
            self._edges = self._edges or edge
            yield EDGE if edge else STATE_STYLES[mark]

    def _fitted(self, label: str) -> str:
        """A label in the room that it has: one that is too long loses its middle, for names differ at their ends."""
        room = self._label - _GAP
        if len(label) > room:
            half = (room - 1) // 2
            label = f"{label[: room - 1 - half]}{'~' if self._paper.plain else '…'}{label[-half:]}"
        return label.ljust(self._label)

    def _glyph(self, look: StateStyle) -> str:
        return look.ascii if self._paper.plain else look.glyph

    def _entry(self, look: StateStyle, word: str) -> Text:
        glyph = self._glyph(look)
        shown = "blank" if glyph == " " else glyph
        return Text.assemble((shown, look.style), f" {word}: {look.meaning}")


def shown_lanes(timeline: Timeline) -> list[Lane]:
    """The lanes of a run that are drawn: of a workload's those of the event loop and of the first workers.

    Of a program with too many they are those of event loops and of its first thread, and those that did most, of those
    that were there for long enough to be seen.
    """
    lanes = [lane for lane in timeline.lanes if lane.role is not Role.PLUMBING]
    if timeline.header.watches is TargetKind.WORKLOAD or len(lanes) <= MAX_LANES:
        return lanes[:MAX_LANES]
    window = run_window(timeline)
    shortest = window.length // _SEEN_PART
    lanes = [lane for lane in lanes if lane.is_main or lane.end is None or lane.end - lane.start > shortest]

    def deserts(lane: Lane) -> tuple[bool, int]:
        states = lane.states(*window)
        first = lane.role is Role.LOOP or (lane.is_main and lane.pid == timeline.root)
        return first, sum(states.get(state, 0) for state in COMPUTING)

    chosen = set(sorted(lanes, key=deserts, reverse=True)[:MAX_LANES])
    return [lane for lane in lanes if lane in chosen]


def _label(timeline: Timeline, lane: Lane) -> str:
    """What stands before a lane: where there are several processes, the threads of each below its first one."""
    apart = len(timeline.processes) > 1 and timeline.header.watches is not TargetKind.WORKLOAD
    return f"  {lane.name}" if apart and not lane.is_main else lane.name


def _ribbon(timeline: Timeline) -> GilTimeline | None:
    """The ribbon that is drawn; none where it would be known only here and there."""
    gil_timeline = timeline.gil_timeline
    return None if gil_timeline is None or gil_timeline.inferred else gil_timeline


WHY_NOT = "(no row for the GIL: who held it is known only where it follows from what the threads did)"
