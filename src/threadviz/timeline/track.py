"""Stretches in columns: what makes a million of them cheap to keep and to add up."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

BLOCK = 16
"""Sums are kept for every so many pieces: so no question walks much further."""


class Track:
    """Contiguous pieces from `start` to `end` (ns), each of one number; equal neighbours are one.

    `columns` says by number into which column a piece's time goes. `totals` are the sums of the columns up to `end`,
    with those that the track was made with: what was before it.
    """

    def __init__(self, start: int, columns: Sequence[int], before: Sequence[int]) -> None:
        self.start = start
        self.end = start
        self.totals = list(before)
        self._columns = columns
        self._starts = array("q")
        self._numbers = array("I")
        # For every block, the sums of the columns before it.
        self._sums = array("q")

    def __len__(self) -> int:
        return len(self._starts)

    def append(self, until: int, number: int) -> None:
        """Go on to `until`, which lies after the end, in pieces of `number`."""
        numbers = self._numbers
        if not numbers or numbers[-1] != number:
            if len(numbers) % BLOCK == 0:
                self._sums.extend(self.totals)
            self._starts.append(self.end)
            numbers.append(number)
        self.totals[self._columns[number]] += until - self.end
        self.end = until

    def cut(self, t: int) -> None:
        """Forget everything from `t` on."""
        if t >= self.end:
            return
        t = max(t, self.start)
        self.totals = self.sums_until(t)
        kept = bisect_left(self._starts, t)
        del self._starts[kept:]
        del self._numbers[kept:]
        del self._sums[-(-kept // BLOCK) * len(self.totals) :]
        self.end = t

    def renumber(self, numbers: Sequence[int]) -> None:
        """Give every piece another number, of the same column: `numbers` says by number which."""
        self._numbers = array("I", [numbers[number] for number in self._numbers])

    def take_front(self, count: int) -> Iterator[tuple[int, int]]:
        """Return (end, number) of the first `count` pieces, whole blocks of them but not all, and forget them."""
        ends, numbers = self._starts[1 : count + 1].tolist(), self._numbers[:count].tolist()
        self.start = ends[-1]
        del self._starts[:count]
        del self._numbers[:count]
        del self._sums[: count // BLOCK * len(self.totals)]
        return zip(ends, numbers, strict=True)

    def sums_until(self, t: int) -> list[int]:
        """The sums of the columns up to `t`, which is within the track."""
        width = len(self.totals)
        if t >= self.end:
            return self.totals.copy()
        index = max(bisect_left(self._starts, t) - 1, 0)
        block = index // BLOCK
        sums = self._sums[block * width : (block + 1) * width].tolist()
        first = block * BLOCK
        since = self._starts[first]
        columns = self._columns
        for number, end in zip(self._numbers[first:index], self._starts[first + 1 : index + 1], strict=True):
            sums[columns[number]] += end - since
            since = end
        sums[columns[self._numbers[index]]] += t - since
        return sums

    def count(self, since: int, until: int) -> int:
        """How many pieces begin within [since, until)."""
        return bisect_left(self._starts, until) - bisect_left(self._starts, since)

    def walk(self, since: int, until: int) -> Iterator[tuple[int, int]]:
        """(end, number) of the pieces that touch [since, until], clipped to it."""
        since, until = max(since, self.start), min(until, self.end)
        if since >= until:
            return iter(())
        first, last = self._index(since), bisect_left(self._starts, until)
        return chain.from_iterable(self._some(first, last, until))

    def around(self, t: int, of: Sequence[int]) -> tuple[int, int, int] | None:
        """(start, end, kind) of the pieces around `t` that `of` says are of one kind.

        None where they reach the start or the end of the track, beyond which there may be more.
        """
        starts, numbers = self._starts, self._numbers
        first = self._index(t)
        last = first + 1
        if not 0 < first < last < len(starts):
            return None
        kind = of[numbers[first]]
        while first and of[numbers[first - 1]] == kind:
            first -= 1
        while last < len(starts) and of[numbers[last]] == kind:
            last += 1
        return (starts[first], starts[last], kind) if first and last < len(starts) else None

    def _some(self, first: int, last: int, until: int) -> Iterator[Iterable[tuple[int, int]]]:
        """Yield ever more at a time, for most walks are short."""
        count = BLOCK
        while first < last:
            end = min(first + count, last)
            ends = self._starts[first + 1 : end + 1].tolist()
            if end == last:
                ends[last - first - 1 :] = [until]
            yield zip(ends, self._numbers[first:end], strict=True)
            first, count = end, 2 * count

    def backwards(self, t: int) -> Iterator[tuple[int, int]]:
        """(start, number) of the pieces that begin before `t`, the last first."""
        for index in range(bisect_left(self._starts, t) - 1, -1, -1):
            yield self._starts[index], self._numbers[index]

    def _index(self, t: int) -> int:
        return bisect_right(self._starts, t) - 1
