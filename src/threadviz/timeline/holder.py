"""One holder of a GIL: for how long it has held it, and how often it was handed to it, as of any moment."""

from array import array
from bisect import bisect_right


class Holder:
    """Adds up, and keeps what the sums were at the end of each hold: all that holds of a long run are, some."""

    def __init__(self) -> None:
        self._ends = array("q")
        # At each of these ends: for how long (ns) it had held until then, and how often it was handed to it.
        self._held = array("q")
        self._taken = array("q")

    def __len__(self) -> int:
        return len(self._ends)

    @property
    def taken(self) -> int:
        """How often it was handed to it, in all."""
        return self._taken[-1]

    def append(self, start: int, end: int, *, handed: bool) -> None:
        """It held from `start` to `end` (ns), which is after all before; `handed` says if another had held before."""
        held, taken = (self._held[-1], self._taken[-1]) if self._ends else (0, 0)
        if self._ends and self._ends[-1] == start and not handed:
            self._ends.pop()
            self._held.pop()
            self._taken.pop()
        self._ends.append(end)
        self._held.append(held + end - start)
        self._taken.append(taken + handed)

    def until(self, t: int) -> tuple[int, int]:
        """For how long (ns) it had held until `t`, and how often at least it was handed to it."""
        index = bisect_right(self._ends, t)
        held, taken = (self._held[index - 1], self._taken[index - 1]) if index else (0, 0)
        if index < len(self._ends):
            # What is not over then: the hold that `t` is in, or, where some were thinned, several, taken as one.
            length = self._held[index] - held
            begun = t - (self._ends[index] - length)
            if begun > 0:
                return held + begun, min(taken + 1, self._taken[index])
        return held, taken

    def thin(self) -> None:
        """Forget every other of the older half of what is kept."""
        half = len(self._ends) // 2
        for kept in (self._ends, self._held, self._taken):
            del kept[0:half:2]
