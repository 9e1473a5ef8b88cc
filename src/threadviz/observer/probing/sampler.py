"""A probe, looked through at the right moments, and told as events."""

import random
import time
from collections.abc import Iterator

from threadviz.events import Event, LaneEnded, LaneStarted, Spans, Tick
from threadviz.observer.clock import RunClock
from threadviz.observer.probing.pace import Pace
from threadviz.observer.probing.watched import Probe, Watched

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

    def news(self, came: list[Watched], went: list[Watched]) -> Iterator[Event]:
        """Yield the events for threads that came, for what all have done since the last call, and for those that went.

        `came` and `went` are what the probe's `take_changes` has handed over.
        """
        # A thread's number may be used again at once, so those that were known end before others are announced.
        short = [thread for thread in went if thread.lane is None]
        for thread in went:
            if thread.lane is not None:
                yield from self._farewell(thread)
        for thread in came:
            yield self._announce(thread)
        for thread in self._probe.threads:
            yield from self._stretches(thread)
        for thread in short:
            yield from self._farewell(thread)

    def tick(self, now: int) -> Tick:
        """Return the account up to `now` (ns), and set the pace by it."""
        cpu = time.process_time_ns() - self._cpu_before
        self._pace.keep_budget(now, cpu, self._lanes - self._lanes_before)
        self._lanes_before = self._lanes
        return Tick(now, self._pace.rounds, self._pace.missed, cpu)

    def _farewell(self, thread: Watched) -> Iterator[Spans | LaneEnded]:
        yield from self._stretches(thread)
        assert thread.ended is not None and thread.lane is not None
        yield LaneEnded(thread.ended, thread.lane)

    def _announce(self, thread: Watched) -> LaneStarted:
        thread.lane = self._lanes
        self._lanes += 1
        return LaneStarted(thread.started, thread.lane, thread.pid, thread.tid, thread.name, thread.process)

    def _stretches(self, thread: Watched) -> Iterator[Spans]:
        present = thread.ledger.present
        start, spans = thread.ledger.drain()
        if spans or present != thread.told:
            assert thread.lane is not None
            thread.told = present
            yield Spans(thread.lane, start, spans, present)
