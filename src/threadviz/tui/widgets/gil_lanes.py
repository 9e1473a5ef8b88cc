"""The ribbons above the lanes: who holds the GIL, as it changes; of each run that is looked at, one."""

from collections.abc import Iterator, Sequence

from rich.segment import Segment
from textual import events
from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget

from threadviz.tui.render.gil import GilCells, GilPainter
from threadviz.tui.render.labels import fit
from threadviz.tui.render.layout import FIGURE, GAP, Columns, columns_of
from threadviz.tui.render.styles import LaneStyles, inks
from threadviz.tui.view import View
from threadviz.tui.view.gil_marks import GilRow
from threadviz.tui.widgets.mouse_cursor import MouseCursor
from threadviz.tui.widgets.run_text import holder_words, share_words

_WORDS_NS = 300_000_000
"""While time passes, words change no oftener than this: nobody could read them."""

_TURNS = 3
"""While only time passes, it is drawn anew in every third frame."""

NS_PER_S = 1_000_000_000


class GilLanes(Widget):
    """A line for each ribbon of a scene, in the columns of the lanes, which leave room for a scroll bar."""

    ALLOW_SELECT = False

    DEFAULT_CSS = """
    GilLanes {
        height: auto;
        padding: 0 1 0 0;
    }
    """

    def __init__(self, view: View, *, plain: bool) -> None:
        super().__init__()
        self.view = view
        self._plain = plain
        self._pointer = MouseCursor(view)
        self._cells: dict[GilRow, tuple[tuple[int, int], GilCells]] = {}
        self._seen_view: object = None
        self._seen_time: object = None
        self._turn = 0
        self._late = False
        self._strips: Sequence[Strip] = ()

    @property
    def whole(self) -> bool:
        """Whether all that is to be seen was worked out; else the next frames go on."""
        return not self._late and all(cells.whole for _, cells in self._cells.values())

    def refresh_view(self) -> None:
        """Draw it anew where it has changed."""
        view, viewport = self.view, self.view.viewport
        shown = view.gil_rows.shown
        visible_part = (
            (viewport.left, viewport.cell_ns, viewport.cells, view.cursor, self.size.width),
            (shown, view.rows, inks(self.app)),
        )
        time = [(view.until(each.run), each.gil_timeline.end) for each in shown]
        if visible_part == self._seen_view:
            if time == self._seen_time and self.whole:
                return
            self._turn = (self._turn + 1) % _TURNS
            self._late = bool(self._turn)
            if self._late:
                return
        self._seen_view, self._seen_time = visible_part, time
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
        columns = columns_of(self.view, self.size.width)
        return self.view.viewport.time(x - columns.left) if columns.left <= x < columns.right else None

    def _cells_of(self, of: GilRow) -> tuple[tuple[int, int], GilCells]:
        """The cells of a ribbon at the scale that it is looked at, those that were cut before."""
        scale = (self.view.origin(of.run), self.view.viewport.cell_ns)
        kept = self._cells.get(of)
        if kept is not None and kept[0] == scale:
            return kept
        return scale, GilCells(of.gil_timeline, of.marks, *scale)

    def _line(self, of: GilRow) -> Strip:
        view, viewport = self.view, self.view.viewport
        columns, paint = columns_of(view, self.size.width), GilPainter(inks(self.app), self._plain)
        first = viewport.left // viewport.cell_ns
        until = min(view.until(of.run), view.origin(of.run) + (first + columns.cells) * viewport.cell_ns)
        cells = self._cells[of][1].cells(first, until)[: columns.cells]
        drawn = Strip(paint.segments(cells)).adjust_cell_length(columns.cells, paint.inks.text)
        if view.cursor is not None and 0 <= (at := viewport.cell(view.cursor)) < columns.cells:
            drawn = self._with_cursor(drawn, at, paint.inks)
        return Strip(
            [
                Segment(" ", paint.inks.text),
                *self._left(of, columns, paint),
                *drawn,
                Segment(self._right(of, columns), paint.inks.quiet),
            ]
        ).crop(0, columns.width)

    def _with_cursor(self, drawn: Strip, at: int, inks: LaneStyles) -> Strip:
        before, cell, after = drawn.divide([at, at + 1, drawn.cell_length])
        (segment,) = cell
        below = segment.style or inks.text
        return Strip([*before, Segment("|" if self._plain else "│", inks.across(below)), *after])

    def _left(self, of: GilRow, columns: Columns, paint: GilPainter) -> Iterator[Segment]:
        """Yield what stands left of a ribbon: the share, and who holds the GIL at the cursor, or now."""
        width = columns.left - 2 * GAP
        if width <= 0:
            return
        as_of = self._as_of(of)
        shares = share_words(self.view, of, as_of)
        share = next((each for each in shares if len(each) <= width), shares[-1])
        rest = width - len(share) - 1
        holder = next((each for each in holder_words(self.view, of, as_of) if len(each) <= rest), "")
        yield Segment(fit(share, min(len(share), width), self._plain), paint.inks.bold)
        yield Segment(fit(f" {holder}", width - min(len(share), width), self._plain), paint.inks.quiet)
        yield Segment(" ", paint.inks.text)

    def _right(self, of: GilRow, columns: Columns) -> str:
        """How often it was handed over, where there is room to say so."""
        width = columns.shares * (GAP + FIGURE)
        until, origin = self._as_of(of), self.view.origin(of.run)
        a_second = of.gil_timeline.hand_offs(until) * NS_PER_S / (until - origin) if until > origin else 0
        figure = f"{a_second:.0f}"
        ways = (f" {figure} hand-offs a second", f" {figure} hand-offs/s", f" {figure}/s", "")
        return next(way for way in ways if len(way) <= width).ljust(width)

    def _as_of(self, of: GilRow) -> int:
        """The moment as of which the words are: while time passes, one of a few in each second."""
        until = self.view.until(of.run)
        return until // _WORDS_NS * _WORDS_NS if self.view.moving else until
