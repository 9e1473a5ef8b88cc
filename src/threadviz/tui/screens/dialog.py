"""What all dialogs have in common: a frame over the main screen, left by `escape`."""

from collections.abc import Sequence
from typing import ClassVar, NamedTuple, TypeVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Checkbox, OptionList
from textual.widgets.option_list import Option

from threadviz.text import printable
from threadviz.tui.render.styles import Depth, depth_of

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


# Fields of dialogs: stock widgets of Textual, of which each can be read without colour, and in ASCII.


class ChoiceItem(NamedTuple):
    """What may be chosen: its name, and a few words about it."""

    name: str
    about: str


class Choice(OptionList, inherit_bindings=False):
    """One of several items: the one that is highlighted. `enter` is left to the dialog, whatever is chosen here."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,left,k", "cursor_up", "Previous", show=False),
        Binding("down,right,j", "cursor_down", "Next", show=False),
        Binding("home", "first", "First", show=False),
        Binding("end", "last", "Last", show=False),
    ]

    def __init__(self, items: Sequence[ChoiceItem], chosen: str, *, plain: bool, id: str) -> None:  # noqa: A002 - as widgets have it
        super().__init__(id=id, markup=False, compact=True)
        self._marks = ("( )", "(*)") if plain else ("○", "●")
        self._items: Sequence[ChoiceItem] = ()
        self.offer(items, chosen)

    def offer(self, items: Sequence[ChoiceItem], chosen: str) -> None:
        """Have these items to choose from; the first is chosen where there is none of the name `chosen`."""
        self._items = items
        self.clear_options()
        self.add_options([Option(self._prompt(item)) for item in items])
        if items:
            self.highlighted = next((index for index, item in enumerate(items) if item.name == chosen), 0)
        self._mark()

    @property
    def chosen(self) -> str:
        """The name of the item that is chosen; empty where there is nothing to choose from."""
        return "" if self.highlighted is None else self._items[self.highlighted].name

    def on_option_list_option_highlighted(self) -> None:
        """Another item is chosen."""
        self._mark()

    def _mark(self) -> None:
        for index, item in enumerate(self._items):
            self.replace_option_prompt_at_index(
                index, self._prompt(item, self._marks[index == self.highlighted])
            )

    def _prompt(self, item: ChoiceItem, mark: str = "") -> Content:
        width = max(len(item.name) for item in self._items)
        return Content(f"{mark} {item.name:{width}}  {printable(item.about)}")


class CheckField(Checkbox, inherit_bindings=False):
    """A yes or no. `enter` is left to the dialog."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("space", "toggle_button", "Tick", show=False)]

    def render(self) -> Content:
        """The box and the label."""
        label = self.label.stylize_before(self.get_visual_style("toggle--label"))
        return Content.assemble("[x] " if self.value else "[ ] ", label)
