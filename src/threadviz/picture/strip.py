"""A lane's time cut into cells: what is drawn as a strip of characters."""

import enum
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from threadviz.events import State
from threadviz.picture.window import Window
from threadviz.timeline import Lane, Role

_WAITS = frozenset({State.IO, State.LOCK, State.SLEEP, State.WAITING})


class Beyond(enum.StrEnum):
    """What a strip shows beside the states."""

    BLOCKED = "blocked"
    """The event loop waits, and not for events: it could not answer."""
    AWAY = "away"
    """The lane was not there yet, or not any more."""


Mark = State | Beyond


@dataclass(frozen=True, slots=True)
class Cell:
    """From `start` to `end` (ns). `parts` are ns for each mark, and add up to its length; `mark` is drawn."""

    start: int
    end: int
    parts: Mapping[Mark, int]
    mark: Mark


def strip(lane: Lane, window: Window, cells: int, over: int) -> list[Cell]:
    """Cut `window` into `cells` of equal length (to the ns); what lies beyond `over` (ns) is away.

    A cell in which a lane was in one state shows that state. Where it was in several they take turns from cell to
    cell, so that each is drawn about as often as its share of the time: what is most behind its share comes first.
    """
    drawn = []
    behind = Counter[Mark]()
    edges = [window.since + window.length * number // cells for number in range(cells + 1)]
    for start, end in pairwise(edges):
        parts = _parts(lane, start, end, over)
        behind.update(parts)
        mark = max(parts, key=lambda part: behind[part], default=Beyond.AWAY)
        behind[mark] -= end - start
        drawn.append(Cell(start, end, parts, mark))
    return drawn


def _parts(lane: Lane, start: int, end: int, over: int) -> dict[Mark, int]:
    until = max(start, min(end, over))
    parts = Counter[Mark]()
    if lane.role is Role.LOOP:
        for mark, ns in _loop_parts(lane, start, until):
            parts[mark] += ns
    else:
        parts.update(lane.states(start, until))
    parts[Beyond.AWAY] = end - start - parts.total()
    return {mark: ns for mark, ns in parts.items() if ns}


def _loop_parts(lane: Lane, start: int, until: int) -> Iterator[tuple[Mark, int]]:
    """Yield what an event loop was in, with its waits split by whether it could have answered."""
    for stretch in lane.stretches(start, until):
        length = stretch.end - stretch.start
        blocked = 0
        if stretch.state in _WAITS:
            blocked = lane.blocked(stretch.end)[0] - lane.blocked(stretch.start)[0]
            yield Beyond.BLOCKED, blocked
        yield stretch.state, length - blocked
