"""A check from a wholly different side: `perf trace -s`, to which the kernel tells each system call."""

import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.outside import observe_from_outside
from benchmarks.report import table
from threadviz.protocol.events import State

KINDS = ["spins", "spins", "reads and computes", "reads and computes"]
"""What is watched: in these threads each `futex` is for the GIL, and each of the others in `IO` for a file."""

FUTEX = "futex"
IO = frozenset({"select", "pselect6"})

MARGIN_S = 1.0
"""So much shorter than the window (s) is what perf sees of it, for it takes a while to begin."""

_LASTS = "from time import *; print(monotonic_ns()); sleep({seconds}); print(monotonic_ns())"

_THREAD = re.compile(r"^ .*\((\d+)\), \d+ events, ", re.MULTILINE)
_CALL = re.compile(r"^ +(\w+) +\d+ +\d+ +([\d.]+) ", re.MULTILINE)


@dataclass(frozen=True)
class Traced:
    """One thread: shares of the time, from 0 to 1, as perf and as threadviz has them."""

    kind: str
    perf_futex: float
    perf_io: float
    gil: float
    io: float
    ready: float

    @property
    def worst(self) -> float:
        """The largest difference, in points.

        A system call is over when its thread is on a CPU again: for as long as it waits for a core then, it is in the
        call to perf, and ready to threadviz. So what perf has may be more, but by no more than that.
        """
        return 100 * max(
            _beyond(self.perf_futex, self.gil, self.ready), _beyond(self.perf_io, self.io, self.ready)
        )

    def row(self) -> list[str]:
        """The thread's row in the table."""
        shares = (self.perf_futex, self.gil, self.perf_io, self.io, self.ready)
        return [self.kind, *(f"{100 * share:.1f}" for share in shares), f"{self.worst:.2f}"]

    def as_dict(self) -> dict[str, Any]:
        """The thread for JSON."""
        perf = {FUTEX: self.perf_futex, "io": self.perf_io}
        seen = {State.GIL: self.gil, State.IO: self.io, State.READY: self.ready}
        return {"kind": self.kind, "perf": perf, "observed": seen, "worst_points": self.worst}


def _beyond(perf: float, seen: float, ready: float) -> float:
    return max(seen - perf, perf - seen - ready, 0.0)


def why_not() -> str:
    """Return why perf can't be asked, as a clause; nothing where it can."""
    perf = shutil.which("perf")
    if perf is None:
        return "perf is not installed"
    tried = subprocess.run(
        [perf, "trace", "-s", "--", "true"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if tried.returncode == 0:
        return ""
    lines = [line.strip() for line in tried.stderr.splitlines() if line.strip()]
    return f"perf trace is not permitted: {lines[0] if lines else f'exit status {tried.returncode}'}"


def compare(python: str, seconds: float) -> list[Traced]:
    """Have perf look at threads while `attach` does, and return what both say of each. Raises RuntimeError."""
    with tempfile.TemporaryDirectory() as folder:
        summary = Path(folder) / "summary"
        edges: list[int] = []

        def trace(pid: int, opens: int) -> None:
            time.sleep(max(0.0, (opens - time.monotonic_ns()) / 1e9))
            # perf looks for as long as the command takes that it is given, which says when that was.
            command = [sys.executable, "-I", "-S", "-c", _LASTS.format(seconds=seconds - MARGIN_S)]
            asked = ["perf", "trace", "-s", "-p", str(pid), "-o", str(summary), "--", *command]
            done = subprocess.run(asked, stdout=subprocess.PIPE, check=True)
            edges[:] = map(int, done.stdout.split())

        seen = observe_from_outside("attach", python, [KINDS], seconds, trace)
        totals = read_summary(summary.read_text(encoding="utf-8"))
    since, until = map(seen.when, edges)
    lanes = {lane.tid: lane for lane in seen.timeline.lanes}
    found = []
    for account in seen.accounts:
        if account["kind"] in KINDS:
            calls = totals.get(account["tid"], {})
            states = lanes[account["tid"]].states(since, until)
            ns = (
                1e6 * calls.get(FUTEX, 0.0),
                1e6 * sum(ms for name, ms in calls.items() if name in IO),
                *(states.get(state, 0) for state in (State.GIL, State.IO, State.READY)),
            )
            found.append(Traced(account["kind"], *(each / (until - since) for each in ns)))
    return found


def read_summary(text: str) -> dict[int, dict[str, float]]:
    """Return the ms in each system call of each thread, as `perf trace -s` has summed them up."""
    _, *parts = _THREAD.split(text)
    return {
        int(tid): {name: float(ms) for name, ms in _CALL.findall(calls)}
        for tid, calls in zip(parts[::2], parts[1::2], strict=True)
    }


def perf_table(found: list[Traced]) -> str:
    """What both say, as a table."""
    head = ["beside perf trace -s", "futex %", "gil %", "select %", "io %", "ready %", "worst points"]
    return table(head, (each.row() for each in found))
