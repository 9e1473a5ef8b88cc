"""The arranger: keeps the rows of the picture, and makes others only where something about them has changed."""

from collections import deque
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from threadviz.presentation.cells import Window
from threadviz.timeline import Lane
from threadviz.tui.view.rows import (
    GroupHeader,
    GroupKind,
    LaneActivity,
    Row,
    RowOptions,
    ViewedRun,
    arranged,
    found_by,
)

# The gauge: what each lane did in the time in sight, measured bit by bit, for there may be a thousand of them.

PERIOD_NS = 1_000_000_000
"""While time passes, what was measured is right for so long: what goes by it would else never come to rest."""

AT_ONCE = 100
"""So many lanes are measured in one frame: about 2 ms' worth."""

Measure = Callable[[Row], LaneActivity]
"""What the lane of a row did, and what it is found by."""


class LaneMeasurements:
    """`did` is what was found out, all of it at about the same time; it is another object when that was anew."""

    def __init__(self) -> None:
        self.activity: Mapping[Lane, LaneActivity] = {}
        self.times = 0
        """How often all was measured."""
        self._measured_for: Hashable = None
        self._since = PERIOD_NS
        self._due: deque[Row] = deque()
        self._next: dict[Lane, LaneActivity] = {}
        self._next_for: Hashable = None

    @property
    def complete(self) -> bool:
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
            self.activity, self._measured_for = self._next, self._next_for
            self.times += 1


MANY = 64
"""With more lanes than these, rows are made for new ones only after a while:"""

REST_NS = 250_000_000


class VisiblePart(Protocol):
    """Which part of which runs is looked at. Times are ns since a run's origin."""

    @property
    def runs(self) -> tuple[ViewedRun, ...]:
        """Those that are looked at."""
        ...

    @property
    def comparing(self) -> bool:
        """Whether each of them stands below a heading."""
        ...

    @property
    def moving(self) -> bool:
        """Whether the picture moves by itself."""
        ...

    @property
    def selected_row(self) -> Row | None:
        """What is picked."""
        ...

    def until(self, run: ViewedRun) -> int:
        """Until when a run is drawn."""
        ...

    def visible_window(self, run: ViewedRun) -> Window:
        """From when to when it is seen."""
        ...


class RowCache:
    """The rows of what is in `sight`, in the way that was asked for. `advance` is to be called once a frame."""

    def __init__(self, sight: VisiblePart) -> None:
        self.options = RowOptions()
        self._sight = sight
        self._gauge = LaneMeasurements()
        # What the lanes were last arranged by: it stays while one is picked, so that none moves away below it.
        self._by: Mapping[Lane, LaneActivity] = {}
        self._rows: tuple[Row, ...] = ()
        self._hidden = 0
        self._with_row: frozenset[Lane] = frozenset()
        self._made_for: tuple[object, ...] = ()
        self._made_of: tuple[object, ...] = ()
        self._rested = REST_NS
        self._grouped = False
        self._heads: Mapping[Lane, GroupHeader] = {}

    @property
    def activity(self) -> Mapping[Lane, LaneActivity]:
        """What each lane did in the time in sight, where that was asked for, as of about a second ago."""
        return self._gauge.activity

    @property
    def grouped(self) -> bool:
        """Whether the lanes are grouped by process."""
        return self._grouped

    @property
    def hidden(self) -> int:
        """How many lanes are in no row, and below no head."""
        return self._hidden

    def header_of(self, row: Row | None) -> GroupHeader | None:
        """The head that a row is, or the nearest that it is below."""
        if row is None or row.head is not None or row.lane is None:
            return None if row is None else row.head
        return self._heads.get(row.lane)

    @property
    def complete(self) -> bool:
        """Whether all was measured that is to be known; else the next frames go on."""
        return not self._asks or self._gauge.complete

    @property
    def measurements(self) -> int:
        """How often what the lanes did was measured: as long as it is equal, that is the same."""
        return self._gauge.times

    def look_at_others(self) -> None:
        """Other runs are looked at: nothing is sought there yet, nothing was folded by hand."""
        self.options = replace(self.options, words="", toggled=frozenset())

    def arrange(self, how: RowOptions) -> None:
        """Arrange them in another way, from now on."""
        if how == self.options:
            return
        self.options = how
        if how.asks:
            self._gauge.measure_all(self._lanes(), self._depends_on(), self._measure)
        self._by = self._gauge.activity

    def rows(self) -> tuple[Row, ...]:
        """The rows, from the top: the same object as long as nothing about them has changed."""
        sight = self._sight
        picked = None if sight.selected_row is None else sight.selected_row.lane
        if picked is None:
            self._by = self._gauge.activity
        made_for = (sight.runs, sight.comparing, self.options, None if picked in self._with_row else picked)
        made_of = (*(run.timeline.lanes for run in sight.runs), self._by if self._asks else None)
        if made_for != self._made_for or (self._may_follow and _differ(made_of, self._made_of)):
            self._made_for, self._made_of = made_for, made_of
            self._rested = 0
            self._make(picked)
        return self._rows

    def advance(self, elapsed: int) -> None:
        """`elapsed` ns have passed for who looks on."""
        self._rested += elapsed
        if self._asks:
            moving = self._sight.moving
            self._gauge.advance(elapsed, self._lanes, self._depends_on(), self._measure, moving=moving)

    def _make(self, picked: Lane | None) -> None:
        sight, rows = self._sight, list[Row]()
        self._hidden = 0
        for run in sight.runs:
            if sight.comparing:
                rows.append(Row(run, None))
            made = arranged(run, self.options, self._by, sight.until(run), picked)
            rows += made.rows
            self._hidden += len(made.hidden)
        self._rows = tuple(rows)
        self._with_row = frozenset(row.lane for row in rows if row.lane is not None)
        heads = [row.head for row in rows if row.head is not None]
        self._grouped = any(head.key.kind is GroupKind.PROCESS for head in heads)
        self._heads = {lane: head for head in heads for lane in head.lanes}  # of several, the nearest

    @property
    def _asks(self) -> bool:
        """Whether what the lanes have done is to be known: to arrange them, or to say it of a process."""
        return self.options.asks or self._grouped

    @property
    def _may_follow(self) -> bool:
        return len(self._rows) <= MANY or self._rested >= REST_NS or not self._sight.moving

    def _lanes(self) -> list[Row]:
        return [Row(run, lane) for run in self._sight.runs for lane in run.timeline.lanes]

    def _depends_on(self) -> Hashable:
        runs = self._sight.runs
        return self.options.words, *(
            (run, run.timeline.lanes, self._sight.visible_window(run)) for run in runs
        )

    def _measure(self, row: Row) -> LaneActivity:
        assert row.lane is not None  # as `_lanes` has them
        since, until = self._sight.visible_window(row.run)
        return LaneActivity(
            row.lane.sums(since, until), found_by(row.lane, until) if self.options.words else ""
        )


def _differ(a: tuple[object, ...], b: tuple[object, ...]) -> bool:
    return len(a) != len(b) or any(one is not other for one, other in zip(a, b, strict=True))
