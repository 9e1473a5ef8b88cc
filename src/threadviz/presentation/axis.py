"""A time axis: round moments and the cells they fall into."""

from dataclasses import dataclass

_UNITS = ((9, "s"), (6, "ms"), (3, "us"), (0, "ns"))
"""Powers of ten, in ns. An axis uses the largest unit that is not longer than the axis."""

_GAP = 3
"""How many characters stay free between two labels."""


@dataclass(frozen=True, slots=True)
class AxisTick:
    """The cell that a moment falls into, and its label."""

    cell: int
    label: str


def ticks(length: int, cells: int, since: int = 0) -> list[AxisTick]:
    """Return the ticks of an axis of `length` ns from `since` on, drawn in `cells`.

    Moments are round, and no two labels touch. Each label starts at its cell, and the last one includes the unit.
    """
    if length <= 0 or cells <= 0:
        return []
    moments, unit = round_moments(length, cells, since)
    placed = [AxisTick((moment - since) * cells // length, label) for moment, label in moments]
    fitting = [tick for tick in placed if tick.cell + len(tick.label) + len(f" {unit}") <= cells]
    if not fitting:
        return []
    last = fitting[-1]
    return [*fitting[:-1], AxisTick(last.cell, f"{last.label} {unit}")]


def round_moments(length: int, cells: int, since: int = 0) -> tuple[list[tuple[int, str]], str]:
    """Return the round moments (ns) within `length` ns (above 0) from `since` on, each with its label, and their unit.

    They are far enough apart that no two labels touch if `length` is as wide as `cells` characters.
    """
    power, unit = _unit(since + length)
    step, digits = _step(length, cells, since, power)
    moments = [number * step for number in range(-(-since // step), (since + length) // step + 1)]
    return [(moment, f"{moment / 10**power:.{digits}f}" if moment else "0") for moment in moments], unit


def moment(t: int, apart: int) -> str:
    """Return the moment `t` (ns) in words, precise enough that moments `apart` (ns) or more read differently."""
    power, unit = _unit(max(t, apart))
    return f"{t / 10**power:.{_digits(apart, power)}f} {unit}"


def _unit(length: int) -> tuple[int, str]:
    return next(each for each in _UNITS if length >= 10 ** each[0])


def _digits(step: int, power: int) -> int:
    """Return how many decimals tell moments apart that are `step` ns apart, in units of 10 ** `power` ns."""
    return max(0, power - len(str(step)) + 1)


def _step(length: int, cells: int, since: int, unit: int) -> tuple[int, int]:
    """Return the smallest of 1, 2, 5, 10, ... ns that leaves room for labels, and how many decimals it needs."""
    power = 0
    while True:
        for factor in (1, 2, 5):
            step = factor * 10**power
            digits = _digits(step, unit)
            width = len(f"{(since + length) / 10**unit:.{digits}f}")
            if step * cells >= (width + _GAP) * length:
                return step, digits
        power += 1
