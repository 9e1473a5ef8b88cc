"""Time cut into bins of equal length, and what is in each."""

from collections.abc import Callable, Iterable
from itertools import pairwise
from operator import sub
from typing import NamedTuple

DENSE = 24
"""With more pieces than this in a bin it is quicker to ask for the sums at its edges."""

Sums = tuple[int, ...]


class Bins(NamedTuple):
    """`number` bins of `width` ns, the first from `since` (ns) on."""

    since: int
    width: int
    number: int

    @property
    def until(self) -> int:
        """Where the last one ends (ns)."""
        return self.since + self.width * self.number


def walked(
    bins: Bins, start: int, pieces: Iterable[tuple[int, int]], columns: list[int], wide: int
) -> list[Sums]:
    """What pieces, one after the other from `start` on, and within the bins, add up to in each of them.

    A piece is (end, number), `columns` says by number which of `wide` columns its time belongs to.
    """
    width = bins.width
    nothing = (0,) * wide
    index = (start - bins.since) // width
    done = [nothing] * index
    edge = bins.since + width * (index + 1)
    sums = [0] * wide
    for end, number in pieces:
        column = columns[number]
        if end < edge:
            sums[column] += end - start
        else:
            sums[column] += edge - start
            done.append(tuple(sums))
            whole, rest = divmod(end - edge, width)
            sums = [0] * wide
            if whole:
                sums[column] = width
                done += [tuple(sums)] * whole
            sums[column] = rest
            edge += width * (whole + 1)
        start = end
    if len(done) < bins.number:
        done.append(tuple(sums))
        done += [nothing] * (bins.number - len(done))
    return done


def differences(bins: Bins, sums_until: Callable[[int], list[int]]) -> list[Sums]:
    """What is in each bin, by the sums up to its edges."""
    edges = range(bins.since, bins.until + 1, bins.width)
    return [tuple(map(sub, after, before)) for before, after in pairwise(map(sums_until, edges))]
