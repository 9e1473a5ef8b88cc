"""The lanes: one row for each, all on one time axis."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from rich.segment import Segment
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from threadviz.presentation.cells import Window
from threadviz.presentation.summary import what_ran
from threadviz.text import seconds
from threadviz.timeline import Lane
from threadviz.tui.render.ascii import draws_ascii
from threadviz.tui.render.cells import Budget, lane_cell_caches
from threadviz.tui.render.glyphs import GlyphPainter, Line
from threadviz.tui.render.labels import fit, header_line, label, shares
from threadviz.tui.render.layout import Columns, RowLayout
from threadviz.tui.render.strips import LaneCells, Piece, StripCache, lane_cells
from threadviz.tui.render.styles import lane_styles
from threadviz.tui.view.rows import Row, ViewedRun
from threadviz.tui.view.view import View
from threadviz.tui.widgets.mouse_cursor import MouseCursorWidget
from threadviz.tui.widgets.run_text import run_numbers

CELLS_A_FRAME = 1500
"""At most this many cells are computed in one frame, which takes a few milliseconds. The next frame continues."""

_TEXT_NS = 300_000_000
"""While time passes, figures and words are updated once in this period: nobody reads faster."""

_TEXT_PHASES = 9
"""The text of the rows is updated in this many groups, each in another frame, so that no frame takes long."""

_FEW_ROWS = 12
"""Up to this many rows are all updated in every frame while time passes. Of more, every other row is, in turn."""

_WHEEL_STEPS = 16
"""So many steps of the mouse wheel pan by the width of the cells."""

Texts = dict[Lane, tuple[object, Sequence[Piece]]]
"""The text beside the cells of each lane, line by line, with the key that it was made for."""


class LaneRow(NamedTuple):
    """The parts of a row, line by line: left and right of the cells, and the cells. A heading has only `left`."""

    left: Sequence[Piece]
    right: Sequence[Piece] = ()
    cells: LaneCells | None = None
    settled_revision: int | None = None
    """While this is the lane's revision, the row changes only with the view or the playhead. None: not known."""


class LanesView(MouseCursorWidget, ScrollView, can_focus=False):
    """Draws the rows of the view. Each frame calls `refresh_view`, which redraws only what has changed.

    The visible rows are computed a few in each frame, and kept while they are valid; so are their lines.
    """

    class Opened(Message):
        """The user asks for the details of the selected lane."""

    def __init__(self, view: View) -> None:
        super().__init__()
        self.view = view
        self._strip_cache: StripCache | None = None
        self._row_layout = RowLayout.of((), 0, 0)
        self._layout_key: object = None
        self._rows: dict[int, LaneRow] = {}
        self._lines: dict[int, Strip] = {}
        self._cell_caches = lane_cell_caches()
        self._budget = Budget(CELLS_A_FRAME)
        self._labels: Texts = {}
        self._shares: Texts = {}
        self._windows: dict[ViewedRun, Window] = {}
        self._seen_view: object = None
        self._seen_time: tuple[int, Sequence[int]] = (0, ())
        self._seen_selection: object = None
        self._odd_rows_next = False
        self._others_pending = False

    @property
    def whole(self) -> bool:
        """Whether all that is visible was computed. If not, the next frames continue."""
        return not self._others_pending and all(
            row.cells is None or row.cells.whole for row in self._rows.values()
        )

    @property
    def columns(self) -> Columns:
        return self._row_layout.columns

    def refresh_view(self) -> None:
        """Redraw what has changed in the view."""
        if not self.size:
            return
        strips = self._current_strip_cache()
        if (
            strips.painter.styles is not lane_styles(self.app)
            or strips.filters != self.app.get_line_filters()
        ):
            self._strip_cache = None
            self._reset()
        self._lay_out()
        self._scroll_to_selected()
        if changed := self._refresh_rows():
            top, bottom = self.scroll_offset.y, self.scroll_offset.y + self.size.height
            pinned = self._row_layout.pinned
            self._lines = {y: line for y, line in self._lines.items() if top <= y < bottom or y < pinned}
            self.refresh(*[self._forget_lines(index, top) for index in changed])

    # Rows

    def _refresh_rows(self) -> list[int]:
        """Update the visible rows, and return the numbers of those that look different."""
        view, viewport, visible = self.view, self.view.viewport, self._visible()
        self._budget = Budget(CELLS_A_FRAME)
        seen_view = (
            visible,
            (viewport.left, viewport.cell_ns, viewport.cells),
            (view.cursor, view.selected_row, view.selected_task, view.growing, view.playhead.motion),
            view.row_cache.measurements,
        )
        time = view.present, [run.timeline.now for run in view.runs]
        if (seen_view, time) == (self._seen_view, self._seen_time) and self.whole:
            return []
        due = set(visible) if seen_view != self._seen_view else self._due(time, visible)
        self._seen_view, self._seen_time = seen_view, time
        self._windows = {run: Window(view.origin(run), view.until(run)) for run in view.runs}
        before = self._rows
        self._rows = {index: before[index] for index in visible if index not in due}
        return [index for index in due if self._row(index) != before.get(index)]

    def _due(self, time: tuple[int, Sequence[int]], visible: Sequence[int]) -> set[int]:
        """Return the rows to compute if only time has passed: those whose turn it is, and those that are missing."""
        in_turns = len(visible) > _FEW_ROWS
        self._others_pending = in_turns and time != self._seen_time
        self._odd_rows_next = not self._odd_rows_next
        playhead_stands = time[0] == self._seen_time[0]
        due = set()
        for index in visible:
            row, lane = self._rows.get(index), self._row_layout.rows[index].lane
            settled = playhead_stands and row and row.settled_revision == (lane.revision if lane else 0)
            if row is None or (not settled and not (in_turns and index % 2 != self._odd_rows_next)):
                due.add(index)
        return due

    def _row(self, index: int) -> LaneRow:
        row = self._rows.get(index)
        if row is None:
            row = self._rows[index] = self._make_row(self._row_layout.rows[index])
        return row

    def _make_row(self, row: Row) -> LaneRow:
        view, strips, columns = self.view, self._current_strip_cache(), self.columns
        painter, height, lane = strips.painter, self._row_layout.height, row.lane
        window = self._windows.get(row.run) or Window(view.origin(row.run), view.until(row.run))
        if row.head is not None:
            line = header_line(view, row, row.head, columns.width, painter.styles, painter.ascii_only)
            return LaneRow([strips.words(*line)])
        if lane is None:
            heading = fit(_run_heading(row.run, view.runs, window), columns.width, painter.ascii_only)
            return LaneRow([strips.words(Segment(heading, painter.styles.bold))])
        cell_cache = self._cell_caches(lane, window.since, view.viewport.cell_ns, painter.encoder)
        cells = lane_cells(view, row, lane, window, cell_cache, self._budget)
        key = (
            *(strips, columns, height, view.playhead.motion, row.run.over),
            *(self._text_time(lane, window), lane.revision, lane.end),
        )
        label_key = (
            *(key, view.cursor, lane.name, lane.kind),
            *(view.is_selected(row), view.gil_rows.mark(row.run, lane)),
        )
        return LaneRow(
            _cached(
                self._labels,
                lane,
                label_key,
                lambda: label(view, row, lane, window, columns, height, strips),
            ),
            _cached(self._shares, lane, key, lambda: shares(lane, window, columns, height, strips)),
            cells,
            lane.revision if cells.whole and lane.settled_until > window.until else None,
        )

    def _text_time(self, lane: Lane, window: Window) -> tuple[int, int]:
        """Return a key for the time that the text of a row is about, and up to where the lane is settled by then.

        While time passes, the key changes a few times in a second, by when more has settled anyway.
        """
        if self.view.moving:
            return (window.until + lane.number % _TEXT_PHASES * _TEXT_NS // _TEXT_PHASES) // _TEXT_NS, 0
        return window.until, min(lane.settled_until, window.until + 1)

    # Lines

    def render_lines(self, crop: Region) -> list[Strip]:
        """Return the visible lines in `crop`.

        Textual's own method styles, filters and renders each line again in every frame, even if one cell has changed.
        """
        width = self._line_width
        lines = [self._line(self._line_number(y), width) for y in crop.line_range]
        if crop.x or crop.width < width:
            return [line.crop(crop.x, crop.right) for line in lines]
        return lines

    def render_line(self, y: int) -> Strip:
        return self._line(self._line_number(y), self._line_width)

    @property
    def _line_width(self) -> int:
        """Includes the room for the scroll bar when there is none; Textual would split each line otherwise."""
        return self.columns.width if self.show_vertical_scrollbar else self.outer_size.width

    def _line_number(self, y: int) -> int:
        """Return the number of the line in row `y` of the visible part. Pinned lines do not scroll."""
        return y if y < self._row_layout.pinned else y + self.scroll_offset.y

    def _line(self, y: int, width: int) -> Strip:
        line = self._lines.get(y)
        if line is None or line.cell_length != width:
            line = self._lines[y] = self._make_line(y, width)
        return line

    def _make_line(self, y: int, width: int) -> Strip:
        strips, row_layout = self._current_strip_cache(), self._row_layout
        index, nth = row_layout.lines[y] if y < len(row_layout.lines) else (0, row_layout.height)
        if nth >= row_layout.height:
            return strips.line([strips.blank(self.columns.width)], width)
        left, right, cells, _ = self._row(index)
        if cells is None:
            return strips.line(left, width)
        line = Line(nth, row_layout.height, other=row_layout.tight and index % 2 == 1)
        return strips.line([left[nth], *strips.cells(cells, self.columns.cells, line), right[nth]], width)

    def _forget_lines(self, index: int, top: int) -> Region:
        """Forget the lines of a row, and return their region in the visible part, which begins at line `top`."""
        start, height = self._row_layout.starts[index], self._row_height(index)
        for y in range(start, start + height):
            self._lines.pop(y, None)
        y = start if start < self._row_layout.pinned else start - top
        return Region(0, y, self.columns.width, height)

    def _row_height(self, index: int) -> int:
        return 1 if self._row_layout.rows[index].lane is None else self._row_layout.height

    # Layout

    def _reset(self) -> None:
        """Compute and draw all again."""
        self._rows, self._lines, self._seen_view = {}, {}, None
        lanes = {row.lane for row in self._row_layout.rows}
        for texts in (self._labels, self._shares):
            for lane in texts.keys() - lanes:
                del texts[lane]
        self.refresh()

    def _current_strip_cache(self) -> StripCache:
        if self._strip_cache is None:
            painter, background = (
                GlyphPainter(lane_styles(self.app), draws_ascii(self.app)),
                self.background_colors[1],
            )
            self._strip_cache = StripCache(painter, self.app.get_line_filters(), background, self.app.console)
        return self._strip_cache

    def _lay_out(self) -> None:
        """Lay out the rows again if they, or the size, have changed."""
        view, size = self.view, self.scrollable_content_region.size
        marked = bool(view.gil_rows.shown)
        key = (view.rows, size, marked)
        if key != self._layout_key:
            self._layout_key = key
            self._row_layout = RowLayout.of(view.rows, size.width, size.height, marked=marked)
            self.virtual_size = Size(size.width, len(self._row_layout.lines))
            self._reset()
        view.viewport.resize(self.columns.cells)

    def _scroll_to_selected(self) -> None:
        """Scroll to the selected lane when the selection or the size changes."""
        seen = (self.view.selected_row, self.scrollable_content_region.size)
        if seen == self._seen_selection:
            return
        self._seen_selection = seen
        index = next((i for i, row in enumerate(self.view.rows) if self.view.is_selected(row)), None)
        if index is not None:
            top = self._row_layout.starts[index]
            least = top + self._row_height(index) - self.scrollable_content_region.height
            most = max(0, top - self._row_layout.pinned)
            self.scroll_to(y=min(max(least, self.scroll_offset.y), most), animate=False)

    def _visible(self) -> Sequence[int]:
        """Return the numbers of the visible rows."""
        row_layout, top = self._row_layout, self.scroll_offset.y
        last = top + self.scrollable_content_region.height
        lines = [*row_layout.lines[: row_layout.pinned], *row_layout.lines[top + row_layout.pinned : last]]
        return tuple(dict.fromkeys(index for index, _ in lines))

    # The mouse

    def on_click(self, event: events.Click) -> None:
        """Select the lane or group; a double click opens its details, or folds it."""
        y = self._line_number(event.y)
        if y >= len(self._row_layout.lines):
            return
        row = self._row_layout.rows[self._row_layout.lines[y][0]]
        if row.selectable:
            self.view.select_row(row)
        if event.chain == 2 and row.head is not None:
            self.view.fold(row)
        elif event.chain == 2 and row.lane is not None:
            self.post_message(self.Opened())

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._use_wheel(event, zoom=1, pan=-1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._use_wheel(event, zoom=-1, pan=1)

    def on_mouse_scroll_left(self, event: events.MouseScrollLeft) -> None:
        self._pan_by_wheel(event, -1)

    def on_mouse_scroll_right(self, event: events.MouseScrollRight) -> None:
        self._pan_by_wheel(event, 1)

    def _use_wheel(self, event: events.MouseEvent, zoom: int, pan: int) -> None:
        """Zoom with ctrl, pan with shift, else let Textual scroll."""
        if event.ctrl:
            event.prevent_default().stop()
            if (t := self.time_at(event.x)) is not None:
                self.view.zoom(zoom, t)
        elif event.shift:
            self._pan_by_wheel(event, pan)

    def _pan_by_wheel(self, event: events.MouseEvent, steps: int) -> None:
        event.prevent_default().stop()
        self.view.pan(steps * max(1, self.columns.cells // _WHEEL_STEPS))
        if self._mouse_cursor is not None and (t := self.time_at(event.x)) is not None:
            self._move_cursor(t)  # another time is below the mouse now


def _cached(texts: Texts, lane: Lane, key: object, make: Callable[[], Sequence[Piece]]) -> Sequence[Piece]:
    cached = texts.get(lane)
    if cached is None or cached[0] != key:
        cached = texts[lane] = key, make()
    return cached[1]


def _run_heading(run: ViewedRun, runs: Sequence[ViewedRun], window: Window) -> str:
    """Return the heading above the lanes of one of several runs: what it is, and how long it has taken so far."""
    nth = run_numbers(runs)[runs.index(run)]
    which = f" ({nth})" if nth > 1 else ""
    return f" {what_ran(run.timeline)}{which}, {seconds(window.length)}"
