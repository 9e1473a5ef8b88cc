"""The playhead: the moment that the picture shows as its present."""

import enum
from dataclasses import dataclass

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
