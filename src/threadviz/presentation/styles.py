"""How each mark of a strip looks: a character, a colour and a word, of which each is enough by itself."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from threadviz.analysis import Finding
from threadviz.presentation.cells import Beyond, Mark
from threadviz.protocol.events import State


@dataclass(frozen=True, slots=True)
class StateStyle:
    """`plain` is an ASCII character, `block` one of Unicode, `style` rich's name of a colour."""

    plain: str
    block: str
    style: str
    about: str


STATE_STYLES: Mapping[Mark, StateStyle] = MappingProxyType(
    {
        State.RUNNING: StateStyle("-", "█", "green", "on a CPU"),
        State.READY: StateStyle("r", "▓", "orange3", "could run, waits for a core"),
        State.GIL: StateStyle("g", "▒", "gold1", "waits for the GIL"),
        State.IO: StateStyle(".", "░", "dodger_blue1", "waits for input or output"),
        State.LOCK: StateStyle("l", "╪", "magenta", "waits for a lock"),
        State.SLEEP: StateStyle("z", "┄", "cyan", "in a timer"),
        State.WAITING: StateStyle("w", "∷", "bright_black", "not running; why can't be seen"),
        State.UNKNOWN: StateStyle("?", "?", "bright_black", "not observed"),
        State.IDLE: StateStyle(" ", " ", "", "nothing to do"),
        Beyond.BLOCKED: StateStyle(
            "X", "▚", "bold red", "the loop waits, and not for events: it can't answer"
        ),
        Beyond.AWAY: StateStyle(" ", " ", "", "not there"),
    }
)
"""By mark, in the order in which a legend has them."""

HELD = StateStyle("#", "▬", "gold1", "some thread holds the GIL, blank where none does")
"""The GIL itself, where it is drawn as a strip of its own."""

EDGE = StateStyle("|", "│", "bright_black", "begins or ends")
"""Where a lane begins or ends, drawn in the cell beside it."""


# Whether what a finding says is good news for who asked, bad news, or neither: a mark tells it before the words do.


class Sentiment(enum.Enum):
    """What a finding is to whoever wants the run to go well."""

    GOOD = enum.auto()
    BAD = enum.auto()
    NEITHER = enum.auto()


_TO_HOLD_IS_GOOD = (Sentiment.GOOD, Sentiment.BAD)
_TO_HOLD_IS_BAD = (Sentiment.BAD, Sentiment.GOOD)
_FACT = (Sentiment.NEITHER, Sentiment.NEITHER)

_NEWS: Mapping[str, tuple[Sentiment, Sentiment]] = MappingProxyType(
    {
        "run_finished": _TO_HOLD_IS_GOOD,
        "program_succeeded": _TO_HOLD_IS_GOOD,
        "observation_sufficed": _TO_HOLD_IS_GOOD,
        "all_tasks_succeeded": _TO_HOLD_IS_GOOD,
        "cores_sufficed": _TO_HOLD_IS_GOOD,
        "cores_were_enough": _TO_HOLD_IS_GOOD,
        "loop_could_answer": _TO_HOLD_IS_GOOD,
        "loops_could_answer": _TO_HOLD_IS_GOOD,
        "threads_stayed": _TO_HOLD_IS_GOOD,
        "processes_told": _TO_HOLD_IS_GOOD,
        "total_is_slowest": _TO_HOLD_IS_GOOD,
        "workers_kept_busy": _TO_HOLD_IS_GOOD,
        "gil_in_the_way": _TO_HOLD_IS_BAD,
        "gil_waited_for": _TO_HOLD_IS_BAD,
        "threads_gain_nothing": (
            Sentiment.BAD,
            Sentiment.NEITHER,
        ),  # what does not hold, may not have been shown
        "processes_gain": (Sentiment.GOOD, Sentiment.NEITHER),
        "total_is_sum": _FACT,
        "order_of_results": _FACT,
        "who_waited_most": _FACT,
        "no_task_got_faster": _FACT,
    }
)
"""By a finding's id: what it is where it holds, and where it does not."""


def sentiment_of(finding: Finding) -> Sentiment:
    """Return what a finding is; what is not known of an id is a fact."""
    holding, not_holding = _NEWS.get(finding.id, _FACT)
    return holding if finding.holds else not_holding


# The marks' colours, where a view has all colours to draw with.

ON_DARK: Mapping[Mark, str] = MappingProxyType(
    {
        State.RUNNING: "#3fc463",
        State.READY: "#ff8b3d",
        State.GIL: "#f0b429",
        State.IO: "#4593f5",
        State.LOCK: "#d070d8",
        State.SLEEP: "#38c4cf",
        State.IDLE: "#7d8590",
        State.WAITING: "#9aa4b0",
        State.UNKNOWN: "#9aa4b0",
        Beyond.BLOCKED: "#ff3b3b",
    }
)
"""On a dark background."""

ON_LIGHT: Mapping[Mark, str] = MappingProxyType(
    {
        State.RUNNING: "#1f8f3f",
        State.READY: "#d9590b",
        State.GIL: "#a87400",
        State.IO: "#1266d8",
        State.LOCK: "#9333a8",
        State.SLEEP: "#0a7f8a",
        State.IDLE: "#6e7781",
        State.WAITING: "#606a75",
        State.UNKNOWN: "#606a75",
        Beyond.BLOCKED: "#d3101f",
    }
)
"""On a light one."""
