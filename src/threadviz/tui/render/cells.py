"""The cells of lanes as codes, computed once and kept for as long as they stay valid."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, TypeVar

from threadviz.presentation.cells import MARKS, ExtraMark, Mark, dither, mark_durations
from threadviz.protocol.events import State
from threadviz.timeline import Lane

# A code is a small number for what one cell of a lane shows.

FINE = 48
"""The steps of a cell's running share: a multiple of the levels that 1, 2 and 3 lines of eighths have."""

_RUNNING, _AWAY = MARKS.index(State.RUNNING), MARKS.index(ExtraMark.AWAY)

EDGE = len(MARKS) * (FINE + 1)
"""The code of a cell beside which the lane begins or ends."""

CODES = EDGE + 1
"""The number of codes."""


def encode(mark: Mark, fine: int = 0) -> int:
    """Return the code of a cell that was running for `fine` / FINE of its time, and otherwise in `mark`."""
    return MARKS.index(mark) * (FINE + 1) + fine


def whole_cell(mark: Mark) -> int:
    """Return the code of a cell that was in `mark` all the time."""
    return encode(mark, FINE if mark is State.RUNNING else 0)


AWAY = whole_cell(ExtraMark.AWAY)
"""The code of a cell in which the lane did not exist."""


def decode(code: int) -> tuple[Mark, int]:
    """Return the mark and the running share (of FINE) of a code other than EDGE."""
    index, fine = divmod(code, FINE + 1)
    return MARKS[index], fine


def level_code(durations: Sequence[int], number: int) -> int:
    """Return the code of a cell with these durations of MARKS (ns): how much it ran, and what else it did most.

    The share is of the time for which the lane existed. The cell's `number` makes no difference.
    """
    del number
    running = durations[_RUNNING]
    if not running:
        most = max(durations[:_AWAY])
        return durations.index(most) * (FINE + 1) if most else AWAY
    there = sum(durations) - durations[_AWAY]
    if running == there:
        return _RUNNING * (FINE + 1) + FINE
    others = [*durations[:_AWAY]]
    others[_RUNNING] = 0
    return others.index(max(others)) * (FINE + 1) + (running * FINE * 2 + there) // (2 * there)


def dithered_code(durations: Sequence[int], number: int) -> int:
    """Return the code of a cell with these durations of MARKS (ns), where a glyph can show only one mark."""
    index = dither(durations, number)
    return index * (FINE + 1) + (FINE if index == _RUNNING else 0)


Encoder = Callable[[Sequence[int], int], int]
"""Returns the code of a cell, from its durations and its number."""


@dataclass(slots=True)
class Budget:
    """The number of cells that may still be computed in this frame; the next frame continues."""

    left: int

    def take(self, cells: int) -> int:
        """Return how many of `cells` may be computed, and count them."""
        taken = min(cells, self.left)
        self.left -= taken
        return taken


MAX_CELLS = 2048
"""About so many cells of a cache are kept, or as many as are visible."""

T = TypeVar("T")


class CellCache(Generic[T]):
    """Keeps numbered cells without gaps. `compute` returns the cells from a number on, as many as asked for."""

    def __init__(self, compute: Callable[[int, int], Sequence[T]]) -> None:
        self._compute = compute
        self._first = 0
        self._cells: list[T] = []

    def cells(self, first: int, last: int, budget: Budget) -> list[T]:
        """Return the cells from `first` up to, but not including, `last`.

        If the budget does not suffice, cells are missing at the end; or all, if earlier cells than before were asked
        for.
        """
        if not self._first <= first <= self._first + len(self._cells):
            before = self._first - first
            if self._cells and 0 < before < last - first:
                taken = budget.take(before)
                self._first -= taken
                self._cells[:0] = self._compute(self._first, taken)
            else:
                self._first, self._cells = first, []
        if self._first > first:
            return []
        end = self._first + len(self._cells)
        if end < last:
            self._cells += self._compute(end, budget.take(last - end))
        if len(self._cells) > MAX_CELLS:
            del self._cells[: first - self._first]
            self._first = first
        return self._cells[first - self._first : last - self._first]

    def forget(self, since: int) -> None:
        """Forget the cells from the number `since` on."""
        del self._cells[max(0, since - self._first) :]


class LaneCellCache:
    """The codes of a lane's cells of `cell_ns` ns, numbered from `origin` (ns) on."""

    def __init__(self, lane: Lane, origin: int, cell_ns: int, encoder: Encoder) -> None:
        self._lane = lane
        self._origin = origin
        self._cell_ns = cell_ns
        self._encoder = encoder
        self._cache = CellCache(self._compute)
        self._revision = lane.revision

    def codes(self, first: int, last: int, budget: Budget) -> list[int]:
        """Return the codes from cell `first` up to, but not including, `last`; see `CellCache.cells`."""
        lane = self._lane
        if self._revision != lane.revision:
            self._forget(lane.revised_from(self._revision))
            self._revision = lane.revision
        codes = self._cache.cells(first, last, budget)
        self._forget(lane.settled_until)
        return codes

    def latest(self, number: int, until: int) -> int:
        """Return the code of a cell as far as it lies before `until` (ns)."""
        start = self._origin + number * self._cell_ns
        (durations,) = mark_durations(self._lane, start, until - start, 1)
        return self._encoder(durations, number + self._lane.number)

    def _compute(self, first: int, count: int) -> list[int]:
        cells = mark_durations(self._lane, self._origin + first * self._cell_ns, self._cell_ns, count)
        # Dithered by these numbers, equal cells of several lanes do not all look the same.
        number, encoder = first + self._lane.number, self._encoder
        return [encoder(durations, number + index) for index, durations in enumerate(cells)]

    def _forget(self, t: int) -> None:
        self._cache.forget((t - self._origin) // self._cell_ns)


MAX_CACHES = 512
"""The caches that were used last are kept: several zoom levels of all rows of a large terminal."""


def lane_cell_caches() -> Callable[[Lane, int, int, Encoder], LaneCellCache]:
    """Return a function that returns the cache of a lane, for an origin (ns), cells of some ns, and an encoder."""
    return lru_cache(MAX_CACHES)(LaneCellCache)
