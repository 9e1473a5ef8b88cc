"""The longest waits of a lane, found bit by bit: it may have a million stretches."""

from collections.abc import Sequence
from heapq import heappush, heappushpop, nlargest
from itertools import islice

from threadviz.timeline import Lane, Stretch
from threadviz.vocabulary import State

MOST = 5
"""So many are kept."""

AT_ONCE = 2000
"""So many stretches are looked at in one go: it takes about 3 ms."""

_NO_WAITS = frozenset({State.RUNNING, State.IDLE, State.UNKNOWN})


class LongestWaits:
    """Of `lane`, from `since` (ns) on; that moves on where the lane is thinned before it was looked at.

    `until` is how far it was looked through for good, `complete` whether that is all there is to look through.
    """

    def __init__(self, lane: Lane, since: int) -> None:
        self.lane = lane
        self.since = since
        self.until = since
        self.complete = False
        self.revision = lane.revision
        self._settled: list[tuple[int, int, Stretch]] = []
        self._open: Sequence[Stretch] = ()

    def look(self, t: int) -> None:
        """Go on towards `t` (ns), which is not before `until`."""
        if self.until < self.lane.thinned_until:
            self.since = self.until = self.lane.thinned_until
        stretches = list(islice(self.lane.stretches(self.until, t), AT_ONCE))
        self.complete = len(stretches) < AT_ONCE
        settled = min(self.lane.settled_until, t - 1)
        taken = 0
        for stretch in stretches[:-1]:  # the last one may go on
            if stretch.end > settled:
                break
            self._take(stretch)
            taken += 1
        self._open = stretches[taken:]

    def found(self) -> list[Stretch]:
        """Return the longest, the very longest first."""
        waits = [stretch for *_, stretch in self._settled]
        waits += [stretch for stretch in self._open if stretch.state not in _NO_WAITS]
        return nlargest(MOST, waits, key=lambda stretch: stretch.end - stretch.start)

    def _take(self, stretch: Stretch) -> None:
        self.until = stretch.end
        if stretch.state in _NO_WAITS:
            return
        item = (stretch.end - stretch.start, -stretch.start, stretch)
        if len(self._settled) < MOST:
            heappush(self._settled, item)
        else:
            heappushpop(self._settled, item)
