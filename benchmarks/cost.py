"""What the observer itself takes: of a core, and of memory."""

import sys
from collections import Counter
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil

from benchmarks.watching import observe
from threadviz.launcher import LaunchedRun
from threadviz.protocol.events import (
    Event,
    LaneStarted,
    ObserverTick,
    RunEnded,
    TaskFinished,
    TaskStarted,
    TaskSubmitted,
)
from threadviz.protocol.requests import RunRequest

SETTLED_NS = 1_000_000_000
"""The steady part begins this long after the last lane has come (ns)."""


@dataclass(frozen=True)
class Cost:
    """Of the observer: shares of one core and rounds a second, in the steady part of a run and in the whole of it."""

    lanes: int
    steady_s: float
    steady_share: float
    steady_hz: float
    share: float
    hz: float

    @classmethod
    def of(cls, lanes: int, steady: list[ObserverTick]) -> "Cost":
        """Of so many lanes, from the ticks of the steady part."""
        first, last = steady[0], steady[-1]
        ns = last.t - first.t
        return cls(
            lanes=lanes,
            steady_s=ns / 1e9,
            steady_share=(last.cpu_ns - first.cpu_ns) / ns,
            steady_hz=(last.rounds - first.rounds) / ns * 1e9,
            share=last.cpu_ns / last.t,
            hz=last.rounds / last.t * 1e9,
        )

    def as_dict(self) -> dict[str, Any]:
        """The cost for JSON."""
        return asdict(self)


def cost(request: RunRequest, seconds: float) -> Cost:
    """Measure the steady part of a run, which is ended when that has been so many seconds long.

    Raises RuntimeError where the run ends before.
    """
    lanes, settled, steady = 0, SETTLED_NS, list[ObserverTick]()
    with LaunchedRun(request) as launch:
        for event in launch.events():
            if isinstance(event, LaneStarted):
                lanes += 1
                settled = event.t + SETTLED_NS
                steady.clear()
            elif isinstance(event, RunEnded):
                raise RuntimeError(
                    f"{request.workload} was over in {event.t / 1e9:.1f} s: it needs more tasks"
                )
            elif isinstance(event, ObserverTick) and event.t >= settled:
                steady.append(event)
                if event.t - steady[0].t >= seconds * 1e9:
                    break
    return Cost.of(lanes, steady)


def cost_of_spinning(threads: int, seconds: float) -> Cost:
    """Measure what it takes to sample so many threads that compete for the GIL.

    A pool would take minutes to start them: each start waits for its turn among those that are there already.
    So they are those of `ground_truth.py`, and the sampler is in this process.
    """
    seen = observe(sys.executable, [["spins"] * threads], seconds)
    since, until = (seen.when(seen.accounts[0][edge]) for edge in ("since", "until"))
    return Cost.of(len(seen.timeline.lanes), [tick for tick in seen.ticks if since <= tick.t <= until])


@dataclass(frozen=True)
class Load:
    """A run of many tasks: how each was told, and what it took."""

    workers: int
    tasks: int
    wrong: int
    """Tasks that were not told exactly once as submitted, started and finished, or that failed."""
    lanes: int
    total_s: float
    observer_peak_mb: float
    observer_share: float
    hz: float

    def as_dict(self) -> dict[str, Any]:
        """The load for JSON."""
        return asdict(self)


def load(request: RunRequest) -> Load:
    """Count what is told of each task, and watch the observer's memory."""
    told = Counter[tuple[type[Event], int]]()
    failed, lanes, peak_kb, tick, end = set[int](), 0, 0, ObserverTick(0, 0, 0, 0), 0
    with LaunchedRun(request) as launch:
        observer = _observer()
        for event in launch.events():
            if isinstance(event, TaskSubmitted | TaskStarted | TaskFinished):
                told[type(event), event.task] += 1
                if isinstance(event, TaskFinished) and event.error:
                    failed.add(event.task)
            elif isinstance(event, LaneStarted):
                lanes += 1
            elif isinstance(event, RunEnded):
                end = event.t
            elif isinstance(event, ObserverTick):
                tick = event
                peak_kb = max(peak_kb, _peak_kb(observer))
    assert request.tasks is not None
    numbers = range(request.tasks)
    once = [
        all(told[kind, number] == 1 for kind in (TaskSubmitted, TaskStarted, TaskFinished))
        for number in numbers
    ]
    strange = {number for _, number in told if number not in numbers}
    wrong = sum(not each for each in once) + len(failed) + len(strange)
    return Load(
        workers=request.workers,
        tasks=request.tasks,
        wrong=wrong,
        lanes=lanes,
        total_s=end / 1e9,
        observer_peak_mb=peak_kb / 1024,
        observer_share=tick.cpu_ns / tick.t,
        hz=tick.rounds / tick.t * 1e9,
    )


def _observer() -> int:
    """Return the process id of the observer, the one child that this process has now."""
    (child,) = psutil.Process().children()
    return child.pid


def _peak_kb(pid: int) -> int:
    """Return the largest resident size that a process has had (KiB); 0 where it is gone."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    return 0
