"""The viewport, which is the visible part of the time axis, and the playhead, which is the moment shown as present."""

import enum
from dataclasses import dataclass

NS_PER_S = 1_000_000_000

SPANS_NS = tuple(int(seconds * NS_PER_S) for seconds in (2.5, 5, 10))
"""A run that grows is shown whole in the smallest of these that it fits into; later, its latest part is shown."""

MIN_CELL_NS = 1000
"""The highest magnification: the time between two system calls."""

MAX_CELL_NS = 100 * NS_PER_S
"""The lowest magnification: an hour takes 36 characters."""

ZOOM = 2
"""The factor of one step."""

_STEPS = 16
"""A growing run moves through the picture in this many steps."""


@dataclass(slots=True)
class Viewport:
    """The visible part of the time axis: `cells` cells of `cell_ns` ns from `left` on (ns since the run's start).

    `left` is a multiple of `cell_ns`, so that a cell covers the same moments wherever it stands, and does not flicker
    when the picture moves. While `fitted`, the visible part is chosen automatically: of a run that grows, all of it if
    `whole`, else its latest part.
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
        """Return the cell of `t`, from 0 at the left edge; outside it is negative, or `cells` and more."""
        return (t - self.left) // self.cell_ns

    def sees(self, t: int) -> bool:
        """Whether `t` is visible."""
        return self.left <= t < self.right

    def time(self, cell: int) -> int:
        """Return the moment in the middle of a cell."""
        return self.left + cell * self.cell_ns + self.cell_ns // 2

    def resize(self, cells: int) -> None:
        """Show `cells` cells: of the same magnification if the user chose it, else fitted again."""
        if self.cells != max(1, cells):
            self.cells = max(1, cells)
            if self.fitted:
                self.fit(*self._fitted_to)

    def fit(self, length: int, growing: bool) -> None:
        """Show all of a run that is `length` ns long; while it is `growing`, with room to grow, or its latest part."""
        self._fitted_to = length, growing
        if not growing:
            self._see(length + 1)  # including the moment at which it ends
            return
        span = next((span for span in SPANS_NS if length < span), SPANS_NS[-1])
        while self.whole and span <= length:
            span *= 2
        self._see(span)
        self.go_along(length)

    def go_along(self, t: int) -> None:
        """Show `t`, which grows: move seldom, and by several cells at once, since all lanes are redrawn then."""
        if t >= self.right:
            step = max(1, self.cells // _STEPS)
            self.left = -(-(t // self.cell_ns - self.cells + 1) // step) * step * self.cell_ns
        else:
            self.follow(t)

    def follow(self, t: int) -> None:
        """Move no farther than needed to show `t`."""
        if t >= self.right:
            self.left = (t // self.cell_ns - self.cells + 1) * self.cell_ns
        elif t < self.left:
            self.left = t // self.cell_ns * self.cell_ns

    def pan(self, cells: int, length: int) -> None:
        """Move right by `cells` (left, if negative), but not beyond a run that is `length` ns long."""
        self.fitted = False
        last = max(0, length // self.cell_ns - self.cells + 1)
        target = self.left // self.cell_ns + cells
        self.left = min(max(0, target), max(last, self.left // self.cell_ns)) * self.cell_ns

    def zoom(self, steps: int, around: int) -> None:
        """Zoom in by `steps` (out, if negative); the moment `around` stays where it is, if possible."""
        self.fitted = False
        at = min(max(0, self.cell(around)), self.cells - 1)
        cell_ns = self.cell_ns // ZOOM**steps if steps > 0 else self.cell_ns * ZOOM**-steps
        self.cell_ns = min(max(MIN_CELL_NS, cell_ns), MAX_CELL_NS)
        self.left = max(0, around // self.cell_ns - at) * self.cell_ns

    def _see(self, span: int) -> None:
        self.cell_ns = max(MIN_CELL_NS, -(-span // self.cells))
        self.left = 0


SPEEDS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
"""The speeds of a replay, relative to the run."""


class Motion(enum.Enum):
    """How the playhead moves."""

    FOLLOWING = "following"
    """It is at the latest moment."""
    FROZEN = "frozen"
    """It stands still, even while the run goes on."""
    REPLAYING = "replaying"
    """It moves through the recorded time at a chosen speed."""


@dataclass(slots=True)
class Playhead:
    """The moment shown as the present: `at` (ns since the run's start), unless it follows. `speed` is that of a replay.

    `in_replay` is whether it was frozen during a replay.
    """

    motion: Motion = Motion.FOLLOWING
    at: int = 0
    speed: float = 1.0
    in_replay: bool = False

    def present(self, length: int) -> int:
        """Return the moment that is shown as the present of a run of `length` ns so far."""
        return length if self.motion is Motion.FOLLOWING else min(self.at, length)

    def follow(self) -> None:
        """Follow the latest moment again."""
        self.motion = Motion.FOLLOWING

    def freeze(self, length: int) -> None:
        """Stand still at the current moment."""
        if self.motion is not Motion.FROZEN:
            self.in_replay = self.motion is Motion.REPLAYING
        self.at = self.present(length)
        self.motion = Motion.FROZEN

    def replay(self, since: int) -> None:
        """Replay from `since` (ns) on."""
        self.at = since
        self.motion = Motion.REPLAYING

    def change_speed(self, steps: int) -> None:
        """Replay faster by so many steps of SPEEDS (slower, if negative)."""
        self.speed = SPEEDS[min(max(0, SPEEDS.index(self.speed) + steps), len(SPEEDS) - 1)]

    def advance(self, elapsed: int, length: int) -> None:
        """Move on by `elapsed` ns; a replay that reaches the latest moment follows it from there."""
        if self.motion is Motion.REPLAYING:
            self.at += int(elapsed * self.speed)
            if self.at >= length:
                self.follow()
