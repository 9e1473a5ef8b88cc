"""What all panels of text have in common: they follow the scene, and draw anew only what has changed."""

from abc import abstractmethod
from collections.abc import Hashable, Iterator, Mapping, Sequence

from textual.content import Content
from textual.events import Resize
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual
from textual.widget import Widget

from threadviz.presentation.cells import Beyond, Mark
from threadviz.protocol.events import State
from threadviz.text import brief_percent, brief_seconds, printable
from threadviz.tui.render.styles import variable
from threadviz.tui.view import Motion, View

PERIOD_NS = 200_000_000
"""While the present moves, text follows it in steps of this length: nobody reads faster."""

_SETTLED_NS = 1_000_000_000
"""So long after a moment, nothing more is said of it."""


class TextPanel(Widget):
    """Some lines of text, worked out from the scene. `plain` is for terminals that have ASCII alone."""

    ALLOW_SELECT = False

    def __init__(self, view: View, *, plain: bool = False, id: str | None = None) -> None:  # noqa: A002 - Textual's
        super().__init__(id=id)
        self.view = view
        self.plain = plain
        self._shown_key: tuple[Hashable, ...] | None = None
        self._lines: Sequence[Content] = ()
        self._width = 0
        # Lines as they were drawn, by number, each with what is on it; and those of the text before.
        self._strips: dict[int, tuple[Content, Strip]] = {}
        self._before: dict[int, tuple[Content, Strip]] = {}

    @abstractmethod
    def key(self) -> tuple[Hashable, ...]:
        """What the lines depend on, beside the width: as long as it is equal, they are."""

    @abstractmethod
    def lines(self, width: int) -> Sequence[Content]:
        """The lines as they are to be shown now, none wider than `width`."""

    def refresh_view(self) -> None:
        """Show the scene as it is now."""
        width = self.scrollable_content_region.width
        key = (width, *self.key())
        if width and key != self._shown_key:
            self._shown_key = key
            self._show(self.lines(width), width)

    def render_line(self, y: int) -> Strip:
        """A line of what is visible."""
        number = self.line_number_at(y)
        drawn = self._strips.get(number)
        if drawn is None:
            line = self.line(number)
            drawn = self._before.get(number)
            if drawn is None or not drawn[0].is_same(line):
                drawn = line, self._strip(line)
            self._strips[number] = drawn
        return drawn[1]

    def line_number_at(self, y: int) -> int:
        """Which of the lines stands in row `y` of what is visible."""
        return y + self.scroll_offset.y

    def line(self, number: int) -> Content:
        """One of the lines; below them it is blank."""
        return self._lines[number] if number < len(self._lines) else Content()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """So many lines there are."""
        return len(self.lines(width)) if width else 0

    def notify_style_update(self) -> None:
        """The colours have changed."""
        self._strips, self._before = {}, {}
        super().notify_style_update()

    def on_resize(self, event: Resize) -> None:
        """Fit into the new size at once."""
        self.refresh_view()

    def _show(self, lines: Sequence[Content], width: int) -> None:
        taller = len(lines) != len(self._lines)
        self._lines = lines
        self._before = self._strips if width == self._width else {}
        self._strips, self._width = {}, width
        self.refresh(layout=taller and self.styles.auto_dimensions)

    def _strip(self, line: Content) -> Strip:
        style, width = self.visual_style, self.scrollable_content_region.width
        drawn = Visual.to_strips(self, line, max(width, line.cell_length, 1), 1, style)
        return (drawn[0] if drawn else Strip([])).adjust_cell_length(width, style.rich_style)


class ScrollPanel(TextPanel, ScrollView, can_focus=False):
    """Lines of text that may be more than there is room for."""

    DEFAULT_CSS = """
    ScrollPanel {
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-size-vertical: 1;
    }
    """

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """So many lines there are."""
        return self.line_count

    @property
    def line_count(self) -> int:
        """So many lines there are."""
        return len(self._lines)

    def _show(self, lines: Sequence[Content], width: int) -> None:
        super()._show(lines, width)
        self.virtual_size = Size(width, self.line_count)


def moment_key(view: View, period: int = PERIOD_NS, phase: float = 0) -> tuple[Hashable, ...]:
    """What a panel depends on that shows the runs as of the present.

    While that moves, it is told in steps of `period` (ns); where it stands still, exactly. Panels with different
    phases (shares of a period) have their steps in different frames, so that no frame takes long.
    """
    length, present = view.length, view.present
    moving = (
        view.growing if view.playhead.motion is Motion.FOLLOWING else view.playhead.motion is Motion.REPLAYING
    )
    ahead = int(phase * period)
    return (
        view.runs,
        view.growing,
        (present + ahead) // period if moving else present,
        moving,
        (min(length, present + _SETTLED_NS) + ahead) // period,
    )


# Horizontal bars.

_EIGHTHS = " ▏▎▍▌▋▊▉"


def bar(share: float, cells: int, plain: bool) -> str:
    """A bar of `share` (0 to 1) of `cells` characters; what is not nothing is seen, however little."""
    eighths = round(max(0.0, min(share, 1.0)) * cells * 8)
    if share > 0:
        eighths = max(eighths, 1)
    if plain:
        return "#" * max(round(eighths / 8), 1 if eighths else 0)
    whole, rest = divmod(eighths, 8)
    return "█" * whole + (_EIGHTHS[rest] if rest else "")


# Times in states, each with its share, as a bar.

_STATE, _FIGURE = 8, 7
_BAR = 40
"""No bar is longer."""


def state_bars(states: Mapping[State, int], width: int, plain: bool) -> Iterator[Content]:
    """Yield a line for each of `states` (ns), the longest first, each no wider than `width`."""
    total = sum(states.values())
    cells = max(1, min(_BAR, width - _STATE - 2 * (_FIGURE + 1) - 2))
    for state, ns in sorted(states.items(), key=lambda item: -item[1]):
        yield Content.assemble(
            (state.value.ljust(_STATE), state_style(state)),
            f"{brief_seconds(ns):>{_FIGURE}} {brief_percent(ns / total):>{_FIGURE}}  ",
            (bar(ns / total, cells, plain), state_style(state)),
        )


def state_style(mark: Mark) -> str:
    """The style of words about a mark."""
    return f"${variable(mark)}"


# Lines of text put together, to the width that there is.

FAINT = "$text 60%"
STRONG = "bold"
ALARM = f"bold ${variable(Beyond.BLOCKED)}"
"""For errors, and for an event loop that can't answer: for nothing else."""

Alternatives = Sequence[Content | str]
"""Ways to say one thing, from the longest to the shortest."""


def join_to_width(parts: Sequence[Alternatives], width: int, gap: str) -> Content:
    """Join a wording of each of `parts`: the longest, but shorter ones where `width` asks for it, from the last on."""
    chosen = [0] * len(parts)
    while True:
        line = Content(gap).join(content(part[index]) for part, index in zip(parts, chosen, strict=True))
        shortened = next((n for n in reversed(range(len(parts))) if chosen[n] + 1 < len(parts[n])), None)
        if line.cell_length <= width or shortened is None:
            return line
        chosen[shortened] += 1


def content(words: Content | str) -> Content:
    """`words`, as they are."""
    return Content(words) if isinstance(words, str) else words


def truncate(line: Content, width: int, plain: bool) -> Content:
    """`line`, no wider than `width`: where something is left out, it says so."""
    if line.cell_length <= width:
        return line
    more = "..." if plain else "…"
    return line.truncate(max(0, width - len(more))).append(more[:width])


def pad_to(line: Content, width: int) -> Content:
    """`line`, not narrower than `width`."""
    return line.pad_right(max(0, width - line.cell_length))


def wrap(text: Content, width: int, indent: str = "", first: Content | None = None) -> list[Content]:
    """`text` in lines of `width`, each after `indent`; the first after `first` instead, which is as wide."""
    lines = text.wrap(max(1, width - len(indent)))
    return [
        (first if number == 0 and first is not None else Content(indent)).append(line)
        for number, line in enumerate(lines)
    ]


def side_by_side(columns: Sequence[Sequence[Content]], widths: Sequence[int], gap: int) -> list[Content]:
    """Blocks of lines, one beside the other, each in its width."""
    height = max(map(len, columns), default=0)
    rows = []
    for y in range(height):
        cells = [
            pad_to(column[y] if y < len(column) else Content(), width)
            for column, width in zip(columns, widths, strict=True)
        ]
        rows.append(Content(" " * gap).join(cells))
    return rows


# Tracebacks of the user's own code.


def traceback_lines(traceback: str, width: int, plain: bool) -> list[Content]:
    """Return a traceback in its lines, each cut to `width`; of none, no lines."""
    return (
        [truncate(Content(printable(line)), width, plain) for line in traceback.split("\n")]
        if traceback
        else []
    )
