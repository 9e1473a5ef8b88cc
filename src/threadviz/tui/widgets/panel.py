"""Base classes of text panels, which follow the view and redraw only what has changed."""

from abc import abstractmethod
from collections.abc import Hashable, Sequence

from textual.content import Content
from textual.events import Resize
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual
from textual.widget import Widget

from threadviz.tui.render.ascii import draws_ascii
from threadviz.tui.view.view import View

PERIOD_NS = 200_000_000
"""While time passes, text is updated once in this period: nobody reads faster."""

_SETTLED_NS = 1_000_000_000
"""Events about a moment arrive at most this long after it."""


class TextPanel(Widget):
    """Lines, computed from the view: text, or strips that are drawn already."""

    ALLOW_SELECT = False

    def __init__(self, view: View) -> None:
        super().__init__()
        self.view = view
        self._shown_key: tuple[Hashable, ...] | None = None
        self._lines: Sequence[Content | Strip] = ()
        self._width = 0
        # The strips of the visible lines, by number, each with the line it was made of.
        self._strips: dict[int, tuple[Content | Strip, Strip]] = {}

    @property
    def ascii_only(self) -> bool:
        """Whether the lines are to be in ASCII only."""
        return draws_ascii(self.app)

    @abstractmethod
    def key(self) -> tuple[Hashable, ...]:
        """Return all that the lines depend on, except the width: equal keys mean equal lines."""

    @abstractmethod
    def lines(self, width: int) -> Sequence[Content | Strip]:
        """Return the current lines, none wider than `width`."""

    def refresh_view(self) -> None:
        """Update the lines if what they depend on has changed."""
        width = self.scrollable_content_region.width
        key = (width, *self.key())
        if width and key != self._shown_key:
            self._shown_key = key
            self._show(self.lines(width), width)

    def render_line(self, y: int) -> Strip:
        number = self.line_number_at(y)
        line = self.line(number)
        rendered = self._strips.get(number)
        if rendered is None or not _are_same(rendered[0], line):
            rendered = self._strips[number] = line, self._render_strip(line)
        return rendered[1]

    def line_number_at(self, y: int) -> int:
        """Return the number of the line in row `y` of the visible part."""
        return y + self.scroll_offset.y

    def line(self, number: int) -> Content | Strip:
        """Return one line; below the last it is blank."""
        return self._lines[number] if number < len(self._lines) else Content()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self.lines(width)) if width else 0

    def notify_style_update(self) -> None:
        self._strips = {}
        super().notify_style_update()

    def on_resize(self, event: Resize) -> None:
        self.refresh_view()

    def _show(self, lines: Sequence[Content | Strip], width: int) -> None:
        height_changes = len(lines) != len(self._lines)
        self._lines = lines
        if width != self._width:
            self._strips, self._width = {}, width
        visible = map(self.line_number_at, range(self.scrollable_content_region.height))
        self._strips = {number: self._strips[number] for number in visible if number in self._strips}
        if height_changes and self.styles.auto_dimensions:
            self._relayout()
        else:
            self.refresh()

    def _relayout(self) -> None:
        """Lay the panel out anew for its current lines."""
        # Textual caches a widget's size until this number changes. `refresh` does not change it while an earlier
        # refresh is pending, even if a layout has happened in between (Widget._get_box_model).
        self._layout_updates += 1
        self.refresh(layout=True)

    def _render_strip(self, line: Content | Strip) -> Strip:
        style, width = self.visual_style, self.scrollable_content_region.width
        if isinstance(line, Content):
            strips = Visual.to_strips(self, line, max(width, line.cell_length, 1), 1, style)
            line = strips[0] if strips else Strip([])
        return line.adjust_cell_length(width, style.rich_style)


def _are_same(a: Content | Strip, b: Content | Strip) -> bool:
    return a.is_same(b) if isinstance(a, Content) and isinstance(b, Content) else a is b


class ScrollPanel(TextPanel, ScrollView, can_focus=False):
    """A text panel that scrolls."""

    @property
    def line_count(self) -> int:
        """Number of lines, visible or not."""
        return len(self._lines)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return self.line_count

    def _show(self, lines: Sequence[Content | Strip], width: int) -> None:
        super()._show(lines, width)
        self.virtual_size = Size(width, self.line_count)


def moment_key(view: View, period: int = PERIOD_NS, phase: float = 0) -> tuple[Hashable, ...]:
    """Return what a panel depends on that shows the runs as of the playhead.

    While the playhead moves, the key changes once in `period` (ns); while it stands still, with each change of it.
    Panels with different phases (shares of a period) are updated in different frames, so that no frame takes long.
    """
    length, present, moving, ahead = view.length, view.present, view.moving, int(phase * period)
    return (
        view.runs,
        view.growing,
        (present + ahead) // period if moving else present,
        moving,
        (min(length, present + _SETTLED_NS) + ahead) // period,
    )
