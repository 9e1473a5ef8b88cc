"""Base class of the widgets over whose cells the mouse moves the cursor of the view."""

from textual import events
from textual.widget import Widget

from threadviz.tui.render.layout import Columns
from threadviz.tui.view.view import View


class MouseCursorWidget(Widget):
    """Moves the cursor of the view to the mouse, and back when the mouse leaves the cells. A click leaves it there."""

    ALLOW_SELECT = False

    view: View
    # Where the mouse has put the cursor (None: it has not), and where the cursor was before.
    _mouse_cursor: int | None = None
    _previous_cursor: int | None = None

    @property
    def columns(self) -> Columns:
        """The columns of this widget."""
        raise NotImplementedError

    def time_at(self, x: int) -> int | None:
        """Return the time (ns) of the cell in column `x`; None beside the cells."""
        columns = self.columns
        return self.view.viewport.time(x - columns.left) if columns.left <= x < columns.right else None

    def on_mouse_move(self, event: events.MouseMove) -> None:
        self._move_cursor(self.time_at(event.x))

    def on_leave(self) -> None:
        self._move_cursor(None)

    def on_click(self, event: events.Click) -> None:
        if (t := self.time_at(event.x)) is not None:
            self.view.set_cursor(t)
            self._mouse_cursor = None

    def _move_cursor(self, t: int | None) -> None:
        """Move the cursor to `t` (ns), or back for None, unless a key has moved it since."""
        follows = self._mouse_cursor is not None and self.view.cursor == self._mouse_cursor
        if t is None:
            if follows:
                self.view.cursor = self._previous_cursor
            self._mouse_cursor = None
            return
        if not follows:
            self._previous_cursor = self.view.cursor
        self.view.set_cursor(t)
        self._mouse_cursor = self.view.cursor
