"""From what a probe has seen since the last time to the events that say so."""

from collections.abc import Iterable, Iterator

from threadviz.events import Event, LaneEnded, LaneStarted, Spans
from threadviz.observer.watched import Watched


class Teller:
    """Tells what is new: lanes that came, stretches that were settled, lanes that ended; and numbers lanes."""

    def __init__(self) -> None:
        self._lanes = 0

    def news(
        self, came: Iterable[Watched], present: Iterable[Watched], went: Iterable[Watched]
    ) -> Iterator[Event]:
        """Yield the events for threads that came, that are there and that went since the last call."""
        for thread in came:
            yield self._announce(thread)
        for thread in present:
            yield from self._stretches(thread)
        for thread in went:
            yield from self._stretches(thread)
            assert thread.ended is not None and thread.lane is not None
            yield LaneEnded(thread.ended, thread.lane)

    def _announce(self, thread: Watched) -> LaneStarted:
        thread.lane = self._lanes
        self._lanes += 1
        return LaneStarted(thread.started, thread.lane, thread.pid, thread.tid, thread.name, thread.process)

    def _stretches(self, thread: Watched) -> Iterator[Spans]:
        present = thread.ledger.present
        start, spans = thread.ledger.drain()
        if spans or present != thread.told:
            assert thread.lane is not None
            thread.told = present
            yield Spans(thread.lane, start, spans, present)
