"""When to look: how often, how jittered, and how much of a core at most."""

import random
from dataclasses import dataclass, field

BUDGET = 0.0285
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

TRIAL_NS = 200_000_000
"""For how long the rate that was asked for is tried again (ns), while the budget has it lowered."""

TRIAL_PAUSE_NS = 2_000_000_000
"""How long after that it is tried next (ns)."""

TRIAL_TOLERANCE = 1.05
"""It passes where it costs no more than so many times the budget."""

TRIAL_FACTOR = 8
"""It is not tried where looks have had to come as many times less often: then it would be dear, and in vain."""


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
    _trial: tuple[int, int] | None = None
    """When a trial was begun, and the CPU time used by then."""
    _next_trial: int = 0

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
        self._checked, self._checked_cpu = now, cpu
        if self._tries(now, cpu):
            self._period = self.base_ns
        else:
            self._period = int(self.base_ns * (1 + max(0.0, -self._credit) / PATIENCE_NS))

    def _tries(self, now: int, cpu: int) -> bool:
        """Tell whether the rate that was asked for is on trial.

        Looks that come seldom find all caches cold and cost more each, so that a rate, once lowered, could stay so
        though the higher one costs no more. A debt is forgiven where that shows.
        """
        if self._trial is not None:
            begun, before = self._trial
            if now - begun < TRIAL_NS:
                return True
            self._trial, self._next_trial = None, now + TRIAL_PAUSE_NS
            if cpu - before <= TRIAL_TOLERANCE * BUDGET * (now - begun):
                self._credit = 0.0
        elif self.base_ns < self._period < TRIAL_FACTOR * self.base_ns and now >= self._next_trial:
            self._trial = now, cpu
        return self._trial is not None
