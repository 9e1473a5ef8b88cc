"""Who held a GIL, and when, as far as it was observed."""

from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import NamedTuple

from threadviz.protocol.codec import StreamError
from threadviz.protocol.events import ELSEWHERE, FREE, OPEN, Evidence, GilHeld, Hold
from threadviz.timeline.history import History


class _Holder:
    """For how long one holder has held a GIL, and how often it got it, as of any moment.

    The sums are kept for the end of each hold; a long run keeps only some.
    """

    def __init__(self) -> None:
        self._ends = array("q")
        # At each of these ends: for how long (ns) it had held, and how often it had been handed the GIL.
        self._held = array("q")
        self._taken = array("q")

    def __len__(self) -> int:
        return len(self._ends)

    @property
    def taken(self) -> int:
        return self._taken[-1]

    def append(self, start: int, end: int, *, handed: bool) -> None:
        """Add a hold from `start` to `end` (ns), after all others; `handed` says that another thread held before."""
        held, taken = (self._held[-1], self._taken[-1]) if self._ends else (0, 0)
        if self._ends and self._ends[-1] == start and not handed:
            self._ends.pop()
            self._held.pop()
            self._taken.pop()
        self._ends.append(end)
        self._held.append(held + end - start)
        self._taken.append(taken + handed)

    def until(self, t: int) -> tuple[int, int]:
        """Return for how long (ns) it had held up to `t`, and how often at least it was handed the GIL."""
        index = bisect_right(self._ends, t)
        held, taken = (self._held[index - 1], self._taken[index - 1]) if index else (0, 0)
        if index < len(self._ends):
            # The hold that `t` is in; after downsampling, several that count as one.
            length = self._held[index] - held
            begun = t - (self._ends[index] - length)
            if begun > 0:
                return held + begun, min(taken + 1, self._taken[index])
        return held, taken

    def downsample(self) -> None:
        """Forget every other entry of the older half."""
        half = len(self._ends) // 2
        for kept in (self._ends, self._held, self._taken):
            del kept[0:half:2]


_HELD, _FREE, _OPEN = range(3)
_MOST_FORGOTTEN = 4096
"""How many numbers may stand for forgotten holders before all are numbered anew."""

_COLUMNS = {FREE: _FREE, OPEN: _OPEN}


class Shares(NamedTuple):
    """For how long (ns) the GIL was held, free, and not observed."""

    held: int
    free: int
    open: int

    @property
    def held_share(self) -> float | None:
        """The share of the observed time in which the GIL was held; None if nothing was observed."""
        known = self.held + self.free
        return self.held / known if known else None


class Part(NamedTuple):
    """The GIL within one bin (ns of each), and who held it longest.

    `holder` is a lane's number, ELSEWHERE for a thread without a lane, FREE if nobody held the GIL, and OPEN if
    nothing was observed. `most` is for how long (ns) that holder held it.
    """

    held: int
    free: int
    open: int
    holder: int
    most: int


@dataclass(frozen=True, slots=True)
class Held:
    """From `start` to `end` (ns) `holder` held the GIL: a lane's number, FREE, OPEN or ELSEWHERE."""

    start: int
    end: int
    holder: int
    known: Evidence


class GilTimeline:
    """Who held the GIL of `interpreter` (0 is the main one) in process `pid`, from `start` to `end` (ns).

    It is sampled or inferred: the time between two samples is filled in, and hand-offs are counted where they were
    seen, so there were at least that many. Only its `Timeline` changes it. What was drawn before `end` stays valid,
    except that old times of a long run are downsampled (`resolution`), and archived lanes become ELSEWHERE.
    """

    def __init__(self, pid: int, interpreter: int, start: int) -> None:
        self.pid = pid
        self.interpreter = interpreter
        self.start = start
        # By number: the holder, how it is known, and the column in which its time is added up.
        self._who: list[tuple[int, Evidence]] = []
        self._columns: list[int] = []
        self._numbers: dict[tuple[int, Evidence], int] = {}
        self._history = History(start, self._columns, len(Shares._fields))
        self._holders: dict[int, _Holder] = {}
        self._gone_taken = 0
        self._last_holder: int | None = None

    @property
    def end(self) -> int:
        """Up to here (ns) it is known."""
        return self._history.last.end

    @property
    def inferred(self) -> bool:
        """Whether holders were inferred from what the threads did. Then the GIL is never seen free."""
        return any(known is Evidence.INFERRED for _, known in self._who)

    @property
    def pieces(self) -> int:
        """How many pieces are kept: a measure of its memory."""
        return len(self._history) + sum(map(len, self._holders.values()))

    @property
    def holders(self) -> tuple[int, ...]:
        """The numbers of the lanes that were seen to hold it, in that order, without archived ones."""
        return tuple(number for number in self._holders if number >= 0)

    def at(self, t: int) -> Held | None:
        """Return the hold that covers `t` (ns); the last one at the end; None outside."""
        end = self.end
        if not self.start <= t <= end or self.start == end:
            return None
        t = min(t, end - 1)
        start, number = next(self._history.backwards(t + 1))
        until, _ = next(self._history.walk(t, end))
        return Held(start, until, *self._who[number])

    def segments(self) -> Iterator[Held]:
        """Yield all holds; they are contiguous. Consume it before the timeline changes."""
        start = self.start
        for end, number in self._history.walk(start, self.end):
            yield Held(start, end, *self._who[number])
            start = end

    def resolution(self, t: int) -> int:
        """Return the time (ns) around `t` within which the order is lost; see `Lane.downsampled_until`."""
        return self._history.resolution(t)

    def shares(self, since: int, until: int) -> Shares:
        """Return for how long within [since, until] (ns) it was held, free, and not observed, as far as it is known."""
        before, after = (self._history.sums_until(min(t, self.end)) for t in (since, max(since, until)))
        return Shares(*(late - early for early, late in zip(before, after, strict=True)))

    def binned(self, since: int, width: int, count: int) -> list[Part]:
        """Return `count` bins of `width` ns, from `since` (ns) on.

        The parts of a bin add up to less than `width` outside [start, end]. The cost grows with the number of pieces.
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
        """Return for how long (ns) a lane had held it up to `until`, and how often at least that lane was handed it.

        In downsampled time this is accurate to a part of the resolution.
        """
        holder = self._holders.get(lane)
        return (0, 0) if holder is None else holder.until(until)

    def held_within(self, lane: int, since: int, until: int) -> tuple[int, int]:
        """Return `held_by` for the time within [since, until] (ns)."""
        (held_before, handed_before), (held, handed) = (self.held_by(lane, t) for t in (since, until))
        return held - held_before, handed - handed_before

    def hand_offs(self, until: int) -> int:
        """Return how often at least it went from one thread to another up to `until` (ns)."""
        return self._gone_taken + sum(holder.until(until)[1] for holder in self._holders.values())

    def append(self, event: GilHeld) -> int:
        """Add settled holds, and return where (ns) they end. Raises StreamError."""
        if event.start < self.end:
            raise StreamError(
                f"holds of the GIL of process {event.pid} start at {event.start} ns, before {self.end} ns,"
                " where the ones before them end"
            )
        if event.start > self.end:
            self._add(Hold(event.start - self.end, OPEN), Evidence.SAMPLED)
        for hold in event.holds:
            if hold.ns:
                self._add(hold, event.known)
        return self.end

    def forget(self, lane: int) -> None:
        """Replace an archived lane by ELSEWHERE."""
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
        """Drop the numbers of forgotten holders."""
        numbers = {who: number for number, who in enumerate(dict.fromkeys(self._who))}
        self._history.renumber([numbers[who] for who in self._who])
        self._numbers, self._who = numbers, [*numbers]
        self._columns[:] = [_COLUMNS.get(holder, _HELD) for holder, _ in numbers]

    def downsample(self, marks: Sequence[int]) -> None:
        """Downsample a little more of the old time; shares stay exact at `marks` (ns)."""
        self._history.downsample(lambda since, until: [t for t in marks if since <= t <= until])
        if self._holders:
            max(self._holders.values(), key=len).downsample()

    def _add(self, hold: Hold, known: Evidence) -> None:
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
                holder = self._holders[hold.holder] = _Holder()
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


KEEP = 200_000
"""How many pieces of all GIL timelines are kept exact: about 4 MB."""

_AT_A_TIME = 256
"""How many holds may arrive before it is checked again whether to downsample."""


class GilTimelines:
    """All GIL timelines of a run, by process and interpreter."""

    def __init__(self, keep: int = KEEP) -> None:
        self._by_gil: dict[tuple[int, int], GilTimeline] = {}
        self._keep = self._room = keep

    def __len__(self) -> int:
        return len(self._by_gil)

    def __contains__(self, gil: tuple[int, int]) -> bool:
        return gil in self._by_gil

    @property
    def in_order(self) -> tuple[GilTimeline, ...]:
        """All of them in order of appearance; those of one process stand together."""
        first: dict[int, int] = {}
        for number, (pid, _) in enumerate(self._by_gil):
            first.setdefault(pid, number)
        return tuple(sorted(self._by_gil.values(), key=lambda each: (first[each.pid], each.interpreter)))

    def of(self, pid: int) -> tuple[GilTimeline, ...]:
        """Return those of a process, the main interpreter's first."""
        mine = [gil_timeline for (its, _), gil_timeline in self._by_gil.items() if its == pid]
        return tuple(sorted(mine, key=attrgetter("interpreter")))

    def append(self, event: GilHeld, marks: Sequence[int]) -> int:
        """Add settled holds, and return where (ns) they end. Shares stay exact at `marks` (ns)."""
        key = event.pid, event.interpreter
        gil_timeline = self._by_gil.get(key)
        if gil_timeline is None:
            gil_timeline = self._by_gil[key] = GilTimeline(*key, event.start)
        end = gil_timeline.append(event)
        self._room -= len(event.holds)
        while self._room < 0:
            pieces = sum(each.pieces for each in self._by_gil.values())
            if pieces > self._keep:
                max(self._by_gil.values(), key=attrgetter("pieces")).downsample(marks)
            self._room += max(self._keep - pieces, _AT_A_TIME)
        return end

    def forget_lane(self, pid: int, lane: int) -> None:
        for gil_timeline in self.of(pid):
            gil_timeline.forget(lane)

    def forget_process(self, pid: int) -> None:
        """Forget the GILs of a process whose lanes are all archived."""
        for gil_timeline in self.of(pid):
            del self._by_gil[gil_timeline.pid, gil_timeline.interpreter]
