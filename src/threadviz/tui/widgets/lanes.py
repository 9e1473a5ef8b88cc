"""The lanes: a row for each, on one time axis."""

from collections.abc import Sequence
from typing import NamedTuple

from rich.segment import Segment
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from threadviz.findings.words import seconds
from threadviz.picture.heading import what_ran
from threadviz.picture.window import Window
from threadviz.timeline import Lane
from threadviz.tui.drawing.arrangement import Arrangement
from threadviz.tui.drawing.colours import inks
from threadviz.tui.drawing.columns import Columns
from threadviz.tui.drawing.labels import fit, label, shares
from threadviz.tui.drawing.lane_cells import LaneCells, lane_cells
from threadviz.tui.drawing.paint import Line, Paint
from threadviz.tui.drawing.press import Piece, Press
from threadviz.tui.drawing.ribbon import Budget, Ribbons
from threadviz.tui.scene import Motion, Row, Scene
from threadviz.tui.scene.scene import Shown

CELLS_A_FRAME = 1500
"""So many cells are worked out anew in one frame: a few milliseconds' worth. The next frame goes on."""

_FIGURES_NS = 300_000_000
"""While time passes, figures and words change no oftener than this: nobody could read them."""

_WHEEL_STEPS = 16
"""So many steps of the wheel move the picture by its width."""

_PHASES = 9
"""Not all rows do so in the same frame, so that no frame takes long."""

_FEW_ROWS = 12
"""So many rows are drawn anew in every frame while time passes; of more, every second one in turn."""


class _Drawn(NamedTuple):
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

    def __init__(self, scene: Scene, *, plain: bool) -> None:
        super().__init__()
        self._scene = scene
        self._plain = plain
        self._ribbons = Ribbons()
        self._budget = Budget(CELLS_A_FRAME)
        self._press: Press | None = None
        self._arranged = Arrangement.of((), 0, 0)
        self._arranged_for: tuple[object, ...] = ()
        self._rows: dict[int, _Drawn] = {}
        self._lines: dict[int, Strip] = {}
        self._left: dict[Lane, _Worded] = {}
        self._right: dict[Lane, _Worded] = {}
        self._windows: dict[Shown, Window] = {}
        self._seen_view: object = None
        self._seen_time: tuple[int, Sequence[int]] = (0, ())
        # Whether rows with odd numbers have their turn (None: all have), and whether the others are to follow.
        self._turn: bool | None = None
        self._late = False
        self._picked: Row | None = None
        self._pointed: int | None = None

    @property
    def whole(self) -> bool:
        """Whether all that is to be seen was worked out; else the next frames go on."""
        return not self._late and all(row.cells is None or row.cells.whole for row in self._rows.values())

    @property
    def columns(self) -> Columns:
        """Where the columns are."""
        return self._arranged.columns

    def refresh_scene(self) -> None:
        """Draw what has changed in the scene."""
        if not self.size:
            return
        self._budget = Budget(CELLS_A_FRAME)
        self._see_colours()
        self._arrange()
        self._see_picked()
        view, time = self._view(), self._time()
        if (view, time) == (self._seen_view, self._seen_time) and self.whole:
            return
        due = self._due(view, time)
        self._seen_view, self._seen_time = view, time
        self._windows = {}
        before = self._rows
        top, height = self.scroll_offset.y, self.size.height
        self._lines = {y: line for y, line in self._lines.items() if top <= y < top + height}
        self._rows = {index: before[index] for index in self._visible() if index not in due}
        changed = [index for index in due if self._row(index) != before.get(index)]
        if changed:
            self.refresh(*[self._forget_lines(index, top) for index in changed])

    def render_lines(self, crop: Region) -> list[Strip]:
        """Draw what is in sight of `crop`.

        Textual's own way leads through `render_line` and a cache of whole lines, each of which it would style, filter
        and render anew in every frame, for the one cell that has changed in it.
        """
        width, top = self._line_width, self.scroll_offset.y
        lines = [self._line(y + top, width) for y in crop.line_range]
        if crop.x or crop.width < width:
            return [line.crop(crop.x, crop.right) for line in lines]
        return lines

    def render_line(self, y: int) -> Strip:
        """Draw line `y` of what is in sight."""
        return self._line(y + self.scroll_offset.y, self._line_width)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Look closely at the moment that the mouse is at."""
        if (t := self._time_at(event.x)) is not None:
            self._scene.put_cursor(t)
            self._pointed = self._scene.cursor

    def on_leave(self) -> None:
        """Look closely at none any more, unless that was moved by key."""
        if self._pointed is not None and self._scene.cursor == self._pointed:
            self._scene.drop_cursor()
        self._pointed = None

    def on_click(self, event: events.Click) -> None:
        """Pick the lane that was clicked on; a second click asks for its details."""
        y = event.y + self.scroll_offset.y
        if y < len(self._arranged.lines):
            row = self._arranged.rows[self._arranged.lines[y][0]]
            if row.lane is not None:
                self._scene.pick_lane(row)
                if event.chain == 2:
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
                self._scene.zoom(zoom, t)
        elif event.shift:
            self._pan_by_wheel(event, pan)

    def _pan_by_wheel(self, event: events.MouseEvent, steps: int) -> None:
        """Move the picture; what the pointer is at, it still is at: it is another moment."""
        event.prevent_default().stop()
        self._scene.pan(steps * max(1, self._arranged.columns.cells // _WHEEL_STEPS))
        if self._pointed is not None and (t := self._time_at(event.x)) is not None:
            self._scene.put_cursor(t)
            self._pointed = self._scene.cursor

    def _time_at(self, x: int) -> int | None:
        """The moment at a column; None beside the lanes."""
        columns = self._arranged.columns
        return self._scene.camera.time(x - columns.left) if columns.left <= x < columns.right else None

    @property
    def _line_width(self) -> int:
        """With the room for the scroll bar, where that is not there: else Textual would cut each line in two."""
        return self._arranged.columns.width if self.show_vertical_scrollbar else self.outer_size.width

    def _line(self, y: int, width: int) -> Strip:
        line = self._lines.get(y)
        if line is None or line.cell_length != width:
            line = self._lines[y] = self._made_line(y, width)
        return line

    def _forget_lines(self, index: int, top: int) -> Region:
        """Have a row drawn anew, and return where it is, below line `top`."""
        arranged = self._arranged
        start = arranged.starts[index]
        height = 1 if arranged.rows[index].lane is None else arranged.height
        for y in range(start, start + height):
            self._lines.pop(y, None)
        return Region(0, start - top, arranged.columns.width, height)

    def _made_line(self, y: int, width: int) -> Strip:
        press, arranged = self._pressed(), self._arranged
        if y >= len(arranged.lines) or arranged.lines[y][1] >= arranged.height:
            return press.line([press.blank(arranged.columns.width)], width)
        index, line = arranged.lines[y]
        left, right, cells, _ = self._row(index)
        if cells is None:
            return press.line(left, width)
        where = Line(line, arranged.height, other=arranged.tight and index % 2 == 1)
        return press.line(
            [left[line], *press.cells(cells, arranged.columns.cells, where), right[line]], width
        )

    def _begin_anew(self) -> None:
        self._rows, self._lines = {}, {}
        self.refresh()

    def _pressed(self) -> Press:
        if self._press is None:
            background = self.background_colors[1]
            paint = Paint(inks(self.app), self._plain)
            self._press = Press(paint, self.app.get_line_filters(), background, self.app.console)
        return self._press

    def _see_colours(self) -> None:
        """Draw all anew where the colours have changed."""
        press = self._pressed()
        if press.paint.inks is not inks(self.app) or press.filters != self.app.get_line_filters():
            self._press = None
            self._begin_anew()

    def _arrange(self) -> None:
        """Arrange the rows anew where there are others, or room for more."""
        scene, size = self._scene, self.scrollable_content_region.size
        needed = (scene.rows, size)
        if needed != self._arranged_for:
            self._arranged_for = needed
            self._arranged = Arrangement.of(scene.rows, size.width, size.height)
            self.virtual_size = Size(size.width, len(self._arranged.lines))
            there = {row.lane for row in scene.rows}
            for words in (self._left, self._right):
                for lane in words.keys() - there:
                    del words[lane]
            self._begin_anew()
        scene.camera.resize(self._arranged.columns.cells)

    def _see_picked(self) -> None:
        """Bring the lane that was picked into sight."""
        picked = self._scene.lane
        if picked is self._picked:
            return
        self._picked = picked
        index = next((i for i, row in enumerate(self._scene.rows) if self._scene.is_picked(row)), None)
        if index is None:
            return
        top, height = self._arranged.starts[index], self.scrollable_content_region.height
        least = top + self._arranged.height - height
        self.scroll_to(y=min(max(least, self.scroll_offset.y), top), animate=False)

    def _view(self) -> object:
        """What the picture depends on beside the time."""
        scene = self._scene
        camera = scene.camera
        return (
            self._arranged_for,
            self._pressed(),
            self.scroll_offset.y,
            (camera.left, camera.cell_ns, camera.cells),
            (scene.cursor, scene.lane, scene.task, scene.growing, scene.playhead.motion),
        )

    def _time(self) -> tuple[int, Sequence[int]]:
        """What is shown as the present, and until when the runs are known."""
        return self._scene.present, [run.timeline.now for run in self._scene.runs]

    def _due(self, view: object, time: tuple[int, Sequence[int]]) -> dict[int, None]:
        """The rows to be worked out in this frame: all in sight, but where only time has passed, every second one."""
        visible, known = self._visible(), self._rows
        self._late = False
        if view != self._seen_view:
            return dict.fromkeys(visible)
        if len(visible) > _FEW_ROWS:
            self._turn = not self._turn
            self._late = time != self._seen_time
        else:
            self._turn = None
        stands = time[0] == self._seen_time[0]
        due = dict[int, None]()
        for index in visible:
            drawn = known.get(index)
            if drawn is None or (
                self._turn in (None, index % 2) and not (stands and drawn.stays == self._revision(index))
            ):
                due[index] = None
        return due

    def _revision(self, index: int) -> int:
        lane = self._arranged.rows[index].lane
        return 0 if lane is None else lane.revision

    def _visible(self) -> list[int]:
        """The rows in sight."""
        top = self.scroll_offset.y
        lines = self._arranged.lines[top : top + self.scrollable_content_region.height]
        return list(dict.fromkeys(index for index, _ in lines))

    def _row(self, index: int) -> _Drawn:
        row = self._rows.get(index)
        if row is None:
            row = self._rows[index] = self._made(index)
        return row

    def _made(self, index: int) -> _Drawn:
        row, scene = self._arranged.rows[index], self._scene
        seen = self._windows.get(row.run)
        if seen is None:
            seen = self._windows[row.run] = Window(scene.origin(row.run), scene.until(row.run))
        press, columns, height = self._pressed(), self._arranged.columns, self._arranged.height
        if row.lane is None:
            heading = Segment(fit(_heading(row, seen), columns.width, self._plain), press.paint.inks.bold)
            return _Drawn([press.words(heading)], [], None)
        lane = row.lane
        picked = scene.is_picked(row)
        where = (press, columns, height)
        as_of = (where, scene.playhead.motion, row.run.over, self._as_of(lane, seen), lane.revision, lane.end)
        left, right = self._left.get(lane), self._right.get(lane)
        about = (as_of, scene.cursor, lane.name, lane.kind, picked)
        if left is None or left.about != about:
            told = label(scene, row, lane, seen, columns, height, press)
            left = self._left[lane] = _Worded(about, told)
        if right is None or right.about != as_of:
            right = self._right[lane] = _Worded(as_of, shares(lane, seen, columns, height, press))
        cells = lane_cells(scene, row, lane, seen, self._ribbons, press.paint, self._budget)
        stays = lane.revision if cells.whole and lane.settled_until > seen.until else None
        return _Drawn(left.words, right.words, cells, stays)

    def _as_of(self, lane: Lane, seen: Window) -> int:
        """The moment as of which the words of a row are: while time passes, one of a few in each second."""
        motion = self._scene.playhead.motion
        if motion is Motion.REPLAYING or (motion is Motion.FOLLOWING and self._scene.growing):
            return (seen.until + lane.number % _PHASES * _FIGURES_NS // _PHASES) // _FIGURES_NS
        return seen.until


def _heading(row: Row, seen: Window) -> str:
    """What stands above the lanes of a run, where there are several: what it is, and for how long it went so far."""
    return f" {what_ran(row.run.timeline)}, {seconds(seen.length)}"
