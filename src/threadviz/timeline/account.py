"""The account of a lane: what was said of it, worked out to what it is shown as."""

import enum
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate, chain, islice

from threadviz.protocol.events import Evidence, Span, State
from threadviz.timeline.history import History, Track

# Kinds: small numbers for the few different things that a run's stretches can be.

STATES = tuple(State)
WIDTH = len(STATES)
_INDEX = {state: index for index, state in enumerate(STATES)}

Kind = tuple[State, Evidence, str]
"""What a stretch is in, how that is known, and the system call, where there is one."""


class Kinds:
    """Every kind that was met, by number; and every *piece*, by a number of its own.

    A piece is what a lane's columns are made of: a part of a stretch that was `said`, with the kind that it is `shown`
    as, and whether an event loop could not answer in it. Its time is added up in one of `WIDTH` columns, one for each
    state, or in one of `WIDTH` more where the loop could not answer.
    """

    def __init__(self) -> None:
        self.table: list[Kind] = []
        self.said: list[int] = []
        self.shown: list[int] = []
        self.columns: list[int] = []
        self.numbers: dict[Kind, int] = {}
        self._pieces: dict[tuple[int, int, bool], int] = {}

    def number(self, state: State, known: Evidence, call: str) -> int:
        """The number of this kind, a new one where it was never asked for."""
        kind = (state, known, call)
        number = self.numbers.get(kind)
        if number is None:
            number = self.numbers[kind] = len(self.table)
            self.table.append(kind)
        return number

    def piece(self, said: int, shown: int, blocked: bool) -> int:
        """The number of this piece, a new one where it was never asked for; of kinds by their numbers."""
        piece = (said, shown, blocked)
        number = self._pieces.get(piece)
        if number is None:
            number = self._pieces[piece] = len(self.said)
            self.said.append(said)
            self.shown.append(shown)
            self.columns.append(_INDEX[self.table[shown][0]] + WIDTH * blocked)
        return number


# When a lane was in a task, and when an event loop could not answer: two simple functions of time.


class Occupancy:
    """When a lane was in a task: a step function, told in any order.

    `last` is the last time (ns) at which it changes.
    """

    def __init__(self) -> None:
        # By how many tasks it changes at each of these times. That is hardly ever out of order, but who says
        # `Finished` may do so late: when a worker was killed, or the next task has started already.
        self._times = array("q")
        self._steps = array("q")
        # How many tasks there are from each of these times on, as far as it was asked for since that changed.
        self._counts = array("q")
        self._tasks = 0
        self.last = -1

    @property
    def busy(self) -> bool:
        """Whether it is in a task from `last` on."""
        return self._tasks > 0

    def change(self, t: int, by: int) -> None:
        """From `t` on, there are `by` tasks more."""
        index = bisect_right(self._times, t)
        self._times.insert(index, t)
        self._steps.insert(index, by)
        del self._counts[index:]
        self._tasks += by
        self.last = self._times[-1]

    def at(self, t: int) -> bool:
        """Whether it is in a task right after `t`."""
        return self._busy_before(bisect_right(self._times, t))

    def edges(self, since: int, until: int) -> list[int]:
        """The times within [since, until] at which it may change."""
        return self._times[bisect_left(self._times, since) : bisect_right(self._times, until)].tolist()

    def pieces(self, since: int, until: int) -> Iterator[tuple[int, bool]]:
        """(end, whether in a task) of the pieces that [since, until] falls into."""
        index = bisect_right(self._times, since)
        while since < until:
            busy = self._busy_before(index)
            since = min(self._times[index], until) if index < len(self._times) else until
            yield since, busy
            index += 1

    def _busy_before(self, index: int) -> bool:
        """Whether it is in a task right before the change of this index."""
        if not index:
            return False
        known = len(self._counts)
        if index > known:
            before = self._counts[-1] if known else 0
            self._counts.extend(islice(accumulate(self._steps[known:index], initial=before), 1, None))
        return self._counts[index - 1] > 0


class Longest:
    """The longest of stretches, as of any moment; only those that were longer than all before them are kept."""

    def __init__(self) -> None:
        # Every one but the last is longer than the one before.
        self._starts = array("q")
        self._ends = array("q")

    def append(self, start: int, end: int) -> None:
        """There is a stretch from `start` to `end` (ns), which lies after all before it, or goes on from the last."""
        if self._ends and self._ends[-1] == start:
            self._ends[-1] = end
            return
        if len(self._starts) > 1 and self._length(-1) <= self._length(-2):
            self._starts.pop()
            self._ends.pop()
        self._starts.append(start)
        self._ends.append(end)

    def cut(self, t: int) -> bool:
        """Forget everything from `t` on, and say whether one that is known still goes on until there."""
        kept = bisect_left(self._starts, t)
        del self._starts[kept:]
        del self._ends[kept:]
        goes_on = kept > 0 and self._ends[-1] >= t
        if goes_on:
            self._ends[-1] = t
        return goes_on

    def start_of(self, t: int) -> int:
        """Where that one begins which goes on until `t`; `t`, where none does."""
        return self._starts[-1] if self._ends and self._ends[-1] == t else t

    def until(self, t: int) -> int:
        """How long (ns) the longest is, of what lies before `t`."""
        index = bisect_left(self._starts, t)
        if not index:
            return 0
        longest = self._length(index - 2) if index > 1 else 0
        return max(longest, min(self._ends[index - 1], t) - self._starts[index - 1])

    def _length(self, index: int) -> int:
        return self._ends[index] - self._starts[index]


# How to read what was said of a lane: what it is shown as depends on the lane's role, and on its tasks.

EVENT_CALLS = frozenset({"epoll_wait", "epoll_pwait", "epoll_pwait2", "kevent", "io_uring_enter"})
"""In these system calls an event loop waits for events, and hardly anything else is ever waited for."""

_POLL_CALLS = frozenset({"poll", "ppoll", "select", "pselect6"})
"""In these some event loops do as well, but a socket with a timeout does too (CPython's socketmodule.c,
`internal_select`). Sampling smears a wait beyond the task that it was in, to about the next sample. So where one of
these touches a task, it is the task's own wait, and no proof that the loop was listening."""

_WAITS = frozenset({State.IO, State.LOCK, State.SLEEP, State.WAITING})
_CANNOT_ANSWER = frozenset({State.RUNNING, State.READY, State.GIL, State.IO, State.LOCK, State.SLEEP})


class Role(enum.StrEnum):
    """What a lane is in the run."""

    LOOP = "loop"
    """A thread that an event loop is in: as the subject says, or of a program, as its waits for events show."""
    WORKER = "worker"
    """A thread that tasks run in, or of a workload's run, the main thread of a worker process."""
    THREAD = "thread"
    """A thread of a program, of which nobody has said what it is for."""
    PLUMBING = "plumbing"
    """Every other thread; of a program, those of the processes that `multiprocessing` keeps for itself."""


Asked = tuple[int, int]
"""From when (ns) to when it is asked of an event loop if it could answer."""

_NOT_ASKED: Asked = (0, 0)

FOREVER = 2**63 - 1
"""No time in a stream is later (ns)."""


class Reading:
    """What a lane of this role is shown as; of an event loop it is `asked` within these times (ns) if it could answer.

    `turns` are when that begins and ends. `width` is how many columns its time is added up in. Where the loop was
    `seen` to be one, by its waits for events, these alone are taken for such, and so they are in a task too, which
    has a loop of its own then.
    """

    def __init__(self, kinds: Kinds, role: Role, asked: Asked = _NOT_ASKED, *, seen: bool = False) -> None:
        self.of_loop = role is Role.LOOP
        self._seen = self.of_loop and seen
        self._asked_from, self._asked_until = asked if self.of_loop else _NOT_ASKED
        self.turns = [turn for turn in (self._asked_from, self._asked_until) if turn < FOREVER]
        self.width = 2 * WIDTH if self.of_loop else WIDTH
        self._kinds = kinds
        self._role = role

    def piece(self, said: int, busy: bool, touching: bool, start: int) -> int:
        """The piece that a part of a stretch is, from `start` (ns) on.

        `busy` says if that part is in a task, `touching` if any part of the stretch is.
        """
        shown = said if busy and not self._seen else self._outside_task(said, touching)
        asked = self.of_loop and self._asked_from <= start < self._asked_until
        could_not = (busy and not self._seen) or self._kinds.table[shown][0] in _CANNOT_ANSWER
        return self._kinds.piece(said, shown, asked and could_not)

    def is_open(self, said: int) -> bool:
        """Whether what the first part of a stretch is shown as may depend on its last."""
        return self.of_loop and not self._seen and self._kinds.table[said][2] in _POLL_CALLS

    def _outside_task(self, said: int, touching: bool) -> int:
        state, known, call = self._kinds.table[said]
        if self._role is Role.WORKER and state in _WAITS:
            return self._kinds.number(State.IDLE, Evidence.SAID, "")
        for_events = call in EVENT_CALLS or (not self._seen and call in _POLL_CALLS and not touching)
        if self.of_loop and state is State.IO and for_events:
            return self._kinds.number(State.IDLE, known, "")
        return said


_NEVER = 2**63 - 1

_MANY = 64
"""A tail of more pieces, such as of a lane that many tasks are said to be on and nothing else, is not walked along."""


class Account:
    """What was said up to `said_until` (ns), and what is taken to be so after that, up to whatever moment is asked for.

    The last stretch that was said may go on, so it is not in the history yet: it and the present are the *tail*, which
    is worked out anew when something changes. The rest of the history is, where a task is told of late.
    """

    def __init__(self, start: int, kinds: Kinds, unknown: int) -> None:
        self.start = start
        self.said_until = start
        self._kinds = kinds
        self._reading = Reading(kinds, Role.PLUMBING)
        self._occupancy = Occupancy()
        self._longest = Longest()
        self.history = History(start, kinds.columns, self._reading.width)
        self._open = self._present = unknown
        self._tail: list[tuple[int, int]] = []
        self._tail_until = -1
        self._tail_track: Track | None = None
        # From here on the history is to be worked out anew.
        self._right_until = _NEVER
        # From here on it does not change whether the lane is in a task; a stretch's piece is then looked up.
        self._steady_from = 0
        self._steady: dict[int, int] = {}

    @property
    def settled_until(self) -> int:
        """Where that begins which may still be shown otherwise, even if nothing that happened before is told."""
        return self.history.last.end if self._reading.is_open(self._open) else self.said_until

    def tell(self, spans: Iterable[Span]) -> None:
        """It went on in these, one after the other. A run has millions: so what is nearly always so is done here."""
        last, steady, kinds = self.history.last, self._steady, self._kinds
        numbers, number, append = kinds.numbers, kinds.number, last.append
        steady_from = _NEVER if self._reading.of_loop else self._steady_from
        said_until, kind_before = self.said_until, self._open
        for span in spans:
            ns = span.ns
            if not ns:
                continue
            kind = numbers.get((span.state, span.known, span.call))
            if kind is None:
                kind = number(span.state, span.known, span.call)
            if kind != kind_before:
                since = last.end
                if said_until > since:
                    piece = steady.get(kind_before)
                    if piece is None or since < steady_from:
                        self._show(last, since, said_until, kind_before)
                    else:
                        append(said_until, piece)
                kind_before = kind
            said_until += ns
        self.said_until, self._open = said_until, kind_before

    def expect(self, kind: int) -> None:
        """It is in `kind` since."""
        self._present = kind
        self._tail_until = -1

    def occupy(self, t: int, by: int) -> None:
        """From `t` on, `by` tasks more are on the lane."""
        self._occupancy.change(t, by)
        self._right_until = min(self._right_until, t)
        self._look_ahead()

    def in_task(self, t: int) -> bool:
        """Whether the lane is in a task right after `t`."""
        return self._occupancy.at(t)

    def read_as(self, role: Role, asked: Asked, *, seen: bool) -> None:
        """Work it out anew, for this role; see `Reading`."""
        self._reading = Reading(self._kinds, role, asked, seen=seen)
        self._longest = Longest()
        self.history.widen(self._reading.width)
        self._right_until = self.start
        self._look_ahead()
        self._settle()

    def thin(self, marks: Iterable[int]) -> None:
        """Thin a little more of what is old; sums stay exact at `marks` (ns), and where tasks begin and end."""
        self._settle()
        self.history.thin(
            lambda since, until: sorted(
                [*self._occupancy.edges(since, until), *(t for t in marks if since <= t <= until)]
            )
        )

    def sums_until(self, t: int, horizon: int) -> list[int]:
        """The sums of the columns up to `t`, of an account that goes until `horizon`."""
        if self._right_until != _NEVER:
            self._settle()
        history = self.history
        if t <= history.last.end:
            return history.sums_until(t)
        sums = history.last.totals.copy()
        columns = self._kinds.columns
        since, said = history.last.end, self.said_until
        if since >= self._steady_from:  # the tail need not be cut up
            sums[columns[self._steady_piece(self._open, since)]] += min(t, said) - since
            if t > said:
                sums[columns[self._steady_piece(self._present, said)]] += min(t, horizon) - said
            return sums
        t = min(t, horizon)
        ahead = self._ahead(horizon)
        if len(ahead) > _MANY:
            return self._track_ahead().sums_until(t)
        for end, number in ahead:
            if since >= t:
                break
            sums[columns[number]] += min(t, end) - since
            since = end
        return sums

    def walk(self, since: int, until: int, horizon: int) -> Iterator[tuple[int, int]]:
        """(end, number) of the pieces within [since, until], clipped to it; to be used up before it changes."""
        self._settle()
        end = self.history.last.end
        if until <= end:
            return self.history.walk(since, until)
        ahead = (
            (min(until, piece_end), number)
            for begin, (piece_end, number) in zip(self._starts_ahead(horizon), self._tail, strict=True)
            if begin < until and piece_end > since
        )
        return chain(self.history.walk(since, end), ahead) if since < end else ahead

    def around(self, t: int, horizon: int) -> tuple[int, int, int]:
        """(start, end, kind) of the stretch, as it is shown, that `t` is in; `t` is before `horizon`."""
        self._settle()
        of = self._kinds.shown
        last = self.history.last
        if last.start < t < last.end and (found := last.around(t, of)):  # as it nearly always is
            return found
        _, end, kind = next(merged(t, self.walk(t, horizon, horizon), of))
        start = t
        for begin, number in self.backwards(t + 1, horizon):
            if of[number] != kind:
                break
            start = begin
        return start, end, kind

    def backwards(self, t: int, horizon: int) -> Iterator[tuple[int, int]]:
        """(start, number) of the pieces that begin before `t`, the last first."""
        self._settle()
        starts = self._starts_ahead(horizon)
        ahead = [(start, number) for start, (_, number) in zip(starts, self._tail, strict=True) if start < t]
        return chain(reversed(ahead), self.history.backwards(t))

    def longest_block(self, until: int, horizon: int) -> int:
        """For how long at a stretch an event loop could not answer, of the time until then."""
        self._settle()
        longest = self._longest.until(until)
        since = self.history.last.end
        start = self._longest.start_of(since)
        if until > since:
            for end, number in self.walk(since, until, horizon):
                if self._kinds.columns[number] < WIDTH:
                    start = end
                longest = max(longest, end - start)
        return longest

    def _look_ahead(self) -> None:
        self._steady_from = max([self._occupancy.last, *self._reading.turns])
        self._steady = {}
        self._tail_until = -1

    def _ahead(self, horizon: int) -> list[tuple[int, int]]:
        """The tail, up to there or beyond."""
        if not self._reading.of_loop:
            horizon = _NEVER  # no part depends on what comes after it, so that the tail is the same until more is told
        if horizon != self._tail_until:
            since, said = self.history.last.end, self.said_until
            if self._open == self._present:
                self._tail = self._cut_up(since, horizon, self._open)
            else:
                self._tail = self._cut_up(since, said, self._open) + self._cut_up(
                    said, horizon, self._present
                )
            self._tail_until = horizon
            self._tail_track = None
        return self._tail

    def _track_ahead(self) -> Track:
        """The tail, as it was asked for last, such that it can be added up quickly."""
        if self._tail_track is None:
            last = self.history.last
            self._tail_track = Track(last.end, self._kinds.columns, last.totals)
            for end, number in self._tail:
                self._tail_track.append(end, number)
        return self._tail_track

    def _starts_ahead(self, horizon: int) -> list[int]:
        tail = self._ahead(horizon)
        return [self.history.last.end, *(end for end, _ in tail)][: len(tail)]

    def _show(self, track: Track, start: int, end: int, said: int) -> None:
        number = self._steady.get(said) if start >= self._steady_from else None
        if number is not None and not self._reading.of_loop:
            track.append(end, number)
            return
        for until, number in self._cut_up(start, end, said):
            track.append(until, number)
            if self._kinds.columns[number] >= WIDTH:
                self._longest.append(start, until)
            start = until

    def _cut_up(self, start: int, end: int, said: int) -> list[tuple[int, int]]:
        """(end, number) of the pieces that a stretch is."""
        if start >= end:
            return []
        if start >= self._steady_from:
            return [(end, self._steady_piece(said, start))]
        pieces = list(self._occupancy.pieces(start, end))
        touching = any(busy for _, busy in pieces)
        cut_up = []
        for until, busy in pieces:
            for turn in self._reading.turns:
                if start < turn < until:
                    cut_up.append((turn, self._reading.piece(said, busy, touching, start)))
                    start = turn
            cut_up.append((until, self._reading.piece(said, busy, touching, start)))
            start = until
        return cut_up

    def _steady_piece(self, said: int, start: int) -> int:
        number = self._steady.get(said)
        if number is None:
            busy = self._occupancy.busy
            number = self._steady[said] = self._reading.piece(said, busy, busy, start)
        return number

    def _settle(self) -> None:
        """Work out anew what is right no more."""
        if self._right_until == _NEVER:
            return
        t, self._right_until = max(self._right_until, self.start), _NEVER
        if t > self.history.last.end:
            return
        if self._reading.of_loop:
            t = self._start_of_stretch(t)
            if not self._longest.cut(t) and (start := self._start_of_block(t)) < t:
                self._longest.append(start, t)
        for track, pieces in self.history.reopen(t):
            for start, end, said in merged(track.end, pieces, self._kinds.said):
                self._show(track, start, end, said)

    def _start_of_stretch(self, t: int) -> int:
        """Where that stretch begins, as it was said, in which `t` is."""
        kind = None
        for start, number in self.history.backwards(t + 1):
            if kind is not None and self._kinds.said[number] != kind:
                break
            t, kind = start, self._kinds.said[number]
        return t

    def _start_of_block(self, t: int) -> int:
        """Where that begins in which the event loop could not answer until `t`; `t`, where it could."""
        for start, number in self.history.backwards(t):
            if self._kinds.columns[number] < WIDTH:
                break
            t = start
        return t


def merged(start: int, pieces: Iterable[tuple[int, int]], of: list[int]) -> Iterator[tuple[int, int, int]]:
    """(start, end, kind) of pieces (end, number), from `start` on; `of` says of which kind a number is."""
    last = None
    end = start
    for until, number in pieces:
        kind = of[number]
        if kind != last:
            if last is not None:
                yield start, end, last
            start, last = end, kind
        end = until
    if last is not None:
        yield start, end, last


# What all lanes of a run have to know of each other.


@dataclass
class Clock:
    """The latest moment (ns) that anything was said of, and how often what had been settled was worked out anew."""

    now: int = 0
    recuts: int = 0
