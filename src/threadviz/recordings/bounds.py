"""How much is taken of a recording that may have been made to be too much."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from msgspec import structs

from threadviz.events import (
    AnyEvent,
    Died,
    Event,
    GilHeld,
    LaneStarted,
    Located,
    Named,
    Place,
    ProcessSeen,
    Spans,
    Submitted,
    Tick,
)
from threadviz.stream import StreamError
from threadviz.timeline import Timeline

FREE_NS = 10_000_000_000
NS_PER_BYTE = 500
"""How much CPU time may be taken in any case, and for each byte (ns): ten times as much as a sound recording needs."""
_LOOKS = 40
_NAMES: dict[type[Event], str] = {
    Submitted: "tasks",
    Died: "deaths",
    LaneStarted: "lanes",
    ProcessSeen: "processes",
    GilHeld: "GILs",
}
_NOTES = (Named, Place, Located)
"""Said again and again: what is the same takes memory once."""


@dataclass(frozen=True, slots=True)
class Most:
    """How many of each are taken."""

    lanes: int = 20_000
    """That are there: those folded away are not."""
    processes: int = 10_000
    gils: int = 5_000
    tasks: int = 200_000
    """Twice what a run may have that threadviz starts."""
    deaths: int = 10_000
    kinds: int = 5_000
    """Of stretches: Linux has some 400 system calls, and each is seen in one or two states."""
    characters: int = 100_000_000
    """In all names, results and errors together."""
    stretches: int = 4_000_000
    """That are left when the old ones are thinned already: about 80 MB."""


_ALL = Most()


class Bounds:
    """What a timeline has taken so far, of one recording. `clock` gives the CPU time (ns) that was used."""

    def __init__(self, timeline: Timeline, clock: Callable[[], int], most: Most = _ALL) -> None:
        self._timeline = timeline
        self._most = most
        self._clock = clock
        self._deadline = clock() + FREE_NS
        self._most_of: dict[type[Event], int] = {
            LaneStarted: most.lanes,
            Submitted: most.tasks,
            Died: most.deaths,
            ProcessSeen: most.processes,
            GilHeld: most.gils,
        }
        self._notes = set[str]()
        self._number_of = Counter[type[Event]]()
        self._characters = 0
        # After so many stretches it is seen to again how many are left.
        self._some = most.stretches // _LOOKS
        self._until_look = self._some

    def more(self, size: int) -> None:
        """So many bytes, unpacked, are to be read now."""
        self._deadline += size * NS_PER_BYTE
        self._check_time()

    def check(self, event: AnyEvent) -> None:
        """Raise StreamError where it is too much to take this event as well."""
        self._check_time()
        if isinstance(event, Spans):
            self._check_stretches(len(event.spans))
        elif not isinstance(event, Tick):
            self._check_kept(event)

    def _kept(self, event: AnyEvent) -> int:
        """How many are kept of what this event would be one more of."""
        timeline = self._timeline
        if isinstance(event, LaneStarted):
            return timeline.lane_count
        if isinstance(event, ProcessSeen):
            return 0 if event.pid in timeline.processes else len(timeline.processes)
        if isinstance(event, GilHeld):
            return 0 if timeline.has_ribbon(event.pid, event.interpreter) else timeline.ribbon_count
        self._number_of[type(event)] += 1
        return self._number_of[type(event)] - 1

    def _check_time(self) -> None:
        if self._clock() > self._deadline:
            raise StreamError("it is made so that it would take too long to read")

    def _check_stretches(self, number: int) -> None:
        most = self._most
        if self._timeline.kinds > most.kinds:
            raise StreamError(f"no more than {most.kinds} kinds of stretches are taken")
        self._until_look -= number
        if self._until_look < 0:
            self._until_look = self._some
            if sum(lane.held for lane in self._timeline.lanes) > most.stretches:
                raise StreamError(f"no more than {most.stretches} stretches are kept")

    def _check_kept(self, event: AnyEvent) -> None:
        """Of an event that the timeline keeps as it is."""
        kind = type(event)
        if kind in _NAMES and self._kept(event) >= self._most_of[kind]:
            raise StreamError(f"no more than {self._most_of[kind]} {_NAMES[kind]} are taken")
        texts = [value for value in structs.astuple(event) if isinstance(value, str)]
        if isinstance(event, _NOTES):
            texts = [text for text in texts if text not in self._notes]
            self._notes.update(texts)
        self._characters += sum(map(len, texts))
        if self._characters > self._most.characters:
            raise StreamError(
                f"no more than {self._most.characters} characters of names, results and errors are taken"
            )
