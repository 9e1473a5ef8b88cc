"""Who holds the GIL: what the ribbon says, beside what the threads know of themselves."""

from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.outside import observe_from_outside
from benchmarks.report import table

KINDS = ["spins", "spins", "spins", "hashes", "time.sleep", "recv"]

COMPUTES = "spins"
"""The kind that holds the GIL whenever it runs. Of the others none does, but for moments."""

NEEDS = (3, 13)
"""From this CPython on it can be seen who holds the GIL."""


@dataclass(frozen=True)
class Holding:
    """One thread: the share of its window (from 0 to 1) for which it held the GIL, and between which two it must be."""

    kind: str
    held: float
    least: float
    most: float

    @property
    def off(self) -> float:
        """By how many points it is beyond."""
        return 100 * max(self.least - self.held, self.held - self.most, 0.0)

    def row(self) -> list[str]:
        """The thread's row in the table."""
        true = f"{100 * self.least:.1f} to {100 * self.most:.1f}" if self.most else "0"
        return [self.kind, f"{100 * self.held:.1f}", true, f"{self.off:.2f}"]

    def as_dict(self) -> dict[str, Any]:
        """The thread for JSON."""
        return {**asdict(self), "off_points": self.off}


def knows(version: str) -> bool:
    """Tell whether a CPython of this version says who holds the GIL."""
    major, minor, *_ = version.split(".")
    return (int(major), int(minor)) >= NEEDS


def measure(python: str, seconds: float) -> list[Holding]:
    """Watch threads of which it is known when they hold the GIL. Raises RuntimeError."""
    seen = observe_from_outside("attach", python, [KINDS], seconds)
    lanes = {lane.tid: lane for lane in seen.timeline.lanes}
    (gil_timeline,) = seen.timeline.gil_timelines
    found = []
    for account in seen.accounts:
        number = lanes[account["tid"]].number
        since, until = seen.when(account["since"]), seen.when(account["until"])
        held = gil_timeline.held_by(number, until)[0] - gil_timeline.held_by(number, since)[0]
        states = account["states"] if account["kind"] == COMPUTES else {}
        # Who is made to wait for a core in the midst of computing goes on to hold it.
        least = states.get("running", 0)
        most = least + states.get("ready", 0)
        found.append(Holding(account["kind"], *(ns / (until - since) for ns in (held, least, most))))
    return found


def holding_table(found: list[Holding]) -> str:
    """Who held the GIL, as a table."""
    head = ["attach: who holds the GIL", "held %", "true %", "off points"]
    return table(head, (each.row() for each in found))
