"""A lane's history: its settled pieces, the recent ones as they were, and the old ones thinned."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain

from threadviz.timeline.track import BLOCK, Track

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

    def grain(self, t: int) -> int:
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
