"""What all dialogs have in common: a frame over the main screen, left by `escape`, and fields."""

from collections.abc import Mapping
from typing import ClassVar, TypeVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Checkbox, OptionList
from textual.widgets.option_list import Option

from threadviz.text import printable
from threadviz.tui.render.ascii import draws_ascii
from threadviz.tui.render.styles import Depth, depth_of

Result = TypeVar("Result")


class Dialog(ModalScreen[Result | None]):
    """A window over the main screen. Its result is None if it was left by `escape`."""

    CSS_PATH = ["dialog.tcss"]  # noqa: RUF012 - as Textual has it
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012 - as Textual has it
    VERTICAL_BREAKPOINTS = [(0, "-low"), (30, "-tall")]  # noqa: RUF012 - as Textual has it
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Leave", show=False)]

    def on_mount(self) -> None:
        self.set_class(
            depth_of(self.app) is Depth.SIXTEEN, "-few"
        )  # shades of grey are the same colour there

    @on(Button.Pressed, "#leave")
    def action_leave(self) -> None:
        """Leave without a result."""
        self.dismiss(None)


def buttons(label: str, id: str) -> Horizontal:  # noqa: A002 - as widgets have it
    """Return the button that carries out what was chosen, and the one that leaves the dialog."""
    carry_out = Button(label, variant="primary", id=id, compact=True)
    return Horizontal(carry_out, Button("Leave", id="leave", compact=True), classes="buttons")


class DialogList(OptionList, inherit_bindings=False):
    """A list of options. Unlike in an OptionList, `enter` is left to the dialog."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "cursor_up", "Previous", show=False),
        Binding("down,j", "cursor_down", "Next", show=False),
        Binding("home", "first", "First", show=False),
        Binding("end", "last", "Last", show=False),
    ]


class Choice(DialogList):
    """A choice of one option: the highlighted one, marked so that it can be told without colour.

    `options` are names with a few words about each.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "cursor_up", "Previous", show=False),
        Binding("right", "cursor_down", "Next", show=False),
    ]

    def __init__(self, options: Mapping[str, str], chosen: str, id: str) -> None:  # noqa: A002 - as widgets have it
        super().__init__(id=id, markup=False, compact=True)
        self._marks = ("( )", "(*)") if draws_ascii(self.app) else ("○", "●")
        self._names: list[str] = []
        self._prompts: list[str] = []
        self.set_choices(options, chosen)

    def set_choices(self, options: Mapping[str, str], chosen: str) -> None:
        """Offer these options; the first is chosen if there is none of the name `chosen`."""
        self._names = list(options)
        width = max(map(len, options), default=0)
        self._prompts = [f"{name:{width}}  {printable(about)}" for name, about in options.items()]
        self.clear_options()
        self.add_options([Option(Content(prompt)) for prompt in self._prompts])
        if options:
            self.highlighted = self._names.index(chosen) if chosen in options else 0
        self._mark()

    @property
    def chosen(self) -> str:
        """The name of the chosen option; empty if there are no options."""
        return "" if self.highlighted is None else self._names[self.highlighted]

    def on_option_list_option_highlighted(self) -> None:
        self._mark()

    def _mark(self) -> None:
        for index, prompt in enumerate(self._prompts):
            mark = self._marks[index == self.highlighted]
            self.replace_option_prompt_at_index(index, Content(f"{mark} {prompt}"))


class CheckField(Checkbox, inherit_bindings=False):
    """A checkbox that can be read without colour. `enter` is left to the dialog."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("space", "toggle_button", "Tick", show=False)]

    def render(self) -> Content:
        label = self.label.stylize_before(self.get_visual_style("toggle--label"))
        return Content.assemble("[x] " if self.value else "[ ] ", label)
