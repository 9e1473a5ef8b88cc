"""The line above the lanes: the time axis, and what stands in the columns beside it."""

from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from threadviz.presentation.axis import AxisTick, moment, round_moments, ticks
from threadviz.tui.render.labels import fit, now_heading, share_headings
from threadviz.tui.render.layout import FIGURE, GAP, columns_of
from threadviz.tui.render.styles import LaneStyles, inks
from threadviz.tui.view import View


class AxisLine(Widget):
    """Draws the axis of a scene, in the columns of the lanes, which leave room for a scroll bar."""

    DEFAULT_CSS = """
    AxisLine {
        height: 1;
        padding: 0 1 0 0;
    }
    """

    def __init__(self, view: View, *, plain: bool) -> None:
        super().__init__()
        self.view = view
        self._plain = plain
        self._drawn: object = None

    def refresh_view(self) -> None:
        """Draw it anew where it has changed."""
        viewport = self.view.viewport
        of = (
            (viewport.left, viewport.cell_ns, viewport.cells),
            (
                self.view.cursor,
                self.view.rows,
                bool(self.view.gil_rows.shown),
                self.size,
                now_heading(self.view),
            ),
            inks(self.app),
        )
        if of != self._drawn:
            self._drawn = of
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw the line."""
        paint, view = inks(self.app), self.view
        columns = columns_of(view, self.size.width)
        left = f" {' ' * columns.mark}{fit('lane', columns.name, self._plain)} "
        if columns.now:
            left += f"{fit(now_heading(view), columns.now, self._plain)} "
        return Strip(
            [
                Segment(left, paint.quiet),
                *self._axis(columns.cells, paint),
                Segment(share_headings(columns), paint.quiet),
            ],
            columns.right + columns.shares * (GAP + FIGURE),
        ).crop(0, columns.width)

    def _axis(self, cells: int, paint: LaneStyles) -> list[Segment]:
        label, start = self._cursor_label(cells)
        end = start + len(label)
        line = ""
        for tick in self._ticks(cells):
            text = self._mark + tick.label
            free = tick.cell + len(text) <= start or tick.cell >= end
            if tick.cell >= len(line) and (free or not label):
                line = line.ljust(tick.cell) + text
        line = line.ljust(cells)
        return [
            Segment(line[:start], paint.quiet),
            Segment(label, paint.bold),
            Segment(line[end:], paint.quiet),
        ]

    @property
    def _mark(self) -> str:
        return "|" if self._plain else "▏"

    def _ticks(self, cells: int) -> list[AxisTick]:
        """The ticks, in their order; those whose labels there is no room for, without them."""
        viewport = self.view.viewport
        room = cells - len(self._mark)
        length = room * viewport.cell_ns
        if not length:
            return []
        labelled = {tick.cell: tick for tick in ticks(length, room, viewport.left)}
        moments, _ = round_moments(length, room, viewport.left)
        return [labelled.get(cell) or AxisTick(cell, "") for cell in (viewport.cell(t) for t, _ in moments)]

    def _cursor_label(self, cells: int) -> tuple[str, int]:
        """The cursor's pointer with its time beside it, and where that begins; nothing where it is out of sight."""
        viewport, cursor = self.view.viewport, self.view.cursor
        if cursor is None or not 0 <= viewport.cell(cursor) < cells:
            return "", 0
        label, at = moment(cursor, viewport.cell_ns), viewport.cell(cursor)
        pointer = "v" if self._plain else "▾"
        if at + len(label) + 2 <= cells:
            return f"{pointer}{label} ", at
        if at >= len(label) + 1:
            return f" {label}{pointer}", at - len(label) - 1
        return pointer, at
