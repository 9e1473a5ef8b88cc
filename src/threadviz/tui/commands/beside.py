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
