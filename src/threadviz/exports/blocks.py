"""A lane's time cut into blocks, of which each is drawn, and told of, by itself: its stretches, or cells of them."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from threadviz.findings.words import percent, seconds
from threadviz.picture.axis import moment
from threadviz.picture.strip import MARKS, Beyond, Mark, cut, strip
from threadviz.picture.window import Window
from threadviz.timeline import Lane, Stretch, Timeline
from threadviz.vocabulary import Known

_KNOWN = {Known.COUNTED: "counted", Known.SAMPLED: "sampled", Known.SAID: "said by the program"}


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
        if lane.held <= self._most and lane.thinned_until == lane.start:
            for stretch in lane.stretches(*self._window):
                (parts,) = cut(lane, stretch.start, stretch.end - stretch.start, 1)
                told = {mark: ns for mark, ns in zip(MARKS, parts, strict=True) if ns}
                yield Block(stretch.start, stretch.end, told, self._stretch(lane, stretch, told))
            return
        self.in_cells = True
        for cell in strip(lane, self._window, self._most, self._window.until):
            told = {mark: ns for mark, ns in cell.parts.items() if mark is not Beyond.AWAY}
            if told:
                yield Block(cell.start, cell.end, told, self._cell(lane, cell.start, cell.end, told))

    def _when(self, t: int) -> str:
        t -= self._window.since
        return moment(t, self._apart) if t else "0"

    def _stretch(self, lane: Lane, stretch: Stretch, told: Mapping[Mark, int]) -> str:
        call = f" in {stretch.call}" if stretch.call else ""
        blocked = "blocked: " if Beyond.BLOCKED in told else ""
        words = f"{blocked}{stretch.state}{call}, {seconds(stretch.end - stretch.start)}"
        since = f"from {self._when(stretch.start)} on, {_KNOWN[stretch.known]}"
        return f"{words}, {since}{self._task(lane, stretch.start)}"

    def _cell(self, lane: Lane, start: int, end: int, told: Mapping[Mark, int]) -> str:
        there = sum(told.values())
        most_first = sorted(told.items(), key=lambda item: -item[1])
        shares = ", ".join(f"{mark} {percent(ns / there)}" for mark, ns in most_first)
        return f"{self._when(start)} to {self._when(end)}: {shares}{self._task(lane, start)}"

    def _task(self, lane: Lane, t: int) -> str:
        task = self._timeline.task_on(lane, t)
        return "" if task is None else f"; task {task.name}"
