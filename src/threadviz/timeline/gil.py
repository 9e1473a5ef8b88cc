"""A ribbon: who held a GIL when, as far as that was seen."""

from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import NamedTuple

from threadviz.protocol.codec import StreamError
from threadviz.protocol.events import ELSEWHERE, FREE, OPEN, Evidence, GilHeld, Hold
from threadviz.timeline.history import History

# One holder of a GIL: for how long it has held it, and how often it was handed to it, as of any moment.


class Holder:
    """Adds up, and keeps what the sums were at the end of each hold: all that holds of a long run are, some."""

    def __init__(self) -> None:
        self._ends = array("q")
        # At each of these ends: for how long (ns) it had held until then, and how often it was handed to it.
        self._held = array("q")
        self._taken = array("q")

    def __len__(self) -> int:
        return len(self._ends)

    @property
    def taken(self) -> int:
        """How often it was handed to it, in all."""
        return self._taken[-1]

    def append(self, start: int, end: int, *, handed: bool) -> None:
        """It held from `start` to `end` (ns), which is after all before; `handed` says if another had held before."""
        held, taken = (self._held[-1], self._taken[-1]) if self._ends else (0, 0)
        if self._ends and self._ends[-1] == start and not handed:
            self._ends.pop()
            self._held.pop()
            self._taken.pop()
        self._ends.append(end)
        self._held.append(held + end - start)
        self._taken.append(taken + handed)

    def until(self, t: int) -> tuple[int, int]:
        """For how long (ns) it had held until `t`, and how often at least it was handed to it."""
        index = bisect_right(self._ends, t)
        held, taken = (self._held[index - 1], self._taken[index - 1]) if index else (0, 0)
        if index < len(self._ends):
            # What is not over then: the hold that `t` is in, or, where some were thinned, several, taken as one.
            length = self._held[index] - held
            begun = t - (self._ends[index] - length)
            if begun > 0:
                return held + begun, min(taken + 1, self._taken[index])
        return held, taken

    def thin(self) -> None:
        """Forget every other of the older half of what is kept."""
        half = len(self._ends) // 2
        for kept in (self._ends, self._held, self._taken):
            del kept[0:half:2]


_HELD, _FREE, _OPEN = range(3)
_MOST_FORGOTTEN = 4096
"""So many numbers may stand for holders that are forgotten."""

_COLUMNS = {FREE: _FREE, OPEN: _OPEN}


class Shares(NamedTuple):
    """For how long (ns) of some time the GIL was held, free, and for how long that was not seen."""

    held: int
    free: int
    open: int

    @property
    def held_share(self) -> float | None:
        """Of the time of which it is known: which share of it the GIL was held; None where nothing is known."""
        known = self.held + self.free
        return self.held / known if known else None


class Part(NamedTuple):
    """What was of the GIL within some time (ns of each), and who held it longest.

    `holder` is a lane's number, or ELSEWHERE for a thread that has no lane (any more); it is FREE where nobody held the
    GIL, and OPEN where nothing was seen at all. `most` is for how long (ns) it was that holder's.
    """

    held: int
    free: int
    open: int
    holder: int
    most: int


@dataclass(frozen=True, slots=True)
class Held:
    """From `start` to `end` (ns) it was `holder` who held the GIL: a lane's number, FREE, OPEN or ELSEWHERE."""

    start: int
    end: int
    holder: int
    known: Evidence


class GilTimeline:
    """Who held the GIL of `interpreter` (0 is the main one) in process `pid`, from `start` to `end` (ns).

    It is sampled, or inferred: what is between two looks is filled in, and hand-offs are counted that were seen, so
    there were at least so many. Read it through a `Timeline`, which alone changes it. What was told stays as it is, and
    so does what was drawn before `end`; but the old of a long run is thinned, see `grain`, and lanes which are folded
    away become ELSEWHERE.
    """

    def __init__(self, pid: int, interpreter: int, start: int) -> None:
        self.pid = pid
        self.interpreter = interpreter
        self.start = start
        # By number: who held, how that is known, and in which column its time is added up.
        self._who: list[tuple[int, Evidence]] = []
        self._columns: list[int] = []
        self._numbers: dict[tuple[int, Evidence], int] = {}
        self._history = History(start, self._columns, len(Shares._fields))
        self._holders: dict[int, Holder] = {}
        self._gone_taken = 0
        self._last_holder: int | None = None

    @property
    def end(self) -> int:
        """Up to here (ns) it is told."""
        return self._history.last.end

    @property
    def inferred(self) -> bool:
        """Whether it is known only where it follows from what the threads did who held it: so it is never seen free."""
        return any(known is Evidence.INFERRED for _, known in self._who)

    @property
    def pieces(self) -> int:
        """How many pieces are kept of it: what it takes memory for."""
        return len(self._history) + sum(map(len, self._holders.values()))

    @property
    def holders(self) -> tuple[int, ...]:
        """The lanes, by their numbers, that were seen to hold it, as they first did; those folded away are left out."""
        return tuple(number for number in self._holders if number >= 0)

    def at(self, t: int) -> Held | None:
        """The stretch that `t` (ns) is in; at the end, the last; None where it is not told."""
        end = self.end
        if not self.start <= t <= end or self.start == end:
            return None
        t = min(t, end - 1)
        start, number = next(self._history.backwards(t + 1))
        until, _ = next(self._history.walk(t, end))
        return Held(start, until, *self._who[number])

    def segments(self) -> Iterator[Held]:
        """All stretches, one after the other: contiguous. To be used up before the timeline is told more."""
        start = self.start
        for end, number in self._history.walk(start, self.end):
            yield Held(start, end, *self._who[number])
            start = end

    def resolution(self, t: int) -> int:
        """Within how many ns the order around `t` was given up; 0 where it was not. See `Lane.thinned_until`."""
        return self._history.resolution(t)

    def shares(self, since: int, until: int) -> Shares:
        """For how long within [since, until] (ns) it was held, free, and not seen; what is not told is left out."""
        before, after = (self._history.sums_until(min(t, self.end)) for t in (since, max(since, until)))
        return Shares(*(late - early for early, late in zip(before, after, strict=True)))

    def binned(self, since: int, width: int, count: int) -> list[Part]:
        """What was in each of `count` bins of `width` ns, from `since` (ns) on.

        What is not told is left out, so that the parts of a bin may add up to less than `width`. It costs by the piece.
        """
        sums: list[dict[int, int]] = [{} for _ in range(count)]
        t, until = max(since, self.start), min(since + width * count, self.end)
        if t < until:
            for end, number in self._history.walk(t, until):
                holder = self._who[number][0]
                while t < end:
                    index = (t - since) // width
                    edge = min(end, since + (index + 1) * width)
                    mine = sums[index]
                    mine[holder] = mine.get(holder, 0) + edge - t
                    t = edge
        return [*map(_part, sums)]

    def held_by(self, lane: int, until: int) -> tuple[int, int]:
        """For how long (ns) a lane had held it until then (ns), and how often at least it was handed to that lane.

        Where the ribbon is thinned this is right to a part of the grain.
        """
        holder = self._holders.get(lane)
        return (0, 0) if holder is None else holder.until(until)

    def held_within(self, lane: int, since: int, until: int) -> tuple[int, int]:
        """For how long a lane held it within [since, until] (ns), and how often at least it was handed to it then."""
        (held_before, handed_before), (held, handed) = (self.held_by(lane, t) for t in (since, until))
        return held - held_before, handed - handed_before

    def hand_offs(self, until: int) -> int:
        """How often at least, until then (ns), it went from one thread to another."""
        return self._gone_taken + sum(holder.until(until)[1] for holder in self._holders.values())

    def tell(self, event: GilHeld) -> int:
        """Take settled stretches, and return where (ns) they end."""
        if event.start < self.end:
            raise StreamError(
                f"who holds the GIL of process {event.pid} is told from {event.start} ns on, before {self.end} ns,"
                " where what was told ends"
            )
        if event.start > self.end:
            self._append(Hold(event.start - self.end, OPEN), Evidence.SAMPLED)
        for hold in event.holds:
            if hold.ns:
                self._append(hold, event.known)
        return self.end

    def forget(self, lane: int) -> None:
        """Read `lane` as ELSEWHERE from now on: it is folded away."""
        holder = self._holders.pop(lane, None)
        if holder is None:
            return
        self._gone_taken += holder.taken
        for known in Evidence:
            number = self._numbers.pop((lane, known), None)
            if number is not None:
                self._who[number] = (ELSEWHERE, known)
        if len(self._who) > len(self._numbers) + _MOST_FORGOTTEN:
            self._number_anew()

    def _number_anew(self) -> None:
        """Have no more numbers than there are holders."""
        numbers = {who: number for number, who in enumerate(dict.fromkeys(self._who))}
        self._history.renumber([numbers[who] for who in self._who])
        self._numbers, self._who = numbers, [*numbers]
        self._columns[:] = [_COLUMNS.get(holder, _HELD) for holder, _ in numbers]

    def thin(self, marks: Sequence[int]) -> None:
        """Thin a little more of what is old; shares stay exact at `marks` (ns)."""
        self._history.thin(lambda since, until: [t for t in marks if since <= t <= until])
        if self._holders:
            max(self._holders.values(), key=len).thin()

    def _append(self, hold: Hold, known: Evidence) -> None:
        who = (hold.holder, known)
        number = self._numbers.get(who)
        if number is None:
            number = self._numbers[who] = len(self._who)
            self._who.append(who)
            self._columns.append(_COLUMNS.get(hold.holder, _HELD))
        start = self.end
        end = start + hold.ns
        self._history.last.append(end, number)
        if hold.holder not in _COLUMNS:
            if (holder := self._holders.get(hold.holder)) is None:
                holder = self._holders[hold.holder] = Holder()
            holder.append(start, end, handed=self._last_holder not in (None, hold.holder))
            self._last_holder = hold.holder


def _part(sums: dict[int, int]) -> Part:
    free, unseen = sums.get(FREE, 0), sums.get(OPEN, 0)
    held = sum(sums.values()) - free - unseen
    holders = {holder: ns for holder, ns in sums.items() if holder not in _COLUMNS}
    if holders:
        holder = max(holders, key=holders.__getitem__)
        return Part(held, free, unseen, holder, holders[holder])
    return Part(held, free, unseen, FREE, free) if free else Part(held, free, unseen, OPEN, unseen)


# The ribbons of a run: one for each GIL that was told of.

KEEP = 200_000
"""So many pieces of all ribbons are kept as they were told: about 4 MB."""

_AT_A_TIME = 256
"""After so many holds it is seen to again that there are not too many."""


class GilTimelines:
    """All ribbons, by process and interpreter."""

    def __init__(self, keep: int = KEEP) -> None:
        self._by_gil: dict[tuple[int, int], GilTimeline] = {}
        self._keep = self._room = keep

    def __len__(self) -> int:
        return len(self._by_gil)

    def __contains__(self, gil: tuple[int, int]) -> bool:
        return gil in self._by_gil

    @property
    def in_order(self) -> tuple[GilTimeline, ...]:
        """All of them, as they were first told of, those of a process beside each other."""
        first: dict[int, int] = {}
        for number, (pid, _) in enumerate(self._by_gil):
            first.setdefault(pid, number)
        return tuple(sorted(self._by_gil.values(), key=lambda each: (first[each.pid], each.interpreter)))

    def of(self, pid: int) -> tuple[GilTimeline, ...]:
        """Those of a process, the main interpreter's first."""
        mine = [gil_timeline for (its, _), gil_timeline in self._by_gil.items() if its == pid]
        return tuple(sorted(mine, key=attrgetter("interpreter")))

    def tell(self, event: GilHeld, marks: Sequence[int]) -> int:
        """Take settled stretches, and return where (ns) they end; `marks` (ns) is where sums stay exact."""
        key = event.pid, event.interpreter
        gil_timeline = self._by_gil.get(key)
        if gil_timeline is None:
            gil_timeline = self._by_gil[key] = GilTimeline(*key, event.start)
        end = gil_timeline.tell(event)
        self._room -= len(event.holds)
        while self._room < 0:
            pieces = sum(each.pieces for each in self._by_gil.values())
            if pieces > self._keep:
                max(self._by_gil.values(), key=attrgetter("pieces")).thin(marks)
            self._room += max(self._keep - pieces, _AT_A_TIME)
        return end

    def forget_lane(self, pid: int, lane: int) -> None:
        """A lane of a process is folded away."""
        for gil_timeline in self.of(pid):
            gil_timeline.forget(lane)

    def forget_process(self, pid: int) -> None:
        """All lanes of a process are folded away, and it is gone."""
        for gil_timeline in self.of(pid):
            del self._by_gil[gil_timeline.pid, gil_timeline.interpreter]
