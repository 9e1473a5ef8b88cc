"""How true: what the observer says of threads, beside what these know of themselves (`ground_truth.py` says how)."""

import argparse
import sys
from dataclasses import dataclass
from typing import Any

from benchmarks.cross_checks import Beside
from benchmarks.outside import WAYS, observe_from_outside
from benchmarks.report import Goal, machine, publish, table
from benchmarks.watching import Observation, observe
from threadviz.observer.system import cores
from threadviz.protocol.events import Evidence, State
from threadviz.timeline import Lane

ALL_WAITS = (
    *("time.sleep", "select, no files", "recv", "recv, timeout"),
    *("Lock", "Event", "Event, timeout", "SimpleQueue", "Queue"),
)
WAITS = frozenset({State.GIL, State.IO, State.LOCK, State.SLEEP, State.WAITING})

COMPUTES_FROM = 0.01
"""From this share of its window on, a thread's CPU time is compared with the observed one."""

Groups = list[list[str]]


def scenarios() -> dict[str, Groups]:
    """Return what is watched: for each name the kinds of threads, in one or more processes."""
    return {
        "3 threads spin": [["spins"] * 3],
        "sleepers": [["time.sleep", "time.sleep", "select, no files"]],
        "readers of silent sockets": [["recv", "recv, timeout"]],
        "waiters on locks and queues": [["Lock", "Event", "Event, timeout", "SimpleQueue", "Queue"]],
        "hashlib releases the GIL": [["hashes"] * cores()],
        "more busy processes than cores": [["spins alone"]] * (cores() + 2),
        "a mixture of all": [["spins", "spins", "hashes", *ALL_WAITS], ["spins alone"]],
        "2 that change all the time": [["changes"], ["changes"]],
    }


LONGER = 4
"""So many times as long takes what is looked at at samples, and which changes all the time."""

FROM_OUTSIDE = ("3 threads spin", "a mixture of all", "2 that change all the time")
"""These are watched by the commands' own observer as well, in each way."""


def watched() -> dict[str, tuple[Groups, str]]:
    """Return all that is measured: for each name the kinds of threads, and the way, where it is not a probe's alone."""
    found = {name: (groups, "") for name, groups in scenarios().items()}
    for way in WAYS:
        found |= {f"{way}: {name}": (scenarios()[name], way) for name in FROM_OUTSIDE}
    return found


@dataclass(frozen=True)
class LaneTruth:
    """One lane beside the truth: ns in each state, within the thread's own window of so many ns.

    `sampled` is the part of `seen` that was waiting as seen at samples. `books` is the sum of all states of the
    lane, over its whole life, as a share of the life that the thread says it had (None: it does not say).
    """

    kind: str
    window: int
    true: dict[State, int]
    seen: dict[State, int]
    sampled: dict[State, int]
    books: float | None

    @property
    def points(self) -> dict[State, float]:
        """Observed minus true share of the window, in points, for each state that there is."""
        both = (state for state in State if state in self.seen or state in self.true)
        return {
            state: 100 * (self.seen.get(state, 0) - self.true.get(state, 0)) / self.window for state in both
        }

    @property
    def worst(self) -> float:
        """The largest of these differences."""
        return max(map(abs, self.points.values()))

    @property
    def cpu_off(self) -> float | None:
        """By how many percent the CPU time differs from the thread's own; None where it hardly computes."""
        own = self.true.get(State.RUNNING, 0)
        if own < COMPUTES_FROM * self.window:
            return None
        return 100 * (self.seen.get(State.RUNNING, 0) / own - 1)

    @property
    def right(self) -> int:
        """How much of the sampled waiting time is in a state for which the truth has room (ns)."""
        return sum(min(ns, self.true.get(state, 0)) for state, ns in self.sampled.items())

    def row(self) -> list[str]:
        """The lane's row in the table."""
        shares = []
        for state in self.points:
            seen, true = (100 * ns.get(state, 0) / self.window for ns in (self.seen, self.true))
            if max(seen, true) >= 0.05:
                shares.append(f"{state} {seen:.1f} ({true:.1f})")
        cpu = "" if self.cpu_off is None else f"{self.cpu_off:+.2f}"
        books = "" if self.books is None else f"{100 * self.books:.2f}"
        return [self.kind, ", ".join(shares), f"{self.worst:.2f}", cpu, books]

    def as_dict(self) -> dict[str, Any]:
        """The lane for JSON: shares of its window, from 0 to 1."""
        return {
            "kind": self.kind,
            "window_s": self.window / 1e9,
            "true": {state: ns / self.window for state, ns in self.true.items()},
            "observed": {state: ns / self.window for state, ns in self.seen.items()},
            "worst_points": self.worst,
            "cpu_off_percent": self.cpu_off,
            "books": self.books,
        }


@dataclass(frozen=True)
class ScenarioTruth:
    """All lanes of a scenario, and the rate at which they were sampled."""

    name: str
    python: str
    lanes: list[LaneTruth]
    rate_hz: float
    cpu_share: float

    def table(self) -> str:
        """The scenario as a table."""
        head = [self.name, "% observed (% true)", "worst points", "CPU off %", "books %"]
        at = f"{self.rate_hz:.0f} rounds a second, at {100 * self.cpu_share:.1f} % of a core"
        return table(head, (lane.row() for lane in self.lanes), words=2) + f"\n{at}"

    def as_dict(self) -> dict[str, Any]:
        """The scenario for JSON."""
        return {
            "name": self.name,
            "rate_hz": self.rate_hz,
            "observer_cpu_share": self.cpu_share,
            "lanes": [lane.as_dict() for lane in self.lanes],
        }


def measure(name: str, python: str, groups: Groups, way: str, seconds: float) -> ScenarioTruth:
    """Watch one scenario."""
    seen = observe_from_outside(way, python, groups, seconds) if way else observe(python, groups, seconds)
    lanes = {(lane.pid, lane.tid): lane for lane in seen.timeline.lanes}
    missing = [each["kind"] for each in seen.accounts if (each["pid"], each["tid"]) not in lanes]
    if missing:
        raise RuntimeError(f"{name}: there is no lane for {', '.join(missing)}")
    truths = [_compare(lanes[each["pid"], each["tid"]], each, seen) for each in seen.accounts]
    first, last = (
        min(seen.ticks, key=lambda tick: abs(tick.t - seen.when(seen.accounts[0][edge])))
        for edge in ("since", "until")
    )
    elapsed = last.t - first.t
    rate_hz = (last.rounds - first.rounds) / elapsed * 1e9
    return ScenarioTruth(name, seen.python, truths, rate_hz, (last.cpu_ns - first.cpu_ns) / elapsed)


def _compare(lane: Lane, account: dict[str, Any], seen: Observation) -> LaneTruth:
    since, until = seen.when(account["since"]), seen.when(account["until"])
    sampled = dict.fromkeys(WAITS, 0)
    for segment in lane.segments(since, until):
        if segment.known is Evidence.SAMPLED and segment.state in WAITS:
            sampled[segment.state] += segment.end - segment.start
    life = account["died"] - account["born"] if "died" in account else None
    return LaneTruth(
        kind=account["kind"],
        window=until - since,
        true={State(state): ns for state, ns in account["states"].items()},
        seen=lane.states(since, until),
        sampled=sampled,
        books=sum(lane.states().values()) / life if life else None,
    )


def goals(found: list[ScenarioTruth]) -> list[Goal]:
    """Return the figures of all scenarios together, beside what they should be."""
    lanes = [lane for scenario in found for lane in scenario.lanes]
    sampled = sum(sum(lane.sampled.values()) for lane in lanes)
    waits_right = 100 * sum(lane.right for lane in lanes) / sampled
    cpu_off = max(abs(lane.cpu_off) for lane in lanes if lane.cpu_off is not None)
    books_off = max(100 * abs(lane.books - 1) for lane in lanes if lane.books is not None)
    return [
        Goal("worst difference of a share", max(lane.worst for lane in lanes), 2, "points"),
        Goal("sampled waiting time in its right state", waits_right, 99, "%", least=True),
        Goal("CPU time against the thread's own, worst", cpu_off, 1, "%"),
        Goal("books: states against the thread's life, worst", books_off, 1, "%"),
    ]


def unknown_share(found: list[ScenarioTruth]) -> float:
    """Return how much of all lanes' time was observed as unknown, from 0 to 1."""
    lanes = [lane for scenario in found for lane in scenario.lanes]
    return sum(lane.seen.get(State.UNKNOWN, 0) for lane in lanes) / sum(lane.window for lane in lanes)


def main() -> None:
    """Measure all scenarios, and publish."""
    parser = argparse.ArgumentParser(prog="benchmarks.truth", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print the figures as one JSON object")
    parser.add_argument("--python", default=sys.executable, help="the interpreter that is watched")
    parser.add_argument("--seconds", type=float, default=5.0, help="how long each scenario is watched")
    parser.add_argument("--only", default="", help="only the scenarios that have this in their name")
    parser.add_argument("--quick", action="store_true", help="a second each: shows that it works")
    asked = parser.parse_args()
    seconds = 1.0 if asked.quick else asked.seconds
    chosen = {name: how for name, how in watched().items() if asked.only in name}
    if not chosen:
        parser.error(f"no scenario has {asked.only!r} in its name; there are: {', '.join(watched())}")
    about = machine()
    found = [measure(name, asked.python, groups, way, seconds) for name, (groups, way) in chosen.items()]
    python, unknown = found[0].python, unknown_share(found)
    beside = Beside.measured(asked.python, python, LONGER * seconds)
    publish(
        about,
        [
            f"observed: CPython {python}",
            *(scenario.table() for scenario in found),
            f"unknown: {100 * unknown:.2f} % of all lanes' time",
            *beside.tables(),
        ],
        {
            "observed_python": python,
            "unknown_share": unknown,
            "scenarios": [scenario.as_dict() for scenario in found],
            **beside.as_dict(),
        },
        [*goals(found), *beside.goals()],
        asked.json,
    )


if __name__ == "__main__":
    main()
