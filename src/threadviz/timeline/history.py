"""The history of a lane: pieces of time in columns, recent ones exact, old ones downsampled.

These structures make a million pieces cheap to keep and quick to add up.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, pairwise
from operator import sub
from typing import NamedTuple

BLOCK = 16
"""Sums are kept once per so many pieces, so that no query walks further than that."""


class Track:
    """Contiguous pieces from `start` to `end` (ns), each with a number; equal neighbours are merged.

    `columns` gives the column in which the time of each number counts. `totals` are the column sums (ns) up to `end`,
    on top of the sums `before` the track.
    """

    def __init__(self, start: int, columns: Sequence[int], before: Sequence[int]) -> None:
        self.start = start
        self.end = start
        self.totals = list(before)
        self._columns = columns
        self._starts = array("q")
        self._numbers = array("I")
        # The column sums before each block, one row after the other.
        self._sums = array("q")

    def __len__(self) -> int:
        return len(self._starts)

    def append(self, until: int, number: int) -> None:
        """Extend the track to `until`, which lies after its end, with `number`."""
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
        """Replace the number of every piece by `numbers[number]`, which has the same column."""
        self._numbers = array("I", [numbers[number] for number in self._numbers])

    def take_front(self, count: int) -> Iterator[tuple[int, int]]:
        """Remove and return (end, number) of the first `count` pieces: whole blocks, but not all of them."""
        ends, numbers = self._starts[1 : count + 1].tolist(), self._numbers[:count].tolist()
        self.start = ends[-1]
        del self._starts[:count]
        del self._numbers[:count]
        del self._sums[: count // BLOCK * len(self.totals)]
        return zip(ends, numbers, strict=True)

    def sums_until(self, t: int) -> list[int]:
        """Return the column sums (ns) up to `t`, which lies within the track."""
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
        """Return how many pieces begin within [since, until)."""
        return bisect_left(self._starts, until) - bisect_left(self._starts, since)

    def walk(self, since: int, until: int) -> Iterator[tuple[int, int]]:
        """Yield (end, number) of the pieces within [since, until], clipped to it."""
        since, until = max(since, self.start), min(until, self.end)
        if since >= until:
            return iter(())
        first, last = self._index(since), bisect_left(self._starts, until)
        return chain.from_iterable(self._batches(first, last, until))

    def around(self, t: int, kinds: Sequence[int]) -> tuple[int, int, int] | None:
        """Return (start, end, kind) of the pieces around `t` that have one kind; `kinds` gives the kind of each number.

        None if they reach either end of the track, because there may be more beyond it.
        """
        starts, numbers = self._starts, self._numbers
        first = self._index(t)
        last = first + 1
        if not 0 < first < last < len(starts):
            return None
        kind = kinds[numbers[first]]
        while first and kinds[numbers[first - 1]] == kind:
            first -= 1
        while last < len(starts) and kinds[numbers[last]] == kind:
            last += 1
        return (starts[first], starts[last], kind) if first and last < len(starts) else None

    def _batches(self, first: int, last: int, until: int) -> Iterator[Iterable[tuple[int, int]]]:
        """Yield growing batches, because most walks are short."""
        count = BLOCK
        while first < last:
            end = min(first + count, last)
            ends = self._starts[first + 1 : end + 1].tolist()
            if end == last:
                ends[last - first - 1 :] = [until]
            yield zip(ends, self._numbers[first:end], strict=True)
            first, count = end, 2 * count

    def backwards(self, t: int) -> Iterator[tuple[int, int]]:
        """Yield (start, number) of the pieces that begin before `t`, the last first."""
        for index in range(bisect_left(self._starts, t) - 1, -1, -1):
            yield self._starts[index], self._numbers[index]

    def _index(self, t: int) -> int:
        return bisect_right(self._starts, t) - 1


RESOLUTION_NS = 100_000_000
"""Time that is downsampled for the first time keeps no order within this (ns)."""

_COARSER = 4
"""Each further downsampling makes the resolution coarser by this factor."""

_MAX_RESOLUTION_NS = RESOLUTION_NS * _COARSER**8
"""The coarsest resolution: 109 minutes."""

_STEP = 64 * BLOCK
"""How many pieces are downsampled at a time: about a millisecond of work."""

_WORTH = 8
"""One bin should replace at least so many pieces, else little is gained."""


class History:
    """Tracks that follow each other from `start` on, the oldest and coarsest first. The last one is exact.

    A downsampled track consists of bins as long as its resolution. Within a bin there is at most one piece of each
    number, in the order of numbers. Sums are exact to the ns at the edges of bins.
    """

    def __init__(self, start: int, columns: Sequence[int], width: int) -> None:
        self.start = start
        self._columns = columns
        self._nothing = [0] * width
        self.last = Track(start, columns, self._nothing)
        # All tracks, the last included, and the resolution of each (ns; 0 is exact).
        self._tracks = [self.last]
        self._resolutions = [0]

    def __len__(self) -> int:
        return len(self.last) if len(self._tracks) == 1 else sum(map(len, self._tracks))

    def resolution(self, t: int) -> int:
        """Return the time (ns) around `t` within which the order is lost; 0 where it is exact."""
        return next(
            (ns for track, ns in zip(self._tracks, self._resolutions, strict=True) if t < track.end), 0
        )

    def sums_until(self, t: int) -> list[int]:
        """Return the column sums (ns) up to `t`."""
        if t <= self.start:
            return self._nothing.copy()
        return self._track(t).sums_until(t)

    def count(self, since: int, until: int) -> int:
        """Return how many pieces begin within [since, until)."""
        return sum(track.count(since, until) for track in self._tracks)

    def walk(self, since: int, until: int) -> Iterator[tuple[int, int]]:
        """Yield (end, number) within [since, until], clipped to it. Consume it before the history changes."""
        if since >= self.last.start:
            return self.last.walk(since, until)
        return chain.from_iterable(track.walk(since, until) for track in self._tracks)

    def backwards(self, t: int) -> Iterator[tuple[int, int]]:
        """Yield (start, number) of the pieces that begin before `t`, the last first."""
        return chain.from_iterable(track.backwards(t) for track in reversed(self._tracks))

    def reopen(self, t: int) -> Iterator[tuple[Track, list[tuple[int, int]]]]:
        """Remove everything from `t` on; yield each track that was cut with the (end, number) it lost."""
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
        """Replace the number of every piece by `numbers[number]`, which has the same column."""
        for track in self._tracks:
            track.renumber(numbers)

    def widen(self, width: int) -> None:
        """Change the number of columns, right before all of the history is reopened."""
        self._nothing = [0] * width

    def downsample(self, edges: Callable[[int, int], list[int]]) -> None:
        """Downsample a little more of the old time.

        `edges(since, until)` returns ascending times (ns) across which nothing is mixed.
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
            resolution = max(RESOLUTION_NS, self._resolutions[0] * _COARSER)
            while resolution * count < _WORTH * (track.start - since) and resolution < _MAX_RESOLUTION_NS:
                resolution *= _COARSER
            self._tracks.insert(0, Track(since, self._columns, self._nothing))
            self._resolutions.insert(0, resolution)
            index = 1
        older, resolution = self._tracks[index - 1], self._resolutions[index - 1]
        for until, number in _downsampled(pieces, since, resolution, edges(since, track.start)):
            older.append(until, number)

    def _spare(self, index: int) -> int:
        """Return how many pieces of a track may be downsampled now: whole blocks of its older half."""
        if index == 0 and self._resolutions[0] >= _MAX_RESOLUTION_NS:
            return 0
        return min(_STEP, len(self._tracks[index]) // 2 // BLOCK * BLOCK)

    def _track(self, t: int) -> Track:
        if t > self.last.start:
            return self.last
        return next(track for track in self._tracks if t <= track.end)


def _downsampled(
    pieces: Iterable[tuple[int, int]], since: int, resolution: int, edges: Sequence[int]
) -> Iterator[tuple[int, int]]:
    """Yield (end, number) of the fewer pieces that these become."""
    sums: defaultdict[int, int] = defaultdict(int)
    first = since
    edge = _edge_after(since, resolution, edges)
    for end, number in pieces:
        if end > edge:
            sums[number] += edge - since
            yield from _one_each(first, sums)
            sums.clear()
            # All bins that this piece fills are one piece.
            first = since = _edge_before(end, resolution, edges)
            if first > edge:
                yield first, number
            edge = _edge_after(first, resolution, edges)
        sums[number] += end - since
        since = end
    yield from _one_each(first, sums)


def _one_each(t: int, sums: dict[int, int]) -> Iterator[tuple[int, int]]:
    for number in sorted(sums):
        if sums[number]:
            t += sums[number]
            yield t, number


def _edge_after(t: int, resolution: int, edges: Sequence[int]) -> int:
    """Return the first edge after `t`, of a bin or of `edges`."""
    index = bisect_right(edges, t)
    edge = (t // resolution + 1) * resolution
    return min(edge, edges[index]) if index < len(edges) else edge


def _edge_before(t: int, resolution: int, edges: Sequence[int]) -> int:
    """Return the last edge up to `t`."""
    index = bisect_right(edges, t)
    edge = t // resolution * resolution
    return max(edge, edges[index - 1]) if index else edge


DENSE = 24
"""With more pieces than this in a bin, subtracting the sums at its edges is quicker than walking."""

Sums = tuple[int, ...]


class Bins(NamedTuple):
    """`number` bins of `width` ns each, from `since` (ns) on."""

    since: int
    width: int
    number: int

    @property
    def until(self) -> int:
        return self.since + self.width * self.number


def walked(
    bins: Bins, start: int, pieces: Iterable[tuple[int, int]], columns: list[int], wide: int
) -> list[Sums]:
    """Return the column sums (ns) of each bin, from pieces (end, number) that follow each other from `start` on.

    `columns` gives the column of each number; there are `wide` columns.
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
    """Return the column sums (ns) of each bin, from the sums up to its edges."""
    edges = range(bins.since, bins.until + 1, bins.width)
    return [tuple(map(sub, after, before)) for before, after in pairwise(map(sums_until, edges))]
