"""The ribbons of a run: one for each GIL that was told of."""

from collections.abc import Sequence
from operator import attrgetter

from threadviz.events import GilHeld
from threadviz.timeline.ribbon import Ribbon

KEEP = 200_000
"""So many pieces of all ribbons are kept as they were told: about 4 MB."""

_AT_A_TIME = 256
"""After so many holds it is seen to again that there are not too many."""


class Ribbons:
    """All ribbons, by process and interpreter."""

    def __init__(self, keep: int = KEEP) -> None:
        self._by_gil: dict[tuple[int, int], Ribbon] = {}
        self._keep = self._room = keep

    def __len__(self) -> int:
        return len(self._by_gil)

    def __contains__(self, gil: tuple[int, int]) -> bool:
        return gil in self._by_gil

    @property
    def in_order(self) -> tuple[Ribbon, ...]:
        """All of them, as they were first told of, those of a process beside each other."""
        first: dict[int, int] = {}
        for number, (pid, _) in enumerate(self._by_gil):
            first.setdefault(pid, number)
        return tuple(sorted(self._by_gil.values(), key=lambda each: (first[each.pid], each.interpreter)))

    def of(self, pid: int) -> tuple[Ribbon, ...]:
        """Those of a process, the main interpreter's first."""
        mine = [ribbon for (its, _), ribbon in self._by_gil.items() if its == pid]
        return tuple(sorted(mine, key=attrgetter("interpreter")))

    def tell(self, event: GilHeld, marks: Sequence[int]) -> int:
        """Take settled stretches, and return where (ns) they end; `marks` (ns) is where sums stay exact."""
        key = event.pid, event.interpreter
        ribbon = self._by_gil.get(key)
        if ribbon is None:
            ribbon = self._by_gil[key] = Ribbon(*key, event.start)
        end = ribbon.tell(event)
        self._room -= len(event.holds)
        while self._room < 0:
            pieces = sum(each.pieces for each in self._by_gil.values())
            if pieces > self._keep:
                max(self._by_gil.values(), key=attrgetter("pieces")).thin(marks)
            self._room += max(self._keep - pieces, _AT_A_TIME)
        return end

    def forget_lane(self, pid: int, lane: int) -> None:
        """A lane of a process is folded away."""
        for ribbon in self.of(pid):
            ribbon.forget(lane)

    def forget_process(self, pid: int) -> None:
        """All lanes of a process are folded away, and it is gone."""
        for ribbon in self.of(pid):
            del self._by_gil[ribbon.pid, ribbon.interpreter]
