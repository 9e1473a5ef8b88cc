"""The history of a lane: pieces of time in columns, recent ones exact, old ones downsampled.

These structures make a million pieces cheap to keep and quick to add up.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, pairwise
from operator import sub

Columns = Sequence[int] | Mapping[int, int]
"""The column in which the time of each number counts."""

BLOCK = 16
"""Sums are kept once per so many pieces, so that no query walks further than that."""


class Track:
    """Contiguous pieces from `start` to `end` (ns), each with a number; equal neighbours are merged.

    `columns` gives the column in which the time of each number counts. `totals` are the column sums (ns) up to `end`,
    on top of the sums `before` the track. The order of the pieces is lost within `resolution` ns; 0 is exact.
    """

    def __init__(self, start: int, columns: Columns, before: Iterable[int], resolution: int = 0) -> None:
        self.start = start
        self.end = start
        self.totals = list(before)
        self.resolution = resolution
        self._columns = columns
        self._starts = array("q")
        self._numbers = array("L")
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
        first, last = bisect_right(self._starts, since) - 1, bisect_left(self._starts, until)
        return chain.from_iterable(self._batches(first, last, until))

    def around(self, t: int, kinds: Sequence[int]) -> tuple[int, int, int] | None:
        """Return (start, end, kind) of the pieces around `t` that have one kind; `kinds` gives the kind of each number.

        None if they reach either end of the track, because there may be more beyond it.
        """
        first = bisect_right(self._starts, t) - 1
        if t >= self.end or first < 0:
            return None
        last, kind = first, kinds[self._numbers[first]]
        while first > 0 and kinds[self._numbers[first - 1]] == kind:
            first -= 1
        while last < len(self) - 1 and kinds[self._numbers[last + 1]] == kind:
            last += 1
        return (self._starts[first], self._starts[last + 1], kind) if first and last < len(self) - 1 else None

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
    number, in the order of numbers. Sums are exact to the ns at the edges of bins. Whoever changes `width`, the number
    of columns, has to reopen all of the history then.
    """

    def __init__(self, start: int, columns: Columns, width: int) -> None:
        self.start = start
        self.width = width
        self._columns = columns
        self.last = Track(start, columns, [0] * width)
        # All tracks, the last included.
        self._tracks = [self.last]

    def __len__(self) -> int:
        return sum(map(len, self._tracks))

    def resolution(self, t: int) -> int:
        """Return the time (ns) around `t` within which the order is lost; 0 where it is exact."""
        return next((track.resolution for track in self._tracks if t < track.end), 0)

    def sums_until(self, t: int) -> list[int]:
        """Return the column sums (ns) up to `t`."""
        if t <= self.start:
            return [0] * self.width
        if t > self.last.start:
            return self.last.sums_until(t)
        return next(track for track in self._tracks if t <= track.end).sums_until(t)

    def count(self, since: int, until: int) -> int:
        """Return how many pieces begin within [since, until)."""
        return sum(track.count(since, until) for track in self._tracks)

    def walk(self, since: int, until: int) -> Iterator[tuple[int, int]]:
        """Yield (end, number) within [since, until], clipped to it. Consume it before the history changes."""
        return chain.from_iterable(track.walk(since, until) for track in self._tracks)

    def backwards(self, t: int) -> Iterator[tuple[int, int]]:
        """Yield (start, number) of the pieces that begin before `t`, the last first."""
        return chain.from_iterable(track.backwards(t) for track in reversed(self._tracks))

    def reopen(self, t: int) -> Iterator[tuple[Track, list[tuple[int, int]]]]:
        """Remove everything from `t` on; yield each track that was cut with the (end, number) it lost."""
        sums = [0] * self.width if t <= self.start else None
        for track in self._tracks:
            if track.end >= t:
                pieces = list(track.walk(t, track.end))
                track.cut(t)
                if sums is not None:
                    track.totals = sums.copy()
                yield track, pieces
                sums = track.totals

    def downsample(self, edges: Sequence[int]) -> None:
        """Downsample a little more of the old time. Nothing is mixed across `edges`, ascending times (ns)."""
        spare = {index: count for index in range(len(self._tracks)) if (count := self._spare(index))}
        if not spare:
            return
        index = max(spare, key=lambda index: len(self._tracks[index]))
        track = self._tracks[index]
        since = track.start
        pieces = track.take_front(spare[index])
        if index == 0:
            resolution = max(RESOLUTION_NS, track.resolution * _COARSER)
            while resolution * spare[0] < _WORTH * (track.start - since) and resolution < _MAX_RESOLUTION_NS:
                resolution *= _COARSER
            self._tracks.insert(0, Track(since, self._columns, [0] * self.width, resolution))
            index = 1
        older = self._tracks[index - 1]
        for until, number in _downsampled(pieces, since, older.resolution, edges):
            older.append(until, number)

    def _spare(self, index: int) -> int:
        """Return how many pieces of a track may be downsampled now: whole blocks of its older half."""
        track = self._tracks[index]
        if index == 0 and track.resolution >= _MAX_RESOLUTION_NS:
            return 0
        return min(_STEP, len(track) // 2 // BLOCK * BLOCK)


def _downsampled(
    pieces: Iterable[tuple[int, int]], since: int, resolution: int, edges: Sequence[int]
) -> Iterator[tuple[int, int]]:
    """Yield (end, number) of the fewer pieces that these become."""
    sums: defaultdict[int, int] = defaultdict(int)
    first = since
    _, edge = _bin(since, resolution, edges)
    for end, number in pieces:
        if end > edge:
            sums[number] += edge - since
            yield from _one_each(first, sums)
            sums.clear()
            # All bins that this piece fills are one piece.
            filled_from = edge
            first, edge = _bin(end, resolution, edges)
            since = first
            if first > filled_from:
                yield first, number
        sums[number] += end - since
        since = end
    yield from _one_each(first, sums)


def _one_each(t: int, sums: dict[int, int]) -> Iterator[tuple[int, int]]:
    for number in sorted(sums):
        if sums[number]:
            t += sums[number]
            yield t, number


def _bin(t: int, resolution: int, edges: Sequence[int]) -> tuple[int, int]:
    """Return the start and the end of the bin from which time goes on at `t`. Bins end at each of `edges`, too."""
    start = t // resolution * resolution
    index = bisect_right(edges, t)
    return max([start, *edges[index - 1 : index]]), min([start + resolution, *edges[index : index + 1]])


DENSE = 24
"""With more pieces than this in a bin, subtracting the sums at its edges is quicker than walking."""

Sums = tuple[int, ...]


def walked(
    edges: range, start: int, pieces: Iterable[tuple[int, int]], columns: Columns, wide: int
) -> list[Sums]:
    """Return the column sums (ns) of the bins between `edges` (ns).

    The pieces (end, number) follow each other from `start` on. `columns` gives the column of each number; there are
    `wide` columns.
    """
    width = edges.step
    nothing = (0,) * wide
    index = (start - edges.start) // width
    done = [nothing] * index
    edge = edges[index + 1]
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
    done.append(tuple(sums))
    done += [nothing] * (len(edges) - 1 - len(done))
    return done[: len(edges) - 1]


def differences(edges: range, sums_until: Callable[[int], list[int]]) -> list[Sums]:
    """Return the column sums (ns) of the bins between `edges` (ns), from the sums up to each edge."""
    return [tuple(map(sub, after, before)) for before, after in pairwise(map(sums_until, edges))]
