"""The lanes as text: a strip for each, on one time axis, with a legend."""

from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise

from rich.text import Text

from threadviz.analysis.metrics import COMPUTING
from threadviz.presentation.axis import ticks
from threadviz.presentation.cells import ExtraMark, Window, dither, run_window, strip
from threadviz.presentation.styles import EDGE, HELD, STATE_STYLES, StateStyle
from threadviz.protocol.events import State, TargetKind
from threadviz.report.console import ReportConsole
from threadviz.text import brief_percent, count, printable, seconds
from threadviz.timeline import GilTimeline, Lane, Role, Timeline

MAX_LANES = 32
"""How many lanes of a run are drawn."""

_SHARE = ("running,", "of its life")
"""The heading, in two lines, of the figure beside each strip."""

_SHARE_WIDTH = max(map(len, _SHARE))
_GAP = 2
_GIL = "GIL"
_NO_GIL_ROW = "(no row for the GIL: who held it is known only where it follows from what the threads did)"
_SPECK = 50
"""A lane that takes one part in this many of the picture's width, or less, is a speck."""
_LABEL_PART = 3
"""Labels take up one part in this many of the report's width, at most."""


_AWAY = STATE_STYLES[ExtraMark.AWAY]


class LaneChart:
    """Draws lanes of one or more runs on one scale: each begins at 0, and the longest fills the width."""

    def __init__(self, timelines: Sequence[Timeline], console: ReportConsole) -> None:
        self._console = console
        self._length = max((run_window(timeline).length for timeline in timelines), default=0)
        labels = [_label(timeline, lane) for timeline in timelines for lane in shown_lanes(timeline)]
        labels += [_GIL for timeline in timelines if _shown_gil(timeline)]
        widest = max(map(len, labels), default=0)
        self._label_width = min(widest, console.width // _LABEL_PART) + _GAP
        self._cells = console.width - self._label_width - _GAP - _SHARE_WIDTH
        self._drawn = set[StateStyle]()

    def axis(self) -> Iterator[Text]:
        """Yield the axis: its labels, and a tick below each."""
        labels, marks = " " * self._label_width, " " * self._label_width
        for tick in ticks(self._length, self._cells):
            labels = labels.ljust(self._label_width + tick.cell) + tick.label
            marks = marks.ljust(self._label_width + tick.cell) + self._glyph(EDGE)
        for line, share in zip((labels, marks), _SHARE, strict=True):
            yield Text(
                line.ljust(self._label_width + self._cells + _GAP) + share.rjust(_SHARE_WIDTH), style="dim"
            )

    def lanes(self, timeline: Timeline) -> Iterator[Text]:
        """Yield a line for each lane, and one on what is left out."""
        window, shown = run_window(timeline), shown_lanes(timeline)
        if gil_timeline := _shown_gil(timeline):
            yield self._gil(gil_timeline, window)
        elif timeline.gil_timeline:
            yield Text(_NO_GIL_ROW, style="dim")
        for lane in shown:
            yield self._lane(lane, _label(timeline, lane), window)
        plumbing = sum(lane.role is Role.PLUMBING for lane in timeline.lanes)
        others = "worker" if timeline.header.watches is TargetKind.WORKLOAD else "thread"
        left_out = [(len(timeline.lanes) - plumbing - len(shown), others), (plumbing, "plumbing thread")]
        words = " and ".join(count(number, noun) for number, noun in left_out if number)
        if words:
            yield Text(f"({words} left out here; --json has all lanes)", style="dim")
        if timeline.archived is not None:
            ended = count(timeline.archived.threads, "thread")
            yield Text(f"({ended} more came and went: they are in the totals)", style="dim")

    def legend(self) -> Iterator[Text]:
        """Yield the meaning of the marks drawn so far."""
        meanings = [*STATE_STYLES.items(), ("lane", EDGE), ("held", HELD)]
        entries = [self._entry(style, word) for word, style in meanings if style in self._drawn - {_AWAY}]
        line = Text()
        for entry in entries:
            if line and line.cell_len + 3 + entry.cell_len > self._console.width:
                yield line
                line = Text()
            line = Text.assemble(line, "   " if line else "", entry)
        yield line
        if self._length:
            cell = seconds(self._length // self._cells)
            yield Text(
                f"One character is {cell}. Where one covers several states, neighbouring characters show each as"
                " often as its share; their order is not the order of events.",
                style="dim",
            )

    def _gil(self, gil_timeline: GilTimeline, window: Window) -> Text:
        """Return the GIL's row, which shows whether any thread holds it."""
        self._drawn.add(HELD)
        line = Text(_GIL.ljust(self._label_width))
        cells = self._cells * window.length // max(self._length, 1)
        edges = [window.since + self._length * number // self._cells for number in range(cells + 1)]
        styles = HELD, STATE_STYLES[State.IDLE], STATE_STYLES[State.UNKNOWN]
        for number, (start, end) in enumerate(pairwise(edges)):
            shares = gil_timeline.shares(start, end)
            style = styles[dither(shares, number)] if any(shares) else _AWAY
            line.append(self._glyph(style), style=style.style)
        share = gil_timeline.shares(*window).held_share
        line.pad_right(self._label_width + self._cells - line.cell_len)
        return self._with_figure(line, "" if share is None else f"held {brief_percent(share)}")

    def _lane(self, lane: Lane, label: str, window: Window) -> Text:
        scale = Window(window.since, window.since + self._length)
        line = Text(self._fit(printable(label)))
        styles = _with_edges(
            [STATE_STYLES[cell.mark] for cell in strip(lane, scale, self._cells, window.until)]
        )
        self._drawn.update(styles)
        for style, group in groupby(styles):
            line.append(self._glyph(style) * len(list(group)), style=style.style)
        states = lane.states(window.since, window.until)
        life = sum(states.values())
        return self._with_figure(line, brief_percent(states.get(State.RUNNING, 0) / life) if life else "")

    def _with_figure(self, line: Text, figure: str) -> Text:
        return line.append(figure.rjust(_GAP + _SHARE_WIDTH))

    def _fit(self, label: str) -> str:
        """Return a label in the room that it has. A long one loses its middle, because names differ at their ends."""
        room = self._label_width - _GAP
        if len(label) > room:
            half = (room - 1) // 2
            label = f"{label[: room - 1 - half]}{'~' if self._console.plain else '…'}{label[-half:]}"
        return label.ljust(self._label_width)

    def _glyph(self, style: StateStyle) -> str:
        return style.ascii if self._console.plain else style.glyph

    def _entry(self, style: StateStyle, word: str) -> Text:
        glyph = self._glyph(style)
        return Text.assemble(("blank" if glyph == " " else glyph, style.style), f" {word}: {style.meaning}")


def _with_edges(cells: list[StateStyle]) -> list[StateStyle]:
    """Return the styles of a lane's cells, with an edge for one that is away beside one that is not."""
    neighbours = zip([_AWAY, *cells], cells, [*cells[1:], _AWAY], strict=False)
    return [
        EDGE if cell is _AWAY and (before, after) != (_AWAY, _AWAY) else cell
        for before, cell, after in neighbours
    ]


def shown_lanes(timeline: Timeline) -> list[Lane]:
    """Return the lanes that are drawn: of a workload the event loop's and the first workers'.

    Of a program with too many they are the event loops', the first thread's, and those of the threads that did most,
    leaving out threads that were too short-lived to be seen.
    """
    lanes = [lane for lane in timeline.lanes if lane.role is not Role.PLUMBING]
    if timeline.header.watches is TargetKind.WORKLOAD or len(lanes) <= MAX_LANES:
        return lanes[:MAX_LANES]
    window = run_window(timeline)
    shortest = window.length // _SPECK
    lanes = [lane for lane in lanes if lane.is_main or lane.end is None or lane.end - lane.start > shortest]

    def importance(lane: Lane) -> tuple[bool, int]:
        states = lane.states(*window)
        first = lane.role is Role.LOOP or (lane.is_main and lane.pid == timeline.root)
        return first, sum(states.get(state, 0) for state in COMPUTING)

    chosen = set(sorted(lanes, key=importance, reverse=True)[:MAX_LANES])
    return [lane for lane in lanes if lane in chosen]


def _label(timeline: Timeline, lane: Lane) -> str:
    """Return a lane's label. If there are several processes, threads are indented below the first of each."""
    several = len(timeline.processes) > 1 and timeline.header.watches is not TargetKind.WORKLOAD
    return f"  {lane.name}" if several and not lane.is_main else lane.name


def _shown_gil(timeline: Timeline) -> GilTimeline | None:
    """Return the GIL that has a row; None if its holder is only inferred, that is, known here and there."""
    gil_timeline = timeline.gil_timeline
    return None if gil_timeline is None or gil_timeline.inferred else gil_timeline
