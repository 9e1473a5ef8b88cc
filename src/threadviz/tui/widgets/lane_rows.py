"""What the rows of lanes show: worked out a little in each frame, and kept for as long as it stays right."""

from collections.abc import Hashable, Sequence
from typing import NamedTuple

from rich.segment import Segment

from threadviz.findings.words import seconds
from threadviz.picture.heading import what_ran
from threadviz.picture.window import Window
from threadviz.timeline import Lane
from threadviz.tui.drawing.arrangement import Arrangement
from threadviz.tui.drawing.heads import head_line
from threadviz.tui.drawing.labels import fit, label, shares
from threadviz.tui.drawing.lane_cells import LaneCells, lane_cells
from threadviz.tui.drawing.press import Piece, Press
from threadviz.tui.drawing.ribbon import Budget, Ribbons
from threadviz.tui.scene import Motion, Row, Scene
from threadviz.tui.scene.shown import Shown
from threadviz.tui.widgets.labels import label_numbers

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

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._arranged = Arrangement.of((), 0, 0)
        self._press: Press | None = None
        self._ribbons = Ribbons()
        self._budget = Budget(CELLS_A_FRAME)
        self._rows: dict[int, Drawn] = {}
        self._left: dict[Lane, _Worded] = {}
        self._right: dict[Lane, _Worded] = {}
        self._windows: dict[Shown, Window] = {}
        self._seen_view: object = None
        self._seen_time: tuple[int, Sequence[int]] = (0, ())
        # Whether rows with odd numbers have their turn (None: all have), and whether the others are to follow.
        self._turn: bool | None = None
        self._late = False

    @property
    def whole(self) -> bool:
        """Whether all that is to be seen was worked out; else the next frames go on."""
        return not self._late and all(row.cells is None or row.cells.whole for row in self._rows.values())

    def begin_anew(self, arranged: Arrangement, press: Press) -> None:
        """Work all out anew, arranged like this."""
        self._arranged, self._press = arranged, press
        self._rows, self._seen_view = {}, None
        there = {row.lane for row in arranged.rows}
        for words in (self._left, self._right):
            for lane in words.keys() - there:
                del words[lane]

    def refresh(self, visible: Sequence[int]) -> list[int]:
        """Work out the rows that are `visible` as the scene is now, and return those that look different."""
        self._budget = Budget(CELLS_A_FRAME)
        view, time = (visible, *self._view()), self._time()
        if (view, time) == (self._seen_view, self._seen_time) and self.whole:
            return []
        due = self._due(view, time, visible)
        self._seen_view, self._seen_time = view, time
        self._windows = {}
        before = self._rows
        self._rows = {index: before[index] for index in visible if index not in due}
        return [index for index in due if self.row(index) != before.get(index)]

    def row(self, index: int) -> Drawn:
        """The row with this number."""
        row = self._rows.get(index)
        if row is None:
            row = self._rows[index] = self._made(self._arranged.rows[index])
        return row

    def _view(self) -> tuple[Hashable, ...]:
        """What the picture depends on beside the time."""
        scene, camera = self._scene, self._scene.camera
        return (
            (camera.left, camera.cell_ns, camera.cells),
            (scene.cursor, scene.lane, scene.task, scene.growing, scene.playhead.motion),
            scene.lanes.measured,
        )

    def _time(self) -> tuple[int, Sequence[int]]:
        """What is shown as the present, and until when the runs are known."""
        return self._scene.present, [run.timeline.now for run in self._scene.runs]

    def _due(self, view: object, time: tuple[int, Sequence[int]], visible: Sequence[int]) -> dict[int, None]:
        """The rows to be worked out in this frame: all in sight, but where only time has passed, every second one."""
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
            drawn = self._rows.get(index)
            if drawn is None or (
                self._turn in (None, index % 2) and not (stands and drawn.stays == self._revision(index))
            ):
                due[index] = None
        return due

    def _revision(self, index: int) -> int:
        lane = self._arranged.rows[index].lane
        return 0 if lane is None else lane.revision

    def _made(self, row: Row) -> Drawn:
        scene, press, arranged = self._scene, self._press, self._arranged
        assert press is not None  # there are no rows before it is there
        seen = self._windows.get(row.run)
        if seen is None:
            seen = self._windows[row.run] = Window(scene.origin(row.run), scene.until(row.run))
        columns, height, lane = arranged.columns, arranged.height, row.lane
        if row.head is not None:
            inks, plain = press.paint.inks, press.paint.plain
            return Drawn(
                [press.words(*head_line(scene, row, row.head, columns.width, inks, plain))], [], None
            )
        if lane is None:
            heading = fit(_heading(row.run, scene.runs, seen), columns.width, press.paint.plain)
            return Drawn([press.words(Segment(heading, press.paint.inks.bold))], [], None)
        where = (press, columns, height)
        as_of = (where, scene.playhead.motion, row.run.over, self._as_of(lane, seen), lane.revision, lane.end)
        left, right = self._left.get(lane), self._right.get(lane)
        about = (
            as_of,
            scene.cursor,
            lane.name,
            lane.kind,
            scene.is_picked(row),
            scene.holders.mark(row.run, lane),
        )
        if left is None or left.about != about:
            told = label(scene, row, lane, seen, columns, height, press)
            left = self._left[lane] = _Worded(about, told)
        if right is None or right.about != as_of:
            right = self._right[lane] = _Worded(as_of, shares(lane, seen, columns, height, press))
        cells = lane_cells(scene, row, lane, seen, self._ribbons, press.paint, self._budget)
        stays = lane.revision if cells.whole and lane.settled_until > seen.until else None
        return Drawn(left.words, right.words, cells, stays)

    def _as_of(self, lane: Lane, seen: Window) -> tuple[int, int]:
        """The moment as of which the words of a row are, and up to where the lane is settled, if not beyond it.

        While time passes that is one of a few moments in each second, by which more is settled anyway.
        """
        motion = self._scene.playhead.motion
        if motion is Motion.REPLAYING or (motion is Motion.FOLLOWING and self._scene.growing):
            return (seen.until + lane.number % _PHASES * _FIGURES_NS // _PHASES) // _FIGURES_NS, 0
        return seen.until, min(lane.settled_until, seen.until + 1)


def _heading(run: Shown, runs: Sequence[Shown], seen: Window) -> str:
    """What stands above the lanes of a run, where there are several: what it is, and for how long it went so far."""
    nth = label_numbers(runs)[runs.index(run)]
    which = f" ({nth})" if nth > 1 else ""
    return f" {what_ran(run.timeline)}{which}, {seconds(seen.length)}"
