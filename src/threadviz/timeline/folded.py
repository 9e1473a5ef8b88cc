"""Lanes that were folded away: threads that are gone, too many to be kept one by one."""

from array import array
from collections import Counter
from itertools import pairwise
from operator import add, sub

from threadviz.timeline.bins import Sums
from threadviz.timeline.kinds import STATES, WIDTH
from threadviz.timeline.lane import Lane
from threadviz.timeline.reading import Role
from threadviz.vocabulary import State

BIN_NS = 100_000_000
"""How long (ns) the bins are that their time is added up in, at first."""

_MOST_BINS = 4096
"""With more, each becomes twice as long."""


class Folded:
    """How many lanes were folded away, and what they were in, added up from `origin` (ns) on.

    `threads` counts them, `processes` those processes of which there is no lane left. The sums are exact at the edges
    of bins, whose length is `bin_ns`, and once all of these lanes were gone; in between they are shared out evenly.
    """

    def __init__(self, origin: int) -> None:
        self.origin = origin
        self.threads = 0
        self.processes = 0
        self.bin_ns = BIN_NS
        self._of_process = Counter[int]()
        self._until = origin
        # Bin after bin, in each the sums of plumbing lanes, and then those of the others.
        self._sums = array("q")

    def of_process(self, pid: int) -> int:
        """How many threads of a process were folded away, of which there are lanes still."""
        return self._of_process[pid]

    def states(self, until: int) -> dict[State, int]:
        """Nanoseconds in each state until then (ns), of all but the plumbing; without states of 0 ns."""
        _, others = self.sums(until)
        return {state: ns for state, ns in zip(STATES, others, strict=True) if ns}

    def sums(self, until: int) -> tuple[Sums, Sums]:
        """Nanoseconds in each state until then (ns): of plumbing, and of the others."""
        until = min(until, self._until)
        whole, rest = divmod(max(until - self.origin, 0), self.bin_ns)
        row = 2 * WIDTH
        sums = [sum(self._sums[column : whole * row : row]) for column in range(row)]
        if rest:
            start = self.origin + whole * self.bin_ns
            length = min(self.bin_ns, self._until - start)
            part = self._sums[whole * row : (whole + 1) * row]
            sums = [ns + more * rest // length for ns, more in zip(sums, part, strict=True)]
        return tuple(sums[:WIDTH]), tuple(sums[WIDTH:])

    def binned(self, since: int, width: int, count: int) -> list[Sums]:
        """For each of `count` bins of `width` ns, from `since` (ns) on: ns in each state, plumbing included."""
        edges = [self.sums(since + number * width) for number in range(count + 1)]
        until = [tuple(map(add, plumbing, others)) for plumbing, others in edges]
        return [tuple(map(sub, after, before)) for before, after in pairwise(until)]

    def take(self, lane: Lane, *, last: bool) -> None:
        """Fold a lane away that has ended; `last` says if there is no other lane of its process."""
        self.threads += 1
        self._of_process[lane.pid] += 1
        if last:
            self.processes += 1
            del self._of_process[lane.pid]
        assert lane.end is not None
        self._until = max(self._until, lane.end)
        while lane.end > self.origin + _MOST_BINS * self.bin_ns:
            self._widen()
        first = max(lane.start - self.origin, 0) // self.bin_ns
        number = -(-(lane.end - self.origin) // self.bin_ns) - first
        if number <= 0:
            return
        row = 2 * WIDTH
        self._sums.extend([0] * ((first + number) * row - len(self._sums)))
        bins = lane.binned(self.origin + first * self.bin_ns, self.bin_ns, number)
        index = first * row + (0 if lane.role is Role.PLUMBING else WIDTH)
        for sums in bins:
            for column, ns in enumerate(sums, index):
                self._sums[column] += ns
            index += row

    def _widen(self) -> None:
        self.bin_ns *= 2
        row = 2 * WIDTH
        if len(self._sums) // row % 2:
            self._sums.extend([0] * row)
        wide = array("q")
        for start in range(0, len(self._sums), 2 * row):
            both = self._sums[start : start + 2 * row]
            wide.extend(one + other for one, other in zip(both[:row], both[row:], strict=True))
        self._sums = wide
