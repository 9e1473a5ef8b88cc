"""Lines of text put together, to the width that there is."""

from collections.abc import Sequence

from textual.content import Content

from threadviz.picture.strip import Beyond
from threadviz.tui.drawing.colours import variable

FAINT = "$text 60%"
STRONG = "bold"
ALARM = f"bold ${variable(Beyond.BLOCKED)}"
"""For errors, and for an event loop that can't answer: for nothing else."""

Wordings = Sequence[Content | str]
"""Ways to say one thing, from the longest to the shortest."""


def fitted(parts: Sequence[Wordings], width: int, gap: str) -> Content:
    """Join a wording of each of `parts`: the longest, but shorter ones where `width` asks for it, from the last on."""
    chosen = [0] * len(parts)
    while True:
        line = Content(gap).join(content(part[index]) for part, index in zip(parts, chosen, strict=True))
        shortened = next((n for n in reversed(range(len(parts))) if chosen[n] + 1 < len(parts[n])), None)
        if line.cell_length <= width or shortened is None:
            return line
        chosen[shortened] += 1


def content(words: Content | str) -> Content:
    """`words`, as they are."""
    return Content(words) if isinstance(words, str) else words


def cut(line: Content, width: int, plain: bool) -> Content:
    """`line`, no wider than `width`: where something is left out, it says so."""
    if line.cell_length <= width:
        return line
    more = "..." if plain else "…"
    return line.truncate(max(0, width - len(more))).append(more[:width])


def filled(line: Content, width: int) -> Content:
    """`line`, not narrower than `width`."""
    return line.pad_right(max(0, width - line.cell_length))


def wrapped(text: Content, width: int, indent: str = "", first: Content | None = None) -> list[Content]:
    """`text` in lines of `width`, each after `indent`; the first after `first` instead, which is as wide."""
    lines = text.wrap(max(1, width - len(indent)))
    return [
        (first if number == 0 and first is not None else Content(indent)).append(line)
        for number, line in enumerate(lines)
    ]


def beside(columns: Sequence[Sequence[Content]], widths: Sequence[int], gap: int) -> list[Content]:
    """Blocks of lines, one beside the other, each in its width."""
    height = max(map(len, columns), default=0)
    rows = []
    for y in range(height):
        cells = [
            filled(column[y] if y < len(column) else Content(), width)
            for column, width in zip(columns, widths, strict=True)
        ]
        rows.append(Content(" " * gap).join(cells))
    return rows
