"""When to look: how often, how jittered, and how much of a core at most."""

import random
from dataclasses import dataclass, field

BUDGET = 0.028
"""The share of one core that the observer may use by itself."""

JITTER = 0.25
"""A period varies by as much of it, either way.

CPython hands the GIL over about every 5 ms (`sys.getswitchinterval`): a steady period near that, or near a
multiple, would always meet the same moment of it.
"""

LATE_PERIODS = 2
"""A look that comes more periods than these after the last one is late."""


CREDIT_NS = 5_000_000
"""How much CPU time it may use ahead of its budget (ns)."""

MEETING_NS = 200_000
"""What it costs about to meet a new thread (ns). That comes on top of the budget, which is for looking: else a pool
that starts its workers would not be looked at for a while."""

PATIENCE_NS = 2_000_000
"""How far behind its budget it must be for the period to be doubled (ns); twice that, to be trebled; and so on."""


@dataclass(slots=True)
class Pace:
    """The schedule of looks, `base_ns` apart where the budget allows. All times are ns since the run's origin."""

    base_ns: int
    random: random.Random
    rounds: int = 0
    missed: int = 0
    _period: int = field(init=False)
    _due: int = 0
    _credit: float = CREDIT_NS
    _checked: int = 0
    _checked_cpu: int = 0

    def __post_init__(self) -> None:
        self._period = self.base_ns

    @property
    def late_ns(self) -> int:
        """Beyond this gap between two looks, what was in between is not known."""
        return LATE_PERIODS * self._period

    def wait_ns(self, now: int) -> int:
        """Return how long to sleep until the next look, zero where it is due."""
        return max(0, self._due - now)

    def looked(self, now: int) -> None:
        """Note a look at `now` and set the next: after falling behind, what was due in between is skipped."""
        self.rounds += 1
        if now - self._due > self._period:
            self.missed += (now - self._due) // self._period
            self._due = now
        self._due += int(self._period * (1 + JITTER * (2 * self.random.random() - 1)))

    def keep_budget(self, now: int, cpu: int, met: int) -> None:
        """Set the period by `cpu`, the CPU time (ns) used by now, and `met`, how many threads came meanwhile."""
        earned = BUDGET * (now - self._checked) + MEETING_NS * met
        self._credit = min(CREDIT_NS, self._credit + earned - (cpu - self._checked_cpu))
        self._period = int(self.base_ns * (1 + max(0.0, -self._credit) / PATIENCE_NS))
        self._checked, self._checked_cpu = now, cpu
