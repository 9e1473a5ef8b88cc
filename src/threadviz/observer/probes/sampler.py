"""A probe, looked through at the right moments, and told as events."""

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from threadviz.observer.io import RunClock
from threadviz.observer.probes.base import ObservedThread, Probe
from threadviz.protocol.events import Event, LaneEnded, LaneStarted, ObserverTick, Spans

# When to look: how often, how jittered, and how much of a core at most.

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


FLUSH_NS = 50_000_000
"""How often what was seen is told (ns)."""


class Sampler:
    """Looks through `probe` again and again, and keeps account of what it costs."""

    def __init__(self, probe: Probe, clock: RunClock) -> None:
        self._probe = probe
        self._clock = clock
        self._pace = Pace(int(1e9 / probe.info.asked_hz), random.Random())
        self._lanes = self._lanes_before = 0
        self._cpu_before = time.process_time_ns()

    def look(self) -> int:
        """Sleep until the next look is due, look, and return when that was (ns)."""
        time.sleep(self._pace.wait_ns(self._clock()) / 1e9)
        now = self._clock()
        self._probe.look(now, self._pace.late_ns)
        self._pace.looked(now)
        return now

    def rounds(self) -> Iterator[int]:
        """Look again and again without end, and yield the time (ns) each time that it is due to tell."""
        next_flush = 0
        while True:
            now = self.look()
            if now >= next_flush:
                next_flush = now + FLUSH_NS
                yield now

    def events(self, new: list[ObservedThread], gone: list[ObservedThread]) -> Iterator[Event]:
        """Yield the events for threads that came, for what all have done since the last call, and for those that went.

        `came` and `went` are what the probe's `take_changes` has handed over.
        """
        # A thread's number may be used again at once, so those that were known end before others are announced.
        short = [thread for thread in gone if thread.lane is None]
        for thread in gone:
            if thread.lane is not None:
                yield from self._farewell(thread)
        for thread in new:
            yield self._announce(thread)
        for thread in self._probe.threads:
            yield from self._stretches(thread)
        for thread in short:
            yield from self._farewell(thread)

    def tick(self, now: int) -> ObserverTick:
        """Return the account up to `now` (ns), and set the pace by it."""
        cpu = time.process_time_ns() - self._cpu_before
        self._pace.keep_budget(now, cpu, self._lanes - self._lanes_before)
        self._lanes_before = self._lanes
        return ObserverTick(now, self._pace.rounds, self._pace.missed, cpu)

    def _farewell(self, thread: ObservedThread) -> Iterator[Spans | LaneEnded]:
        yield from self._stretches(thread)
        assert thread.ended is not None and thread.lane is not None
        yield LaneEnded(thread.ended, thread.lane)

    def _announce(self, thread: ObservedThread) -> LaneStarted:
        thread.lane = self._lanes
        self._lanes += 1
        return LaneStarted(thread.started, thread.lane, thread.pid, thread.tid, thread.name, thread.process)

    def _stretches(self, thread: ObservedThread) -> Iterator[Spans]:
        present = thread.accounting.present
        start, spans = thread.accounting.drain()
        if spans or present != thread.told:
            assert thread.lane is not None
            thread.told = present
            yield Spans(thread.lane, start, spans, present)
