"""The lanes: a row for each, on one time axis."""

from collections.abc import Hashable, Sequence
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
from threadviz.tui.render.cells import Budget, Ribbons
from threadviz.tui.render.glyphs import GlyphPainter, Line
from threadviz.tui.render.labels import fit, head_line, label, shares
from threadviz.tui.render.layout import Columns, RowLayout
from threadviz.tui.render.strips import LaneCells, Piece, StripCache, lane_cells
from threadviz.tui.render.styles import inks
from threadviz.tui.view import Motion, Row, View
from threadviz.tui.view.rows import ViewedRun
from threadviz.tui.widgets.mouse_cursor import MouseCursor
from threadviz.tui.widgets.run_text import run_numbers

# What the rows of lanes show: worked out a little in each frame, and kept for as long as it stays right.

CELLS_A_FRAME = 1500
"""So many cells are worked out anew in one frame: a few milliseconds' worth. The next frame goes on."""

_FIGURES_NS = 300_000_000
"""While time passes, figures and words change no oftener than this: nobody could read them."""

_PHASES = 9
"""Not all rows do so in the same frame, so that no frame takes long."""

_FEW_ROWS = 12
"""So many rows are drawn anew in every frame while time passes; of more, every second one in turn."""


class Drawn(NamedTuple):
    """A row as it is on the screen, line by line: what stands left and right of its cells; a heading has none."""

    left: Sequence[Piece]
    right: Sequence[Piece]
    cells: LaneCells | None
    stays: int | None = None
    """As long as this is the lane's revision, nothing changes but by another view or present; None: who knows."""


class _Worded(NamedTuple):
    """The words on the lines of a row, and all that they depend on."""

    about: object
    words: Sequence[Piece]


class LaneRows:
    """The rows of a scene, as they are arranged and as `press` draws them. `refresh` is to be called once a frame."""

    def __init__(self, view: View) -> None:
        self.view = view
        self._row_layout = RowLayout.of((), 0, 0)
        self._strip_cache: StripCache | None = None
        self._ribbons = Ribbons()
        self._budget = Budget(CELLS_A_FRAME)
        self._rows: dict[int, Drawn] = {}
        self._left: dict[Lane, _Worded] = {}
        self._right: dict[Lane, _Worded] = {}
        self._windows: dict[ViewedRun, Window] = {}
        self._seen_view: object = None
        self._seen_time: tuple[int, Sequence[int]] = (0, ())
        # Whether rows with odd numbers have their turn (None: all have), and whether the others are to follow.
        self._turn: bool | None = None
        self._late = False

    @property
    def whole(self) -> bool:
        """Whether all that is to be seen was worked out; else the next frames go on."""
        return not self._late and all(row.cells is None or row.cells.whole for row in self._rows.values())

    def begin_anew(self, row_layout: RowLayout, strip_cache: StripCache) -> None:
        """Work all out anew, arranged like this."""
        self._row_layout, self._strip_cache = row_layout, strip_cache
        self._rows, self._seen_view = {}, None
        there = {row.lane for row in row_layout.rows}
        for words in (self._left, self._right):
            for lane in words.keys() - there:
                del words[lane]

    def refresh(self, visible: Sequence[int]) -> list[int]:
        """Work out the rows that are `visible` as the scene is now, and return those that look different."""
        self._budget = Budget(CELLS_A_FRAME)
        visible_part, time = (visible, *self._view()), self._time()
        if (visible_part, time) == (self._seen_view, self._seen_time) and self.whole:
            return []
        due = self._due(visible_part, time, visible)
        self._seen_view, self._seen_time = visible_part, time
        self._windows = {}
        before = self._rows
        self._rows = {index: before[index] for index in visible if index not in due}
        return [index for index in due if self.row(index) != before.get(index)]

    def row(self, index: int) -> Drawn:
        """The row with this number."""
        row = self._rows.get(index)
        if row is None:
            row = self._rows[index] = self._made(self._row_layout.rows[index])
        return row

    def _view(self) -> tuple[Hashable, ...]:
        """What the picture depends on beside the time."""
        view, viewport = self.view, self.view.viewport
        return (
            (viewport.left, viewport.cell_ns, viewport.cells),
            (view.cursor, view.selected_row, view.selected_task, view.growing, view.playhead.motion),
            view.row_cache.measurements,
        )

    def _time(self) -> tuple[int, Sequence[int]]:
        """What is shown as the present, and until when the runs are known."""
        return self.view.present, [run.timeline.now for run in self.view.runs]

    def _due(
        self, visible_part: object, time: tuple[int, Sequence[int]], visible: Sequence[int]
    ) -> dict[int, None]:
        """The rows to be worked out in this frame: all in sight, but where only time has passed, every second one."""
        self._late = False
        if visible_part != self._seen_view:
            return dict.fromkeys(visible)
        if len(visible) > _FEW_ROWS:
            self._turn = not self._turn
            self._late = time != self._seen_time
        else:
            self._turn = None
        stands = time[0] == self._seen_time[0]
        due = dict[int, None]()
        for index in visible:
            drawn = self._rows.get(index)
            if drawn is None or (
                self._turn in (None, index % 2) and not (stands and drawn.stays == self._revision(index))
            ):
                due[index] = None
        return due

    def _revision(self, index: int) -> int:
        lane = self._row_layout.rows[index].lane
        return 0 if lane is None else lane.revision

    def _made(self, row: Row) -> Drawn:
        view, strip_cache, row_layout = self.view, self._strip_cache, self._row_layout
        assert strip_cache is not None  # there are no rows before it is there
        seen = self._windows.get(row.run)
        if seen is None:
            seen = self._windows[row.run] = Window(view.origin(row.run), view.until(row.run))
        columns, height, lane = row_layout.columns, row_layout.height, row.lane
        if row.head is not None:
            inks, plain = strip_cache.paint.inks, strip_cache.paint.plain
            return Drawn(
                [strip_cache.words(*head_line(view, row, row.head, columns.width, inks, plain))], [], None
            )
        if lane is None:
            heading = fit(_heading(row.run, view.runs, seen), columns.width, strip_cache.paint.plain)
            return Drawn([strip_cache.words(Segment(heading, strip_cache.paint.inks.bold))], [], None)
        where = (strip_cache, columns, height)
        as_of = (where, view.playhead.motion, row.run.over, self._as_of(lane, seen), lane.revision, lane.end)
        left, right = self._left.get(lane), self._right.get(lane)
        about = (
            as_of,
            view.cursor,
            lane.name,
            lane.kind,
            view.is_selected(row),
            view.gil_rows.mark(row.run, lane),
        )
        if left is None or left.about != about:
            told = label(view, row, lane, seen, columns, height, strip_cache)
            left = self._left[lane] = _Worded(about, told)
        if right is None or right.about != as_of:
            right = self._right[lane] = _Worded(as_of, shares(lane, seen, columns, height, strip_cache))
        cells = lane_cells(view, row, lane, seen, self._ribbons, strip_cache.paint, self._budget)
        stays = lane.revision if cells.whole and lane.settled_until > seen.until else None
        return Drawn(left.words, right.words, cells, stays)

    def _as_of(self, lane: Lane, seen: Window) -> tuple[int, int]:
        """The moment as of which the words of a row are, and up to where the lane is settled, if not beyond it.

        While time passes that is one of a few moments in each second, by which more is settled anyway.
        """
        motion = self.view.playhead.motion
        if motion is Motion.REPLAYING or (motion is Motion.FOLLOWING and self.view.growing):
            return (seen.until + lane.number % _PHASES * _FIGURES_NS // _PHASES) // _FIGURES_NS, 0
        return seen.until, min(lane.settled_until, seen.until + 1)


def _heading(run: ViewedRun, runs: Sequence[ViewedRun], seen: Window) -> str:
    """What stands above the lanes of a run, where there are several: what it is, and for how long it went so far."""
    nth = run_numbers(runs)[runs.index(run)]
    which = f" ({nth})" if nth > 1 else ""
    return f" {what_ran(run.timeline)}{which}, {seconds(seen.length)}"


_WHEEL_STEPS = 16
"""So many steps of the wheel move the picture by its width."""


class LanesView(ScrollView, can_focus=False):
    """Draws the rows of a scene. `refresh_scene` is to be called once a frame; it draws what has changed."""

    ALLOW_SELECT = False

    DEFAULT_CSS = """
    LanesView {
        height: 1fr;
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-gutter: stable;
        scrollbar-size-vertical: 1;
    }
    """

    class Opened(Message):
        """The details of a lane are asked for; it is the one that is picked."""

    def __init__(self, view: View, *, plain: bool) -> None:
        super().__init__()
        self.view = view
        self._plain = plain
        self._rows = LaneRows(view)
        self._strip_cache: StripCache | None = None
        self._row_layout = RowLayout.of((), 0, 0)
        self._arranged_for: tuple[object, ...] = ()
        self._lines: dict[int, Strip] = {}
        self._seen_picked: object = None
        self._pointer = MouseCursor(view)

    @property
    def whole(self) -> bool:
        """Whether all that is to be seen was worked out; else the next frames go on."""
        return self._rows.whole

    @property
    def columns(self) -> Columns:
        """Where the columns are."""
        return self._row_layout.columns

    def refresh_view(self) -> None:
        """Draw what has changed in the scene."""
        if not self.size:
            return
        self._see_colours()
        self._arrange()
        self._see_picked()
        if changed := self._rows.refresh(self._visible()):
            top, height = self.scroll_offset.y, self.size.height
            pinned = self._row_layout.pinned
            self._lines = {
                y: line for y, line in self._lines.items() if top <= y < top + height or y < pinned
            }
            self.refresh(*[self._forget_lines(index, top) for index in changed])

    def render_lines(self, crop: Region) -> list[Strip]:
        """Draw what is in sight of `crop`.

        Textual's own way leads through `render_line` and a cache of whole lines, each of which it would style, filter
        and render anew in every frame, for the one cell that has changed in it.
        """
        width = self._line_width
        lines = [self._line(self._number(y), width) for y in crop.line_range]
        if crop.x or crop.width < width:
            return [line.crop(crop.x, crop.right) for line in lines]
        return lines

    def render_line(self, y: int) -> Strip:
        """Draw line `y` of what is in sight."""
        return self._line(self._number(y), self._line_width)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Look closely at the moment that the mouse is at."""
        self._pointer.move(self._time_at(event.x))

    def on_leave(self) -> None:
        """Look closely where that was chosen by key or by a click, or at nothing."""
        self._pointer.move(None)

    def on_click(self, event: events.Click) -> None:
        """Pick the lane that was clicked on, and have the cursor stay there; a second click asks for its details."""
        if (t := self._time_at(event.x)) is not None:
            self._pointer.stay(t)
        y = self._number(event.y)
        if y < len(self._row_layout.lines):
            row = self._row_layout.rows[self._row_layout.lines[y][0]]
            if row.selectable:
                self.view.select_row(row)
            if event.chain == 2 and row.head is not None:
                self.view.fold(row)
            elif event.chain == 2 and row.lane is not None:
                self.post_message(self.Opened())

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Come nearer, with ctrl; go to earlier moments, with shift."""
        self._wheel(event, zoom=1, pan=-1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Go farther away, with ctrl; go to later moments, with shift."""
        self._wheel(event, zoom=-1, pan=1)

    def on_mouse_scroll_left(self, event: events.MouseScrollLeft) -> None:
        """Go to earlier moments."""
        self._pan_by_wheel(event, -1)

    def on_mouse_scroll_right(self, event: events.MouseScrollRight) -> None:
        """Go to later moments."""
        self._pan_by_wheel(event, 1)

    def _wheel(self, event: events.MouseEvent, zoom: int, pan: int) -> None:
        if event.ctrl:
            event.prevent_default().stop()
            if (t := self._time_at(event.x)) is not None:
                self.view.zoom(zoom, t)
        elif event.shift:
            self._pan_by_wheel(event, pan)

    def _pan_by_wheel(self, event: events.MouseEvent, steps: int) -> None:
        """Move the picture; what the pointer is at, it still is at: it is another moment."""
        event.prevent_default().stop()
        self.view.pan(steps * max(1, self._row_layout.columns.cells // _WHEEL_STEPS))
        if self._pointer.pointing and (t := self._time_at(event.x)) is not None:
            self._pointer.move(t)

    def _time_at(self, x: int) -> int | None:
        """The moment at a column; None beside the lanes."""
        columns = self._row_layout.columns
        return self.view.viewport.time(x - columns.left) if columns.left <= x < columns.right else None

    @property
    def _line_width(self) -> int:
        """With the room for the scroll bar, where that is not there: else Textual would cut each line in two."""
        return self._row_layout.columns.width if self.show_vertical_scrollbar else self.outer_size.width

    def _number(self, y: int) -> int:
        """The number of the line that stands in row `y` of what is in sight: those that are pinned do not scroll."""
        return y if y < self._row_layout.pinned else y + self.scroll_offset.y

    def _line(self, y: int, width: int) -> Strip:
        line = self._lines.get(y)
        if line is None or line.cell_length != width:
            line = self._lines[y] = self._made_line(y, width)
        return line

    def _forget_lines(self, index: int, top: int) -> Region:
        """Have a row drawn anew, and return where it is, below line `top`."""
        row_layout = self._row_layout
        start = row_layout.starts[index]
        height = 1 if row_layout.rows[index].lane is None else row_layout.height
        for y in range(start, start + height):
            self._lines.pop(y, None)
        y = start if start < row_layout.pinned else start - top
        return Region(0, y, row_layout.columns.width, height)

    def _made_line(self, y: int, width: int) -> Strip:
        strip_cache, row_layout = self._current_strip_cache(), self._row_layout
        if y >= len(row_layout.lines) or row_layout.lines[y][1] >= row_layout.height:
            return strip_cache.line([strip_cache.blank(row_layout.columns.width)], width)
        index, line = row_layout.lines[y]
        left, right, cells, _ = self._rows.row(index)
        if cells is None:
            return strip_cache.line(left, width)
        where = Line(line, row_layout.height, other=row_layout.tight and index % 2 == 1)
        return strip_cache.line(
            [left[line], *strip_cache.cells(cells, row_layout.columns.cells, where), right[line]], width
        )

    def _begin_anew(self) -> None:
        self._rows.begin_anew(self._row_layout, self._current_strip_cache())
        self._lines = {}
        self.refresh()

    def _current_strip_cache(self) -> StripCache:
        if self._strip_cache is None:
            paint, background = GlyphPainter(inks(self.app), self._plain), self.background_colors[1]
            self._strip_cache = StripCache(paint, self.app.get_line_filters(), background, self.app.console)
        return self._strip_cache

    def _see_colours(self) -> None:
        """Draw all anew where the colours have changed."""
        strip_cache = self._current_strip_cache()
        if strip_cache.paint.inks is not inks(self.app) or strip_cache.filters != self.app.get_line_filters():
            self._strip_cache = None
            self._begin_anew()

    def _arrange(self) -> None:
        """Arrange the rows anew where there are others, or room for more."""
        view, size = self.view, self.scrollable_content_region.size
        marked = bool(view.gil_rows.shown)
        needed = (view.rows, size, marked)
        if needed != self._arranged_for:
            self._arranged_for = needed
            self._row_layout = RowLayout.of(view.rows, size.width, size.height, marked=marked)
            self.virtual_size = Size(size.width, len(self._row_layout.lines))
            self._begin_anew()
        view.viewport.resize(self._row_layout.columns.cells)

    def _see_picked(self) -> None:
        """Bring the lane that was picked into sight: when it is picked, and when there is other room."""
        seen = (self.view.selected_row, self.scrollable_content_region.size)
        if seen == self._seen_picked:
            return
        self._seen_picked = seen
        index = next((i for i, row in enumerate(self.view.rows) if self.view.is_selected(row)), None)
        if index is not None:
            top = self._row_layout.starts[index]
            height = 1 if self.view.rows[index].lane is None else self._row_layout.height
            least = top + height - self.scrollable_content_region.height
            most = max(0, top - self._row_layout.pinned)
            self.scroll_to(y=min(max(least, self.scroll_offset.y), most), animate=False)

    def _visible(self) -> Sequence[int]:
        """The rows in sight."""
        row_layout, top = self._row_layout, self.scroll_offset.y
        last = top + self.scrollable_content_region.height
        lines = [*row_layout.lines[: row_layout.pinned], *row_layout.lines[top + row_layout.pinned : last]]
        return tuple(dict.fromkeys(index for index, _ in lines))
