"""Which GIL timelines are shown, and the mark of each holder."""

from collections.abc import Iterable, Iterator
from string import ascii_lowercase
from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakKeyDictionary

from threadviz.timeline import GilTimeline, Lane
from threadviz.tui.view.rows import ViewedRun

if TYPE_CHECKING:
    from threadviz.tui.view.view import View

HUES = 8
"""The number of colours that tell holders apart; their signs do in any case."""

OTHER = "*"
"""The sign of a thread without a lane, and of holders for which no other sign is left."""

PERIOD_NS = 250_000_000
"""While time passes, the GIL timelines and the marks are chosen once in this period."""


class HolderMark(NamedTuple):
    """A character, and the number of a colour (from 0, below HUES); None for no particular colour."""

    sign: str
    hue: int | None


OTHER_MARK = HolderMark(OTHER, None)

Marks = dict[int, HolderMark]
"""The marks of the holders of one GIL, by the numbers of their lanes."""


def add_marks(marks: Marks, holders: Iterable[int], lanes: Iterable[Lane]) -> None:
    """Give each of `holders` (numbers of lanes) a mark that it keeps.

    It is the digit that the lane's name ends with, or the first letter of its name, or else any that is left.
    """
    new = [number for number in holders if number not in marks]
    names = {lane.number: lane.name for lane in lanes} if new else {}
    taken = {mark.sign for mark in marks.values()}
    for number in new:
        sign = next((each for each in _signs(names.get(number, "")) if each not in taken), OTHER)
        taken.add(sign)
        marks[number] = HolderMark(sign, len(marks) % HUES if sign != OTHER else None)


def _signs(name: str) -> Iterator[str]:
    if name[-1:].isdecimal() and name[-1:].isascii() and not name[-2:-1].isdecimal():
        yield name[-1]
    if name[:1].isalpha() and name[:1].isascii():
        yield name[0].upper()
    yield from ascii_lowercase
    yield from map(str, range(1, 10))


class GilRow(NamedTuple):
    """A run, the GIL timeline that is shown of it, and the marks of its holders."""

    run: ViewedRun
    gil_timeline: GilTimeline
    marks: Marks


class GilRows:
    """The GIL timelines of a view, and the marks of their holders; none if not `enabled`."""

    def __init__(self, view: "View") -> None:
        self.enabled = True
        self._view = view
        self._marks: WeakKeyDictionary[GilTimeline, Marks] = WeakKeyDictionary()
        self._shown: tuple[GilRow, ...] = ()
        self._shown_for: object = None

    @property
    def shown(self) -> tuple[GilRow, ...]:
        """One GIL timeline of each run that has any."""
        if not self.enabled:
            return ()
        view = self._view
        periods = [view.until(run) // PERIOD_NS for run in view.runs]
        shown_for = (
            periods,
            view.selected_row,
            view.rows,
            [(run, run.timeline.gil_timelines) for run in view.runs],
        )
        if shown_for != self._shown_for:
            self._shown_for = shown_for
            self._shown = tuple(self._choose())
        return self._shown

    def mark(self, run: ViewedRun, lane: Lane) -> HolderMark | None:
        """Return the mark of a lane in the GIL timeline that was shown last of its run; None if it has none there."""
        for row in self._shown if self.enabled else ():
            if row.run is run and row.gil_timeline.pid == lane.pid:
                return row.marks.get(lane.number)
        return None

    def _choose(self) -> Iterator[GilRow]:
        for run in self._view.runs:
            gil_timeline = _chosen_gil_timeline(self._view, run)
            if gil_timeline is not None:
                marks = self._marks.setdefault(gil_timeline, {})
                add_marks(marks, gil_timeline.holders, run.timeline.lanes)
                yield GilRow(run, gil_timeline, marks)


def _chosen_gil_timeline(view: "View", run: ViewedRun) -> GilTimeline | None:
    """Return the GIL timeline of the selected process, else the one that the timeline proposes.

    If the proposed process has no row, it is that of the topmost row which has one. Of a process with several
    interpreters it is that of the one that the selected lane has held.
    """
    selected, gil_timelines = view.selected_row, run.timeline.gil_timelines
    if selected is not None and selected.run is run:
        lane = selected.lane
        of_process = [each for each in gil_timelines if each.pid == selected.pid]
        of_lane = [each for each in of_process if lane is not None and lane.number in each.holders]
        if of_process:
            return (of_lane or of_process)[0]
    proposed, visible = run.timeline.gil_timeline, [row.pid for row in view.rows if row.run is run]
    if proposed is None or proposed.pid in visible:
        return proposed
    by_pid = {each.pid: each for each in reversed(gil_timelines)}
    return next((by_pid[pid] for pid in visible if pid in by_pid), proposed)
