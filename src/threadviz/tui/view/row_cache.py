"""Keeps the rows of the picture and what their lanes did, and computes them again only when something has changed."""

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from threadviz.timeline import Lane
from threadviz.tui.view.rows import (
    GroupHeader,
    GroupKind,
    LaneActivity,
    Row,
    RowOptions,
    arranged,
    filter_words,
)

if TYPE_CHECKING:
    from threadviz.tui.view.view import View

PERIOD_NS = 1_000_000_000
"""While the picture moves, the lanes are measured again this long after the last time."""

AT_ONCE = 100
"""The number of lanes that are measured in one frame: about 2 ms."""

MANY = 64
"""With more rows than these, new lanes get theirs only once in REST_NS while the picture moves."""

REST_NS = 250_000_000


class RowCache:
    """The rows of a view, arranged by `options`. `advance` is to be called once a frame.

    `activity` is what each lane did in the visible time, if the rows or their text need it, as of about a second ago;
    `measurements` counts how often it was measured. `grouped` is whether the rows are grouped by process, `hidden` the
    number of lanes that have neither a row nor a group.
    """

    def __init__(self, view: "View") -> None:
        self.options = RowOptions()
        self.activity: Mapping[Lane, LaneActivity] = {}
        self.measurements = 0
        self.grouped = False
        self.hidden = 0
        self._view = view
        self._job: Iterator[None] | None = None  # a measurement in progress
        self._measured_for: Hashable = None
        self._since_measured = PERIOD_NS
        # What the lanes were last arranged by: it stays while one is selected, so that none moves away below it.
        self._arranged_by: Mapping[Lane, LaneActivity] = {}
        self._rows: tuple[Row, ...] = ()
        self._lanes_with_row: frozenset[Lane] = frozenset()
        self._made_for: tuple[object, ...] = ()
        self._made_of: tuple[object, ...] = ()
        self._rested = REST_NS
        self._headers: Mapping[Lane, GroupHeader] = {}

    @property
    def complete(self) -> bool:
        """Whether all that is needed was measured. If not, the next frames continue."""
        return not self._needs_activity or (self._job is None and self.measurements > 0)

    def header_of(self, row: Row | None) -> GroupHeader | None:
        """Return the header that a row is, or the nearest above it."""
        if row is None or row.head is not None or row.lane is None:
            return None if row is None else row.head
        return self._headers.get(row.lane)

    def reset(self) -> None:
        """Forget the filter and what was folded by hand, for other runs."""
        self.options = replace(self.options, words="", toggled=frozenset())

    def arrange(self, options: RowOptions) -> None:
        """Arrange the rows by other options from now on."""
        if options == self.options:
            return
        self.options = options
        if options.needs_activity:  # the user waits for it, so measure all lanes at once
            for _ in self._measure(self._measured_key()):
                pass
        self._arranged_by = self.activity

    def rows(self) -> tuple[Row, ...]:
        """Return the rows, from the top: the same object as long as nothing about them has changed."""
        view = self._view
        selected = None if view.selected_row is None else view.selected_row.lane
        if selected is None:
            self._arranged_by = self.activity
        extra = None if selected in self._lanes_with_row else selected
        made_for = (view.runs, view.comparing, self.options, extra)
        made_of = (
            *(run.timeline.lanes for run in view.runs),
            self._arranged_by if self._needs_activity else None,
        )
        may_follow = len(self._rows) <= MANY or self._rested >= REST_NS or not view.moving
        if made_for != self._made_for or (may_follow and not _are_same(made_of, self._made_of)):
            self._made_for, self._made_of = made_for, made_of
            self._rested = 0
            self._make(selected)
        return self._rows

    def advance(self, elapsed: int) -> None:
        """Continue measuring, or begin again when it is time; `elapsed` ns have passed."""
        self._rested += elapsed
        if not self._needs_activity:
            return
        self._since_measured += elapsed
        if self._job is None:
            key = self._measured_key()
            if key == self._measured_for or (self._view.moving and self._since_measured < PERIOD_NS):
                return
            self._job = self._measure(key)
        next(self._job, None)

    @property
    def _needs_activity(self) -> bool:
        """Whether it is needed: to arrange the lanes, or for the text of a process."""
        return self.options.needs_activity or self.grouped

    def _measured_key(self) -> Hashable:
        """Return what the activity depends on."""
        windows = [(run, run.timeline.lanes, self._view.visible_window(run)) for run in self._view.runs]
        return self.options.words, *windows

    def _measure(self, key: Hashable) -> Iterator[None]:
        """Measure all lanes, AT_ONCE of them in each step."""
        self._since_measured = 0
        activity: dict[Lane, LaneActivity] = {}
        windows = [(self._view.visible_window(run), run.timeline.lanes) for run in self._view.runs]
        for number, (window, lane) in enumerate(
            ((window, lane) for window, lanes in windows for lane in lanes), 1
        ):
            words = filter_words(lane, window.until) if self.options.words else ""
            activity[lane] = LaneActivity(lane.sums(*window), words)
            if not number % AT_ONCE:
                yield
        self.activity, self._measured_for, self._job = activity, key, None
        self.measurements += 1

    def _make(self, selected: Lane | None) -> None:
        view, rows = self._view, list[Row]()
        self.hidden = 0
        for run in view.runs:
            if view.comparing:
                rows.append(Row(run, None))
            made, hidden = arranged(run, self.options, self._arranged_by, view.until(run), selected)
            rows += made
            self.hidden += hidden
        self._rows = tuple(rows)
        self._lanes_with_row = frozenset(row.lane for row in rows if row.lane is not None)
        headers = [row.head for row in rows if row.head is not None]
        self.grouped = any(header.key.kind is GroupKind.PROCESS for header in headers)
        self._headers = {
            lane: header for header in headers for lane in header.lanes
        }  # of several, the nearest


def _are_same(a: tuple[object, ...], b: tuple[object, ...]) -> bool:
    return len(a) == len(b) and all(one is other for one, other in zip(a, b, strict=True))
