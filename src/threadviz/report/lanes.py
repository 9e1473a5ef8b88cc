"""The picture: a strip for each lane, on one time axis, with a legend."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from rich.text import Text

from threadviz.events import State
from threadviz.findings.words import count, seconds
from threadviz.picture.axis import ticks
from threadviz.picture.brief import brief_percent
from threadviz.picture.marks import EDGE, LOOKS, Look
from threadviz.picture.plain import printable
from threadviz.picture.strip import Beyond, Cell, Mark, strip
from threadviz.picture.window import Window, measured
from threadviz.report.paper import Paper
from threadviz.timeline import Lane, Role, Timeline

MAX_LANES = 32
"""So many lanes of a run are drawn."""

_SHARE = ("running,", "of its life")
"""The heading, in two lines, of the figure beside each strip."""

_SHARE_WIDTH = max(map(len, _SHARE))
_GAP = 2


class Picture:
    """Draws lanes of one or more runs on one scale: each begins at 0, and the longest fills the width."""

    def __init__(self, timelines: Sequence[Timeline], paper: Paper) -> None:
        self._paper = paper
        self._length = max((measured(timeline).length for timeline in timelines), default=0)
        labels = [lane.name for timeline in timelines for lane in shown_lanes(timeline)]
        self._label = max(map(len, labels), default=0) + _GAP
        self._cells = paper.width - self._label - _GAP - _SHARE_WIDTH
        self._drawn = set[Mark]()
        self._edges = False

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
        window = measured(timeline)
        shown = shown_lanes(timeline)
        for lane in shown:
            yield self._lane(lane, window)
        left_out = [
            (len(timeline.workers) - sum(lane.role is Role.WORKER for lane in shown), "worker"),
            (sum(lane.role is Role.PLUMBING for lane in timeline.lanes), "plumbing thread"),
        ]
        words = " and ".join(count(number, noun) for number, noun in left_out if number)
        if words:
            yield Text(f"({words} left out here; --json has all lanes)", style="dim")

    def legend(self) -> Iterator[Text]:
        """Yield what the marks mean that were drawn so far."""
        entries = [
            self._entry(look, mark) for mark, look in LOOKS.items() if mark in self._drawn - {Beyond.AWAY}
        ]
        if self._edges:
            entries.append(self._entry(EDGE, "lane"))
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

    def _lane(self, lane: Lane, window: Window) -> Text:
        scale = Window(window.since, window.since + self._length)
        line = Text(printable(lane.name).ljust(self._label))
        cells = strip(lane, scale, self._cells, window.until)
        self._drawn.update(cell.mark for cell in cells)
        for look, group in groupby(self._looks(cells)):
            line.append(self._glyph(look) * len(list(group)), style=look.style)
        states = lane.states(window.since, window.until)
        there = sum(states.values())
        share = brief_percent(states.get(State.RUNNING, 0) / there) if there else ""
        return line.append(share.rjust(_GAP + _SHARE_WIDTH))

    def _looks(self, cells: Sequence[Cell]) -> Iterator[Look]:
        """Yield how each cell looks; one that is away beside one that is not shows the edge."""
        marks = [cell.mark for cell in cells]
        for before, mark, after in zip([Beyond.AWAY, *marks], marks, [*marks[1:], Beyond.AWAY], strict=False):
            edge = mark is Beyond.AWAY and (before is not Beyond.AWAY or after is not Beyond.AWAY)
            self._edges = self._edges or edge
            yield EDGE if edge else LOOKS[mark]

    def _glyph(self, look: Look) -> str:
        return look.plain if self._paper.plain else look.block

    def _entry(self, look: Look, word: str) -> Text:
        glyph = self._glyph(look)
        shown = "blank" if glyph == " " else glyph
        return Text.assemble((shown, look.style), f" {word}: {look.about}")


def shown_lanes(timeline: Timeline) -> list[Lane]:
    """The lanes of a run that are drawn: the event loop's and the first workers'."""
    return [lane for lane in timeline.lanes if lane.role is not Role.PLUMBING][:MAX_LANES]
