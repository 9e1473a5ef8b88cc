"""The press: pieces of lines as Textual takes them, made once for all that look alike."""

from array import array
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from rich.cells import cell_len
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter
from textual.strip import Strip

from threadviz.presentation.cells import Window
from threadviz.timeline import Lane
from threadviz.tui.render.cells import EDGE, Budget, Ribbons, away
from threadviz.tui.render.glyphs import EIGHTHS, GlyphPainter, Line
from threadviz.tui.view import Row, View

# What the cells of a lane show, as the scene stands.


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
    view: View,
    row: Row,
    lane: Lane,
    seen: Window,
    gil_timelines: Ribbons,
    paint: GlyphPainter,
    budget: Budget,
) -> LaneCells:
    """Return what the cells of `lane`, which is that of `row`, show within the camera's view.

    `seen` is from where to where its run is drawn, in ns since the run's origin.
    """
    viewport, origin = view.viewport, seen.since
    cell_ns = viewport.cell_ns
    first, past = viewport.left // cell_ns, seen.length
    gil_timeline = gil_timelines.of(lane, origin, cell_ns, paint.tone_of)
    last = max(first, min(first + viewport.cells, past // cell_ns))
    growing = past > last * cell_ns and last < first + viewport.cells
    front = growing and origin + past == row.run.timeline.now
    tones, latest = gil_timeline.tones(first, last, budget, (last + 1) * cell_ns - past if front else 0)
    whole = len(tones) == last - first
    if latest is None and growing and whole:
        latest = gil_timeline.latest(last, origin + past)
    eighths = 0 if latest is None else past % cell_ns * EIGHTHS // cell_ns
    _mark_edges(tones, lane, origin + first * cell_ns, cell_ns)
    cursor = None if view.cursor is None else viewport.cell(view.cursor)
    return LaneCells(
        first,
        tones,
        None if latest == away() else latest,
        0 if latest == away() else eighths,
        _lit(view, row, origin, past),
        cursor if cursor is not None and 0 <= cursor < viewport.cells else None,
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


def _lit(view: View, row: Row, origin: int, past: int) -> tuple[int, int]:
    """From where to where the task that is picked is on this lane."""
    if (
        view.selected_task is None
        or view.selected_task[0] is not row.run
        or view.selected_task[1].lane is not row.lane
    ):
        return 0, 0
    task = view.selected_task[1]
    if task.started is None or task.started - origin > past:
        return 0, 0
    start = task.started - origin
    end = past if task.finished is None else min(task.finished - origin, past)
    viewport = view.viewport
    first, last = viewport.cell(start), viewport.cell(max(start, end - 1)) + 1
    return max(0, first), min(max(0, last), viewport.cells)


KEPT = 2048
"""So many pieces are kept at least, and twice as many at most."""

_PIECE = 16
"""So many cells are a piece: from a multiple of it on, so that a picture that moves consists of the same pieces."""

_ANY_TEXT = "~"


class Piece(NamedTuple):
    """A part of a line: its segments, how many characters wide it is, and how it is written to the terminal."""

    segments: Sequence[Segment]
    width: int
    written: str


class _Cast(NamedTuple):
    """A style as it comes out of the filters, and what is written before and after a text in it."""

    style: Style | None
    before: str
    after: str


class StripCache:
    """Makes pieces of what is drawn in `paint`, filtered and in the terminal's own sequences.

    Textual does all that for a line at a time, whatever has changed in it. Most of a lane is what it was in the frame
    before; so pieces are kept by what they show, and a line is only put together.
    """

    def __init__(
        self, paint: GlyphPainter, filters: Sequence[LineFilter], background: Color, console: Console
    ) -> None:
        self.paint = paint
        self.filters = filters
        self._background = background
        self._console = console
        self._new: dict[Hashable, Piece] = {}
        self._old: dict[Hashable, Piece] = {}
        self._casts: dict[Style | None, _Cast] = {}

    def words(self, *segments: Segment) -> Piece:
        """A piece of text."""
        return self._kept(segments, lambda: self._made(segments))

    def blank(self, width: int) -> Piece:
        """A piece of nothing."""
        return self._kept(width, lambda: self._made([Segment(" " * width, self.paint.inks.text)]))

    def line(self, pieces: Sequence[Piece], width: int) -> Strip:
        """The pieces, one beside the other, in a line that is at least `width` characters wide."""
        wide = sum([piece.width for piece in pieces])
        return (
            _Written(pieces, wide) if wide >= width else _Written([*pieces, self.blank(width - wide)], width)
        )

    def cells(self, cells: LaneCells, width: int, line: Line) -> list[Piece]:
        """One line of a lane's cells, `width` characters wide."""
        count, cursor = len(cells.tones), cells.cursor
        begin, end = cells.lit
        lit = line if begin >= end else line._replace(lit=True)
        cuts = {0, *range(-cells.first % _PIECE, count, _PIECE), count, min(begin, count), min(end, count)}
        if cursor is not None and cursor < count:
            cuts |= {cursor, cursor + 1}
        drawn: list[Piece] = []
        for since, until in pairwise(sorted(cuts)):
            on = lit if begin <= since < end else line
            if since == cursor:
                drawn.append(self._cursor(cells.tones[since], on))
            else:
                drawn.append(self._tones(cells.tones[since:until], on))
        if cells.latest is not None:
            on = lit if begin <= count < end else line
            if cursor == count:
                drawn.append(self._cursor(cells.latest, on))
            else:
                drawn.append(self._growing(cells.latest, cells.eighths, on))
            count += 1
        if cursor is not None and cursor >= count:
            drawn += [self.blank(cursor - count), self._cursor(away(), line)]
            count = cursor + 1
        if count < width:
            drawn.append(self.blank(width - count))
        return drawn

    def _tones(self, tones: "array[int]", line: Line) -> Piece:
        return self._kept((line, tones.tobytes()), lambda: self._made(self.paint.segments(tones, line)))

    def _cursor(self, tone: int, line: Line) -> Piece:
        return self._kept((line, tone), lambda: self._made([self.paint.cursor(tone, line)]))

    def _growing(self, tone: int, eighths: int, line: Line) -> Piece:
        return self._kept(
            (line, tone, eighths), lambda: self._made([self.paint.growing(tone, eighths, line)])
        )

    def _kept(self, key: Hashable, make: Callable[[], Piece]) -> Piece:
        piece = self._new.get(key)
        if piece is None:
            piece = self._old.get(key) or make()
            if len(self._new) >= KEPT:
                self._old, self._new = self._new, {}
            self._new[key] = piece
        return piece

    def _made(self, segments: Sequence[Segment]) -> Piece:
        filtered, written, width = [], [], 0
        for text, style, _ in segments:
            width += len(text) if text.isascii() else cell_len(text)
            cast = self._casts.get(style) or self._cast(style)
            filtered.append(Segment(text, cast.style))
            written += [cast.before, text, cast.after]
        return Piece(filtered, width, "".join(written))

    def _cast(self, style: Style | None) -> _Cast:
        """Find out, once for each style, what the filters make of it: whatever the text, it is the same."""
        of = [Segment(_ANY_TEXT, style)]
        for each in self.filters:
            of = each.apply(of, self._background)
        before, after = Strip(of).render(self._console).split(_ANY_TEXT)
        cast = self._casts[style] = _Cast(of[0].style, before, after)
        return cast


class _Written(Strip):
    """A line that need not be written anew."""

    __slots__ = ("_written",)

    def __init__(self, pieces: Sequence[Piece], width: int) -> None:
        super().__init__([segment for piece in pieces for segment in piece.segments], width)
        self._written = "".join([piece.written for piece in pieces])

    def render(self, console: Console) -> str:
        return self._written

    def divide(self, cuts: Iterable[int]) -> Sequence[Strip]:
        within = [cut for cut in cuts if cut <= self.cell_length]
        # Textual's own has a strip that is not cut remember itself as its only part, and so leaves each to the garbage
        # collector, a thousand times a second.
        return [self] if within == [self.cell_length] else super().divide(within)
