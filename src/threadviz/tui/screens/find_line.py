"""The line in which it is written which lanes are to be shown."""

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input

from threadviz.tui.scene.arranging import MOSTLY


class FindLine(Input):
    """One line, as long as somebody writes in it. What is there counts at once."""

    DEFAULT_CSS = """
    FindLine {
        height: 1;
        border: none;
        padding: 0 1;
        background: $panel;

        &:focus {
            border: none;
        }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "give_up", "Give up", show=False)]

    class Left(Message):
        """It is left; what was written stays as it is, unless it is `given_up`."""

        def __init__(self, *, given_up: bool) -> None:
            super().__init__()
            self.given_up = given_up

    def __init__(self, words: str) -> None:
        super().__init__(
            words,
            placeholder="name, process, pid, function, place, or a state:"
            f" lanes in it for {MOSTLY:.0%} of the time in sight".replace("%", " %"),
            select_on_focus=False,
            compact=True,
        )

    def on_mount(self) -> None:
        """What is written goes here."""
        self.focus()

    def on_blur(self) -> None:
        """Somebody went elsewhere."""
        self.post_message(self.Left(given_up=False))

    def on_input_submitted(self) -> None:
        """That was all."""
        self.post_message(self.Left(given_up=False))

    def action_give_up(self) -> None:
        """Show all lanes again."""
        self.post_message(self.Left(given_up=True))
