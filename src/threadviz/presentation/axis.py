"""A time axis: round moments, and where they come to stand."""

from dataclasses import dataclass

_UNITS = ((9, "s"), (6, "ms"), (3, "us"), (0, "ns"))
"""Powers of ten, in ns. An axis is in the largest of these that it is as long as."""

_GAP = 3
"""So many characters stay free between two labels."""


@dataclass(frozen=True, slots=True)
class AxisTick:
    """The cell that a moment falls into, and what is written there."""

    cell: int
    label: str


def ticks(length: int, cells: int, since: int = 0) -> list[AxisTick]:
    """Return the ticks of an axis of `length` ns from `since` on, drawn in `cells`: round, and no two labels touching.

    Each label has room to the right of its cell, and the last has the unit too.
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

    They are so far apart that no two labels touch where `length` is as wide as `cells` characters.
    """
    power, unit = _unit(since + length)
    step, digits = _step(length, cells, since, power)
    moments = [number * step for number in range(-(-since // step), (since + length) // step + 1)]
    return [(moment, f"{moment / 10**power:.{digits}f}" if moment else "0") for moment in moments], unit


def moment(t: int, apart: int) -> str:
    """Return the moment `t` (ns) in words, so finely that others that are `apart` (ns) or more read differently."""
    power, unit = _unit(max(t, apart))
    return f"{t / 10**power:.{_digits(apart, power)}f} {unit}"


def _unit(length: int) -> tuple[int, str]:
    return next(each for each in _UNITS if length >= 10 ** each[0])


def _digits(step: int, power: int) -> int:
    """How many decimals it takes to tell moments that are `step` ns apart, in 10 ** `power` ns."""
    return max(0, power - len(str(step)) + 1)


def _step(length: int, cells: int, since: int, unit: int) -> tuple[int, int]:
    """Return the smallest of 1, 2, 5, 10, ... that leaves labels room, in ns, and how many decimals it needs.

    Labels are in 10 ** `unit` ns.
    """
    power = 0
    while True:
        for factor in (1, 2, 5):
            step = factor * 10**power
            digits = _digits(step, unit)
            width = len(f"{(since + length) / 10**unit:.{digits}f}")
            if step * cells >= (width + _GAP) * length:
                return step, digits
        power += 1
