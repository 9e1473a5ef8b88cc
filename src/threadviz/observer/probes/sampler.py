"""Samples through a probe at the right moments, and turns what it saw into events."""

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from threadviz.observer.io import RunClock
from threadviz.observer.probes.base import Changes, ObservedThread, Probe
from threadviz.protocol.events import Event, LaneEnded, LaneStarted, ObserverTick, Spans

BUDGET = 0.0285
"""The share of one core that the observer may use."""

JITTER = 0.25
"""Each period varies by up to this share of it, either way.

CPython hands the GIL over about every 5 ms (`sys.getswitchinterval`). A steady period near that, or near a multiple,
would always sample the same moment of it.
"""

LATE_PERIODS = 2
"""A sample that comes more periods than this after the last one is late."""

CREDIT_NS = 5_000_000
"""How much CPU time (ns) may be used ahead of the budget."""

MEETING_NS = 200_000
"""The approximate cost of a new thread (ns). It comes on top of the budget for sampling, or a pool that starts its
workers would not be sampled for a while."""

PATIENCE_NS = 2_000_000
"""The period doubles when the budget is overdrawn by this (ns), trebles at twice that, and so on."""

TRIAL_NS = 200_000_000
"""How long (ns) a trial of the full rate takes, while the budget has lowered it."""

TRIAL_PAUSE_NS = 2_000_000_000
"""The time between two trials (ns)."""

TRIAL_TOLERANCE = 1.05
"""A trial passes if it costs at most so many times the budget."""

TRIAL_FACTOR = 8
"""There is no trial while the rate is lowered by this factor or more: it would be expensive and fail."""


@dataclass(slots=True)
class Pace:
    """The schedule of samples, `base_ns` apart if the budget allows. All times are ns since the start of the run."""

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
    """When the current trial began, and the CPU time used by then."""
    _next_trial: int = 0

    def __post_init__(self) -> None:
        self._period = self.base_ns

    @property
    def late_ns(self) -> int:
        """Across a longer gap between two samples (ns), waits are unknown."""
        return LATE_PERIODS * self._period

    def wait_ns(self, now: int) -> int:
        """Return how long to sleep until the next sample (ns); 0 if it is due."""
        return max(0, self._due - now)

    def sampled(self, now: int) -> None:
        """Note a sample at `now` and schedule the next one. After falling behind, missed samples are skipped."""
        self.rounds += 1
        if now - self._due > self._period:
            self.missed += (now - self._due) // self._period
            self._due = now
        self._due += int(self._period * (1 + JITTER * (2 * self.random.random() - 1)))

    def keep_budget(self, now: int, cpu: int, met: int) -> None:
        """Set the period from the CPU time used by now (`cpu`, ns) and the number of new threads (`met`)."""
        earned = BUDGET * (now - self._checked) + MEETING_NS * met
        self._credit = min(CREDIT_NS, self._credit + earned - (cpu - self._checked_cpu))
        self._checked, self._checked_cpu = now, cpu
        if self._tries(now, cpu):
            self._period = self.base_ns
        else:
            self._period = int(self.base_ns * (1 + max(0.0, -self._credit) / PATIENCE_NS))

    def _tries(self, now: int, cpu: int) -> bool:
        """Return whether the full rate is on trial.

        Rare samples find cold caches and cost more each, so a rate that was lowered once could stay low although the
        full rate would cost no more. If a trial shows that, the overdraft is cancelled.
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
"""How often events are emitted (ns)."""


class Sampler:
    """Samples through `probe` again and again, and accounts for its own cost."""

    def __init__(self, probe: Probe, clock: RunClock) -> None:
        self._probe = probe
        self._clock = clock
        self._pace = Pace(int(1e9 / probe.info.asked_hz), random.Random())
        self._lanes = self._lanes_before = 0
        self._cpu_before = time.process_time_ns()

    def look(self) -> int:
        """Sleep until the next sample is due, take it, and return when that was (ns)."""
        time.sleep(self._pace.wait_ns(self._clock()) / 1e9)
        now = self._clock()
        self._probe.look(now, self._pace.late_ns)
        self._pace.sampled(now)
        return now

    def rounds(self) -> Iterator[int]:
        """Sample for ever, and yield the time (ns) whenever events are due."""
        next_flush = 0
        while True:
            now = self.look()
            if now >= next_flush:
                next_flush = now + FLUSH_NS
                yield now

    def events(self, changes: Changes) -> Iterator[Event]:
        """Yield events for new threads, for what all threads did since the last call, and for ended ones.

        `changes` are from the probe's `take_changes`.
        """
        # A thread id may be reused at once, so known threads end before new ones are announced.
        short = [thread for thread in changes.gone if thread.lane < 0]
        for thread in changes.gone:
            if thread.lane >= 0:
                yield from self._end(thread)
        for thread in changes.new:
            yield self._start(thread)
        for thread in self._probe.threads:
            yield from self._spans(thread)
        for thread in short:
            yield from self._end(thread)

    def tick(self, now: int) -> ObserverTick:
        """Return the observer's own figures up to `now` (ns), and adapt the sampling rate."""
        cpu = time.process_time_ns() - self._cpu_before
        self._pace.keep_budget(now, cpu, self._lanes - self._lanes_before)
        self._lanes_before = self._lanes
        return ObserverTick(now, self._pace.rounds, self._pace.missed, cpu)

    def _end(self, thread: ObservedThread) -> Iterator[Spans | LaneEnded]:
        yield from self._spans(thread)
        assert thread.ended is not None
        yield LaneEnded(thread.ended, thread.lane)

    def _start(self, thread: ObservedThread) -> LaneStarted:
        thread.lane = self._lanes
        self._lanes += 1
        return LaneStarted(
            thread.started, thread.lane, thread.pid, thread.tid, thread.name, thread.owner.kind
        )

    def _spans(self, thread: ObservedThread) -> Iterator[Spans]:
        present = thread.accounting.present
        start, spans = thread.accounting.drain()
        if spans or present != thread.told:
            thread.told = present
            yield Spans(thread.lane, start, spans, present)
