"""What all dialogs have in common: a frame over the main screen, left by `escape`."""

from typing import ClassVar, TypeVar

from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from threadviz.tui.drawing.colours import depth_of
from threadviz.tui.drawing.inks import Depth

Result = TypeVar("Result")


class Dialog(ModalScreen[Result | None]):
    """A window over the main screen; its result is None where it was left by `escape`. `plain` draws in ASCII."""

    CSS_PATH = ["dialog.tcss"]  # noqa: RUF012 - as Textual has it
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012 - as Textual has it
    VERTICAL_BREAKPOINTS = [(0, "-low"), (30, "-tall")]  # noqa: RUF012 - as Textual has it
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Leave", show=False)]

    def __init__(self, *, plain: bool) -> None:
        super().__init__(classes="-plain" if plain else None)
        self.plain = plain

    def on_mount(self) -> None:
        """Tell the sheets where shades of grey would become one and the same."""
        self.set_class(depth_of(self.app) is Depth.SIXTEEN, "-few")

    def action_leave(self) -> None:
        """Go back, with nothing chosen."""
        self.dismiss(None)
