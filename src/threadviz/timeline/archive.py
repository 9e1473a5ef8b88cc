"""What is left of the lanes that are no longer kept one by one."""

from collections import Counter
from operator import add

from threadviz.protocol.events import State
from threadviz.timeline.account import WIDTH, Role, by_state
from threadviz.timeline.history import Sums, differences
from threadviz.timeline.lane import Lane

BIN_NS = 100_000_000
"""The length (ns) of the bins in which the time of archived lanes is added up, at first."""

_MOST_BINS = 4096
"""With more bins than this, each becomes twice as long."""

_EMPTY = (0,) * (2 * WIDTH)


class ArchivedLanes:
    """What is left of ended lanes that are no longer kept one by one, from `origin` (ns) on.

    `threads` counts them, and `processes` those processes without any lane left. Sums are exact at the edges of bins,
    whose length is `bin_ns`, and from the end of the last of these lanes on; in between they are interpolated.
    """

    def __init__(self, origin: int) -> None:
        self.origin = origin
        self.threads = 0
        self.processes = 0
        self.bin_ns = BIN_NS
        self._of_process = Counter[int]()
        self._until = origin
        # Of each bin: the state sums of plumbing, then those of all other lanes.
        self._bins: list[Sums] = []

    def of_process(self, pid: int) -> int:
        """Return how many lanes of a process were archived, if it has other lanes still."""
        return self._of_process[pid]

    def states(self, until: int) -> dict[State, int]:
        """Return ns in each state up to `until` (ns), without plumbing and without states of 0 ns."""
        _, others = self.sums(until)
        return by_state(others)

    def sums(self, until: int) -> tuple[Sums, Sums]:
        """Return ns in each state up to `until` (ns): of plumbing, and of all other lanes."""
        until = min(until, self._until)
        whole, rest = divmod(max(until - self.origin, 0), self.bin_ns)
        sums = tuple(map(sum, zip(_EMPTY, *self._bins[:whole], strict=True)))
        if rest:
            length = min(self.bin_ns, self._until - self.origin - whole * self.bin_ns)
            sums = tuple(ns + more * rest // length for ns, more in zip(sums, self._bins[whole], strict=True))
        return sums[:WIDTH], sums[WIDTH:]

    def binned(self, since: int, width: int, count: int) -> list[Sums]:
        """Return ns in each state, plumbing included, for `count` bins of `width` ns from `since` (ns) on."""
        edges = range(since, since + width * count + 1, width)
        return differences(edges, lambda t: [*map(add, *self.sums(t))])

    def add(self, lane: Lane, *, last: bool) -> None:
        """Archive an ended lane; `last` says that its process has no other lane."""
        self.threads += 1
        self._of_process[lane.pid] += 1
        if last:
            self.processes += 1
            del self._of_process[lane.pid]
        assert lane.end is not None
        self._until = max(self._until, lane.end)
        while lane.end > self.origin + _MOST_BINS * self.bin_ns:
            self._double_bins()
        first = max(lane.start - self.origin, 0) // self.bin_ns
        stop = -(-(lane.end - self.origin) // self.bin_ns)
        self._bins.extend([_EMPTY] * (stop - len(self._bins)))
        binned = lane.binned(self.origin + first * self.bin_ns, self.bin_ns, max(stop - first, 0))
        none = _EMPTY[:WIDTH]
        for index, sums in enumerate(binned, first):
            row = sums + none if lane.role is Role.PLUMBING else none + sums
            self._bins[index] = tuple(map(add, self._bins[index], row))

    def _double_bins(self) -> None:
        self.bin_ns *= 2
        halves = [*self._bins, _EMPTY] if len(self._bins) % 2 else self._bins
        self._bins = [
            tuple(map(add, one, other)) for one, other in zip(halves[::2], halves[1::2], strict=True)
        ]
