"""What the program prints."""

from collections.abc import Callable, Hashable, Sequence

from rich.cells import chop_cells
from textual.content import Content
from textual.events import Resize
from textual.strip import Strip

from threadviz.text import count
from threadviz.tui.runs.terminal import TerminalText
from threadviz.tui.view.view import View
from threadviz.tui.widgets.panel import ScrollPanel
from threadviz.tui.widgets.text_lines import FAINT, wrap

UNFED = "Its standard input is empty here: pipe something in, or use --headless."


class OutputPanel(ScrollPanel):
    """The lines that `printed` returns (None: not captured). It follows their end unless the user has scrolled up."""

    def __init__(self, view: View, *, printed: Callable[[], TerminalText | None]) -> None:
        super().__init__(view)
        self._printed = printed
        self._shown_text: TerminalText | None = None
        # The lines folded to the width, the number of rows of each line, and of the lines dropped before them.
        self._rows: list[str] = []
        self._heights: list[int] = []
        self._dropped = 0
        self._rows_dropped = 0
        self._follows_end = True

    def key(self) -> tuple[Hashable, ...]:
        printed = self._printed()
        return id(printed), 0 if printed is None else printed.changes

    def lines(self, width: int) -> Sequence[Content]:
        """Return what stands above the printed lines, or instead of them."""
        printed = self._printed()
        if printed is not self._shown_text or width != self._width:
            self._follows_end = self._follows_end or printed is not self._shown_text
            self._shown_text = printed
            self._rows, self._heights, self._dropped = [], [], 0
        if printed is None:
            return [Content.styled("What it prints does not come here.", FAINT)]
        self._take(printed, width)
        self.border_title = "Output"
        if self._dropped:
            self.border_title += f" without its first {count(self._dropped, 'line')}"
        lines = wrap(Content.styled(UNFED, FAINT), width) if printed.unfed else []
        return lines if self._rows else [*lines, Content.styled("It has printed nothing so far.", FAINT)]

    @property
    def line_count(self) -> int:
        return super().line_count + len(self._rows)

    def line(self, number: int) -> Content | Strip:
        row = number - len(self._lines)
        return Content(self._rows[row]) if 0 <= row < len(self._rows) else super().line(number)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self._follows_end = new_value >= self.max_scroll_y

    def on_resize(self, event: Resize) -> None:
        super().on_resize(event)
        self._scroll_to_end()

    def _scroll_to_end(self) -> None:
        if self._follows_end:
            self.scroll_to(y=self.line_count, animate=False)

    def _show(self, lines: Sequence[Content | Strip], width: int) -> None:
        before = self.virtual_size.height
        super()._show(lines, width)
        if before != self.line_count and min(before, self.line_count) < self.screen.size.height:
            self._relayout()  # the panel grows with its lines, up to a part of the screen
        if self._follows_end:
            self.call_after_refresh(self._scroll_to_end)  # not before Textual knows the new height
        elif self._rows_dropped:
            self.scroll_to(y=max(0, self.scroll_offset.y - self._rows_dropped), animate=False)

    def _take(self, printed: TerminalText, width: int) -> None:
        """Fold the new lines to `width`, and forget those that were dropped."""
        while True:  # another thread may drop lines in between
            dropped, lines = printed.dropped, printed.lines()
            if dropped == printed.dropped:
                break
        gone = min(dropped - self._dropped, len(self._heights))
        self._rows_dropped = sum(self._heights[:gone])
        del self._rows[: self._rows_dropped], self._heights[:gone]
        self._dropped = dropped
        if self._heights:  # the last line may have become longer
            del self._rows[-self._heights.pop() :]
        for line in lines[len(self._heights) :]:
            rows = chop_cells(line, width) or [""]
            self._rows += rows
            self._heights.append(len(rows))
