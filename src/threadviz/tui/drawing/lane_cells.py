"""What the cells of a lane show, as the scene stands."""

from array import array
from dataclasses import dataclass

from threadviz.picture.window import Window
from threadviz.timeline import Lane
from threadviz.tui.drawing.paint import EIGHTHS, Paint
from threadviz.tui.drawing.ribbon import Budget, Ribbons
from threadviz.tui.drawing.tones import EDGE, away
from threadviz.tui.scene import Row, Scene


@dataclass(frozen=True, slots=True)
class LaneCells:
    """The cells from the left edge of the view on, of which the first has number `first`.

    `tones` are those of the whole cells, `latest` that of the one after them, of which `eighths` have passed (None
    where it is not to be seen). From `lit` to the other the task is on this lane that is picked; the cursor is in cell
    `cursor`. Without `whole`, there was no time to work all of it out: some of it is missing.
    """

    first: int
    tones: "array[int]"
    latest: int | None
    eighths: int
    lit: tuple[int, int]
    cursor: int | None
    whole: bool


def lane_cells(
    scene: Scene, row: Row, lane: Lane, seen: Window, ribbons: Ribbons, paint: Paint, budget: Budget
) -> LaneCells:
    """Return what the cells of `lane`, which is that of `row`, show within the camera's view.

    `seen` is from where to where its run is drawn, in ns since the run's origin.
    """
    camera, origin = scene.camera, seen.since
    cell_ns = camera.cell_ns
    first, past = camera.left // cell_ns, seen.length
    ribbon = ribbons.of(lane, origin, cell_ns, paint.tone_of)
    last = max(first, min(first + camera.cells, past // cell_ns))
    growing = past > last * cell_ns and last < first + camera.cells
    front = growing and origin + past == row.run.timeline.now
    tones, latest = ribbon.tones(first, last, budget, (last + 1) * cell_ns - past if front else 0)
    whole = len(tones) == last - first
    if latest is None and growing and whole:
        latest = ribbon.latest(last, origin + past)
    eighths = 0 if latest is None else past % cell_ns * EIGHTHS // cell_ns
    _mark_edges(tones, lane, origin + first * cell_ns, cell_ns)
    cursor = None if scene.cursor is None else camera.cell(scene.cursor)
    return LaneCells(
        first,
        tones,
        None if latest == away() else latest,
        0 if latest == away() else eighths,
        _lit(scene, row, origin, past),
        cursor if cursor is not None and 0 <= cursor < camera.cells else None,
        whole,
    )


def _mark_edges(tones: "array[int]", lane: Lane, left: int, cell_ns: int) -> None:
    """Show where the lane begins and ends, in the cells beside it."""
    edges = [(lane.start - left) // cell_ns - 1]
    if lane.end is not None:
        edges.append(-((left - lane.end) // cell_ns))
    for edge in edges:
        if 0 <= edge < len(tones):
            tones[edge] = EDGE


def _lit(scene: Scene, row: Row, origin: int, past: int) -> tuple[int, int]:
    """From where to where the task that is picked is on this lane."""
    if scene.task is None or scene.task[0] is not row.run or scene.task[1].lane is not row.lane:
        return 0, 0
    task = scene.task[1]
    if task.started is None or task.started - origin > past:
        return 0, 0
    start = task.started - origin
    end = past if task.finished is None else min(task.finished - origin, past)
    camera = scene.camera
    first, last = camera.cell(start), camera.cell(max(start, end - 1)) + 1
    return max(0, first), min(max(0, last), camera.cells)
