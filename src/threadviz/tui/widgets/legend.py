"""The legend: what each glyph and colour of the lanes means. It is always visible."""

from collections.abc import Hashable, Iterator

from rich.segment import Segment
from textual.strip import Strip

from threadviz.presentation.axis import moment
from threadviz.presentation.cells import ExtraMark, Mark
from threadviz.presentation.styles import EDGE, STATE_STYLES
from threadviz.protocol.events import State
from threadviz.tui.render.cells import FINE, encode
from threadviz.tui.render.glyphs import GlyphPainter, Line
from threadviz.tui.render.styles import lane_styles
from threadviz.tui.widgets.panel import TextPanel

_ALWAYS: frozenset[Mark] = frozenset({State.IDLE, State.UNKNOWN, ExtraMark.BLOCKED})
"""The marks that do not depend on the probe."""

_GAP = 2


class Legend(TextPanel):
    """Explains what is drawn in the lanes, in as many lines as needed."""

    def key(self) -> tuple[Hashable, ...]:
        return self.view.viewport.cell_ns, self._marks(), lane_styles(self.app)

    def lines(self, width: int) -> list[Strip]:
        gap = Segment(" " * _GAP, lane_styles(self.app).text)
        lines: list[list[Segment]] = [[]]
        for entry in self._entries():
            line = lines[-1]
            if line and Segment.get_line_length([*line, gap, *entry]) > width:
                lines.append(entry)
            else:
                line += [gap, *entry] if line else entry
        return [Strip(line) for line in lines]

    def _marks(self) -> tuple[Mark, ...]:
        reported = {state for run in self.view.runs for state in run.timeline.header.probe.tells}
        return tuple(mark for mark in STATE_STYLES if mark in _ALWAYS or mark in reported)

    def _entries(self) -> Iterator[list[Segment]]:
        painter = GlyphPainter(lane_styles(self.app), self.ascii_only)
        text, quiet = painter.styles.text, painter.styles.quiet
        for mark in self._marks():
            glyph = painter.sample(mark)
            visible = painter.mixes or glyph.text != " "
            yield [glyph if visible else Segment("blank", text), Segment(f" {mark}", text)]
        if painter.mixes:
            mixed = painter.segments([encode(State.GIL, FINE // 2)], Line())
            yield [*mixed, Segment(" height: running share", quiet)]
        else:
            yield [Segment("mixed cells take turns", quiet)]
        yield [Segment(f"{EDGE.ascii if self.ascii_only else EDGE.glyph} begin, end", quiet)]
        cell_ns = self.view.viewport.cell_ns
        resolution = max(1, 10 ** (len(str(cell_ns)) - 2))
        yield [Segment(f"1 cell = {moment(cell_ns, resolution)}", quiet)]
