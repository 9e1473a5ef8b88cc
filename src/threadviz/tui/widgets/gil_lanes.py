"""The GIL timelines above the lanes: one for each run in the view, showing who holds the GIL."""

from collections.abc import Hashable, Iterator, Sequence

from rich.segment import Segment
from textual.strip import Strip

from threadviz.protocol.events import ELSEWHERE, FREE, OPEN
from threadviz.text import NS_PER_S, brief_seconds, printable, seconds
from threadviz.timeline import GilTimeline
from threadviz.tui.render.gil import GilCells, GilPainter
from threadviz.tui.render.labels import fit, name_of
from threadviz.tui.render.layout import FIGURE, GAP, Columns, columns_of
from threadviz.tui.render.styles import LaneStyles, lane_styles
from threadviz.tui.view.gil_marks import GilRow
from threadviz.tui.view.view import View
from threadviz.tui.widgets.mouse_cursor import MouseCursorWidget
from threadviz.tui.widgets.panel import TextPanel
from threadviz.tui.widgets.run_text import run_labels

_PERIOD_NS = 100_000_000
"""While time passes, the lines are updated once in this period,"""

_TEXT_NS = 300_000_000
"""and their text once in this one: nobody reads faster."""


class GilLanes(MouseCursorWidget, TextPanel):
    """Draws one line for each GIL row of the view, in the columns of the lanes."""

    def __init__(self, view: View) -> None:
        super().__init__(view)
        self._cells: dict[tuple[GilTimeline, int, int], GilCells] = {}

    @property
    def whole(self) -> bool:
        """Whether all that is visible was computed. If not, the next frames continue."""
        return len(self._lines) == len(self.view.gil_rows.shown) and all(
            cells.whole for cells in self._cells.values()
        )

    @property
    def columns(self) -> Columns:
        return columns_of(self.view, self.size.width)

    def key(self) -> tuple[Hashable, ...]:
        view, viewport, shown = self.view, self.view.viewport, self.view.gil_rows.shown
        period = _PERIOD_NS if view.moving else 1
        times = [
            (row.run, row.gil_timeline, view.until(row.run) // period, row.gil_timeline.end // period)
            for row in shown
        ]
        return (
            (viewport.left, viewport.cell_ns, viewport.cells, view.cursor, view.moving),
            (tuple(times), view.rows, lane_styles(self.app)),
            None if self.whole else object(),
        )

    def lines(self, width: int) -> list[Strip]:
        columns, shown = self.columns, self.view.gil_rows.shown
        keys = [(row.gil_timeline, self.view.origin(row.run), self.view.viewport.cell_ns) for row in shown]
        self._cells = {
            key: self._cells.get(key) or GilCells(row.gil_timeline, row.marks, *key[1:])
            for row, key in zip(shown, keys, strict=True)
        }
        return [self._line(row, self._cells[key], columns) for row, key in zip(shown, keys, strict=True)]

    def _line(self, row: GilRow, gil_cells: GilCells, columns: Columns) -> Strip:
        view, viewport, styles = self.view, self.view.viewport, lane_styles(self.app)
        first = viewport.left // viewport.cell_ns
        until = min(view.until(row.run), view.origin(row.run) + (first + columns.cells) * viewport.cell_ns)
        cells = gil_cells.cells(first, until)[: columns.cells]
        segments = GilPainter(styles, self.ascii_only).segments(cells)
        line = Strip(segments).adjust_cell_length(columns.cells, styles.text)
        if view.cursor is not None and 0 <= (at := viewport.cell(view.cursor)) < columns.cells:
            line = self._with_cursor(line, at, styles)
        left = self._left(row, columns, styles)
        right = Segment(self._hand_offs(row, columns), styles.quiet)
        return Strip([Segment(" ", styles.text), *left, *line, right]).crop(0, columns.width)

    def _with_cursor(self, line: Strip, at: int, styles: LaneStyles) -> Strip:
        before, cell, after = line.divide([at, at + 1, line.cell_length])
        (segment,) = cell
        style = styles.across(segment.style or styles.text)
        return Strip([*before, Segment("|" if self.ascii_only else "│", style), *after])

    def _left(self, row: GilRow, columns: Columns, styles: LaneStyles) -> Iterator[Segment]:
        """Yield the share of time in which the GIL is held, and its holder at the cursor, or now."""
        width = columns.left - 2 * GAP
        if width <= 0:
            return
        until = self._text_time(row)
        shares = share_texts(self.view, row, until)
        share = next((text for text in shares if len(text) <= width), shares[-1])
        rest = width - len(share) - 1
        holder = next((text for text in holder_texts(self.view, row, until) if len(text) <= rest), "")
        yield Segment(fit(share, min(len(share), width), self.ascii_only), styles.bold)
        yield Segment(fit(f" {holder}", width - min(len(share), width), self.ascii_only), styles.quiet)
        yield Segment(" ", styles.text)

    def _hand_offs(self, row: GilRow, columns: Columns) -> str:
        """Return the rate of hand-offs, as far as there is room."""
        width = columns.shares * (GAP + FIGURE)
        until, origin = self._text_time(row), self.view.origin(row.run)
        rate = row.gil_timeline.hand_offs(until) * NS_PER_S / (until - origin) if until > origin else 0
        texts = (f" {rate:.0f} hand-offs a second", f" {rate:.0f} hand-offs/s", f" {rate:.0f}/s", "")
        return next(text for text in texts if len(text) <= width).ljust(width)

    def _text_time(self, row: GilRow) -> int:
        """Return the time that the text is about (ns)."""
        until = self.view.until(row.run)
        return until // _TEXT_NS * _TEXT_NS if self.view.moving else until


def share_texts(view: View, row: GilRow, until: int) -> Sequence[str]:
    """Return which GIL it is and its held share of the time seen up to `until` (ns), longest text first."""
    gil_timeline, timeline = row.gil_timeline, row.run.timeline
    several = any(each.pid != gil_timeline.pid for each in timeline.gil_timelines)
    process = timeline.processes.get(gil_timeline.pid)
    name = f"{run_labels(view.runs)[row.run]}: GIL" if view.comparing else "GIL"
    if several:
        name += f" of {name_of(process)} {gil_timeline.pid}"
    if any(each.pid == gil_timeline.pid and each is not gil_timeline for each in timeline.gil_timelines):
        name += f", interpreter {gil_timeline.interpreter}"
    shares = gil_timeline.shares(view.origin(row.run), until)
    if shares.open > shares.held + shares.free:
        on = f" on {printable(process.python)}" if process is not None and process.python else ""
        return [f"{name}: mostly not seen{on}", f"{name}: mostly not seen", f"{name} ?", "GIL ?", "GIL"]
    held = shares.held_share
    if held is None:
        return [name, "GIL"]
    by_pid = [f"GIL of {gil_timeline.pid} {held:.0%}", f"{gil_timeline.pid} {held:.0%}"] if several else []
    return [f"{name} {100 * held:.0f} %", *by_pid, f"GIL {100 * held:.0f} %", f"GIL {held:.0%}", "GIL"]


def holder_texts(view: View, row: GilRow, until: int) -> Iterator[str]:
    """Yield the GIL's holder at the cursor, or while time passes, at `until` (ns), longest text first; if known."""
    if view.cursor is None and not view.moving:
        return
    origin, gil_timeline = view.origin(row.run), row.gil_timeline
    t = until if view.cursor is None else origin + view.cursor
    held = gil_timeline.at(min(t, gil_timeline.end)) if t <= view.until(row.run) else None
    if held is None or (view.cursor is None and held.holder == OPEN):
        return
    who = _holder_name(row, held.holder)
    if view.cursor is not None:
        if resolution := gil_timeline.resolution(t):
            yield f"about {who}, within {seconds(resolution)}"
        else:
            since = max(0, held.start - origin)
            yield f"{who} since {seconds(since)}, for {seconds(held.end - held.start)}"
            yield f"{who} since {seconds(since)}"
            yield f"{who} @{brief_seconds(since).replace(' ', '')}"
    yield who


def _holder_name(row: GilRow, holder: int) -> str:
    if holder in (FREE, OPEN):
        return "free" if holder == FREE else "not seen"
    names = (lane.name for lane in row.run.timeline.lanes if lane.number == holder and holder != ELSEWHERE)
    return printable(next(names, "another thread"))
