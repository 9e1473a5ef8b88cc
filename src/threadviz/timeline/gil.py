"""Who held a GIL, and when, as far as it was observed."""

from array import array
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from threadviz.protocol.codec import StreamError
from threadviz.protocol.events import ELSEWHERE, FREE, OPEN, Evidence, GilHeld, Hold
from threadviz.timeline.history import History

_HELD, _FREE, _OPEN = range(3)
_EVIDENCE = tuple(Evidence)


def _number(holder: int, known: Evidence) -> int:
    """Return a number for a holder and how it is known; see `_holder`."""
    return (holder - ELSEWHERE) * len(_EVIDENCE) + _EVIDENCE.index(known)


def _holder(number: int) -> tuple[int, Evidence]:
    holder, known = divmod(number, len(_EVIDENCE))
    return holder + ELSEWHERE, _EVIDENCE[known]


class _Columns(dict[int, int]):
    """The column in which the time of each number counts. Whatever else there is, is a holder."""

    def __missing__(self, number: int) -> int:
        return _HELD


_COLUMNS = _Columns(
    {
        _number(holder, known): column
        for holder, column in ((FREE, _FREE), (OPEN, _OPEN))
        for known in Evidence
    }
)


class _HeldSums:
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

    def append(self, start: int, end: int, *, handed: bool) -> None:
        """Add a hold from `start` to `end` (ns), after all others; `handed` says that another thread held before."""
        held, taken = (self._held[-1], self._taken[-1]) if self._ends else (0, 0)
        if self._ends and self._ends[-1] == start and not handed:
            for sums in (self._ends, self._held, self._taken):
                sums.pop()
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
        for sums in (self._ends, self._held, self._taken):
            del sums[0:half:2]


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
    nothing was observed.
    """

    held: int
    free: int
    open: int
    holder: int


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
    seen, so there were at least that many. `inferred` is whether holders were inferred from what the threads did; then
    the GIL is never seen free. Only its `Timeline` changes it. What was drawn before `end` stays valid, except that old
    times of a long run are downsampled (`resolution`), and archived lanes become ELSEWHERE.
    """

    def __init__(self, pid: int, interpreter: int, start: int) -> None:
        self.pid = pid
        self.interpreter = interpreter
        self.start = start
        self.inferred = False
        self._history = History(start, _COLUMNS, len(Shares._fields))
        self._holders = defaultdict[int, _HeldSums](_HeldSums)
        self._gone_taken = 0
        self._last_holder: int | None = None

    @property
    def end(self) -> int:
        """Up to here (ns) it is known."""
        return self._history.last.end

    @property
    def size(self) -> int:
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
        return Held(start, until, *self._who(number))

    def segments(self) -> Iterator[Held]:
        """Yield all holds; they are contiguous. Consume it before the timeline changes."""
        start = self.start
        for end, number in self._history.walk(start, self.end):
            yield Held(start, end, *self._who(number))
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
        sums = [defaultdict[int, int](int) for _ in range(count)]
        t, until = max(since, self.start), min(since + width * count, self.end)
        for end, number in self._history.walk(t, until):
            while t < end:
                index = (t - since) // width
                edge = min(end, since + (index + 1) * width)
                sums[index][number] += edge - t
                t = edge
        return [*map(self._part, sums)]

    def held_by(self, lane: int, until: int, since: int = 0) -> tuple[int, int]:
        """Return for how long (ns) a lane held it within [since, until], and how often at least it was handed it.

        In downsampled time this is accurate to a part of the resolution.
        """
        if lane not in self._holders:
            return 0, 0
        (held_before, handed_before), (held, handed) = map(self._holders[lane].until, (since, until))
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
        if lane in self._holders:
            _, taken = self._holders.pop(lane).until(self.end)
            self._gone_taken += taken

    def downsample(self, marks: Sequence[int]) -> None:
        """Downsample a little more of the old time; shares stay exact at `marks` (ns)."""
        self._history.downsample(marks)
        if self._holders:
            max(self._holders.values(), key=len).downsample()

    def _who(self, number: int) -> tuple[int, Evidence]:
        holder, known = _holder(number)
        return (holder if holder < 0 or holder in self._holders else ELSEWHERE), known

    def _add(self, hold: Hold, known: Evidence) -> None:
        start = self.end
        end = start + hold.ns
        number = _number(hold.holder, known)
        self._history.last.append(end, number)
        self.inferred |= known is Evidence.INFERRED
        if _COLUMNS[number] == _HELD:
            handed = self._last_holder not in (None, hold.holder)
            self._holders[hold.holder].append(start, end, handed=handed)
            self._last_holder = hold.holder

    def _part(self, sums: dict[int, int]) -> Part:
        """Return a bin in which each number has this sum (ns)."""
        times = defaultdict[int, int](int)
        for number, ns in sums.items():
            times[self._who(number)[0]] += ns
        free, unseen = times.pop(FREE, 0), times.pop(OPEN, 0)
        holder = max(times, key=times.__getitem__, default=FREE if free else OPEN)
        return Part(sum(times.values()), free, unseen, holder)
