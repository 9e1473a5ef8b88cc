"""One run of `ground_truth.py` under observation, by the real probe and sampler in this process."""

import gc
import json
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmarks.runs import CHECKOUT
from threadviz.observer.io import RunClock
from threadviz.observer.observation import make_header
from threadviz.observer.probes.linux import LinuxProbe
from threadviz.observer.probes.sampler import FLUSH_NS, Sampler
from threadviz.protocol.events import Event, ObserverTick, TaskStarted, TaskSubmitted
from threadviz.protocol.requests import RunRequest
from threadviz.timeline import Timeline

LEADS_NS = (700_000_000, 1_500_000_000, 5_000_000_000)
"""How long before the window the threads are started (ns); the longer ones where they were not there in time."""

AFTER_NS = 300_000_000
"""How long after the window its end is told (ns)."""


@dataclass(frozen=True)
class Observation:
    """What was observed, and what the threads say of themselves, their times being made the run's by `when`."""

    timeline: Timeline
    ticks: list[ObserverTick]
    accounts: list[dict[str, Any]]
    when: Callable[[int], int]
    python: str


def observe(python: str, groups: list[list[str]], seconds: float) -> Observation:
    """Watch threads of known kinds, one process for each group, for a window of so many seconds.

    Raises RuntimeError where they could not do as they should.
    """
    command = [python, "-m", "benchmarks.ground_truth", json.dumps(groups)]
    for lead_ns in LEADS_NS:
        with subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=CHECKOUT,
            start_new_session=True,
        ) as subject:
            try:
                seen = _observe(subject, sum(map(len, groups)), lead_ns, int(seconds * 1e9))
            finally:
                os.killpg(subject.pid, signal.SIGKILL)
        if seen.accounts:
            return seen
    raise RuntimeError("the machine is too busy: threads were not there in time")


def _observe(subject: subprocess.Popen[bytes], threads: int, lead_ns: int, window_ns: int) -> Observation:
    about = _heard(subject)
    clock = RunClock()
    probe = LinuxProbe(subject.pid, clock)
    gc.freeze()
    clock.start()
    probe.begin()
    sampler = Sampler(probe, clock)
    request = RunRequest(workload="known", mode="threads", workers=threads)
    events: list[Event] = [make_header(request, threads, probe.info)]
    opens = time.monotonic_ns() + lead_ns
    closes = opens + window_ns
    _say(subject, {"opens": opens, "closes": closes})

    told, next_flush, accounts = False, 0, None
    while accounts is None:
        now = sampler.look()
        if now >= next_flush:
            next_flush = now + FLUSH_NS
            # What the observer would write is only put aside here.
            events += [*sampler.events(probe.take_changes()), sampler.tick(now)]
            if not told and time.monotonic_ns() > closes + AFTER_NS:
                told = True
                _say(subject, None)
            elif told and _answers(subject):
                accounts = _heard(subject)
    now = sampler.look()
    events += [*sampler.events(probe.take_changes()), sampler.tick(now)]
    probe.close()
    gc.unfreeze()
    ticks = [event for event in events if isinstance(event, ObserverTick)]
    return Observation(_fold(events, accounts), ticks, accounts, clock.when, about["version"])


def _fold(events: list[Event], accounts: list[dict[str, Any]]) -> Timeline:
    timeline = Timeline()
    timeline.extend(events)
    # What a worker waits for outside of a task is idleness to the timeline, whatever it was seen in. Here every
    # thread shall be shown as it was seen, so all are said to be in a task from the start.
    for task, account in enumerate(accounts):
        timeline.apply(TaskSubmitted(0, task, account["kind"]))
        timeline.apply(TaskStarted(0, task, account["pid"], account["tid"]))
    return timeline


def _say(subject: subprocess.Popen[bytes], what: Any) -> None:
    assert subject.stdin is not None
    subject.stdin.write(json.dumps(what).encode() + b"\n")
    subject.stdin.flush()


def _answers(subject: subprocess.Popen[bytes]) -> bool:
    assert subject.stdout is not None
    return bool(select.select([subject.stdout], [], [], 0)[0])


def _heard(subject: subprocess.Popen[bytes]) -> Any:
    assert subject.stdout is not None
    line = subject.stdout.readline()
    if not line:
        raise RuntimeError("the threads could not do as they should: see above")
    return json.loads(line)
