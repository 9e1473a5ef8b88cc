"""How many lanes are in a state at a time: what a trace's counters show."""

from collections.abc import Iterator, Mapping
from heapq import merge
from itertools import groupby
from operator import itemgetter
from types import MappingProxyType

from threadviz.timeline import STATES, Lane, Timeline
from threadviz.vocabulary import State

COUNTED: Mapping[State, str] = MappingProxyType(
    {
        State.RUNNING: "parallelism: running",
        State.READY: "runnable",
        State.GIL: "waiting for the GIL",
    }
)
"""What is counted, and how that is called."""

MOST_EXACT = 100_000
"""So many stretches are counted one by one; of a run with more, the counters are averages over BINS bins."""

BINS = 10_000

_INDICES = [STATES.index(state) for state in COUNTED]

Step = tuple[int, list[tuple[State, float]]]
"""From when (ns) on, and the counters that change then, with what they are from there on."""


def bin_width(timeline: Timeline) -> int:
    """How long (ns) each of the bins is that the counters are averages over; 0 where they are exact."""
    if sum(lane.held for lane in timeline.lanes) <= MOST_EXACT:
        return 0
    return max(1, -(-timeline.now // BINS))


def steps(timeline: Timeline) -> Iterator[Step]:
    """Yield how many lanes are in each of COUNTED, plumbing included, whenever one of them changes; 0 at the end."""
    width = bin_width(timeline)
    return _averages(timeline, width) if width else _exact(timeline)


def _exact(timeline: Timeline) -> Iterator[Step]:
    counts = dict.fromkeys(COUNTED, 0)
    yield 0, [*counts.items()]
    changes = merge(*map(_changes, timeline.lanes), key=itemgetter(0))
    for t, group in groupby(changes, key=itemgetter(0)):
        before = counts.copy()
        for _, state, by in group:
            counts[state] += by
        changed: list[tuple[State, float]] = [
            (state, number) for state, number in counts.items() if number != before[state]
        ]
        if changed:
            yield t, changed


def _changes(lane: Lane) -> Iterator[tuple[int, State, int]]:
    for stretch in lane.stretches():
        if stretch.state in COUNTED:
            yield stretch.start, stretch.state, 1
            yield stretch.end, stretch.state, -1


def _averages(timeline: Timeline, width: int) -> Iterator[Step]:
    number = -(-timeline.now // width)
    sums = [[0] * len(COUNTED) for _ in range(number)]
    for lane in timeline.lanes:
        for mine, binned in zip(sums, lane.binned(0, width, number), strict=True):
            for column, index in enumerate(_INDICES):
                mine[column] += binned[index]
    for index, mine in enumerate(sums):
        start = index * width
        length = min(width, timeline.now - start)
        yield start, [(state, round(ns / length, 3)) for state, ns in zip(COUNTED, mine, strict=True)]
    yield timeline.now, [(state, 0) for state in COUNTED]
