"""A lane's time cut into cells: what is drawn as a strip of characters."""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from threadviz.protocol.events import State
from threadviz.timeline import STATES, Lane, Role, Timeline

# Which part of a stream a report is about.


class Window(NamedTuple):
    """From `since` to `until`, in ns since the run's origin."""

    since: int
    until: int

    @property
    def length(self) -> int:
        """In ns."""
        return self.until - self.since


def measured(timeline: Timeline) -> Window:
    """From where the workload began to where it ended, or as far as it came: as long as the run's total."""
    if timeline.begin is None:
        return Window(timeline.now, timeline.now)
    until = timeline.now if timeline.end is None else min(timeline.end, timeline.now)
    return Window(timeline.begin, max(timeline.begin, until))


WAITS = frozenset({State.IO, State.LOCK, State.SLEEP, State.WAITING})
"""In these an event loop is blocked, where it could not have answered."""

_GOLDEN = 0x9E3779B97F4A7C15
"""2 ** 64 by the golden ratio: what the turns are apart."""

_HALF = 2**63
"""So that the first is in the middle."""


class Beyond(enum.StrEnum):
    """What a strip shows beside the states."""

    BLOCKED = "blocked"
    """The event loop waits, and not for events: it could not answer."""
    AWAY = "away"
    """The lane was not there yet, or not any more."""


Mark = State | Beyond

MARKS: tuple[Mark, ...] = (*STATES, Beyond.BLOCKED, Beyond.AWAY)
"""All of them, in the order in which `cut` tells them."""

_BLOCKED, _AWAY = MARKS.index(Beyond.BLOCKED), MARKS.index(Beyond.AWAY)
_WAITS = [STATES.index(state) for state in WAITS]


@dataclass(frozen=True, slots=True)
class Cell:
    """From `start` to `end` (ns). `parts` are ns for each mark, and add up to its length; `mark` is drawn."""

    start: int
    end: int
    parts: Mapping[Mark, int]
    mark: Mark


def strip(lane: Lane, window: Window, cells: int, over: int) -> list[Cell]:
    """Cut `window` into `cells` of equal length (to the ns); what lies beyond `over` (ns) is away.

    A cell in which a lane was in one state shows that state; where it was in several, see `turn`.
    """
    edges = [window.since + window.length * number // cells for number in range(cells + 1)]
    drawn = []
    for number, (start, end) in enumerate(pairwise(edges)):
        until = max(start, min(end, over))
        parts = [*cut(lane, start, until - start, 1)[0]]
        parts[_AWAY] += end - until
        told = {mark: ns for mark, ns in zip(MARKS, parts, strict=True) if ns}
        drawn.append(Cell(start, end, told, MARKS[turn(parts, number + lane.number)]))
    return drawn


def cut(lane: Lane, since: int, width: int, count: int) -> list[tuple[int, ...]]:
    """Cut a lane's time into `count` cells of `width` ns from `since` (ns) on: for each, ns for each of `MARKS`."""
    if not width:
        return [(0,) * len(MARKS)] * count
    bins = lane.binned(since, width, count)
    if lane.role is not Role.LOOP:
        return [(*states, 0, width - sum(states)) for states in bins]
    cells = []
    for states, blocked in zip(bins, lane.blocked_binned(since, width, count), strict=True):
        parts = [*states, 0, width - sum(states)]
        for index in _WAITS:
            parts[index] -= blocked[index]
            parts[_BLOCKED] += blocked[index]
        cells.append(tuple(parts))
    return cells


def turn(parts: Sequence[int], number: int) -> int:
    """Return which of a cell's `parts` shows, where a character can show one alone: its index.

    It depends on the cell alone and its number, so that a cell looks the same wherever it comes to stand. Numbers are
    spread by the golden ratio over the parts, laid end to end: among neighbouring cells with equal parts each
    shows about as often as its share. A cell without parts is away.
    """
    length = sum(parts)
    left = ((number * _GOLDEN + _HALF) % 2**64) * length >> 64
    for index, part in enumerate(parts):
        left -= part
        if left < 0:
            return index
    return _AWAY
