"""What the program has printed."""

from collections.abc import Callable, Hashable, Sequence
from typing import Protocol

from rich.cells import chop_cells
from textual.content import Content
from textual.events import Resize

from threadviz.text import count
from threadviz.tui.view import View
from threadviz.tui.widgets.panel import FAINT, ScrollPanel, wrap

UNFED = "Its standard input is empty here: pipe something in, or use --headless."


class Lines(Protocol):
    """Lines that become more. All but the last stay as they are, until they are dropped: the first of them first."""

    @property
    def unfed(self) -> bool:
        """Whether who prints them can read nothing, for want of a terminal."""
        ...

    @property
    def changes(self) -> int:
        """A number that grows with each change."""
        ...

    @property
    def dropped(self) -> int:
        """How many lines are not kept any more."""
        ...

    def lines(self) -> list[str]:
        """Those that are kept, safe to be shown."""
        ...


class OutputPanel(ScrollPanel):
    """The lines of `printed`, None for nothing of that kind, below what is to be said of them.

    Their end is shown, unless somebody has scrolled up.
    """

    DEFAULT_CSS = """
    OutputPanel {
        scrollbar-gutter: stable;
        scrollbar-size-horizontal: 0;
    }
    """

    def __init__(self, view: View, *, printed: Callable[[], Lines | None], plain: bool = False) -> None:
        super().__init__(view, plain=plain)
        self._printed = printed
        self._of: Lines | None = None
        # Lines as they are broken to the width, how many rows each takes, and how many lines were dropped before.
        self._rows: list[str] = []
        self._heights: list[int] = []
        self._dropped = 0
        self._gone = 0
        self._follows = True

    def key(self) -> tuple[Hashable, ...]:
        """What the lines depend on."""
        printed = self._printed()
        return id(printed), 0 if printed is None else printed.changes

    def lines(self, width: int) -> Sequence[Content]:
        """What is said above the lines, or instead of them; they are worked out when they are drawn."""
        printed = self._printed()
        if printed is not self._of:
            self._of, self._follows = printed, True
            self._forget_rows()
        if width != self._width:
            self._forget_rows()
        if printed is None:
            return [Content.styled("What it prints does not come here.", FAINT)]
        self._take(printed, width)
        self.border_title = "Output"
        if self._dropped:
            self.border_title += f" without its first {count(self._dropped, 'line')}"
        said = wrap(Content.styled(UNFED, FAINT), width) if printed.unfed else []
        return said if self._rows else [*said, Content.styled("It has printed nothing so far.", FAINT)]

    @property
    def line_count(self) -> int:
        """So many rows there are."""
        return super().line_count + len(self._rows)

    def line(self, number: int) -> Content:
        """One of the rows."""
        row = number - len(self._lines)
        return Content(self._rows[row]) if 0 <= row < len(self._rows) else super().line(number)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Follow the end where it is in sight."""
        super().watch_scroll_y(old_value, new_value)
        self._follows = new_value >= self.max_scroll_y

    def on_resize(self, event: Resize) -> None:
        """Fit into the new size, and have the end in sight where it was."""
        super().on_resize(event)
        self._see_end()

    def _see_end(self) -> None:
        """Have the end in sight, where it is to be."""
        if self._follows:
            self.scroll_to(y=self.line_count, animate=False)

    def _show(self, lines: Sequence[Content], width: int) -> None:
        before = self.virtual_size.height
        super()._show(lines, width)
        if before != self.line_count and min(before, self.line_count) < self.screen.size.height:
            self.refresh(layout=True)  # it is as high as that, up to a part of the screen
        if self._follows:
            self.call_after_refresh(self._see_end)  # not before it is known to be as long as that
        elif self._gone:
            self.scroll_to(y=max(0, self.scroll_offset.y - self._gone), animate=False)

    def _forget_rows(self) -> None:
        self._rows, self._heights, self._dropped = [], [], 0

    def _take(self, printed: Lines, width: int) -> None:
        """Take what is new, and let go of what was dropped."""
        dropped, lines = _both(printed)
        gone = min(dropped - self._dropped, len(self._heights))
        self._gone = sum(self._heights[:gone])
        del self._rows[: self._gone], self._heights[:gone]
        self._dropped = dropped
        if self._heights:  # the last line may have become longer
            del self._rows[-self._heights.pop() :]
        for line in lines[len(self._heights) :]:
            pieces = chop_cells(line, width) or [""]
            self._rows += pieces
            self._heights.append(len(pieces))


def _both(printed: Lines) -> tuple[int, list[str]]:
    """Return how many lines were dropped, and those after them."""
    while True:
        dropped, lines = printed.dropped, printed.lines()
        if dropped == printed.dropped:
            return dropped, lines
