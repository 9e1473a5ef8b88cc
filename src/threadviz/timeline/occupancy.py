"""When a lane was in a task, and when an event loop could not answer: two simple functions of time."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from itertools import accumulate, islice


class Occupancy:
    """When a lane was in a task: a step function, told in any order.

    `last` is the last time (ns) at which it changes.
    """

    def __init__(self) -> None:
        # By how many tasks it changes at each of these times. That is hardly ever out of order, but who says
        # `Finished` may do so late: when a worker was killed, or the next task has started already.
        self._times = array("q")
        self._steps = array("q")
        # How many tasks there are from each of these times on, as far as it was asked for since that changed.
        self._counts = array("q")
        self._tasks = 0
        self.last = -1

    @property
    def busy(self) -> bool:
        """Whether it is in a task from `last` on."""
        return self._tasks > 0

    def change(self, t: int, by: int) -> None:
        """From `t` on, there are `by` tasks more."""
        index = bisect_right(self._times, t)
        self._times.insert(index, t)
        self._steps.insert(index, by)
        del self._counts[index:]
        self._tasks += by
        self.last = self._times[-1]

    def at(self, t: int) -> bool:
        """Whether it is in a task right after `t`."""
        return self._busy_before(bisect_right(self._times, t))

    def edges(self, since: int, until: int) -> list[int]:
        """The times within [since, until] at which it may change."""
        return self._times[bisect_left(self._times, since) : bisect_right(self._times, until)].tolist()

    def pieces(self, since: int, until: int) -> Iterator[tuple[int, bool]]:
        """(end, whether in a task) of the pieces that [since, until] falls into."""
        index = bisect_right(self._times, since)
        while since < until:
            busy = self._busy_before(index)
            since = min(self._times[index], until) if index < len(self._times) else until
            yield since, busy
            index += 1

    def _busy_before(self, index: int) -> bool:
        """Whether it is in a task right before the change of this index."""
        if not index:
            return False
        known = len(self._counts)
        if index > known:
            before = self._counts[-1] if known else 0
            self._counts.extend(islice(accumulate(self._steps[known:index], initial=before), 1, None))
        return self._counts[index - 1] > 0


class Longest:
    """The longest of stretches, as of any moment; only those that were longer than all before them are kept."""

    def __init__(self) -> None:
        # Every one but the last is longer than the one before.
        self._starts = array("q")
        self._ends = array("q")

    def append(self, start: int, end: int) -> None:
        """There is a stretch from `start` to `end` (ns), which lies after all before it, or goes on from the last."""
        if self._ends and self._ends[-1] == start:
            self._ends[-1] = end
            return
        if len(self._starts) > 1 and self._length(-1) <= self._length(-2):
            self._starts.pop()
            self._ends.pop()
        self._starts.append(start)
        self._ends.append(end)

    def cut(self, t: int) -> bool:
        """Forget everything from `t` on, and say whether one that is known still goes on until there."""
        kept = bisect_left(self._starts, t)
        del self._starts[kept:]
        del self._ends[kept:]
        goes_on = kept > 0 and self._ends[-1] >= t
        if goes_on:
            self._ends[-1] = t
        return goes_on

    def start_of(self, t: int) -> int:
        """Where that one begins which goes on until `t`; `t`, where none does."""
        return self._starts[-1] if self._ends and self._ends[-1] == t else t

    def until(self, t: int) -> int:
        """How long (ns) the longest is, of what lies before `t`."""
        index = bisect_left(self._starts, t)
        if not index:
            return 0
        longest = self._length(index - 2) if index > 1 else 0
        return max(longest, min(self._ends[index - 1], t) - self._starts[index - 1])

    def _length(self, index: int) -> int:
        return self._ends[index] - self._starts[index]
