"""How the rows are arranged on the lines of the screen."""

from collections.abc import Sequence
from dataclasses import dataclass

from threadviz.timeline import Role
from threadviz.tui.drawing.columns import Columns
from threadviz.tui.scene import Row

_WAYS = ((3, 1), (2, 1), (1, 1))
"""How many lines a lane has, and how many blank ones follow: the first of these that all lanes fit into."""

_TIGHT = (1, 0)

_LEAST_TO_PIN = 4
"""In fewer lines than these, all of them scroll."""


@dataclass(frozen=True, slots=True)
class Arrangement:
    """`lines` says for each line which row it belongs to, and which of its lines it is (`height` and more: blank).

    `starts` has the first line of each row. The first lines stay where they are when the others are scrolled, those
    that are `pinned`: what the event loop's lane takes, where it is the first.
    """

    rows: Sequence[Row]
    columns: Columns
    height: int
    lines: Sequence[tuple[int, int]]
    starts: Sequence[int]
    pinned: int = 0

    @classmethod
    def of(cls, rows: Sequence[Row], width: int, height: int, *, marked: bool = False) -> "Arrangement":
        """Arrange `rows` in an area of this size; where they need more lines it is to be scrolled.

        Lanes that are `marked` have marks as holders of the GIL.
        """
        lanes = [row.lane for row in rows if row.lane is not None]
        headings = len(rows) - len(lanes)
        fitting = (way for way in _WAYS if sum(way) * len(lanes) + headings - way[1] <= height)
        tall, gap = next(fitting, _TIGHT)
        lines: list[tuple[int, int]] = []
        starts: list[int] = []
        for index, row in enumerate(rows):
            starts.append(len(lines))
            lines += [(index, line) for line in range(1 if row.lane is None else tall + gap)]
        if gap and rows and rows[-1].lane is not None:
            lines.pop()
        columns = Columns.of(width, [lane.name for lane in lanes], marked=marked)
        loop_first = bool(rows) and rows[0].lane is not None and rows[0].lane.role is Role.LOOP
        pinned = tall if loop_first and len(lines) > height >= _LEAST_TO_PIN else 0
        return cls(rows, columns, tall, lines, starts, pinned)

    @property
    def tight(self) -> bool:
        """Whether no blank lines keep the lanes apart."""
        return len(self.starts) == len(self.lines)
