"""How cheap: what being watched does to a run, and what the observer itself takes."""

import argparse
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from statistics import median
from typing import Any

from benchmarks import attached
from benchmarks.cost import Cost, Load, cost, cost_of_spinning, load
from benchmarks.programs import PROGRAMS
from benchmarks.ratios import Ratio
from benchmarks.report import Goal, machine, publish, table
from benchmarks.runs import alone_s, observed_s
from threadviz.mock_server.config import load as load_sets
from threadviz.mock_server.sites import Site
from threadviz.modes import MODES
from threadviz.protocol.requests import RunRequest
from threadviz.workloads import WORKLOADS

SITES = tuple(Site(f"http://{n}.example/", bytes=50_000, seconds=0.15, name=f"site {n}") for n in range(4))
"""What is fetched in the pairs: quick, so that there can be many."""

WORKERS = 4
TASKS = {"fetch": (4, 16), "mixed": (4, 16), "primes": (2, 4), "digest": (2, 4)}
"""How many in the pairs, in the blocking mode and in the others: about 0.6 s each."""

LANES = (8, 256)
"""How many threads the observer's cost is measured with."""


@dataclass(frozen=True)
class Cell:
    """One workload under one mode: how long it takes, with the observer and without, in pairs."""

    workload: str
    mode: str
    alone_s: float
    observed: Ratio
    again: Ratio

    def as_dict(self) -> dict[str, Any]:
        """The cell for JSON."""
        return {
            "workload": self.workload,
            "mode": self.mode,
            "alone_s": self.alone_s,
            "observed": self.observed.as_dict(),
            "alone_again": self.again.as_dict(),
        }


def request(workload: str, mode: str, workers: int, tasks: int, sites: tuple[Site, ...]) -> RunRequest:
    """Return a request, with sites where the workload needs them."""
    needed = sites if WORKLOADS[workload].fetches else ()
    return RunRequest(workload=workload, mode=mode, workers=workers, tasks=tasks, sites=needed)


def cells(workloads: Iterable[str], pairs: int) -> Iterator[Cell]:
    """Measure each workload under each mode: alone, alone again, observed, in any order, so many times."""
    chance = random.Random()
    for workload in workloads:
        few, many = TASKS[workload]
        for mode in MODES:
            asked = request(workload, mode, WORKERS, few if mode == "blocking" else many, SITES)
            ways = {"alone": alone_s, "again": alone_s, "observed": observed_s}
            took: dict[str, list[float]] = {way: [] for way in ways}
            for _ in range(pairs):
                for way in chance.sample(list(ways), len(ways)):
                    took[way].append(ways[way](asked))
            yield Cell(
                workload,
                mode,
                median(took["alone"]),
                Ratio.of(list(zip(took["observed"], took["alone"], strict=True))),
                Ratio.of(list(zip(took["again"], took["alone"], strict=True))),
            )


def costs(seconds: float) -> Iterator[tuple[str, Cost]]:
    """Measure the observer's cost where threads wait and where they compete for the GIL, with few and many."""
    sites = load_sets(None)["default"].sites
    few, many = LANES
    each = int(seconds) + 5  # of the tasks, so that the run goes on for as long as it is wanted
    for workers in LANES:
        yield "fetches", cost(request("fetch", "threads", workers, workers * each, sites), seconds)
    yield "primes", cost(request("primes", "threads", few, 40 * each, ()), seconds)
    yield "spins", cost_of_spinning(many, seconds)


def goals(pairs: list[Cell], steady: list[tuple[str, Cost]], heavy: Load) -> list[Goal]:
    """Return the figures of workloads beside what they should be."""
    worst = max(pairs, key=lambda cell: cell.observed.median)
    found = [Goal(f"worst median ratio ({worst.workload}, {worst.mode})", worst.observed.median, 1.02)]
    for what, each in steady:
        name = f"{what}, {each.lanes} lanes"
        few = each.lanes <= max(LANES) // 2
        found.append(Goal(f"{name}: share of a core", 100 * each.steady_share, 3 if few else 5, "%"))
        if few:
            found.append(Goal(f"{name}: rate", each.steady_hz, 500, "rounds/s", least=True))
    found.append(Goal(f"tasks of {heavy.tasks} not told exactly once, or failed", heavy.wrong, 0))
    return found


def tables(pairs: list[Cell], steady: list[tuple[str, Cost]], heavy: Load) -> Iterator[str]:
    """Yield the tables."""
    yield f"medians of {pairs[0].observed.pairs} pairs, with 95 % confidence intervals\n" + table(
        ["workload, mode", "alone s", "observed / alone", "alone / alone"],
        (
            [f"{cell.workload}, {cell.mode}", f"{cell.alone_s:.3f}", cell.observed, cell.again]
            for cell in pairs
        ),
    )
    yield "the observer's share of one core, and its rounds a second\n" + table(
        ["threads", "lanes", "steady s", "share %", "rounds/s", "whole run: share %", "rounds/s"],
        (
            [
                *(what, each.lanes, f"{each.steady_s:.1f}"),
                *(f"{100 * each.steady_share:.2f}", f"{each.steady_hz:.0f}"),
                *(f"{100 * each.share:.2f}", f"{each.hz:.0f}"),
            ]
            for what, each in steady
        ),
    )
    yield (
        f"{heavy.tasks} fetches by {heavy.workers} threads: {heavy.total_s:.1f} s, {heavy.lanes} lanes,"
        f" {heavy.wrong} tasks wrong; the observer: at most {heavy.observer_peak_mb:.0f} MB,"
        f" {100 * heavy.observer_share:.1f} % of a core, {heavy.hz:.0f} rounds/s"
    )


@dataclass(frozen=True)
class Part:
    """What one part found: tables, figures for JSON, goals."""

    tables: list[str]
    figures: dict[str, Any]
    goals: list[Goal]


def of_workloads(asked: argparse.Namespace) -> Part:
    """Measure workloads under each mode, and the observer itself."""
    pairs = list(cells(list(TASKS)[:1] if asked.quick else TASKS, asked.pairs))
    steady = list(costs(asked.seconds))
    heavy = load(request("fetch", "threads", max(LANES), asked.tasks, load_sets(None)["many"].sites))
    figures = {
        "pairs": [cell.as_dict() for cell in pairs],
        "cost": [{"what": what, **each.as_dict()} for what, each in steady],
        "load": heavy.as_dict(),
    }
    return Part(list(tables(pairs, steady, heavy)), figures, goals(pairs, steady, heavy))


def of_programs(asked: argparse.Namespace) -> Part:
    """Measure programs that are looked on at, by threadviz and by others."""
    amount = 0.1 if asked.quick else 1.0
    found = list(attached.cells(asked.tools, asked.pairs, amount, list(PROGRAMS)))
    figures = {"programs": [cell.as_dict() for cell in found]}
    return Part([attached.cells_table(found)], figures, attached.goals(found))


PARTS = {"workloads": of_workloads, "programs": of_programs}


def main() -> None:
    """Measure all, and publish."""
    parser = argparse.ArgumentParser(prog="benchmarks.overhead", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print the figures as one JSON object")
    parser.add_argument("--only", choices=PARTS, help="only this part")
    parser.add_argument("--pairs", type=int, default=20, help="how many pairs for each that is compared")
    parser.add_argument(
        "--seconds", type=float, default=12.0, help="how long the observer's cost is measured"
    )
    parser.add_argument("--tasks", type=int, default=10_000, help="how many in the run of many tasks")
    parser.add_argument(
        "--tools", default="", metavar="FOLDER", help="where py-spy and viztracer are, if not on PATH"
    )
    parser.add_argument(
        "--quick", action="store_true", help="a pair, a second, few tasks: shows that it works"
    )
    asked = parser.parse_args()
    if asked.quick:
        asked.pairs, asked.seconds, asked.tasks = 1, 1.0, 300
    if asked.pairs < 1 or asked.tasks < 1:
        parser.error("there must be at least one pair, and one task")
    about = machine()
    found = [measure(asked) for name, measure in PARTS.items() if asked.only in (None, name)]
    publish(
        about,
        [text for part in found for text in part.tables],
        {name: figure for part in found for name, figure in part.figures.items()},
        [goal for part in found for goal in part.goals],
        asked.json,
    )


if __name__ == "__main__":
    main()
