"""Lines of the screen, put together from pieces that are drawn once for all cells that look alike."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
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
from threadviz.tui.render.cells import AWAY, EDGE, Budget, LaneCellCache
from threadviz.tui.render.glyphs import EIGHTHS, GlyphPainter, Line
from threadviz.tui.view.rows import Row
from threadviz.tui.view.view import View


@dataclass(frozen=True, slots=True)
class LaneCells:
    """The visible cells of a lane, of which the first has the number `first`.

    `codes` are those of the whole cells, `latest` that of the cell after them, of which `eighths` have passed (None if
    it is not visible). The selected task is on this lane in the cells of the range `lit`; the cursor is in cell
    `cursor`. If not `whole`, some codes are still to be computed.
    """

    first: int
    codes: Sequence[int]
    latest: int | None
    eighths: int
    lit: tuple[int, int]
    cursor: int | None
    whole: bool


def lane_cells(
    view: View, row: Row, lane: Lane, window: Window, cache: LaneCellCache, budget: Budget
) -> LaneCells:
    """Return the visible cells of `lane`, which is that of `row`, from its `cache` for the scale of the viewport.

    Of its run, `window` is drawn (ns since the run's origin).
    """
    viewport, cell_ns = view.viewport, view.viewport.cell_ns
    first = viewport.left // cell_ns
    last = max(first, min(first + viewport.cells, window.length // cell_ns))
    codes = cache.codes(first, last, budget)
    whole = len(codes) == last - first
    latest = None
    if whole and window.length > last * cell_ns and last < first + viewport.cells:
        latest = cache.latest(last, window.until)
    if latest == AWAY:
        latest = None
    for edge in _edges(lane, window.since + first * cell_ns, cell_ns):
        if 0 <= edge < len(codes):
            codes[edge] = EDGE
    cursor = None if view.cursor is None else viewport.cell(view.cursor)
    return LaneCells(
        first,
        codes,
        latest,
        0 if latest is None else window.length % cell_ns * EIGHTHS // cell_ns,
        _lit(view, row, window),
        cursor if cursor is not None and 0 <= cursor < viewport.cells else None,
        whole,
    )


def _edges(lane: Lane, left: int, cell_ns: int) -> Iterable[int]:
    """Yield the cells beside which the lane begins and ends, from the one at `left` (ns) on."""
    yield (lane.start - left) // cell_ns - 1
    if lane.end is not None:
        yield -((left - lane.end) // cell_ns)


def _lit(view: View, row: Row, window: Window) -> tuple[int, int]:
    """Return the range of cells in which the selected task is on this lane."""
    run, task = view.selected_task or (None, None)
    if run is not row.run or task is None or task.lane is not row.lane or task.started is None:
        return 0, 0
    start = task.started - window.since
    end = window.length if task.finished is None else min(task.finished - window.since, window.length)
    if start > window.length:
        return 0, 0
    viewport = view.viewport
    first, last = viewport.cell(start), viewport.cell(max(start, end - 1)) + 1
    return max(0, first), min(max(0, last), viewport.cells)


MAX_PIECES = 4096
"""The number of pieces that are kept."""

_PIECE_CELLS = 16
"""Pieces begin at multiples of this number of cells, so that a picture that moves consists of the same ones."""

_ANY_TEXT = "~"


class Piece(NamedTuple):
    """A part of a line: its segments, its width in characters, and how it is written to the terminal."""

    segments: Sequence[Segment]
    width: int
    written: str


class StripCache:
    """Draws pieces with `painter`, as they look after `filters`, and joins them to lines."""

    def __init__(
        self, painter: GlyphPainter, filters: Sequence[LineFilter], background: Color, console: Console
    ) -> None:
        self.painter = painter
        self.filters = filters
        self._background = background
        self._console = console
        # A key is a method that draws, with its arguments; or else the segments.
        self._drawn = lru_cache(MAX_PIECES)(lambda draw, *arguments: self._piece(draw(*arguments)))
        self._written = lru_cache(MAX_PIECES)(self._piece)
        self._styled = lru_cache(1024)(self._filter_style)

    def words(self, *segments: Segment) -> Piece:
        """Return a piece of text."""
        return self._written(segments)

    def blank(self, width: int) -> Piece:
        """Return a blank piece."""
        return self.words(Segment(" " * width, self.painter.styles.text))

    def line(self, pieces: Sequence[Piece], width: int) -> Strip:
        """Join pieces to a line that is at least `width` characters wide."""
        wide = sum([piece.width for piece in pieces])
        if wide < width:
            return _WrittenStrip([*pieces, self.blank(width - wide)], width)
        return _WrittenStrip(pieces, wide)

    def cells(self, cells: LaneCells, width: int, line: Line) -> list[Piece]:
        """Draw one line of a lane's cells, `width` characters wide."""
        count, cursor, (begin, end), draw = len(cells.codes), cells.cursor, cells.lit, self._drawn
        lit = line._replace(lit=True)
        cuts = {0, *range(-cells.first % _PIECE_CELLS, count, _PIECE_CELLS), count}
        cuts |= {min(begin, count), min(end, count)}
        if cursor is not None and cursor < count:
            cuts |= {cursor, cursor + 1}
        pieces: list[Piece] = []
        for since, until in pairwise(sorted(cuts)):
            on = lit if begin <= since < end else line
            if since == cursor:
                pieces.append(draw(self.painter.cursor, cells.codes[since], on))
            else:
                pieces.append(draw(self.painter.segments, tuple(cells.codes[since:until]), on))
        if cells.latest is not None:
            on = lit if begin <= count < end else line
            if cursor == count:
                pieces.append(draw(self.painter.cursor, cells.latest, on))
            else:
                pieces.append(draw(self.painter.growing, cells.latest, cells.eighths, on))
            count += 1
        if cursor is not None and cursor >= count:
            pieces += [self.blank(cursor - count), draw(self.painter.cursor, AWAY, line)]
            count = cursor + 1
        return [*pieces, self.blank(width - count)] if count < width else pieces

    def _piece(self, segments: Iterable[Segment]) -> Piece:
        filtered, written, width = [], [], 0
        for text, style, _ in segments:
            width += cell_len(text)
            after_filters, before, after = self._styled(style)
            filtered.append(Segment(text, after_filters))
            written += [before, text, after]
        return Piece(filtered, width, "".join(written))

    def _filter_style(self, style: Style | None) -> tuple[Style | None, str, str]:
        """Return a style after the filters, and what is written to the terminal before and after any text in it."""
        segments = [Segment(_ANY_TEXT, style)]
        for each in self.filters:
            segments = each.apply(segments, self._background)
        before, after = Strip(segments).render(self._console).split(_ANY_TEXT)
        return segments[0].style, before, after


class _WrittenStrip(Strip):
    """A line that is rendered already."""

    __slots__ = ("_written",)

    def __init__(self, pieces: Sequence[Piece], width: int) -> None:
        super().__init__([segment for piece in pieces for segment in piece.segments], width)
        self._written = "".join([piece.written for piece in pieces])

    def render(self, console: Console) -> str:
        return self._written

    def divide(self, cuts: Iterable[int]) -> Sequence[Strip]:
        # Textual's own lets a strip that is not cut remember itself as its only part, and so leaves each to the garbage
        # collector, a thousand times a second.
        within = [cut for cut in cuts if cut <= self.cell_length]
        return [self] if within == [self.cell_length] else super().divide(within)
