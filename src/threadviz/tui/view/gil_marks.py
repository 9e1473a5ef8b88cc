"""Who holds the GIL: of which process that is shown, and the mark by which each holder is known."""

from collections.abc import Iterable, Iterator
from string import ascii_lowercase
from typing import NamedTuple, Protocol
from weakref import WeakKeyDictionary

from threadviz.timeline import GilTimeline, Lane, Timeline
from threadviz.tui.view.rows import Row, ViewedRun

HUES = 8
"""So many colours tell holders apart; the mark does in any case."""

OTHER = "*"
"""The mark of a thread that has no lane, and of all that there are no other marks for."""


PERIOD_NS = 250_000_000
"""While time passes, it is decided so often whose GIL is shown, and who gets a mark."""


class HolderMark(NamedTuple):
    """A character, and the number of a colour (from 0, below HUES); None for no colour in particular."""

    sign: str
    hue: int | None


NOBODY_IN_PARTICULAR = HolderMark(OTHER, None)


class HolderMarks:
    """The marks of the holders of one GIL, each given once: by a lane's name, where that is free.

    A lane whose name ends in a digit has that, others the first letter of their name, or else any that is left.
    """

    def __init__(self) -> None:
        self._of: dict[int, HolderMark] = {}
        self._seen = 0

    def of(self, lane: int) -> HolderMark:
        """The mark of the lane of this number."""
        return self._of.get(lane, NOBODY_IN_PARTICULAR)

    def has(self, lane: int) -> HolderMark | None:
        """The same; None where it has none of its own."""
        return self._of.get(lane)

    def meet(self, holders: Iterable[int], lanes: Iterable[Lane]) -> None:
        """Give those of `holders` (lanes' numbers) marks that have none yet."""
        new = [number for number in holders if number not in self._of]
        if not new:
            return
        names = {lane.number: lane.name for lane in lanes}
        taken = {mark.sign for mark in self._of.values()}
        for number in new:
            sign = next((each for each in _wishes(names.get(number, "")) if each not in taken), OTHER)
            taken.add(sign)
            self._of[number] = HolderMark(sign, len(self._of) % HUES if sign != OTHER else None)


def _wishes(name: str) -> Iterator[str]:
    if name[-1:].isdecimal() and name[-1:].isascii() and not name[-2:-1].isdecimal():
        yield name[-1]
    if name[:1].isalpha() and name[:1].isascii():
        yield name[0].upper()
    yield from ascii_lowercase
    yield from map(str, range(1, 10))


class GilRow(NamedTuple):
    """A run, the ribbon that is shown of it, and the marks of those that have held that GIL."""

    run: ViewedRun
    gil_timeline: GilTimeline
    marks: HolderMarks


class VisibleRuns(Protocol):
    """Which runs are looked at, and until when."""

    @property
    def runs(self) -> tuple[ViewedRun, ...]:
        """Those that are looked at."""
        ...

    @property
    def selected_row(self) -> Row | None:
        """What is picked."""
        ...

    @property
    def rows(self) -> tuple[Row, ...]:
        """The rows of the picture, from the top."""
        ...

    def until(self, run: ViewedRun) -> int:
        """Until when it is drawn, in ns since its origin."""
        ...


class GilRows:
    """The ribbons of what is in `sight`, and the marks of their holders. They are not shown where they are not `on`."""

    def __init__(self, sight: VisibleRuns) -> None:
        self.enabled = True
        self._sight = sight
        self._marks: WeakKeyDictionary[GilTimeline, HolderMarks] = WeakKeyDictionary()
        self._chosen: tuple[GilRow, ...] = ()
        self._chosen_for: object = None

    @property
    def shown(self) -> tuple[GilRow, ...]:
        """One ribbon of each run of which there is any: the same object as long as they are the same."""
        sight = self._sight
        if not self.enabled:
            return ()
        periods = [sight.until(run) // PERIOD_NS for run in sight.runs]
        chosen_for = (
            periods,
            sight.selected_row,
            sight.rows,
            [(run, run.timeline.gil_timelines) for run in sight.runs],
        )
        if chosen_for != self._chosen_for:
            self._chosen_for = chosen_for
            chosen = tuple(self._choose())
            if chosen != self._chosen:
                self._chosen = chosen
        return self._chosen

    def mark(self, run: ViewedRun, lane: Lane) -> HolderMark | None:
        """The mark of a lane in the ribbon that was shown last of its run; None where it is not in that."""
        for each in self._chosen if self.enabled else ():
            if each.run is run and each.gil_timeline.pid == lane.pid:
                return each.marks.has(lane.number)
        return None

    def _choose(self) -> Iterator[GilRow]:
        sight = self._sight
        for run in sight.runs:
            picked = (
                sight.selected_row
                if sight.selected_row is not None and sight.selected_row.run is run
                else None
            )
            gil_timeline = ribbon_of(run.timeline, picked, [row for row in sight.rows if row.run is run])
            if gil_timeline is not None:
                marks = self._marks.get(gil_timeline)
                if marks is None:
                    marks = self._marks[gil_timeline] = HolderMarks()
                marks.meet(gil_timeline.holders, run.timeline.lanes)
                yield GilRow(run, gil_timeline, marks)


def ribbon_of(timeline: Timeline, picked: Row | None, rows: Iterable[Row]) -> GilTimeline | None:
    """Return whose GIL is shown of a run: that of the process of what is picked, else what the timeline proposes.

    Where that process has no row, it is that of the topmost of `rows` which has one. Of a process with several
    interpreters it is that of the one that the lane which is picked has held.
    """
    pid = None if picked is None else _pid(picked)
    mine = [gil_timeline for gil_timeline in timeline.gil_timelines if gil_timeline.pid == pid]
    if picked is not None and picked.lane is not None:
        number = picked.lane.number
        mine.sort(key=lambda gil_timeline: number not in gil_timeline.holders)
    if mine:
        return mine[0]
    proposed, visible = timeline.gil_timeline, dict.fromkeys(map(_pid, rows))
    if proposed is None or proposed.pid in visible:
        return proposed
    first = {gil_timeline.pid: gil_timeline for gil_timeline in reversed(timeline.gil_timelines)}
    return next((first[pid] for pid in visible if pid in first), proposed)


def _pid(row: Row) -> int | None:
    if row.lane is not None:
        return row.lane.pid
    return None if row.head is None else row.head.key.pid
