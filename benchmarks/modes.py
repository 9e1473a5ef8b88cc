"""How close to plain asyncio: observed runs compared with the same few lines of asyncio alone (`plain_asyncio.py`)."""

import argparse
import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.ratios import Ratio
from benchmarks.report import Goal, machine, publish, table
from benchmarks.runs import observed
from threadviz.mock_server.config import load
from threadviz.mock_server.sites import Site
from threadviz.modes import MODES
from threadviz.observer.system import cores
from threadviz.observer.targets.workload import MockServerProcess
from threadviz.protocol.requests import RunRequest
from threadviz.workloads.primes import NUMBERS


@dataclass(frozen=True)
class Took:
    """What one run took: in all, its tasks added up, and the slowest of them (s)."""

    total: float
    sum: float
    slowest: float


@dataclass(frozen=True)
class Cell:
    """One workload under one mode, in rounds: under observation, bare, and bare again."""

    workload: str
    mode: str
    observed: list[Took]
    bare: list[Took]
    again: list[Took]

    @property
    def by_bare(self) -> Ratio:
        """The total under observation, by the bare one."""
        return _by(self.observed, self.bare)

    @property
    def bare_by_bare(self) -> Ratio:
        """The bare total, by the other bare one."""
        return _by(self.again, self.bare)

    def row(self) -> list[object]:
        """The cell's row in the table."""
        return [
            f"{self.workload}, {self.mode}",
            *(f"{median(took.total for took in runs):.3f}" for runs in (self.observed, self.bare)),
            self.by_bare,
            self.bare_by_bare,
            f"{by_sum(self.observed):.3f} ({by_sum(self.bare):.3f})",
            f"{by_slowest(self.observed):.3f} ({by_slowest(self.bare):.3f})",
        ]

    def as_dict(self) -> dict[str, Any]:
        """The cell for JSON."""
        runs = {"observed": self.observed, "bare": self.bare}
        return {
            "workload": self.workload,
            "mode": self.mode,
            "total_s": {who: median(took.total for took in them) for who, them in runs.items()},
            "observed_by_bare": self.by_bare.as_dict(),
            "bare_by_bare": self.bare_by_bare.as_dict(),
            "total_by_sum": {who: by_sum(them) for who, them in runs.items()},
            "total_by_slowest": {who: by_slowest(them) for who, them in runs.items()},
        }


def _by(some: list[Took], others: list[Took]) -> Ratio:
    return Ratio.of([(one.total, other.total) for one, other in zip(some, others, strict=True)])


def by_sum(runs: list[Took]) -> float:
    """Return the median of total / sum of the tasks."""
    return median(took.total / took.sum for took in runs)


def by_slowest(runs: list[Took]) -> float:
    """Return the median of total / slowest task."""
    return median(took.total / took.slowest for took in runs)


def run_observed(request: RunRequest) -> Took:
    """Run under observation."""
    totals = observed(request).totals()
    return Took(totals.total_ns / 1e9, totals.sum_ns / 1e9, totals.slowest_ns / 1e9)


def run_bare(request: RunRequest) -> Took:
    """Run the same bare."""
    addresses = [site.url for site in request.sites]
    arguments = json.dumps(addresses or NUMBERS[: request.tasks])
    done = subprocess.run(
        [
            *(sys.executable, str(Path(__file__).with_name("plain_asyncio.py"))),
            *(request.workload, request.mode, str(request.workers)),
        ],
        input=arguments.encode() + b"\n",
        stdout=subprocess.PIPE,
        start_new_session=True,  # as the observer has one: see runs.py
        check=True,
    )
    took = json.loads(done.stdout)
    return Took(took["total_s"], sum(took["tasks_s"]), max(took["tasks_s"]))


def measure(request: RunRequest, rounds: int) -> Cell:
    """Run it observed, bare and bare again, in any order, so many times."""
    ways = {"observed": run_observed, "bare": run_bare, "again": run_bare}
    took: dict[str, list[Took]] = {way: [] for way in ways}
    for _ in range(rounds):
        for way in random.sample(list(ways), len(ways)):
            took[way].append(ways[way](request))
    return Cell(request.workload, request.mode, **took)


def cells(sites: tuple[Site, ...], numbers: int, rounds: int, pairs: int) -> Iterator[Cell]:
    """Measure fetch and primes under all modes; `pairs` rounds where the goal is a ratio of two totals."""
    for mode in MODES:
        # To the run these addresses are real ones: so both fetch from the site that this process has started.
        fetch = RunRequest(workload="fetch", mode=mode, workers=len(sites), sites=sites, online=True)
        yield measure(fetch, rounds)
    for mode in MODES:
        primes = RunRequest(workload="primes", mode=mode, workers=cores(), tasks=numbers)
        yield measure(primes, pairs if mode == "processes" else rounds)


def goals(found: list[Cell]) -> list[Goal]:
    """Return the figures beside what they should be."""
    cell = {(each.workload, each.mode): each for each in found}
    return [
        Goal("fetch, blocking: total / sum of the tasks", by_sum(cell["fetch", "blocking"].observed), 1.02),
        Goal("fetch, threads: total / slowest site", by_slowest(cell["fetch", "threads"].observed), 1.03),
        Goal("primes, processes: observed / bare", cell["primes", "processes"].by_bare.median, 1.02),
    ]


def main() -> None:
    """Measure all, and publish."""
    parser = argparse.ArgumentParser(prog="benchmarks.modes", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print the figures as one JSON object")
    parser.add_argument("--rounds", type=int, default=3, help="how many of each, but for")
    parser.add_argument("--pairs", type=int, default=20, help="primes on processes")
    parser.add_argument("--quick", action="store_true", help="two quick sites, two numbers, once: it works")
    asked = parser.parse_args()
    about = machine()
    sites, numbers = load(None)["default"].sites, len(NUMBERS)
    if asked.quick:
        asked.rounds, asked.pairs, sites, numbers = 1, 1, sites[:2], 2
    if min(asked.rounds, asked.pairs) < 1:
        parser.error("there must be at least one of each")
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        del os.environ[name]  # the site is on this machine
    site = MockServerProcess(sites)
    lifeline, _ = os.pipe()  # stays open
    try:
        local = tuple(
            Site(url, each.bytes, each.seconds, each.name)
            for url, each in zip(site.urls(lifeline), sites, strict=True)
        )
        found = list(cells(local, numbers, asked.rounds, asked.pairs))
    finally:
        site.process.kill()
        site.process.wait()
    head = ["medians", "observed s", "bare s", "observed / bare", "bare / bare"]
    head += ["total / sum (bare)", "total / slowest (bare)"]
    publish(
        about,
        [table(head, (cell.row() for cell in found))],
        {"cells": [cell.as_dict() for cell in found]},
        goals(found),
        asked.json,
    )


if __name__ == "__main__":
    main()
