"""The ribbons above the lanes: who holds the GIL, as it changes; of each run that is looked at, one."""

from collections.abc import Iterator, Sequence

from rich.segment import Segment
from textual import events
from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget

from threadviz.tui.render.gil import GilCells, GilPaint
from threadviz.tui.render.labels import fit
from threadviz.tui.render.layout import FIGURE, GAP, Columns, columns_of
from threadviz.tui.render.styles import Inks, inks
from threadviz.tui.view import Scene
from threadviz.tui.view.gil_marks import Ribboned
from threadviz.tui.widgets.mouse_cursor import Pointer
from threadviz.tui.widgets.run_words import holder_words, share_words

_WORDS_NS = 300_000_000
"""While time passes, words change no oftener than this: nobody could read them."""

_TURNS = 3
"""While only time passes, it is drawn anew in every third frame."""

NS_PER_S = 1_000_000_000


class GilLine(Widget):
    """A line for each ribbon of a scene, in the columns of the lanes, which leave room for a scroll bar."""

    ALLOW_SELECT = False

    DEFAULT_CSS = """
    GilLine {
        height: auto;
        padding: 0 1 0 0;
    }
    """

    def __init__(self, scene: Scene, *, plain: bool) -> None:
        super().__init__()
        self._scene = scene
        self._plain = plain
        self._pointer = Pointer(scene)
        self._cells: dict[Ribboned, tuple[tuple[int, int], GilCells]] = {}
        self._seen_view: object = None
        self._seen_time: object = None
        self._turn = 0
        self._late = False
        self._strips: Sequence[Strip] = ()

    @property
    def whole(self) -> bool:
        """Whether all that is to be seen was worked out; else the next frames go on."""
        return not self._late and all(cells.whole for _, cells in self._cells.values())

    def refresh_scene(self) -> None:
        """Draw it anew where it has changed."""
        scene, camera = self._scene, self._scene.camera
        shown = scene.holders.shown
        view = (
            (camera.left, camera.cell_ns, camera.cells, scene.cursor, self.size.width),
            (shown, scene.rows, inks(self.app)),
        )
        time = [(scene.until(each.run), each.ribbon.end) for each in shown]
        if view == self._seen_view:
            if time == self._seen_time and self.whole:
                return
            self._turn = (self._turn + 1) % _TURNS
            self._late = bool(self._turn)
            if self._late:
                return
        self._seen_view, self._seen_time = view, time
        self._late = bool(shown) and not self.size.width  # it gets its place first
        taller = len(shown) != len(self._strips)
        self._cells = {each: self._cells_of(each) for each in shown}
        self._strips = [self._line(each) for each in shown]
        self.refresh(layout=taller)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """A line for each."""
        return len(self._strips)

    def render_line(self, y: int) -> Strip:
        """One of the lines."""
        return self._strips[y] if y < len(self._strips) else Strip([])

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Look closely at the moment that the mouse is at."""
        self._pointer.move(self._time_at(event.x))

    def on_leave(self) -> None:
        """Look closely where that was chosen by key or by a click, or at nothing."""
        self._pointer.move(None)

    def on_click(self, event: events.Click) -> None:
        """Have the cursor stay there."""
        if (t := self._time_at(event.x)) is not None:
            self._pointer.stay(t)

    def _time_at(self, x: int) -> int | None:
        columns = columns_of(self._scene, self.size.width)
        return self._scene.camera.time(x - columns.left) if columns.left <= x < columns.right else None

    def _cells_of(self, of: Ribboned) -> tuple[tuple[int, int], GilCells]:
        """The cells of a ribbon at the scale that it is looked at, those that were cut before."""
        scale = (self._scene.origin(of.run), self._scene.camera.cell_ns)
        kept = self._cells.get(of)
        if kept is not None and kept[0] == scale:
            return kept
        return scale, GilCells(of.ribbon, of.marks, *scale)

    def _line(self, of: Ribboned) -> Strip:
        scene, camera = self._scene, self._scene.camera
        columns, paint = columns_of(scene, self.size.width), GilPaint(inks(self.app), self._plain)
        first = camera.left // camera.cell_ns
        until = min(scene.until(of.run), scene.origin(of.run) + (first + columns.cells) * camera.cell_ns)
        cells = self._cells[of][1].cells(first, until)[: columns.cells]
        drawn = Strip(paint.segments(cells)).adjust_cell_length(columns.cells, paint.inks.text)
        if scene.cursor is not None and 0 <= (at := camera.cell(scene.cursor)) < columns.cells:
            drawn = self._with_cursor(drawn, at, paint.inks)
        return Strip(
            [
                Segment(" ", paint.inks.text),
                *self._left(of, columns, paint),
                *drawn,
                Segment(self._right(of, columns), paint.inks.quiet),
            ]
        ).crop(0, columns.width)

    def _with_cursor(self, drawn: Strip, at: int, inks: Inks) -> Strip:
        before, cell, after = drawn.divide([at, at + 1, drawn.cell_length])
        (segment,) = cell
        below = segment.style or inks.text
        return Strip([*before, Segment("|" if self._plain else "│", inks.across(below)), *after])

    def _left(self, of: Ribboned, columns: Columns, paint: GilPaint) -> Iterator[Segment]:
        """Yield what stands left of a ribbon: the share, and who holds the GIL at the cursor, or now."""
        width = columns.left - 2 * GAP
        if width <= 0:
            return
        as_of = self._as_of(of)
        shares = share_words(self._scene, of, as_of)
        share = next((each for each in shares if len(each) <= width), shares[-1])
        rest = width - len(share) - 1
        holder = next((each for each in holder_words(self._scene, of, as_of) if len(each) <= rest), "")
        yield Segment(fit(share, min(len(share), width), self._plain), paint.inks.bold)
        yield Segment(fit(f" {holder}", width - min(len(share), width), self._plain), paint.inks.quiet)
        yield Segment(" ", paint.inks.text)

    def _right(self, of: Ribboned, columns: Columns) -> str:
        """How often it was handed over, where there is room to say so."""
        width = columns.shares * (GAP + FIGURE)
        until, origin = self._as_of(of), self._scene.origin(of.run)
        a_second = of.ribbon.handed(until) * NS_PER_S / (until - origin) if until > origin else 0
        figure = f"{a_second:.0f}"
        ways = (f" {figure} hand-offs a second", f" {figure} hand-offs/s", f" {figure}/s", "")
        return next(way for way in ways if len(way) <= width).ljust(width)

    def _as_of(self, of: Ribboned) -> int:
        """The moment as of which the words are: while time passes, one of a few in each second."""
        until = self._scene.until(of.run)
        return until // _WORDS_NS * _WORDS_NS if self._scene.moving else until
