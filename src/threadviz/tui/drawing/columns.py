"""Where the columns of the lanes are: shared by the lanes, the axis above them, and whoever points at a cell."""

from collections.abc import Iterable
from dataclasses import dataclass

from threadviz.tui.scene import Scene
from threadviz.tui.scene.arranging import WAITED
from threadviz.vocabulary import State

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


def columns_of(scene: Scene, width: int) -> Columns:
    """The columns of a scene's lanes, in a terminal that is `width` wide."""
    names = [row.lane.name for row in scene.rows if row.lane is not None]
    return Columns.of(width, names, marked=bool(scene.holders.shown))
