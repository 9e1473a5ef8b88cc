"""How the rows are arranged on the lines of the screen."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from threadviz.protocol.events import State
from threadviz.timeline import Role
from threadviz.tui.view import Row, View
from threadviz.tui.view.rows import WAITED

# Where the columns of the lanes are: shared by the lanes, the axis above them, and whoever points at a cell.

GAP = 1
FIGURE = 5
"""So wide is a figure on the right: '100 %'."""

MARK = 2
"""So wide is the mark of a holder of the GIL, with a blank."""

_NAME = 16
"""No name takes more."""

_NOW = ((176, 34), (136, 28), (106, 22), (76, 15), (56, 8))
"""From this width of the terminal on, what a lane does has so much room."""

_LEAST_CELLS = 12
"""The lanes themselves always have as many characters, if there are as many."""

SHARES: tuple[tuple[str, frozenset[State]], ...] = (
    ("run", frozenset({State.RUNNING})),
    ("wait", WAITED),
    ("gil", frozenset({State.GIL})),
    ("io", frozenset({State.IO})),
    ("ready", frozenset({State.READY})),
    ("lock", frozenset({State.LOCK})),
    ("idle", frozenset({State.IDLE})),
)
"""The figures on the right, by how much they tell: a heading, and the states whose share it is."""

_FIGURES = ((186, 7), (146, 5), (116, 3), (56, 2), (36, 1))


@dataclass(frozen=True, slots=True)
class Columns:
    """In characters: a sign for the lane that is picked, its name, what it does, its cells, and its shares.

    `mark` is for its mark as a holder of the GIL, before its name, where there are such marks.
    """

    width: int
    mark: int
    name: int
    now: int
    shares: int

    @classmethod
    def of(cls, width: int, names: Iterable[str], *, marked: bool = False) -> "Columns":
        """The columns of a terminal that is `width` wide, for lanes of these names, which have marks or not."""
        name = min(max(map(len, names), default=0), _NAME)
        now = next((wide for least, wide in _NOW if width >= least), 0)
        shares = next((many for least, many in _FIGURES if width >= least), 0)
        columns = [
            cls(width, MARK if marked else 0, *each)
            for each in ((name, now, shares), (name, 0, shares), (name, 0, 0), (0, 0, 0))
        ]
        return next((each for each in columns if each.cells >= _LEAST_CELLS), columns[-1])

    @property
    def left(self) -> int:
        """Where the cells begin."""
        return GAP + self.mark + self.name + (GAP + self.now if self.now else 0) + GAP

    @property
    def cells(self) -> int:
        """How many there is room for."""
        return max(1, self.width - self.left - self.shares * (GAP + FIGURE))

    @property
    def right(self) -> int:
        """Where they end."""
        return self.left + self.cells


def columns_of(view: View, width: int) -> Columns:
    """The columns of a scene's lanes, in a terminal that is `width` wide."""
    names = [row.lane.name for row in view.rows if row.lane is not None]
    return Columns.of(width, names, marked=bool(view.gil_rows.shown))


_WAYS = ((3, 1), (2, 1), (1, 1))
"""How many lines a lane has, and how many blank ones follow: the first of these that all lanes fit into."""

_TIGHT = (1, 0)

_LEAST_TO_PIN = 4
"""In fewer lines than these, all of them scroll."""


@dataclass(frozen=True, slots=True)
class RowLayout:
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
    def of(cls, rows: Sequence[Row], width: int, height: int, *, marked: bool = False) -> "RowLayout":
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
