"""Tones: what one cell of a lane shows, as a small number."""

from collections.abc import Sequence

from threadviz.picture.strip import MARKS, Beyond, Mark, turn
from threadviz.vocabulary import State

FINE = 48
"""So finely a cell's running share is told: a multiple of the levels that 1, 2 and 3 lines of eighths have."""

_RUNNING, _AWAY = MARKS.index(State.RUNNING), MARKS.index(Beyond.AWAY)
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
    index = turn(parts, number)
    return index * (FINE + 1) + (FINE if index == _RUNNING else 0)
