"""Notes on a lane: what was said of single moments of it."""

import sys
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator

MOST = 200
"""So many are kept of a lane; of the older half of more, every other one."""


class Notes:
    """Texts, each said of a moment (ns), told in the order of time. Equal ones take memory once."""

    def __init__(self) -> None:
        self._times = array("q")
        self._texts: list[str] = []

    @property
    def last(self) -> int:
        """The latest moment that one is said of; -1 where there is none."""
        return self._times[-1] if self._times else -1

    def __iter__(self) -> Iterator[tuple[int, str]]:
        """All that are kept, each with the moment (ns) that it is said of."""
        return zip(self._times, self._texts, strict=True)

    def add(self, t: int, text: str) -> None:
        """Note this of `t` (ns), which is no earlier than `last`."""
        self._times.append(t)
        self._texts.append(sys.intern(text))
        if len(self._times) > MOST:
            del self._times[0 : MOST // 2 : 2]
            del self._texts[0 : MOST // 2 : 2]

    def before(self, t: int) -> tuple[int, str] | None:
        """The last that is said of `t` (ns) or of a moment before it, and of which."""
        index = bisect_right(self._times, t) - 1
        return None if index < 0 else (self._times[index], self._texts[index])

    def within(self, start: int, end: int, t: int) -> str:
        """Of those from `start` to `end` (ns, both included) the last up to `t`, else the first after it, if any."""
        first, last = bisect_left(self._times, start), bisect_right(self._times, end)
        if first == last:
            return ""
        return self._texts[min(max(first, bisect_right(self._times, t) - 1), last - 1)]
