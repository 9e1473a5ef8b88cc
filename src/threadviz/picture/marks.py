"""How each mark of a strip looks: a character, a colour and a word, of which each is enough by itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from threadviz.picture.strip import Beyond, Mark
from threadviz.vocabulary import State


@dataclass(frozen=True, slots=True)
class Look:
    """`plain` is an ASCII character, `block` one of Unicode, `style` rich's name of a colour."""

    plain: str
    block: str
    style: str
    about: str


LOOKS: Mapping[Mark, Look] = MappingProxyType(
    {
        State.RUNNING: Look("-", "█", "green", "on a CPU"),
        State.READY: Look("r", "▓", "orange3", "could run, waits for a core"),
        State.GIL: Look("g", "▒", "gold1", "waits for the GIL"),
        State.IO: Look(".", "░", "dodger_blue1", "waits for input or output"),
        State.LOCK: Look("l", "╪", "magenta", "waits for a lock"),
        State.SLEEP: Look("z", "┄", "cyan", "in a timer"),
        State.WAITING: Look("w", "∷", "bright_black", "not running; why can't be seen"),
        State.UNKNOWN: Look("?", "?", "bright_black", "not observed"),
        State.IDLE: Look(" ", " ", "", "nothing to do"),
        Beyond.BLOCKED: Look("X", "▚", "bold red", "the loop waits, and not for events: it can't answer"),
        Beyond.AWAY: Look(" ", " ", "", "not there"),
    }
)
"""By mark, in the order in which a legend has them."""

HELD = Look("#", "▬", "gold1", "some thread holds the GIL, blank where none does")
"""The GIL itself, where it is drawn as a strip of its own."""

EDGE = Look("|", "│", "bright_black", "begins or ends")
"""Where a lane begins or ends, drawn in the cell beside it."""
