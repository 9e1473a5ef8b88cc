"""Stretches in columns: what makes a million of them cheap to keep and to add up."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator

from threadviz.events import Known, State

STATES = tuple(State)
_INDEX = {state: index for index, state in enumerate(STATES)}
_WIDTH = len(STATES)

_BLOCK = 16
"""Sums are kept for every so many stretches: so no question walks much further."""


class Kinds:
    """Numbers for the few different (state, known, call) that a run consists of."""

    def __init__(self) -> None:
        self.table: list[tuple[State, Known, str]] = []
        self.indices: list[int] = []
        self._numbers: dict[tuple[State, Known, str], int] = {}

    def number(self, state: State, known: Known, call: str) -> int:
        """The number of this kind, a new one where it was never asked for."""
        kind = (state, known, call)
        number = self._numbers.get(kind)
        if number is None:
            number = self._numbers[kind] = len(self.table)
            self.table.append(kind)
            self.indices.append(_INDEX[state])
        return number


class Track:
    """Contiguous stretches from `start` to `end` (ns), each of one kind; equal neighbours are one stretch."""

    def __init__(self, start: int, kinds: Kinds) -> None:
        self.start = start
        self.end = start
        self._kinds = kinds
        self._starts = array("q")
        self._numbers = array("I")
        # For every block, the time in each state before it.
        self._sums = array("q")

    def append(self, until: int, kind: int) -> None:
        """Go on to `until` in `kind`; nothing where the track is there already."""
        if until <= self.end:
            return
        numbers = self._numbers
        if not numbers or numbers[-1] != kind:
            if len(numbers) % _BLOCK == 0:
                self._sums.extend(self._sums_before_block())
            self._starts.append(self.end)
            numbers.append(kind)
        self.end = until

    def cut(self, t: int) -> None:
        """Forget everything from `t` on."""
        if t >= self.end:
            return
        kept = bisect_left(self._starts, t)
        del self._starts[kept:]
        del self._numbers[kept:]
        del self._sums[-(-kept // _BLOCK) * _WIDTH :]
        self.end = max(t, self.start)

    def sums(self, since: int, until: int) -> list[int]:
        """Nanoseconds in each state (in the order of `STATES`) within [since, until]."""
        since, until = max(since, self.start), min(until, self.end)
        if since >= until:
            return [0] * _WIDTH
        first, last = self._index(since), bisect_left(self._starts, until) - 1
        if last - first <= 2 * _BLOCK:
            return self._add([0] * _WIDTH, first, last, since, until)
        before, after = self._sums_until(first, since), self._sums_until(last, until)
        return [b - a for a, b in zip(before, after, strict=True)]

    def walk(self, since: int, until: int) -> Iterator[tuple[int, int, int]]:
        """(start, end, kind) of the stretches that touch [since, until], clipped to it."""
        since, until = max(since, self.start), min(until, self.end)
        if since >= until:
            return
        index = self._index(since)
        while since < until:
            end = min(self._end(index), until)
            yield since, end, self._numbers[index]
            since = end
            index += 1

    def at(self, t: int) -> tuple[int, int, int] | None:
        """(start, end, kind) of the stretch that `t` is in; at the track's end its last one."""
        if not self._starts or not self.start <= t <= self.end:
            return None
        index = self._index(t)
        return self._starts[index], self._end(index), self._numbers[index]

    def _index(self, t: int) -> int:
        return bisect_right(self._starts, t) - 1

    def _end(self, index: int) -> int:
        return self._starts[index + 1] if index + 1 < len(self._starts) else self.end

    def _add(self, sums: list[int], first: int, last: int, since: int, until: int) -> list[int]:
        ends = self._starts[first + 1 : last + 1].tolist()
        ends.append(until)
        indices = self._kinds.indices
        for kind, end in zip(self._numbers[first : last + 1], ends, strict=True):
            sums[indices[kind]] += end - since
            since = end
        return sums

    def _sums_until(self, index: int, t: int) -> list[int]:
        block = index // _BLOCK
        sums = self._sums[block * _WIDTH : (block + 1) * _WIDTH].tolist()
        first = block * _BLOCK
        return self._add(sums, first, index, self._starts[first], t)

    def _sums_before_block(self) -> list[int]:
        count = len(self._starts)
        return self._sums_until(count - 1, self.end) if count else [0] * _WIDTH
