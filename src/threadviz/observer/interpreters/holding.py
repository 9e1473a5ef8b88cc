"""From looks at who holds a GIL to stretches. Pure: no clock, no files."""

from typing import Generic, TypeVar

from threadviz.observer.probing.ledger import SHORT_NS
from threadviz.vocabulary import OPEN

T = TypeVar("T")


class Holding(Generic[T]):
    """The stretches of who has held one GIL, from `start` on (ns): holders are of any kind that can be compared.

    Where two looks found different holders, it changed hands in the middle between them. What a look has found stands
    as long as nothing has run in the process since.
    """

    __slots__ = ("_mark", "_settled", "_start", "holder")

    def __init__(self, start: int) -> None:
        self._start = self._mark = start
        self.holder: T | int = OPEN
        """What the last look has found."""
        self._settled: list[tuple[int, T | int]] = []

    def read(self, seen: int, t: int, holder: T | int, late_ns: int) -> None:
        """Enter one look at `t` (ns), where what the last one found has stood until `seen`, at least.

        Where the look comes more than `late_ns` after that, what was in between is open, unless the holder is the same
        and the gap is short.
        """
        before = self.holder
        gap = t - seen
        if gap > late_ns and (holder != before or gap > SHORT_NS):
            self._put(seen, before)
            self._put(t, OPEN)
        elif holder != before:
            self._put(seen + gap // 2, before)
        self.holder = holder

    def _put(self, until: int, holder: T | int) -> None:
        ns = until - self._mark
        if ns <= 0:
            return
        self._mark = until
        settled = self._settled
        if settled and settled[-1][1] == holder:
            settled[-1] = settled[-1][0] + ns, holder
        else:
            settled.append((ns, holder))

    @property
    def changed(self) -> bool:
        """Whether it has changed hands since stretches were handed over."""
        return bool(self._settled)

    @property
    def told(self) -> int:
        """Until when stretches were handed over (ns)."""
        return self._start

    def drain(self, until: int) -> tuple[int, list[tuple[int, T | int]]]:
        """Hand over the stretches since the last call, with the time at which they start.

        The last look's find stands until `until` (ns).
        """
        self._put(until, self.holder)
        start, settled = self._start, self._settled
        self._start, self._settled = self._mark, []
        return start, settled
