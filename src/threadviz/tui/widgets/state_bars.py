"""Times in states, each with its share, as a bar."""

from collections.abc import Iterator, Mapping

from textual.content import Content

from threadviz.picture.brief import brief_percent, brief_seconds
from threadviz.picture.strip import Mark
from threadviz.tui.drawing.colours import variable
from threadviz.tui.widgets.bars import bar
from threadviz.vocabulary import State

_STATE, _FIGURE = 8, 7
_BAR = 40
"""No bar is longer."""


def state_lines(states: Mapping[State, int], width: int, plain: bool) -> Iterator[Content]:
    """Yield a line for each of `states` (ns), the longest first, each no wider than `width`."""
    total = sum(states.values())
    cells = max(1, min(_BAR, width - _STATE - 2 * (_FIGURE + 1) - 2))
    for state, ns in sorted(states.items(), key=lambda item: -item[1]):
        yield Content.assemble(
            (state.value.ljust(_STATE), style_of(state)),
            f"{brief_seconds(ns):>{_FIGURE}} {brief_percent(ns / total):>{_FIGURE}}  ",
            (bar(ns / total, cells, plain), style_of(state)),
        )


def style_of(mark: Mark) -> str:
    """The style of words about a mark."""
    return f"${variable(mark)}"
