"""Lanes of made-up runs, looked at through any camera."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from textual.color import Color

from threadviz.presentation.cells import Window
from threadviz.presentation.styles import STATE_STYLES
from threadviz.protocol.events import Event, State
from threadviz.timeline import Lane, Timeline
from threadviz.tui.render.cells import Budget, Encoder, LaneCellCache
from threadviz.tui.render.glyphs import GlyphPainter
from threadviz.tui.render.strips import LaneCells, lane_cells
from threadviz.tui.render.styles import Depth, LaneStyles
from threadviz.tui.view.view import View

PLENTY = 10**6

Caches = Callable[[Lane, int, int, Encoder], LaneCellCache]

BLACK, WHITE = Color(0, 0, 0), Color(255, 255, 255)


@dataclass(eq=False)
class Told:
    """A run for a scene."""

    timeline: Timeline
    over: bool = False
    trouble: str = ""


def scene_of(events: Iterable[Event]) -> View:
    """A scene of one run, of these events."""
    timeline = Timeline()
    timeline.extend(events)
    return View([Told(timeline)])


def paint(*, levels: bool = True) -> GlyphPainter:
    """Paint that shows how much ran by height, or else states in turn."""
    colours = {
        mark: Color(0, 200, 0) if mark is State.RUNNING else Color(200, 100, 0) for mark in STATE_STYLES
    }
    return GlyphPainter(
        LaneStyles(colours, BLACK, WHITE, Depth.ALL if levels else Depth.NONE), ascii_only=not levels
    )


@dataclass(frozen=True)
class Frame:
    """How a scene is looked at: `cells` of `cell_ns` from number `first` on, at `present` (ns)."""

    cell_ns: int
    first: int
    cells: int
    present: int


def look(
    view: View, frame: Frame, caches: Caches, drawn: GlyphPainter, budget: int = PLENTY
) -> list[LaneCells]:
    """The cells of all lanes."""
    viewport = view.viewport
    viewport.cell_ns, viewport.left, viewport.cells = frame.cell_ns, frame.first * frame.cell_ns, frame.cells
    view.playhead.freeze(0)
    view.playhead.at = frame.present
    left = Budget(budget)
    return [
        lane_cells(
            view, row, row.lane, window, caches(row.lane, window.since, frame.cell_ns, drawn.encoder), left
        )
        for row in view.rows
        if row.lane is not None and (window := Window(view.origin(row.run), view.until(row.run)))
    ]
