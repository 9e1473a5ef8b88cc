"""The line above the lanes: the time axis, and what stands in the columns beside it."""

from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from threadviz.picture.axis import moment, ticks
from threadviz.tui.drawing.colours import inks
from threadviz.tui.drawing.columns import FIGURE, GAP, Columns
from threadviz.tui.drawing.inks import Inks
from threadviz.tui.drawing.labels import fit, now_heading, share_headings
from threadviz.tui.scene import Scene


class AxisLine(Widget):
    """Draws the axis of a scene, in the columns of the lanes, which leave room for a scroll bar."""

    DEFAULT_CSS = """
    AxisLine {
        height: 1;
        padding: 0 1 0 0;
    }
    """

    def __init__(self, scene: Scene, *, plain: bool) -> None:
        super().__init__()
        self._scene = scene
        self._plain = plain
        self._drawn: object = None

    def refresh_scene(self) -> None:
        """Draw it anew where it has changed."""
        camera = self._scene.camera
        of = (
            (camera.left, camera.cell_ns, camera.cells),
            (self._scene.cursor, self._scene.rows, self.size, now_heading(self._scene)),
            inks(self.app),
        )
        if of != self._drawn:
            self._drawn = of
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw the line."""
        paint, scene = inks(self.app), self._scene
        columns = Columns.of(self.size.width, [row.lane.name for row in scene.rows if row.lane is not None])
        left = f" {fit('lane', columns.name, self._plain)} "
        if columns.now:
            left += f"{fit(now_heading(scene), columns.now, self._plain)} "
        return Strip(
            [
                Segment(left, paint.quiet),
                *self._axis(columns.cells, paint),
                Segment(share_headings(columns), paint.quiet),
            ],
            columns.right + columns.shares * (GAP + FIGURE),
        ).crop(0, columns.width)

    def _axis(self, cells: int, paint: Inks) -> list[Segment]:
        camera = self._scene.camera
        mark = "|" if self._plain else "▏"
        line = ""
        room = cells - len(mark)
        for tick in ticks(room * camera.cell_ns, room, camera.left):
            line = line.ljust(tick.cell) + mark + tick.label
        line = line.ljust(cells)
        cursor = self._scene.cursor
        if cursor is None or not 0 <= camera.cell(cursor) < cells:
            return [Segment(line, paint.quiet)]
        label, at = moment(cursor, camera.cell_ns), camera.cell(cursor)
        pointer = "v" if self._plain else "▾"
        label = f"{pointer}{label} " if at + len(label) + 2 <= cells else f" {label}{pointer}"
        start = at if label[0] == pointer else at - len(label) + 1
        if start < 0:
            start, label = at, pointer
        return [
            Segment(line[:start], paint.quiet),
            Segment(label, paint.bold),
            Segment(line[start + len(label) :], paint.quiet),
        ]
