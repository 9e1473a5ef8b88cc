"""The line in which it is written which lanes are to be shown."""

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.events import Key
from textual.message import Message
from textual.widgets import Input

from threadviz.tui.view.rows import MOSTLY

_ACTIONS = {
    key: binding.action
    for binding in Input.BINDINGS
    if isinstance(binding, Binding)
    for key in binding.key.split(",")
}
"""What keys do in a line, other than to be written there."""


class FilterInput(Input):
    """One line, as long as somebody writes in it. What is there is its own, and nobody else writes it."""

    DEFAULT_CSS = """
    FilterInput {
        height: 1;
        border: none;
        padding: 0 1;
        background: $panel;

        &:focus {
            border: none;
        }
    }
    """

    # Heeded before the keys that follow, which are for what is there without this line.
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "keep", "Keep", show=False, priority=True),
        Binding("escape", "give_up", "Give up", show=False, priority=True),
    ]

    class Left(Message):
        """It is left, with these words in it."""

        def __init__(self, words: str) -> None:
            super().__init__()
            self.words = words

    def __init__(self) -> None:
        super().__init__(
            placeholder="name, process, pid, function, place, or a state:"
            f" lanes in it for {MOSTLY:.0%} of the time in sight".replace("%", " %"),
            select_on_focus=False,
            compact=True,
        )

    def allow_focus(self) -> bool:
        """Nobody writes in it where it is not to be seen."""
        return super().allow_focus() and self.display

    def open(self) -> None:
        """Have all keys from now on written here."""
        self.display = True
        self.screen.set_focus(self)

    async def on_key(self, event: Key) -> None:
        """Have all keys heeded in their order: by itself, a letter overtakes a backspace that was typed before it."""
        if (action := _ACTIONS.get(event.key)) is not None:
            event.stop().prevent_default()
            await self.run_action(action)

    def on_blur(self) -> None:
        """Somebody went elsewhere, unless they are back already."""
        if self.screen.focused is not self:
            self.display = False
            self._tell()

    def action_keep(self) -> None:
        """That was all."""
        self._close()
        self.call_later(self._tell)

    def action_give_up(self) -> None:
        """Show all lanes again."""
        self._close()
        self.call_later(self._forget)

    def _close(self) -> None:
        self.screen.set_focus(None)
        self.display = False

    # What was typed before may still wait to be written here: these wait for their turn after it.

    def _forget(self) -> None:
        self.value = ""
        self._tell()

    def _tell(self) -> None:
        self.post_message(self.Left(self.value))
