"""What a timeline holds of a long run: how much memory, and how coarse what is old has become."""

import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.streams import FLUSH_NS, beginning, flushes
from threadviz.protocol.events import AnyEvent, ObserverTick, Spans
from threadviz.timeline import Timeline

LANES = 16
_REPEATED = 200
"""So many flushes are made up; what comes after them is the same once more."""


@dataclass(frozen=True)
class Memory:
    """Of a run of `simulated_s` (s), fed as quickly as it goes.

    `kb_per_thousand` is what a thousand stretches take before any is thinned, `most_mb` what all that is kept took at
    most. `worst_ms` is the longest CPU time that one event took, `mostly_ms` what 999 of 1,000 took at most, for on a
    shared machine the longest is its neighbours'; `per_stretch_us` is what each stretch took. `grains_s` has the length
    of grains (s), by the age of what they are of (s): 0 where all is as it was told.
    """

    simulated_s: float
    told: int
    held: int
    kb_per_thousand: float
    most_mb: float
    worst_ms: float
    mostly_ms: float
    per_stretch_us: float
    grains_s: dict[float, float]

    def as_dict(self) -> dict[str, Any]:
        """The figures for JSON."""
        return {**self.__dict__, "grains_s": {str(age): grain for age, grain in self.grains_s.items()}}


def later(event: AnyEvent, ns: int) -> AnyEvent:
    """Return the same event, so many ns later."""
    if isinstance(event, Spans):
        return Spans(event.lane, event.start + ns, event.spans, event.present)
    assert isinstance(event, ObserverTick)
    return ObserverTick(event.t + ns, event.rounds, event.missed, event.cpu_ns + ns // 30)


def resident() -> int:
    """Return how much memory the process has (bytes)."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096


def memory(seconds: float, keep: int) -> Memory:
    """Feed a timeline that keeps so many stretches with so many seconds of lanes that compete for the GIL."""
    pattern = list(flushes(LANES, _REPEATED))
    timeline = Timeline(keep)
    timeline.extend(beginning(LANES))
    before = most = resident()
    per_thousand = 0.0
    told = 0
    times: Counter[int] = Counter()  # in steps of 10 us, for a million of them would take memory
    for number in range(int(seconds * 1e9) // FLUSH_NS):
        round_number, flush = divmod(number, _REPEATED)
        events = [later(event, round_number * _REPEATED * FLUSH_NS) for event in pattern[flush]]
        for event in events:
            since = time.thread_time_ns()
            timeline.apply(event)
            times[(time.thread_time_ns() - since) // 10_000] += 1
        told += sum(len(event.spans) for event in events if isinstance(event, Spans))
        if flush == 0:
            most = max(most, resident())
        if told <= keep:
            per_thousand = (resident() - before) / told
    lane = timeline.lanes[1]
    ages = [1.0, 60.0, 600.0, 3599.0]
    return Memory(
        simulated_s=timeline.now / 1e9,
        told=told,
        held=sum(lane.size for lane in timeline.lanes),
        kb_per_thousand=per_thousand,
        most_mb=(most - before) / 1e6,
        worst_ms=(max(times) + 1) / 100,
        mostly_ms=(_mostly(times) + 1) / 100,
        per_stretch_us=sum((step + 0.5) * number for step, number in times.items()) * 10 / told,
        grains_s={
            age: lane.resolution(timeline.now - int(age * 1e9)) / 1e9
            for age in ages
            if age * 1e9 < timeline.now
        },
    )


def _mostly(times: Counter[int]) -> int:
    """Return what 999 of 1,000 do not exceed."""
    left = times.total() // 1000
    for step in sorted(times, reverse=True):
        left -= times[step]
        if left < 0:
            return step
    return 0
