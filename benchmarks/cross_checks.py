"""Checks against other evidence than the threads' own accounts: who holds the GIL, and `perf trace`."""

from dataclasses import dataclass
from typing import Any

from benchmarks import holding, perf
from benchmarks.report import Goal


@dataclass(frozen=True)
class Beside:
    """Who held the GIL, and what perf says of system calls; for each that can't be had, a clause says why."""

    held: list[holding.Holding]
    not_held: str
    perf: list[perf.Traced]
    not_perf: str

    @classmethod
    def measured(cls, python: str, version: str, seconds: float) -> "Beside":
        """Measure all that can be."""
        not_held = "" if holding.knows(version) else f"CPython {version} does not say; 3.13 and newer do"
        not_perf = perf.why_not()
        return cls(
            held=[] if not_held else holding.measure(python, seconds),
            not_held=not_held,
            perf=[] if not_perf else perf.compare(python, seconds + perf.MARGIN_S),
            not_perf=not_perf,
        )

    def tables(self) -> list[str]:
        """Both tables, or why they are not there."""
        return [
            f"who holds the GIL: {self.not_held}" if self.not_held else holding.holding_table(self.held),
            f"beside perf trace -s: {self.not_perf}" if self.not_perf else perf.perf_table(self.perf),
        ]

    def goals(self) -> list[Goal]:
        """The figures beside what they should be."""
        goals = []
        if self.held:
            off = max(each.off for each in self.held)
            goals.append(Goal("who holds the GIL, worst difference of a share", off, 2, "points"))
        if self.perf:
            worst = max(each.worst for each in self.perf)
            goals.append(Goal("beside perf, worst difference of a share", worst, 2, "points"))
        return goals

    def as_dict(self) -> dict[str, Any]:
        """Both for JSON."""
        return {
            "gil_held": [each.as_dict() for each in self.held],
            "gil_held_why_not": self.not_held,
            "perf": [each.as_dict() for each in self.perf],
            "perf_why_not": self.not_perf,
        }
