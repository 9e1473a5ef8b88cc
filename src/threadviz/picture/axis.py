"""A time axis: round moments, and where they come to stand."""

from dataclasses import dataclass

_UNITS = ((9, "s"), (6, "ms"), (3, "us"), (0, "ns"))
"""Powers of ten, in ns. An axis is in the largest of these that it is as long as."""

_GAP = 3
"""So many characters stay free between two labels."""


@dataclass(frozen=True, slots=True)
class Tick:
    """The cell that a moment falls into, and what is written there."""

    cell: int
    label: str


def ticks(length: int, cells: int) -> list[Tick]:
    """Return the ticks of an axis of `length` ns from 0 on, drawn in `cells`: round, and no two labels touching.

    Each label has room to the right of its cell, and the last has the unit too.
    """
    if length <= 0 or cells <= 0:
        return []
    power, unit = next(each for each in _UNITS if length >= 10 ** each[0])
    step, digits = _step(length, cells, power)
    moments = [number * step for number in range(length // step + 1)]
    labels = [f"{moment / 10**power:.{digits}f}" if moment else "0" for moment in moments]
    placed = [Tick(moment * cells // length, label) for moment, label in zip(moments, labels, strict=True)]
    fitting = [tick for tick in placed if tick.cell + len(tick.label) + len(f" {unit}") <= cells]
    if not fitting:
        return []
    last = fitting[-1]
    return [*fitting[:-1], Tick(last.cell, f"{last.label} {unit}")]


def _step(length: int, cells: int, unit: int) -> tuple[int, int]:
    """Return the smallest of 1, 2, 5, 10, ... that leaves labels room, in ns, and how many decimals it needs.

    Labels are in 10 ** `unit` ns.
    """
    power = 0
    while True:
        for factor in (1, 2, 5):
            step = factor * 10**power
            digits = max(0, unit - power)
            width = len(f"{length / 10**unit:.{digits}f}")
            if step * cells >= (width + _GAP) * length:
                return step, digits
        power += 1
