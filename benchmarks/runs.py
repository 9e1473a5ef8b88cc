"""One run of a request: alone, or under observation."""

import subprocess
import sys
from pathlib import Path

import msgspec

from threadviz.launcher import LaunchedRun
from threadviz.protocol.events import Outcome, StreamClosed
from threadviz.protocol.requests import RunRequest
from threadviz.timeline import Timeline

CHECKOUT = Path(__file__).parents[1]


def alone_s(request: RunRequest) -> float:
    """Return how long the workload took with nobody watching (s)."""
    # A session of its own, as the observer has: Linux may share out the cores by session (sched(7), autogroup).
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.baseline"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=CHECKOUT,
        start_new_session=True,
    ) as driver:
        assert driver.stdin is not None and driver.stdout is not None
        driver.stdin.write(msgspec.json.encode(request) + b"\n")
        driver.stdin.flush()  # and stays open, which is how the driver knows that somebody wants the answer
        answer = driver.stdout.readline()
    if not answer:
        raise RuntimeError("the run failed: see above")
    return int(answer) / 1e9


def observed(request: RunRequest) -> Timeline:
    """Return the timeline of a run under observation. Raises RuntimeError where the run or a task failed."""
    with LaunchedRun(request) as launch:
        events = list(launch.events())
    timeline = Timeline()
    timeline.extend(events)
    last = timeline.closed or StreamClosed(0, Outcome.BROKEN)
    failed = [task.error for task in timeline.tasks if task.error]
    if last.outcome is not Outcome.FINISHED or failed:
        raise RuntimeError(f"the run failed: {last.reason} {failed}")
    return timeline


def observed_s(request: RunRequest) -> float:
    """Return how long the workload took under observation (s)."""
    return observed(request).totals().total_ns / 1e9
