"""What one can do beside the commands: the keys that Textual has, and the mouse."""

from typing import NamedTuple


class Beside(NamedTuple):
    """`how` are keys, or what is done with the mouse; `label` is a word or two, `about` a sentence."""

    how: str
    label: str
    about: str


KEYS: tuple[Beside, ...] = (
    Beside(
        "ctrl+p",
        "Palette",
        "Find any of these by its name, or choose a theme: the colours of everything.",
    ),
)

MOUSE: tuple[Beside, ...] = (
    Beside("point", "Cursor", "Put the cursor where the pointer is, as long as it is on the lanes."),
    Beside("click", "Pick", "Pick a lane or a task, or press a key of the footer."),
    Beside("double click", "Details", "Show all about a lane."),
    Beside("wheel", "Scroll", "Move the lanes, a panel or this help up and down."),
    Beside("ctrl+wheel", "Zoom", "See a shorter or a longer time, around the pointer."),
    Beside("shift+wheel", "Time", "Go to earlier or later moments."),
)
