"""A lane's time divided into cells: what is drawn as a strip of characters."""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from threadviz.analysis.metrics import WAITING
from threadviz.protocol.events import State
from threadviz.timeline import STATES, Lane, Role, Timeline


class Window(NamedTuple):
    """From `since` to `until`, in ns since the run's origin."""

    since: int
    until: int

    @property
    def length(self) -> int:
        return self.until - self.since


def run_window(timeline: Timeline) -> Window:
    """Return the window from the run's begin to its end, or as far as it got. Its length is the run's total."""
    if timeline.begin is None:
        return Window(timeline.now, timeline.now)
    until = timeline.now if timeline.end is None else min(timeline.end, timeline.now)
    return Window(timeline.begin, max(timeline.begin, until))


class ExtraMark(enum.StrEnum):
    """What a strip shows besides the states."""

    BLOCKED = "blocked"
    """The event loop is frozen: it waits, and not for events."""
    AWAY = "away"
    """The lane does not exist yet, or no longer."""


Mark = State | ExtraMark

MARKS: tuple[Mark, ...] = (*STATES, ExtraMark.BLOCKED, ExtraMark.AWAY)
"""All marks, in the order of the durations that `mark_durations` returns."""

_BLOCKED, _AWAY = MARKS.index(ExtraMark.BLOCKED), MARKS.index(ExtraMark.AWAY)
_WAITING = [STATES.index(state) for state in WAITING]

# 2 ** 64 divided by the golden ratio, and half of 2 ** 64, so that the first cell shows the middle of its parts.
_GOLDEN = 0x9E3779B97F4A7C15
_HALF = 2**63


@dataclass(frozen=True, slots=True)
class Cell:
    """From `start` to `end` (ns). `parts` are ns for each mark and add up to its length; `mark` is drawn."""

    start: int
    end: int
    parts: Mapping[Mark, int]
    mark: Mark


def strip(lane: Lane, window: Window, cells: int, until: int) -> list[Cell]:
    """Divide `window` into `cells` of equal length (to the ns); the time after `until` (ns) is drawn as away.

    For the mark of a cell in which a lane was in several states see `dither`.
    """
    edges = [window.since + window.length * number // cells for number in range(cells + 1)]
    drawn = []
    for number, (start, end) in enumerate(pairwise(edges)):
        seen = max(start, min(end, until))
        durations = [*mark_durations(lane, start, seen - start, 1)[0]]
        durations[_AWAY] += end - seen
        parts = {mark: ns for mark, ns in zip(MARKS, durations, strict=True) if ns}
        drawn.append(Cell(start, end, parts, MARKS[dither(durations, number + lane.number)]))
    return drawn


def mark_durations(lane: Lane, since: int, width: int, count: int) -> list[tuple[int, ...]]:
    """Return, for each of `count` cells of `width` ns from `since` (ns) on, the ns in each of `MARKS`."""
    if not width:
        return [(0,) * len(MARKS)] * count
    bins = lane.binned(since, width, count)
    if lane.role is not Role.LOOP:
        return [(*states, 0, width - sum(states)) for states in bins]
    cells = []
    for states, blocked in zip(bins, lane.blocked_binned(since, width, count), strict=True):
        durations = [*states, 0, width - sum(states)]
        for index in _WAITING:
            durations[index] -= blocked[index]
            durations[_BLOCKED] += blocked[index]
        cells.append(tuple(durations))
    return cells


def dither(durations: Sequence[int], number: int) -> int:
    """Return the index of the mark that a cell shows, where a character can show only one; away if all are 0.

    The result depends only on the cell and its number, so a cell looks the same wherever it is drawn. Numbers are
    spread by the golden ratio over the durations, laid end to end: among neighbouring cells with equal durations each
    mark appears about as often as its share.
    """
    length = sum(durations)
    left = ((number * _GOLDEN + _HALF) % 2**64) * length >> 64
    for index, duration in enumerate(durations):
        left -= duration
        if left < 0:
            return index
    return _AWAY
