"""The rows of the picture: lanes, and what stands above some of them."""

import enum
from typing import NamedTuple

from threadviz.timeline import Lane
from threadviz.tui.scene.shown import Shown


class Kind(enum.Enum):
    """What the lanes have in common that are below a head."""

    PROCESS = "process"
    """They are of one process."""
    IDLE = "idle"
    """They did next to nothing in the time that is in sight."""
    ENDED = "ended"
    """They ended a while ago, after a short life."""
    GONE = "gone"
    """The same, so long ago that the timeline does not keep them any more."""


class Key(NamedTuple):
    """Which head it is, whatever lanes it has at the moment: process `pid`'s, or where None, one of the whole run."""

    run: Shown
    kind: Kind
    pid: int | None


class Head(NamedTuple):
    """What stands above `lanes`, which have rows of their own below it unless it is `folded`.

    `beyond` is how many more there are that the timeline does not keep.
    """

    key: Key
    lanes: tuple[Lane, ...]
    folded: bool
    beyond: int = 0


class Row(NamedTuple):
    """A row of the picture: a lane of a run, or a head above some of its lanes, or else what stands above them all."""

    run: Shown
    lane: Lane | None
    head: Head | None = None

    @property
    def pickable(self) -> bool:
        """Whether there is more to be had of it."""
        return self.lane is not None or self.head is not None

    def is_same(self, other: "Row") -> bool:
        """Whether it is the row of the same lane, or the same head, whatever has come of that."""
        heads = [None if each.head is None else each.head.key for each in (self, other)]
        return self.run is other.run and self.lane is other.lane and heads[0] == heads[1]
