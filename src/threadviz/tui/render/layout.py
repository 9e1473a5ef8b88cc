"""Where the columns of the lanes are, and which row is on which line of the screen."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from threadviz.protocol.events import State
from threadviz.timeline import Role
from threadviz.tui.view.rows import WAITED, Row
from threadviz.tui.view.view import View

GAP = 1
FIGURE = 5
"""The width of a figure on the right: '100 %'."""

MARK = 2
"""The width of the mark of a GIL holder, with a blank."""

_NAME = 16
"""The most that a name takes."""

_NOW = ((176, 34), (136, 28), (106, 22), (76, 15), (56, 8))
"""From each width of the terminal on, the room for what a lane does."""

_LEAST_CELLS = 12
"""The cells have at least this many characters; other columns are left out for them."""

SHARES: tuple[tuple[str, frozenset[State]], ...] = (
    ("run", frozenset({State.RUNNING})),
    ("wait", WAITED),
    ("gil", frozenset({State.GIL})),
    ("io", frozenset({State.IO})),
    ("ready", frozenset({State.READY})),
    ("lock", frozenset({State.LOCK})),
    ("idle", frozenset({State.IDLE})),
)
"""The figures on the right, the most important first: a heading, and the states whose share it is."""

_FIGURES = ((186, 7), (146, 5), (116, 3), (56, 2), (36, 1))


@dataclass(frozen=True, slots=True)
class Columns:
    """The widths of the columns in characters: selection, GIL `mark` (or 0), name, what it does, cells, shares.

    `width` is that of the terminal; `shares` is the number of figures.
    """

    width: int
    mark: int
    name: int
    now: int
    shares: int

    @classmethod
    def of(cls, width: int, names: Iterable[str], *, marked: bool = False) -> "Columns":
        """Return the columns for lanes with these names in a terminal of this width, with GIL marks if `marked`."""
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
        """How many cells there is room for."""
        return max(1, self.width - self.left - self.shares * (GAP + FIGURE))

    @property
    def right(self) -> int:
        """Where the cells end."""
        return self.left + self.cells


def columns_of(view: View, width: int) -> Columns:
    """Return the columns of a view's lanes in a terminal of this width."""
    names = [row.lane.name for row in view.rows if row.lane is not None]
    return Columns.of(width, names, marked=bool(view.gil_rows.shown))


_WAYS = ((3, 1), (2, 1), (1, 1))
"""The number of lines of a lane, and of blank ones after it: the first of these with which all lanes fit."""

_TIGHT = (1, 0)

_LEAST_TO_PIN = 4
"""With fewer lines than these, nothing is pinned."""


@dataclass(frozen=True, slots=True)
class RowLayout:
    """Which row is on which line. `lines` has for each line the number of its row, and its number within the row.

    A number of `height` or more within the row means a blank line. `starts` has the first line of each row. The first
    `pinned` lines do not scroll: those of the event loop's lane, if it is the first.
    """

    rows: Sequence[Row]
    columns: Columns
    height: int
    lines: Sequence[tuple[int, int]]
    starts: Sequence[int]
    pinned: int = 0

    @classmethod
    def of(cls, rows: Sequence[Row], width: int, height: int, *, marked: bool = False) -> "RowLayout":
        """Lay out `rows` in an area of this size; if they need more lines, it scrolls.

        `marked` leaves room for GIL marks.
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
        """Whether no blank lines separate the lanes."""
        return len(self.starts) == len(self.lines)
