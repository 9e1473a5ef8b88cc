"""The legend: what each glyph and colour of the lanes means. It is always on the screen."""

from rich.segment import Segment
from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget

from threadviz.presentation.axis import moment
from threadviz.presentation.cells import Beyond, Mark
from threadviz.presentation.styles import EDGE, STATE_STYLES
from threadviz.protocol.events import State
from threadviz.tui.render.cells import FINE, tone
from threadviz.tui.render.glyphs import GlyphPainter, Line
from threadviz.tui.render.styles import inks
from threadviz.tui.view import View

_ALWAYS: frozenset[Mark] = frozenset({State.IDLE, State.UNKNOWN, Beyond.BLOCKED})
"""What is not for a probe to tell."""

_BETWEEN = 2

Entry = list[Segment]


class Legend(Widget):
    """Says what is drawn in the lanes of a scene, in as many lines as it takes."""

    DEFAULT_CSS = """
    Legend {
        height: auto;
        padding: 0 1;
    }
    """

    def __init__(self, view: View, *, plain: bool) -> None:
        super().__init__()
        self.view = view
        self._plain = plain
        self._drawn: object = None

    def refresh_view(self) -> None:
        """Draw it anew where it has changed."""
        of = (self.view.viewport.cell_ns, self._marks(), inks(self.app))
        if of != self._drawn:
            self._drawn = of
            self.refresh(layout=len(self._lines(self.size.width)) != self.size.height)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many lines as the entries need."""
        return len(self._lines(width))

    def render_line(self, y: int) -> Strip:
        """Draw a line of entries."""
        width, text = self.size.width, inks(self.app).text
        lines = self._lines(width)
        entries = lines[y] if y < len(lines) else []
        return Strip(entries).adjust_cell_length(width, text)

    def _marks(self) -> tuple[Mark, ...]:
        told = {state for run in self.view.runs for state in run.timeline.header.probe.tells}
        return tuple(mark for mark in STATE_STYLES if mark in _ALWAYS or mark in told)

    def _lines(self, width: int) -> list[Entry]:
        lines: list[Entry] = [[]]
        used = 0
        for entry in self._entries():
            length = Segment.get_line_length(entry)
            if used and used + _BETWEEN + length > width:
                lines.append([])
                used = 0
            elif used:
                lines[-1].append(Segment(" " * _BETWEEN, inks(self.app).text))
                used += _BETWEEN
            lines[-1] += entry
            used += length
        return lines

    def _entries(self) -> list[Entry]:
        paint = GlyphPainter(inks(self.app), self._plain)
        quiet = paint.inks.quiet
        entries = [[_sample(paint, mark), Segment(f" {mark}", paint.inks.text)] for mark in self._marks()]
        if paint.mixes:
            mix = paint.segments([tone(State.GIL, FINE // 2)], Line())
            entries.append([*mix, Segment(" height: running share", quiet)])
        else:
            entries.append([Segment("mixed cells take turns", quiet)])
        edge = EDGE.plain if self._plain else EDGE.block
        entries.append([Segment(f"{edge} begin, end", quiet)])
        cell_ns = self.view.viewport.cell_ns
        about = max(1, 10 ** (len(str(cell_ns)) - 2))
        entries.append([Segment(f"1 cell = {moment(cell_ns, about)}", quiet)])
        return entries


def _sample(paint: GlyphPainter, mark: Mark) -> Segment:
    """The glyph of a mark; the word for it, where it can't be seen."""
    glyph = paint.sample(mark)
    return glyph if paint.mixes or glyph.text != " " else Segment("blank", paint.inks.text)
