"""When to look: how often, how jittered, and how much of a core at most."""

import random
from dataclasses import dataclass

BUDGET = 0.028
"""The share of one core that the observer may use by itself."""

JITTER = 0.25
"""A period varies by as much of it, either way.

CPython hands the GIL over about every 5 ms (`sys.getswitchinterval`): a steady period near that, or near a
multiple, would always meet the same moment of it.
"""

LATE_PERIODS = 2
"""A look that comes more periods than these after the last one is late."""


@dataclass(slots=True)
class Pace:
    """The schedule of looks. All times are ns since the run's origin; `cpu` is the observer's CPU time in ns."""

    base_ns: int
    random: random.Random
    period_ns: int = 0
    rounds: int = 0
    missed: int = 0
    _due: int = 0
    _checked: int = 0
    _checked_cpu: int = 0
    _checked_rounds: int = 0

    def __post_init__(self) -> None:
        self.period_ns = self.base_ns

    @property
    def late_ns(self) -> int:
        """Beyond this gap between two looks, what was in between is not known."""
        return LATE_PERIODS * self.period_ns

    def wait_ns(self, now: int) -> int:
        """Return how long to sleep until the next look, zero where it is due."""
        return max(0, self._due - now)

    def looked(self, now: int) -> None:
        """Note a look at `now` and set the next: after falling behind, what was due in between is skipped."""
        self.rounds += 1
        if now - self._due > self.period_ns:
            self.missed += (now - self._due) // self.period_ns
            self._due = now
        self._due += int(self.period_ns * (1 + JITTER * (2 * self.random.random() - 1)))

    def keep_budget(self, now: int, cpu: int) -> None:
        """Set the period by what a round has cost since the last call."""
        rounds, elapsed = self.rounds - self._checked_rounds, now - self._checked
        if not rounds or not elapsed:
            return
        cost = (cpu - self._checked_cpu) / rounds
        wanted = max(self.base_ns, int(cost / BUDGET))
        self.period_ns = (self.period_ns + wanted) // 2  # smoothed: one check is a noisy measure
        self._checked, self._checked_cpu, self._checked_rounds = now, cpu, self.rounds
