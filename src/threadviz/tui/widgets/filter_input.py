"""The input for the filter of the lanes."""

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.events import Key
from textual.widgets import Input

from threadviz.tui.view.rows import MOSTLY

_ACTIONS = {
    key: binding.action
    for binding in Input.BINDINGS
    if isinstance(binding, Binding)
    for key in binding.key.split(",")
}


class FilterInput(Input):
    """An input that is visible while it has the focus. It is submitted whenever it is left."""

    # With priority, so that they are handled before the keys that follow, which are for the screen.
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "leave", "Keep", show=False, priority=True),
        Binding("escape", "leave(True)", "Cancel", show=False, priority=True),
    ]

    def __init__(self) -> None:
        placeholder = f"name, process, pid, function, place, or a state: lanes in it for {100 * MOSTLY:.0f} %"
        super().__init__(
            placeholder=f"{placeholder} of the time in sight", select_on_focus=False, compact=True
        )

    def allow_focus(self) -> bool:
        return super().allow_focus() and self.display

    def open(self) -> None:
        """Show the input, and focus it."""
        self.display = True
        self.screen.set_focus(self)

    async def on_key(self, event: Key) -> None:
        """Run the actions of keys here, in order. Textual would handle a letter before a backspace typed earlier."""
        if (action := _ACTIONS.get(event.key)) is not None:
            event.stop().prevent_default()
            await self.run_action(action)

    def on_blur(self) -> None:
        if self.screen.focused is not self:
            self.display = False
            self._submit()

    def action_leave(self, clear: bool = False) -> None:
        """Leave the input; with `clear`, show all lanes again."""
        self.screen.set_focus(None)
        self.display = False
        self.call_later(self._submit, clear)  # after the keys that were typed before and are still queued

    def _submit(self, clear: bool = False) -> None:
        if clear:
            self.value = ""
        self.post_message(self.Submitted(self, self.value))
