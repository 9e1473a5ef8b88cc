"""How a benchmark says what it found: a table, goals with met / not met, or one JSON object."""

import json
import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Goal:
    """A figure beside the bound that it should keep; `least` is for one that should be no smaller."""

    name: str
    value: float
    bound: float
    unit: str = ""
    least: bool = False

    @property
    def met(self) -> bool:
        """Whether the figure keeps the bound."""
        return self.value >= self.bound if self.least else self.value <= self.bound

    def __str__(self) -> str:
        """The goal as a line."""
        relation = "at least" if self.least else "at most"
        verdict = "met" if self.met else "NOT MET"
        unit = f" {self.unit}" if self.unit else ""
        return f"{self.name}: {self.value:.4g}{unit} (goal: {relation} {self.bound:g}{unit}): {verdict}"

    def as_dict(self) -> dict[str, Any]:
        """The goal for JSON."""
        return {
            "name": self.name,
            "value": self.value,
            "unit": self.unit,
            "goal": f"{'>=' if self.least else '<='} {self.bound:g}",
            "met": self.met,
        }


def machine() -> dict[str, Any]:
    """Return what the figures are taken on, and how busy it is now."""
    return {
        "cpu": _cpu_model(),
        "cores": len(os.sched_getaffinity(0)),
        "kernel": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "load": round(os.getloadavg()[0], 2),
    }


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition(":")
        if name.strip() in {"model name", "Model"}:
            return value.strip()
    return "unknown"


def table(head: Sequence[str], rows: Iterable[Sequence[object]], words: int = 1) -> str:
    """Return the rows under their head, in columns: the first `words` set to the left, the others to the right."""
    cells = [list(head), *([str(cell) for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [
        "  ".join(
            cell.ljust(width) if index < words else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    ]
    return "\n".join(lines)


def publish(
    about: dict[str, Any],
    tables: Iterable[str],
    figures: dict[str, Any],
    goals: Sequence[Goal],
    as_json: bool,
) -> None:
    """Print all of it, on the machine that `about` is of: tables and goals, or the figures as one JSON object."""
    if as_json:
        print(json.dumps({"machine": about, **figures, "goals": [goal.as_dict() for goal in goals]}))
        return
    print("{cpu}, {cores} cores, {kernel}, {python}, load {load} before".format(**about))
    for text in tables:
        print(f"\n{text}")
    print("\n" + "\n".join(map(str, goals)))
