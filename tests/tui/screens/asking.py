"""An app that opens one dialog, and keeps its result."""

from typing import Generic, TypeVar

from textual.app import App
from textual.screen import Screen

from threadviz.tui.render.styles import lane_variables
from threadviz.tui.screens.dialog import Dialog

Result = TypeVar("Result")


class Asking(App[None], Generic[Result]):
    """`answers` has the dialog's result, once it was left."""

    def __init__(self, dialog: Dialog[Result]) -> None:
        super().__init__()
        self.dialog = dialog
        self.answers: list[Result | None] = []

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """The lanes' colours."""
        return lane_variables(self.current_theme)

    def on_mount(self) -> None:
        """Open it."""
        self.push_screen(self.dialog, self.answers.append)

    @property
    def answer(self) -> Result | None:
        """What came of the dialog, which was left."""
        (answer,) = self.answers
        return answer


def shown(screen: Screen[object]) -> str:
    """What is on a screen: its lines."""
    return "\n".join(strip.text for strip in screen._compositor.render_strips())
