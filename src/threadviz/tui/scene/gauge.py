"""The gauge: what each lane did in the time in sight, measured bit by bit, for there may be a thousand of them."""

from collections import deque
from collections.abc import Callable, Hashable, Mapping, Sequence

from threadviz.timeline import Lane
from threadviz.tui.scene.arranging import Did
from threadviz.tui.scene.rows import Row

PERIOD_NS = 1_000_000_000
"""While time passes, what was measured is right for so long: what goes by it would else never come to rest."""

AT_ONCE = 100
"""So many lanes are measured in one frame: about 2 ms' worth."""

Measure = Callable[[Row], Did]
"""What the lane of a row did, and what it is found by."""


class Gauge:
    """`did` is what was found out, all of it at about the same time; it is another object when that was anew."""

    def __init__(self) -> None:
        self.did: Mapping[Lane, Did] = {}
        self.times = 0
        """How often all was measured."""
        self._measured_for: Hashable = None
        self._since = PERIOD_NS
        self._due: deque[Row] = deque()
        self._next: dict[Lane, Did] = {}
        self._next_for: Hashable = None

    @property
    def whole(self) -> bool:
        """Whether all was measured, and nothing is being so; else the next frames go on."""
        return not self._due and self.times > 0

    def advance(
        self,
        elapsed: int,
        lanes: Callable[[], Sequence[Row]],
        of: Hashable,
        measure: Measure,
        *,
        moving: bool,
    ) -> None:
        """`elapsed` ns have passed for who looks on: measure some lanes, where it is time; `of` is as below.

        While the picture is `moving` by itself, it is time once a period.
        """
        self._since += elapsed
        if not self._due:
            if of == self._measured_for or (moving and self._since < PERIOD_NS):
                return
            self._begin(lanes(), of)
        self._go_on(measure, AT_ONCE)

    def measure_all(self, lanes: Sequence[Row], of: Hashable, measure: Measure) -> None:
        """Measure all lanes at once, for somebody waits for it."""
        self._begin(lanes, of)
        self._go_on(measure, len(lanes))

    def _begin(self, lanes: Sequence[Row], of: Hashable) -> None:
        self._due = deque(lanes)
        self._next, self._next_for, self._since = {}, of, 0

    def _go_on(self, measure: Measure, most: int) -> None:
        for _ in range(min(most, len(self._due))):
            row = self._due.popleft()
            if row.lane is not None:
                self._next[row.lane] = measure(row)
        if not self._due:
            self.did, self._measured_for = self._next, self._next_for
            self.times += 1
