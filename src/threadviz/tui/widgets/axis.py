"""The line above the lanes: the time axis, and the headings of the other columns."""

from collections.abc import Hashable

from rich.segment import Segment
from textual.strip import Strip

from threadviz.presentation.axis import AxisTick, moment, round_moments, ticks
from threadviz.tui.render.labels import fit, now_heading, share_headings
from threadviz.tui.render.layout import FIGURE, GAP, columns_of
from threadviz.tui.render.styles import LaneStyles, lane_styles
from threadviz.tui.widgets.panel import TextPanel


class AxisLine(TextPanel):
    """Draws the axis in the columns of the lanes, which leave room for a scroll bar."""

    def key(self) -> tuple[Hashable, ...]:
        view, viewport = self.view, self.view.viewport
        return (
            (viewport.left, viewport.cell_ns, viewport.cells),
            (view.cursor, view.rows, bool(view.gil_rows.shown), now_heading(view), lane_styles(self.app)),
        )

    def lines(self, width: int) -> list[Strip]:
        styles, view = lane_styles(self.app), self.view
        columns = columns_of(view, width)
        left = f" {' ' * columns.mark}{fit('lane', columns.name, self.ascii_only)} "
        if columns.now:
            left += f"{fit(now_heading(view), columns.now, self.ascii_only)} "
        axis, right = self._axis(columns.cells, styles), Segment(share_headings(columns), styles.quiet)
        total = columns.right + columns.shares * (GAP + FIGURE)
        return [Strip([Segment(left, styles.quiet), *axis, right], total).crop(0, width)]

    def _axis(self, cells: int, styles: LaneStyles) -> list[Segment]:
        label, start = self._cursor_label(cells)
        end = start + len(label)
        line = ""
        for tick in self._ticks(cells):
            text = self._tick_mark + tick.label
            free = tick.cell + len(text) <= start or tick.cell >= end
            if tick.cell >= len(line) and (free or not label):
                line = line.ljust(tick.cell) + text
        line = line.ljust(cells)
        before, after = Segment(line[:start], styles.quiet), Segment(line[end:], styles.quiet)
        return [before, Segment(label, styles.bold), after]

    @property
    def _tick_mark(self) -> str:
        return "|" if self.ascii_only else "▏"

    def _ticks(self, cells: int) -> list[AxisTick]:
        """Return the ticks in order. Those without room for a label have none."""
        viewport = self.view.viewport
        room = cells - len(self._tick_mark)
        length = room * viewport.cell_ns
        if not length:
            return []
        labelled = {tick.cell: tick for tick in ticks(length, room, viewport.left)}
        moments, _ = round_moments(length, room, viewport.left)
        return [labelled.get(cell) or AxisTick(cell, "") for cell in (viewport.cell(t) for t, _ in moments)]

    def _cursor_label(self, cells: int) -> tuple[str, int]:
        """Return the pointer at the cursor with its time, and where it begins; an empty one if it is not visible."""
        viewport, cursor = self.view.viewport, self.view.cursor
        if cursor is None or not 0 <= viewport.cell(cursor) < cells:
            return "", 0
        label, at = moment(cursor, viewport.cell_ns), viewport.cell(cursor)
        pointer = "v" if self.ascii_only else "▾"
        if at + len(label) + 2 <= cells:
            return f"{pointer}{label} ", at
        if at >= len(label) + 1:
            return f" {label}{pointer}", at - len(label) - 1
        return pointer, at
