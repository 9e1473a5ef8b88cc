"""How marks look, and what they and the evidence for them are called."""

from collections.abc import Mapping
from dataclasses import dataclass

from threadviz.presentation.cells import ExtraMark, Mark
from threadviz.protocol.events import Evidence, State


@dataclass(frozen=True, slots=True)
class StateStyle:
    """How a mark looks: an ASCII character, a Unicode character, rich's style, and its meaning.

    `on_dark` and `on_light` are its colours where all colours can be drawn, by the background, and `of_16` is that of
    a terminal with 16 colours; '' for none. Its glyph covers about the share `cover` of a character.
    """

    ascii: str
    glyph: str
    style: str
    meaning: str
    on_dark: str = ""
    on_light: str = ""
    of_16: str = ""
    cover: float = 0


STATE_STYLES: Mapping[Mark, StateStyle] = {
    State.RUNNING: StateStyle("-", "█", "green", "on a CPU", "#3fc463", "#1f8f3f", "green", 1),
    State.READY: StateStyle(
        "r", "▓", "orange3", "waits for a CPU core", "#ff8b3d", "#d9590b", "bright_yellow", 0.75
    ),
    State.GIL: StateStyle("g", "▒", "gold1", "waits for the GIL", "#f0b429", "#a87400", "yellow", 0.5),
    State.IO: StateStyle(
        ".", "░", "dodger_blue1", "waits for input or output", "#4593f5", "#1266d8", "bright_blue", 0.25
    ),
    State.LOCK: StateStyle("l", "╪", "magenta", "waits for a lock", "#d070d8", "#9333a8", "magenta", 0.4),
    State.SLEEP: StateStyle("z", "┄", "cyan", "in a timer", "#38c4cf", "#0a7f8a", "cyan", 0.15),
    State.WAITING: StateStyle(
        "w", "∷", "bright_black", "waits, reason not visible", "#9aa4b0", "#606a75", "bright_black", 0.5
    ),
    State.UNKNOWN: StateStyle(
        "?", "?", "bright_black", "not observed", "#9aa4b0", "#606a75", "bright_black", 0.2
    ),
    State.IDLE: StateStyle(" ", " ", "", "nothing to do", "#7d8590", "#6e7781", "bright_black", 0),
    ExtraMark.BLOCKED: StateStyle(
        "X", "▚", "bold red", "the event loop is frozen: it can't answer", "#ff3b3b", "#d3101f", "red", 0.5
    ),
    ExtraMark.AWAY: StateStyle(" ", " ", "", "not there"),
}
"""By mark, in the order of the legend."""

ON_DARK: Mapping[Mark, str] = {mark: style.on_dark for mark, style in STATE_STYLES.items() if style.on_dark}
ON_LIGHT: Mapping[Mark, str] = {
    mark: style.on_light for mark, style in STATE_STYLES.items() if style.on_light
}
"""The marks' colours, by the background."""

HELD = StateStyle("#", "▬", "gold1", "a thread holds the GIL; blank: no thread does")
"""The GIL, drawn as a strip of its own."""

EDGE = StateStyle("|", "│", "bright_black", "begins or ends")
"""Where a lane begins or ends, drawn in the cell beside it."""

EVIDENCE_LABELS: Mapping[Evidence, str] = {
    Evidence.COUNTED: "counted by the kernel",
    Evidence.SAMPLED: "sampled",
    Evidence.SAID: "reported by the target",
    Evidence.INFERRED: "inferred from other threads",
}
"""How a segment's state is known."""
