"""The camera: which part of the time axis is seen, and how large."""

import enum
from dataclasses import dataclass

NS_PER_S = 1_000_000_000

SPANS_NS = tuple(int(seconds * NS_PER_S) for seconds in (2.5, 5, 10))
"""A run that grows is seen whole as long as it fits into the last of these; the smallest that it fits into is taken."""

MIN_CELL_NS = 1000
"""No nearer: the time that passes between two system calls."""

MAX_CELL_NS = 100 * NS_PER_S
"""No farther: an hour is 36 characters then."""

ZOOM = 2
"""One step nearer or farther."""

_STEPS = 16
"""What grows moves through the picture in so many steps."""


@dataclass(slots=True)
class Viewport:
    """`cells` cells of `cell_ns` ns each, of which the first begins at `left` (ns since the run's begin).

    `left` is a multiple of `cell_ns`: so a cell covers the same moments wherever it comes to stand, and does not
    flicker when the picture moves. While `fitted`, the camera chooses by itself what is seen: of a run that grows all
    of it while it is `whole`, else its latest part.
    """

    cells: int = 80
    cell_ns: int = SPANS_NS[0] // 80
    left: int = 0
    fitted: bool = True
    whole: bool = False
    _fitted_to: tuple[int, bool] = (0, True)

    @property
    def right(self) -> int:
        """Where the last cell ends."""
        return self.left + self.cells * self.cell_ns

    def cell(self, t: int) -> int:
        """The cell that `t` falls into, from 0 at the left edge; outside it is negative, or `cells` and more."""
        return (t - self.left) // self.cell_ns

    def sees(self, t: int) -> bool:
        """Whether `t` is in sight."""
        return self.left <= t < self.right

    def time(self, cell: int) -> int:
        """The moment in the middle of a cell."""
        return self.left + cell * self.cell_ns + self.cell_ns // 2

    def resize(self, cells: int) -> None:
        """Have room for `cells`. What is seen stays, as large as it was chosen by hand, else fitted to the room."""
        if self.cells != max(1, cells):
            self.cells = max(1, cells)
            if self.fitted:
                self.fit(*self._fitted_to)

    def fit(self, length: int, growing: bool) -> None:
        """See all of a run that is `length` ns long; while it is `growing`, with room to grow, or its latest part."""
        self._fitted_to = length, growing
        if not growing:
            self._see(length + 1)  # the moment at which it ends, too
            return
        span = next((span for span in SPANS_NS if length < span), SPANS_NS[-1])
        while self.whole and span <= length:
            span *= 2
        self._see(span)
        self.go_along(length)

    def go_along(self, t: int) -> None:
        """See `t`, which grows: move on seldom, and then by several cells, for every lane is to be drawn anew then."""
        if t >= self.right:
            step = max(1, self.cells // _STEPS)
            self.left = -(-(t // self.cell_ns - self.cells + 1) // step) * step * self.cell_ns
        else:
            self.follow(t)

    def follow(self, t: int) -> None:
        """Move no farther than it takes to see `t`."""
        if t >= self.right:
            self.left = (t // self.cell_ns - self.cells + 1) * self.cell_ns
        elif t < self.left:
            self.left = t // self.cell_ns * self.cell_ns

    def pan(self, cells: int, length: int) -> None:
        """Move right by `cells` (left, where negative), but not away from a run that is `length` ns long."""
        self.fitted = False
        last = max(0, length // self.cell_ns - self.cells + 1)
        wished = self.left // self.cell_ns + cells
        self.left = min(max(0, wished), max(last, self.left // self.cell_ns)) * self.cell_ns

    def zoom(self, steps: int, around: int) -> None:
        """Come nearer by `steps` (farther, where negative); the moment `around` stays where it is, as far as it can."""
        self.fitted = False
        at = min(max(0, self.cell(around)), self.cells - 1)
        cell_ns = self.cell_ns // ZOOM**steps if steps > 0 else self.cell_ns * ZOOM**-steps
        self.cell_ns = min(max(MIN_CELL_NS, cell_ns), MAX_CELL_NS)
        self.left = max(0, around // self.cell_ns - at) * self.cell_ns

    def _see(self, span: int) -> None:
        self.cell_ns = max(MIN_CELL_NS, -(-span // self.cells))
        self.left = 0


# The playhead: the moment that the picture shows as its present.

SPEEDS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
"""How fast a replay may go, relative to the run."""


class Motion(enum.Enum):
    """How the playhead moves."""

    FOLLOWING = "following"
    """It is the latest moment that anything is known of."""
    FROZEN = "frozen"
    """It stands still, whatever the run does."""
    REPLAYING = "replaying"
    """It goes through what is known, at a speed of its own."""


@dataclass(slots=True)
class Playhead:
    """`at` (ns since the run's begin) is where it stands, unless it follows. `speed` is that of a replay.

    `in_replay` says whether it was frozen in mid-replay.
    """

    motion: Motion = Motion.FOLLOWING
    at: int = 0
    speed: float = 1.0
    in_replay: bool = False

    def present(self, length: int) -> int:
        """The moment that is shown as the present of a run that is known for `length` ns."""
        return length if self.motion is Motion.FOLLOWING else min(self.at, length)

    def follow(self) -> None:
        """Be the latest moment again."""
        self.motion = Motion.FOLLOWING

    def freeze(self, length: int) -> None:
        """Stand still here."""
        if self.motion is not Motion.FROZEN:
            self.in_replay = self.motion is Motion.REPLAYING
        self.at = self.present(length)
        self.motion = Motion.FROZEN

    def replay(self, since: int) -> None:
        """Go through what is known, from `since` (ns) on."""
        self.at = since
        self.motion = Motion.REPLAYING

    def change_speed(self, steps: int) -> None:
        """Replay faster by so many steps of SPEEDS (slower, where negative)."""
        self.speed = SPEEDS[min(max(0, SPEEDS.index(self.speed) + steps), len(SPEEDS) - 1)]

    def advance(self, elapsed: int, length: int) -> None:
        """`elapsed` ns have passed for who looks on; a replay that gets to the latest moment follows it from there."""
        if self.motion is Motion.REPLAYING:
            self.at += int(elapsed * self.speed)
            if self.at >= length:
                self.follow()
