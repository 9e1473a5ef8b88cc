"""When a lane was in a task, and when an event loop could not answer: two simple functions of time."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator


class Occupancy:
    """When a lane was in a task: a step function, told in any order."""

    def __init__(self) -> None:
        # The number of tasks from each of these times on. It is hardly ever more than one, but who says
        # `Finished` may do so late: when a worker was killed, or the next task has started already.
        self._times: list[int] = []
        self._counts: list[int] = []

    def change(self, t: int, by: int) -> None:
        """From `t` on, there are `by` tasks more."""
        index = bisect_right(self._times, t)
        before = self._counts[index - 1] if index else 0
        self._times.insert(index, t)
        self._counts.insert(index, before)
        for later in range(index, len(self._counts)):
            self._counts[later] += by

    def pieces(self, since: int, until: int) -> Iterator[tuple[int, bool]]:
        """(end, whether in a task) of the pieces that [since, until] falls into."""
        index = bisect_right(self._times, since)
        while since < until:
            busy = index > 0 and self._counts[index - 1] > 0
            since = min(self._times[index], until) if index < len(self._times) else until
            yield since, busy
            index += 1


class Blocked:
    """The stretches in which an event loop could not answer, from `begin` (ns) on."""

    def __init__(self, begin: int) -> None:
        self._begin = begin
        self._starts = array("q")
        self._ends = array("q")
        # In all, and at most at a stretch, up to and without the stretch of the same index.
        self._sums = array("q")
        self._longest = array("q")

    def append(self, start: int, end: int) -> None:
        """The loop could not answer from `start` to `end`, which lies after all that was said before."""
        start = max(start, self._begin)
        if start >= end:
            return
        if self._ends and self._ends[-1] == start:
            self._ends[-1] = end
            return
        self._sums.append(self._sum_before(len(self._starts)))
        self._longest.append(self._longest_before(len(self._starts)))
        self._starts.append(start)
        self._ends.append(end)

    def cut(self, t: int) -> None:
        """Forget everything from `t` on."""
        kept = bisect_left(self._starts, t)
        for column in (self._starts, self._ends, self._sums, self._longest):
            del column[kept:]
        if self._ends:
            self._ends[-1] = min(self._ends[-1], t)

    def until(self, t: int) -> tuple[int, int]:
        """For how long (ns) in all, and at most at a stretch, from the beginning until `t`."""
        index = bisect_left(self._starts, t)
        if not index:
            return 0, 0
        last = index - 1
        length = min(self._ends[last], t) - self._starts[last]
        return self._sums[last] + length, max(self._longest[last], length)

    def _sum_before(self, index: int) -> int:
        return self._sums[index - 1] + self._length(index - 1) if index else 0

    def _longest_before(self, index: int) -> int:
        return max(self._longest[index - 1], self._length(index - 1)) if index else 0

    def _length(self, index: int) -> int:
        return self._ends[index] - self._starts[index]
