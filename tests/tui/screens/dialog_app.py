"""An app for tests that opens one dialog and keeps its result."""

from typing import Generic, TypeVar

from textual.app import App
from textual.screen import Screen

from threadviz.tui.render.ascii import ASCII_CLASS
from threadviz.tui.render.styles import lane_variables
from threadviz.tui.screens.dialog import Dialog

Result = TypeVar("Result")


class DialogApp(App[None], Generic[Result]):
    """`answers` has the dialog's result once it is closed."""

    def __init__(self, dialog: Dialog[Result], *, ascii_only: bool = False) -> None:
        super().__init__()
        self.set_class(ascii_only, ASCII_CLASS, update=False)
        self.dialog = dialog
        self.answers: list[Result | None] = []

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Return the colours of the lanes."""
        return lane_variables(self.current_theme)

    def on_mount(self) -> None:
        """Open the dialog."""
        self.push_screen(self.dialog, self.answers.append)

    @property
    def answer(self) -> Result | None:
        """The result of the dialog, which has to be closed."""
        (answer,) = self.answers
        return answer


def text_of(screen: Screen[object]) -> str:
    """Return the lines of a screen."""
    return "\n".join(strip.text for strip in screen._compositor.render_strips())
