"""Lanes of made-up runs, looked at through any camera."""

from collections.abc import Iterable
from dataclasses import dataclass

from textual.color import Color

from threadviz.presentation.cells import Window
from threadviz.presentation.styles import LOOKS
from threadviz.protocol.events import Event, State
from threadviz.timeline import Timeline
from threadviz.tui.render.cells import Budget, Ribbons
from threadviz.tui.render.glyphs import Paint
from threadviz.tui.render.strips import LaneCells, lane_cells
from threadviz.tui.render.styles import Depth, Inks
from threadviz.tui.view import Scene

PLENTY = 10**6

BLACK, WHITE = Color(0, 0, 0), Color(255, 255, 255)


@dataclass(eq=False)
class Told:
    """A run for a scene."""

    timeline: Timeline
    over: bool = False
    trouble: str = ""


def scene_of(events: Iterable[Event]) -> Scene:
    """A scene of one run, of these events."""
    timeline = Timeline()
    timeline.extend(events)
    return Scene([Told(timeline)])


def paint(*, levels: bool = True) -> Paint:
    """Paint that shows how much ran by height, or else states in turn."""
    colours = {mark: Color(0, 200, 0) if mark is State.RUNNING else Color(200, 100, 0) for mark in LOOKS}
    return Paint(Inks(colours, BLACK, WHITE, Depth.ALL if levels else Depth.NONE), plain=not levels)


@dataclass(frozen=True)
class View:
    """How a scene is looked at: `cells` of `cell_ns` from number `first` on, at `present` (ns)."""

    cell_ns: int
    first: int
    cells: int
    present: int


def look(scene: Scene, view: View, ribbons: Ribbons, drawn: Paint, budget: int = PLENTY) -> list[LaneCells]:
    """The cells of all lanes."""
    camera = scene.camera
    camera.cell_ns, camera.left, camera.cells = view.cell_ns, view.first * view.cell_ns, view.cells
    scene.playhead.freeze(0)
    scene.playhead.at = view.present
    left = Budget(budget)
    return [
        lane_cells(
            scene, row, row.lane, Window(scene.origin(row.run), scene.until(row.run)), ribbons, drawn, left
        )
        for row in scene.rows
        if row.lane is not None
    ]
