"""A lane's history: its settled pieces, the recent ones as they were, and the old ones thinned."""

from array import array
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, pairwise
from operator import sub
from typing import NamedTuple

# Stretches in columns: what makes a million of them cheap to keep and to add up.

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


GRAIN_NS = 100_000_000
"""What is thinned for the first time keeps no order within this (ns)."""

_COARSER = 4
"""What is thinned once more keeps no order within so many times as much."""

_MAX_GRAIN_NS = GRAIN_NS * _COARSER**8
"""No coarser than this: 109 minutes."""

_STEP = 64 * BLOCK
"""How many pieces are thinned at a time: work for about a millisecond."""

_WORTH = 8
"""A grain is to hold so many pieces as they were, else there is little to be won by it."""


class History:
    """One `Track` after the other, from `start` on: oldest and coarsest first. The last one is as it was told.

    Where a grain is given, a stretch of time has at most one piece of each number, in the order of numbers, with the
    sums of what was there. Where grains begin and end, sums are therefore exact to the ns.
    """

    def __init__(self, start: int, columns: Sequence[int], width: int) -> None:
        self.start = start
        self._columns = columns
        self._nothing = [0] * width
        self.last = Track(start, columns, self._nothing)
        # All of them, the last included; and the grain of each.
        self._tracks = [self.last]
        self._grains = [0]

    def __len__(self) -> int:
        return len(self.last) if len(self._tracks) == 1 else sum(map(len, self._tracks))

    def resolution(self, t: int) -> int:
        """Within how many ns around `t` the order is not that of what happened; 0 where it is."""
        return next(
            (grain for track, grain in zip(self._tracks, self._grains, strict=True) if t < track.end), 0
        )

    def sums_until(self, t: int) -> list[int]:
        """The sums of the columns up to `t`."""
        if t <= self.start:
            return self._nothing.copy()
        return self._track(t).sums_until(t)

    def count(self, since: int, until: int) -> int:
        """How many pieces begin within [since, until)."""
        return sum(track.count(since, until) for track in self._tracks)

    def walk(self, since: int, until: int) -> Iterator[tuple[int, int]]:
        """(end, number) of the pieces that touch [since, until], clipped to it; to be used up before it changes."""
        if since >= self.last.start:
            return self.last.walk(since, until)
        return chain.from_iterable(track.walk(since, until) for track in self._tracks)

    def backwards(self, t: int) -> Iterator[tuple[int, int]]:
        """(start, number) of the pieces that begin before `t`, the last first."""
        return chain.from_iterable(track.backwards(t) for track in reversed(self._tracks))

    def reopen(self, t: int) -> Iterator[tuple[Track, list[tuple[int, int]]]]:
        """Take out what is from `t` on: yield each track, and the (end, number) of what it is to be given anew."""
        sums = self._nothing if t <= self.start else None
        for track in self._tracks:
            if track.end >= t:
                pieces = list(track.walk(t, track.end))
                track.cut(t)
                if sums is not None:
                    track.totals = sums.copy()
                yield track, pieces
                sums = track.totals

    def renumber(self, numbers: Sequence[int]) -> None:
        """Give every piece another number, of the same column: `numbers` says by number which."""
        for track in self._tracks:
            track.renumber(numbers)

    def widen(self, width: int) -> None:
        """Have so many columns, once all of it was reopened."""
        self._nothing = [0] * width

    def thin(self, edges: Callable[[int, int], list[int]]) -> None:
        """Thin a little more of what is old.

        Nothing is mixed across the times that `edges` gives for a stretch of time (ns, ascending).
        """
        index = max(
            range(len(self._tracks)), key=lambda index: (self._spare(index) > 0, len(self._tracks[index]))
        )
        count = self._spare(index)
        if not count:
            return
        track = self._tracks[index]
        since = track.start
        pieces = track.take_front(count)
        if index == 0:
            grain = max(GRAIN_NS, self._grains[0] * _COARSER)
            while grain * count < _WORTH * (track.start - since) and grain < _MAX_GRAIN_NS:
                grain *= _COARSER
            self._tracks.insert(0, Track(since, self._columns, self._nothing))
            self._grains.insert(0, grain)
            index = 1
        older, grain = self._tracks[index - 1], self._grains[index - 1]
        for until, number in _thinned(pieces, since, grain, edges(since, track.start)):
            older.append(until, number)

    def _spare(self, index: int) -> int:
        """How many pieces of a track may be thinned now: of its older half, and whole blocks."""
        if index == 0 and self._grains[0] >= _MAX_GRAIN_NS:
            return 0
        return min(_STEP, len(self._tracks[index]) // 2 // BLOCK * BLOCK)

    def _track(self, t: int) -> Track:
        if t > self.last.start:
            return self.last
        return next(track for track in self._tracks if t <= track.end)


def _thinned(
    pieces: Iterable[tuple[int, int]], since: int, grain: int, edges: Sequence[int]
) -> Iterator[tuple[int, int]]:
    """Yield (end, number) of the fewer pieces that these become."""
    sums: defaultdict[int, int] = defaultdict(int)
    first = since
    edge = _edge_after(since, grain, edges)
    for end, number in pieces:
        if end > edge:
            sums[number] += edge - since
            yield from _one_each(first, sums)
            sums.clear()
            # All grains that it fills are one piece.
            first = since = _edge_before(end, grain, edges)
            if first > edge:
                yield first, number
            edge = _edge_after(first, grain, edges)
        sums[number] += end - since
        since = end
    yield from _one_each(first, sums)


def _one_each(t: int, sums: dict[int, int]) -> Iterator[tuple[int, int]]:
    for number in sorted(sums):
        if sums[number]:
            t += sums[number]
            yield t, number


def _edge_after(t: int, grain: int, edges: Sequence[int]) -> int:
    """The first edge after `t`, of grains or of `edges`."""
    index = bisect_right(edges, t)
    edge = (t // grain + 1) * grain
    return min(edge, edges[index]) if index < len(edges) else edge


def _edge_before(t: int, grain: int, edges: Sequence[int]) -> int:
    """The last edge up to `t`."""
    index = bisect_right(edges, t)
    edge = t // grain * grain
    return max(edge, edges[index - 1]) if index else edge


# Time cut into bins of equal length, and what is in each.

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
