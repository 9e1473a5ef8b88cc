"""Base classes of text panels, which follow the view and redraw only what has changed, and helpers to lay out text."""

from abc import abstractmethod
from collections.abc import Hashable, Iterator, Mapping, Sequence
from itertools import zip_longest

from textual.content import Content
from textual.events import Resize
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual
from textual.widget import Widget

from threadviz.presentation.cells import ExtraMark, Mark
from threadviz.protocol.events import State
from threadviz.text import brief_percent, brief_seconds, printable
from threadviz.tui.render.ascii import draws_ascii
from threadviz.tui.render.styles import variable
from threadviz.tui.view import Motion, View

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
    length, present = view.length, view.present
    following = view.playhead.motion is Motion.FOLLOWING
    moving = view.growing if following else view.playhead.motion is Motion.REPLAYING
    ahead = int(phase * period)
    return (
        view.runs,
        view.growing,
        (present + ahead) // period if moving else present,
        moving,
        (min(length, present + _SETTLED_NS) + ahead) // period,
    )


# Styles and lines of text

FAINT = "$text 60%"
STRONG = "bold"
ALARM = f"bold ${variable(ExtraMark.BLOCKED)}"
"""Only for errors, and for an event loop that cannot respond."""

Alternatives = Sequence[Content | str]
"""Texts that say the same, from the longest to the shortest."""


def state_style(mark: Mark) -> str:
    """Return the style of the words for a state."""
    return f"${variable(mark)}"


def join_to_width(parts: Sequence[Alternatives], width: int, gap: str) -> Content:
    """Join one alternative of each part: the longest ones, shortened from the last part on until they fit `width`."""
    chosen = [0] * len(parts)
    while True:
        texts = [part[index] for part, index in zip(parts, chosen, strict=True)]
        line = Content(gap).join(Content(text) if isinstance(text, str) else text for text in texts)
        shortened = next((n for n in reversed(range(len(parts))) if chosen[n] + 1 < len(parts[n])), None)
        if line.cell_length <= width or shortened is None:
            return line
        chosen[shortened] += 1


def truncate(line: Content, width: int, ascii_only: bool) -> Content:
    """Cut `line` to `width`, with an ellipsis where something is missing."""
    if line.cell_length <= width:
        return line
    ellipsis = "..." if ascii_only else "…"
    return line.truncate(max(0, width - len(ellipsis))).append(ellipsis[:width])


def pad_to(line: Content, width: int) -> Content:
    """Pad `line` on the right to at least `width`."""
    return line.pad_right(max(0, width - line.cell_length))


def wrap(text: Content, width: int, indent: str = "", first: Content | None = None) -> list[Content]:
    """Wrap `text` into lines of `width`, indented by `indent`, the first by `first` instead, which is as wide."""
    lines = text.wrap(max(1, width - len(indent)))
    heads = [Content(indent) if first is None else first, *[Content(indent)] * len(lines)]
    return [head.append(line) for head, line in zip(heads, lines, strict=False)]


def side_by_side(columns: Sequence[Sequence[Content]], widths: Sequence[int], gap: int) -> list[Content]:
    """Put blocks of lines beside each other, each in its width."""
    rows = zip_longest(*columns, fillvalue=Content())
    return [Content(" " * gap).join(map(pad_to, row, widths)) for row in rows]


def traceback_lines(traceback: str, width: int, ascii_only: bool) -> list[Content]:
    """Return the lines of a traceback, made safe to print and cut to `width`; none for an empty one."""
    lines = traceback.split("\n") if traceback else []
    return [truncate(Content(printable(line)), width, ascii_only) for line in lines]


# Horizontal bars

_EIGHTHS = " ▏▎▍▌▋▊▉"
_STATE, _FIGURE = 8, 7
_MAX_BAR = 40


def bar(share: float, cells: int, ascii_only: bool) -> str:
    """Return a bar of `share` (0 to 1) of `cells` characters. Any share above 0 is visible."""
    eighths = round(max(0.0, min(share, 1.0)) * cells * 8)
    if share > 0:
        eighths = max(eighths, 1)
    if ascii_only:
        return "#" * max(round(eighths / 8), 1 if eighths else 0)
    whole, rest = divmod(eighths, 8)
    return "█" * whole + (_EIGHTHS[rest] if rest else "")


def state_bars(states: Mapping[State, int], width: int, ascii_only: bool) -> Iterator[Content]:
    """Yield a line with time, share and bar for each of `states` (ns), the longest first, at most `width` wide."""
    total = sum(states.values())
    cells = max(1, min(_MAX_BAR, width - _STATE - 2 * (_FIGURE + 1) - 2))
    for state, ns in sorted(states.items(), key=lambda item: -item[1]):
        yield Content.assemble(
            (state.value.ljust(_STATE), state_style(state)),
            f"{brief_seconds(ns):>{_FIGURE}} {brief_percent(ns / total):>{_FIGURE}}  ",
            (bar(ns / total, cells, ascii_only), state_style(state)),
        )
