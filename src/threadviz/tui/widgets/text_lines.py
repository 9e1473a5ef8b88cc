"""Styles and lines of text: joining, cutting and wrapping them, and bars."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest

from textual.content import Content

from threadviz.presentation.cells import ExtraMark, Mark
from threadviz.protocol.events import State
from threadviz.text import brief_percent, brief_seconds, printable
from threadviz.tui.render.styles import variable

FAINT = "$text 60%"
STRONG = "bold"
ALARM = f"bold ${variable(ExtraMark.BLOCKED)}"
"""Only for errors, and for an event loop that cannot respond."""

Alternatives = Sequence[Content | str]
"""Texts that say the same, from the longest to the shortest."""


def state_style(mark: Mark) -> str:
    """Return the style of the words for a state."""
    return f"${variable(mark)}"


def join_to_width(parts: Sequence[Alternatives], width: int, gap: str) -> Content:
    """Join one alternative of each part: the longest ones, shortened from the last part on until they fit `width`."""
    chosen = [0] * len(parts)
    while True:
        texts = [part[index] for part, index in zip(parts, chosen, strict=True)]
        line = Content(gap).join(Content(text) if isinstance(text, str) else text for text in texts)
        shortened = next((n for n in reversed(range(len(parts))) if chosen[n] + 1 < len(parts[n])), None)
        if line.cell_length <= width or shortened is None:
            return line
        chosen[shortened] += 1


def truncate(line: Content, width: int, ascii_only: bool) -> Content:
    """Cut `line` to `width`, with an ellipsis where something is missing."""
    if line.cell_length <= width:
        return line
    ellipsis = "..." if ascii_only else "…"
    return line.truncate(max(0, width - len(ellipsis))).append(ellipsis[:width])


def pad_to(line: Content, width: int) -> Content:
    """Pad `line` on the right to at least `width`."""
    return line.pad_right(max(0, width - line.cell_length))


def wrap(text: Content, width: int, indent: str = "", first: Content | None = None) -> list[Content]:
    """Wrap `text` into lines of `width`, indented by `indent`, the first by `first` instead, which is as wide."""
    lines = text.wrap(max(1, width - len(indent)))
    heads = [Content(indent) if first is None else first, *[Content(indent)] * len(lines)]
    return [head.append(line) for head, line in zip(heads, lines, strict=False)]


def side_by_side(columns: Sequence[Sequence[Content]], widths: Sequence[int], gap: int) -> list[Content]:
    """Put blocks of lines beside each other, each in its width."""
    rows = zip_longest(*columns, fillvalue=Content())
    return [Content(" " * gap).join(map(pad_to, row, widths)) for row in rows]


def traceback_lines(traceback: str, width: int, ascii_only: bool) -> list[Content]:
    """Return the lines of a traceback, made safe to print and cut to `width`; none for an empty one."""
    lines = traceback.split("\n") if traceback else []
    return [truncate(Content(printable(line)), width, ascii_only) for line in lines]


# Horizontal bars

_EIGHTHS = " ▏▎▍▌▋▊▉"
_STATE, _FIGURE = 8, 7
_MAX_BAR = 40


def bar(share: float, cells: int, ascii_only: bool) -> str:
    """Return a bar of `share` (0 to 1) of `cells` characters. Any share above 0 is visible."""
    eighths = round(max(0.0, min(share, 1.0)) * cells * 8)
    if share > 0:
        eighths = max(eighths, 1)
    if ascii_only:
        return "#" * max(round(eighths / 8), 1 if eighths else 0)
    whole, rest = divmod(eighths, 8)
    return "█" * whole + (_EIGHTHS[rest] if rest else "")


def state_bars(states: Mapping[State, int], width: int, ascii_only: bool) -> Iterator[Content]:
    """Yield a line with time, share and bar for each of `states` (ns), the longest first, at most `width` wide."""
    total = sum(states.values())
    cells = max(1, min(_MAX_BAR, width - _STATE - 2 * (_FIGURE + 1) - 2))
    for state, ns in sorted(states.items(), key=lambda item: -item[1]):
        yield Content.assemble(
            (state.value.ljust(_STATE), state_style(state)),
            f"{brief_seconds(ns):>{_FIGURE}} {brief_percent(ns / total):>{_FIGURE}}  ",
            (bar(ns / total, cells, ascii_only), state_style(state)),
        )
