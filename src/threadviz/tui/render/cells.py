"""Ribbons: the tones of a lane's cells, worked out once and kept for as long as they stay right."""

from array import array
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from threadviz.analysis.metrics import WAITING
from threadviz.presentation.cells import MARKS, ExtraMark, Mark, dither, mark_durations
from threadviz.protocol.events import State
from threadviz.timeline import Lane, Role
from threadviz.timeline.account import FOREVER

# Tones: what one cell of a lane shows, as a small number.

FINE = 48
"""The steps of a cell's running share: a multiple of the levels that 1, 2 and 3 lines of eighths have."""

_RUNNING, _AWAY = MARKS.index(State.RUNNING), MARKS.index(ExtraMark.AWAY)
EDGE = len(MARKS) * (FINE + 1)
"""The tone of a cell beside which the lane begins or ends."""

TONES = EDGE + 1
"""So many there are."""


def tone(mark: Mark, fine: int = 0) -> int:
    """The tone of a cell that was in `mark` but for `fine` / FINE of its time, in which it was running."""
    return MARKS.index(mark) * (FINE + 1) + fine


def pure(mark: Mark) -> int:
    """The tone of a cell that was in `mark` all the time."""
    return tone(mark, FINE if mark is State.RUNNING else 0)


def away() -> int:
    """The tone of a cell in which the lane was not there."""
    return _AWAY * (FINE + 1)


def meaning(of: int) -> tuple[Mark, int]:
    """The mark and the running share (of FINE) that a tone stands for; an edge has none."""
    index, fine = divmod(of, FINE + 1)
    return MARKS[index], fine


def level_tone(parts: Sequence[int], number: int) -> int:
    """The tone of a cell of these parts (see `picture.strip.cut`): how much it ran, and what else it did most.

    That is relative to the time that the lane was there. `number`, the cell's, makes no difference.
    """
    del number
    running = parts[_RUNNING]
    if not running:
        most = max(parts[:_AWAY])
        return parts.index(most) * (FINE + 1) if most else away()
    there = sum(parts) - parts[_AWAY]
    if running == there:
        return _RUNNING * (FINE + 1) + FINE
    others = [*parts[:_AWAY]]
    others[_RUNNING] = 0
    return others.index(max(others)) * (FINE + 1) + (running * FINE * 2 + there) // (2 * there)


def turn_tone(parts: Sequence[int], number: int) -> int:
    """The tone of a cell of these parts where a glyph can show one of them alone: whose turn it is."""
    index = dither(parts, number)
    return index * (FINE + 1) + (FINE if index == _RUNNING else 0)


ToneOf = Callable[[Sequence[int], int], int]
"""From the parts of a cell, and its number, to its tone."""

KEPT = 512
"""So many ribbons are kept, those that were looked at last: several zooms of all rows of a large terminal."""

MAX_CELLS = 2048
"""So many cells of a ribbon are kept, or as many as are looked at."""

_FIRST, _CHUNK = 2, 64
"""So many cells are cut at once, before the next is looked at for being in one long stretch: from few to many."""

_FEW = 4
"""So few are cut without looking."""


@dataclass(slots=True)
class Budget:
    """How many cells may still be cut; where it is used up, the rest waits for the next frame."""

    left: int

    def take(self, cells: int) -> int:
        """Return how many of `cells` may be cut, and count them."""
        taken = min(cells, self.left)
        self.left -= taken
        return taken


class Ribbon:
    """The tones of the cells of `cell_ns` that a lane's time is cut into from `origin` (ns) on.

    A cell is kept as long as the lane does not take back what it said of that time. Cells are numbered from `origin`.
    """

    def __init__(self, lane: Lane, origin: int, cell_ns: int, tone_of: ToneOf) -> None:
        self._lane = lane
        self._origin = origin
        self._cell_ns = cell_ns
        self._tone_of = tone_of
        self._first = 0
        self._tones = array("H")
        self._revision = lane.revision

    def tones(self, first: int, last: int, budget: Budget, ahead: int = 0) -> tuple["array[int]", int | None]:
        """The tones from cell `first` on, up to and without `last`, and fewer where the budget does not reach.

        All of the cells lie before now. Where there are fewer, cells are missing at the end, or (where the picture
        moved to earlier moments) all of them. Beside them, the tone of cell `last`, which goes on for `ahead` ns
        after now: where that was as cheap to say, and else None.
        """
        if self._revision != self._lane.revision:
            self._take_back(self._lane.revised_from(self._revision))
            self._revision = self._lane.revision
        if not self._first <= first <= self._first + len(self._tones):
            self._reach_back(first, last, budget)
        if self._first > first:
            return array("H"), None
        latest = self._go_on(last, budget, ahead)
        found = self._tones[first - self._first : last - self._first]
        self._forget(first)
        return found, latest

    def latest(self, number: int, until: int) -> int:
        """The tone of cell `number` as far as it lies before `until` (ns)."""
        start = self._origin + number * self._cell_ns
        return self._tone_of(mark_durations(self._lane, start, until - start, 1)[0], self._number(number))

    def _reach_back(self, first: int, last: int, budget: Budget) -> None:
        """Have the ribbon begin at `first`, or as near to it as the budget lets it; anew where it is far away."""
        if first < self._first < last and self._tones:
            number = budget.take(self._first - first)
            before = array("H")
            self._cut(before, self._first - number, number)
            self._tones[:0] = before
            self._first -= number
        else:
            self._first = first
            del self._tones[:]

    def _go_on(self, last: int, budget: Budget, ahead: int) -> int | None:
        number = self._first + len(self._tones)
        if ahead and last - number <= _FEW:
            self._cut(self._tones, number, last - number + 1, ahead)
            return self._tones.pop()
        chunk = _FIRST
        while number < last:
            cells, tone, until = self._alike(number, last) if last - number > _FEW else (0, 0, 0)
            if cells:
                self._tones.extend([tone] * cells)
                chunk = _FIRST
                if ahead and until >= self._origin + (last + 1) * self._cell_ns - ahead:
                    return tone
            else:
                cells = budget.take(min(chunk, last - number))
                if not cells:
                    return None
                self._cut(self._tones, number, cells)
                chunk = min(2 * chunk, _CHUNK)
            number += cells
        return None

    def _alike(self, number: int, last: int) -> tuple[int, int, int]:
        """How many cells from `number` on lie within one stretch, their tone, and until when (ns) it is that at least.

        None, where it is not one.
        """
        lane, start = self._lane, self._origin + number * self._cell_ns
        if lane.end is not None and start >= lane.end:
            return last - number, pure(ExtraMark.AWAY), FOREVER
        segment = lane.at(start)
        if segment is None or segment.end - start < self._cell_ns:
            return 0, 0, 0
        cells = min((segment.end - start) // self._cell_ns, last - number)
        if lane.role is Role.LOOP and segment.state in WAITING:
            until = start + cells * self._cell_ns
            blocked = lane.blocked(until)[0] - lane.blocked(start)[0]
            if blocked:
                return (cells, pure(ExtraMark.BLOCKED), until) if blocked == until - start else (0, 0, 0)
            return cells, pure(segment.state), until
        return cells, pure(segment.state), segment.end

    def _cut(self, into: "array[int]", number: int, cells: int, ahead: int = 0) -> None:
        """Cut so many cells from `number` on; for `ahead` ns before the end of the last there is nothing yet."""
        parts = mark_durations(self._lane, self._origin + number * self._cell_ns, self._cell_ns, cells)
        if ahead:
            parts[-1] = (*parts[-1][:-1], parts[-1][-1] - ahead)
        tone_of, turn = self._tone_of, self._number(number)
        into.extend([tone_of(part, turn + index) for index, part in enumerate(parts)])

    def _number(self, number: int) -> int:
        """The number by which cells of several lanes take turns: so that not all of them have theirs at once."""
        return number + self._lane.number

    def _forget(self, first: int) -> None:
        """Forget what may still change, and what is far behind."""
        self._take_back(self._lane.settled_until)
        if len(self._tones) > MAX_CELLS and first > self._first:
            behind = first - self._first
            del self._tones[:behind]
            self._first += behind

    def _take_back(self, t: int) -> None:
        """Forget the cells from `t` (ns) on."""
        del self._tones[max(0, (t - self._origin) // self._cell_ns - self._first) :]


class Ribbons:
    """The ribbons of many lanes, at the scales at which they were last looked at."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[Lane, int, int, ToneOf], Ribbon] = OrderedDict()

    def of(self, lane: Lane, origin: int, cell_ns: int, tone_of: ToneOf) -> Ribbon:
        """The ribbon of a lane at this scale."""
        key = (lane, origin, cell_ns, tone_of)
        gil_timeline = self._kept.get(key)
        if gil_timeline is None:
            gil_timeline = self._kept[key] = Ribbon(*key)
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        else:
            self._kept.move_to_end(key)
        return gil_timeline
