"""Streams of events that are made up: of lanes that compete for the GIL, which change more often than all others."""

import random
from collections.abc import Iterator

from threadviz import __version__
from threadviz.protocol.events import (
    SCHEMA,
    AnyEvent,
    Evidence,
    Header,
    LaneStarted,
    ObserverTick,
    Outcome,
    Present,
    ProbeInfo,
    RunEnded,
    RunStarted,
    Span,
    Spans,
    State,
    StreamClosed,
    TaskFinished,
    TaskStarted,
    TaskSubmitted,
)

RATE_HZ = 400
"""So many stretches each lane has a second."""

FLUSH_NS = 50_000_000
"""How often the observer tells what it saw."""

_GIL = Present(State.GIL, "futex")
_PER_FLUSH = RATE_HZ * FLUSH_NS // 1_000_000_000


def beginning(lanes: int) -> Iterator[AnyEvent]:
    """Yield the header, and what is told until the workers are at work: the event loop's lane is one of `lanes`."""
    probe = ProbeInfo("linux", tuple(State), "", 550.0)
    yield Header(
        schema=SCHEMA,
        threadviz=__version__,
        workload="primes",
        mode="threads",
        workers=lanes - 1,
        tasks=lanes - 1,
        python="3.11.7",
        gil=True,
        cores=2,
        platform="Linux x86_64",
        probe=probe,
    )
    yield LaneStarted(0, 0, 1, 1, "python", "subject")
    yield RunStarted(0, 1, 1)
    for lane in range(1, lanes):
        yield LaneStarted(0, lane, 1, lane + 1, "", "subject")
        yield TaskSubmitted(0, lane - 1, f"prime {lane}")
        yield TaskStarted(0, lane - 1, 1, lane + 1)


def flushes(lanes: int, number: int) -> Iterator[list[AnyEvent]]:
    """Yield what is told in `number` flushes: of each lane as many stretches as there are in that time."""
    chance = random.Random(0)
    mean = FLUSH_NS // _PER_FLUSH
    for flush in range(number):
        start = flush * FLUSH_NS
        events: list[AnyEvent] = []
        for lane in range(lanes):
            cuts = sorted(chance.randrange(FLUSH_NS) for _ in range(_PER_FLUSH - 1))
            lengths = [b - a for a, b in zip([0, *cuts], [*cuts, FLUSH_NS], strict=True)]
            spans = tuple(
                Span(ns, State.RUNNING, Evidence.COUNTED)
                if turn % 2
                else Span(ns, State.GIL, Evidence.SAMPLED, "futex")
                if ns < 3 * mean
                else Span(ns, State.READY, Evidence.COUNTED)
                for turn, ns in enumerate(lengths)
            )
            events.append(Spans(lane, start, spans, _GIL))
        end = start + FLUSH_NS
        events.append(ObserverTick(end, flush * 25, 0, end // 30))
        yield events


def ending(lanes: int, t: int) -> Iterator[AnyEvent]:
    """Yield what is told at the end, which is at `t` (ns)."""
    for task in range(lanes - 1):
        yield TaskFinished(t, task, "prime")
    yield RunEnded(t)
    yield StreamClosed(t, Outcome.FINISHED)


def whole(lanes: int, segments: int) -> Iterator[AnyEvent]:
    """Yield a whole run with at least so many stretches."""
    number = -(-segments // (lanes * _PER_FLUSH))
    yield from beginning(lanes)
    for events in flushes(lanes, number):
        yield from events
    yield from ending(lanes, number * FLUSH_NS)
