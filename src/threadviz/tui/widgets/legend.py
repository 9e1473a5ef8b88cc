"""The legend: what each glyph and colour of the lanes means. It is always visible."""

from rich.segment import Segment
from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget

from threadviz.presentation.axis import moment
from threadviz.presentation.cells import ExtraMark, Mark
from threadviz.presentation.styles import EDGE, STATE_STYLES
from threadviz.protocol.events import State
from threadviz.tui.render.cells import FINE, tone
from threadviz.tui.render.glyphs import GlyphPainter, Line
from threadviz.tui.render.styles import inks
from threadviz.tui.view import View

_ALWAYS: frozenset[Mark] = frozenset({State.IDLE, State.UNKNOWN, ExtraMark.BLOCKED})
"""The marks that do not depend on the probe."""

_GAP = 2


class Legend(Widget):
    """Explains what is drawn in the lanes, in as many lines as needed."""

    DEFAULT_CSS = """
    Legend {
        height: auto;
        padding: 0 1;
    }
    """

    def __init__(self, view: View, *, plain: bool) -> None:
        super().__init__()
        self.view = view
        self.plain = plain
        self._drawn_key: object = None

    def refresh_view(self) -> None:
        """Redraw if the view has changed."""
        key = (self.view.viewport.cell_ns, self._marks(), inks(self.app))
        if key != self._drawn_key:
            self._drawn_key = key
            self.refresh(layout=len(self._lines(self.size.width)) != self.size.height)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._lines(width))

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        lines = self._lines(width)
        entries = lines[y] if y < len(lines) else []
        return Strip(entries).adjust_cell_length(width, inks(self.app).text)

    def _marks(self) -> tuple[Mark, ...]:
        reported = {state for run in self.view.runs for state in run.timeline.header.probe.tells}
        return tuple(mark for mark in STATE_STYLES if mark in _ALWAYS or mark in reported)

    def _lines(self, width: int) -> list[list[Segment]]:
        lines: list[list[Segment]] = [[]]
        used = 0
        for entry in self._entries():
            length = Segment.get_line_length(entry)
            if used and used + _GAP + length > width:
                lines.append([])
                used = 0
            elif used:
                lines[-1].append(Segment(" " * _GAP, inks(self.app).text))
                used += _GAP
            lines[-1] += entry
            used += length
        return lines

    def _entries(self) -> list[list[Segment]]:
        paint = GlyphPainter(inks(self.app), self.plain)
        quiet = paint.inks.quiet
        entries = [[_sample(paint, mark), Segment(f" {mark}", paint.inks.text)] for mark in self._marks()]
        if paint.mixes:
            mix = paint.segments([tone(State.GIL, FINE // 2)], Line())
            entries.append([*mix, Segment(" height: running share", quiet)])
        else:
            entries.append([Segment("mixed cells take turns", quiet)])
        edge = EDGE.ascii if self.plain else EDGE.glyph
        cell_ns = self.view.viewport.cell_ns
        resolution = max(1, 10 ** (len(str(cell_ns)) - 2))
        texts = (f"{edge} begin, end", f"1 cell = {moment(cell_ns, resolution)}")
        return [*entries, *([Segment(text, quiet)] for text in texts)]


def _sample(paint: GlyphPainter, mark: Mark) -> Segment:
    """Return the glyph of a mark, or a word for it if it is blank."""
    glyph = paint.sample(mark)
    return glyph if paint.mixes or glyph.text != " " else Segment("blank", paint.inks.text)
