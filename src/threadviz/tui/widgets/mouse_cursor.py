"""The mouse over the picture: the cursor follows it, and goes back to where it was."""

from threadviz.tui.view import View


class MouseCursor:
    """Moves the cursor of a scene as the mouse does."""

    def __init__(self, view: View) -> None:
        self.view = view
        # Where the mouse has put the cursor, and where it was before: it goes back there.
        self._pointed: int | None = None
        self._put: int | None = None

    @property
    def pointing(self) -> bool:
        """Whether it has put the cursor somewhere."""
        return self._pointed is not None

    def move(self, t: int | None) -> None:
        """Have the cursor follow to `t`; where None, the mouse is beside the cells, and the cursor goes back.

        It does not where it was moved by key meanwhile.
        """
        if t is None:
            if self._follows:
                self.view.cursor = self._put
            self._pointed = None
            return
        if not self._follows:
            self._put = self.view.cursor
        self.view.set_cursor(t)
        self._pointed = self.view.cursor

    def stay(self, t: int) -> None:
        """Put the cursor at `t`, and leave it there."""
        self.view.set_cursor(t)
        self._pointed = None

    @property
    def _follows(self) -> bool:
        return self._pointed is not None and self.view.cursor == self._pointed
