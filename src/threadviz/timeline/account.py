"""The time account of one lane: spans as they were received, turned into the states that are shown.

What a span is shown as depends on the lane's role and on its tasks. A worker that waits without a task is idle; an
event loop that waits for events is idle, and blocked in any other wait.
"""

import enum
from array import array
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, takewhile
from typing import TypeVar

from threadviz.protocol.events import Evidence, Span, State
from threadviz.timeline.history import History, Track

T = TypeVar("T")

STATES = tuple(State)
WIDTH = len(STATES)
_INDEX = {state: index for index, state in enumerate(STATES)}

FOREVER = 2**63 - 1
"""Later than any time in a stream (ns)."""

TimeRange = tuple[int, int]
"""From when to when (ns)."""

_NEVER: TimeRange = (0, 0)

EVENT_CALLS = frozenset({"epoll_wait", "epoll_pwait", "epoll_pwait2", "kevent", "io_uring_enter"})
"""System calls in which event loops wait for events, and hardly anything else waits."""

_POLL_CALLS = frozenset({"poll", "ppoll", "select", "pselect6"})
"""Some event loops wait in these, but so does a socket with a timeout (CPython's socketmodule.c, `internal_select`).
Sampling smears a wait beyond its task by up to about one sample. So a wait in one of these that touches a task counts
as the task's own, and not as the loop listening."""

_WAITS = frozenset({State.IO, State.LOCK, State.SLEEP, State.WAITING})
_CANNOT_ANSWER = frozenset({State.RUNNING, State.READY, State.GIL, State.IO, State.LOCK, State.SLEEP})


class Role(enum.StrEnum):
    """What a lane is for."""

    LOOP = "loop"
    """A thread with an event loop: as the subject reports, or in a program, as its waits for events show."""
    WORKER = "worker"
    """A thread that runs tasks, or in a workload's run, the main thread of a worker process."""
    THREAD = "thread"
    """A thread of a program whose purpose is not known."""
    PLUMBING = "plumbing"
    """Every other thread; in a program, those of the processes that `multiprocessing` starts for itself."""


Kind = tuple[State, Evidence, str]
"""The state of a span, how it is known, and the system call, if any."""


class Numbers(dict[T, int]):
    """Small numbers for things: a new one gets the next. `things` has them by number."""

    def __init__(self) -> None:
        self.things: list[T] = []

    def __missing__(self, thing: T) -> int:
        number = self[thing] = len(self.things)
        self.things.append(thing)
        return number


class Kinds:
    """Small numbers for kinds, and for *pieces*.

    A piece describes a part of a span: the kind that was received (`received`), the kind that is shown (`shown`), and
    whether an event loop was blocked. Its time counts in one of `WIDTH` columns,
    one for each state, or in one of `WIDTH` more where the loop could not answer (`columns`). All lists are indexed by
    the piece's number.
    """

    def __init__(self) -> None:
        self.numbers = Numbers[Kind]()
        self.table = self.numbers.things
        self.unknown = self.numbers[State.UNKNOWN, Evidence.SAMPLED, ""]
        self.received: list[int] = []
        self.shown: list[int] = []
        self.columns: list[int] = []
        self._pieces = Numbers[tuple[int, int, bool]]()

    def piece(self, received: int, shown: int, blocked: bool) -> int:
        """Return the number of this piece."""
        number = self._pieces[received, shown, blocked]
        if number == len(self.received):
            self.received.append(received)
            self.shown.append(shown)
            self.columns.append(_INDEX[self.table[shown][0]] + WIDTH * blocked)
        return number


class Occupancy:
    """When a lane has tasks, from their starts and their ends (ns), which may arrive in any order.

    A task that moves to another lane starts once more where it ended, and ends once more where it started.
    """

    def __init__(self) -> None:
        self._starts = array("q")
        self._ends = array("q")

    @property
    def last(self) -> int:
        """The last change (ns); -1 without any."""
        return max(self._starts[-1] if self._starts else -1, self._ends[-1] if self._ends else -1)

    @property
    def busy(self) -> bool:
        """Whether the lane has a task from `last` on."""
        return len(self._starts) > len(self._ends)

    def change(self, t: int, by: int) -> None:
        """From `t` (ns) on, there is one more task (`by` is 1), or one less (-1)."""
        insort(self._starts if by > 0 else self._ends, t)

    def at(self, t: int) -> bool:
        """Whether the lane has a task right after `t` (ns)."""
        return bisect_right(self._starts, t) > bisect_right(self._ends, t)

    def changes(self, since: int = -1, until: int = FOREVER) -> list[int]:
        """Return the times between `since` and `until` (ns) at which it may change, in no order."""
        starts, ends = self._starts, self._ends
        return [
            *starts[bisect_right(starts, since) : bisect_left(starts, until)],
            *ends[bisect_right(ends, since) : bisect_left(ends, until)],
        ]


@dataclass
class Clock:
    """The latest time of any event (ns), which all lanes share."""

    now: int = 0


class LongestBlock:
    """The longest time that an event loop was blocked, as of any moment.

    Shorter blocks than an earlier one are dropped.
    """

    def __init__(self) -> None:
        # (start, end): every block but the last is longer than the one before it.
        self._blocks: list[TimeRange] = []

    def append(self, start: int, end: int) -> None:
        """Add a block from `start` to `end` (ns), after all others or continuing the last one."""
        blocks = self._blocks
        if blocks and blocks[-1][1] == start:
            start, _ = blocks.pop()
        elif len(blocks) > 1 and blocks[-1][1] - blocks[-1][0] <= blocks[-2][1] - blocks[-2][0]:
            blocks.pop()
        blocks.append((start, end))

    def cut(self, t: int) -> bool:
        """Forget everything from `t` on. Return whether a known block goes on until `t`."""
        del self._blocks[bisect_left(self._blocks, (t, t)) :]
        if not self._blocks or self._blocks[-1][1] < t:
            return False
        start, _ = self._blocks.pop()
        self._blocks.append((start, t))
        return True

    def start_of(self, t: int) -> int:
        """Return where the block begins that goes on until `t`; `t` if there is none."""
        return self._blocks[-1][0] if self._blocks and self._blocks[-1][1] == t else t

    def until(self, t: int) -> int:
        """Return the length (ns) of the longest block before `t`."""
        index = bisect_left(self._blocks, (t, t))
        return max((min(end, t) - start for start, end in self._blocks[max(index - 2, 0) : index]), default=0)


class Interpretation:
    """What spans are shown as, for a lane of this role.

    For an event loop, `active` is the time range (ns) in which it counts as blocked if it cannot answer. A loop that
    was `seen` to be one (a program's) is idle only in EVENT_CALLS, also inside a task, which then has a loop of its
    own. `width` is the number of columns that time is added up in.
    """

    def __init__(self, kinds: Kinds, role: Role, active: TimeRange = _NEVER, *, seen: bool = False) -> None:
        self.of_loop = role is Role.LOOP
        self._seen = self.of_loop and seen
        self._active_from, self._active_until = active if self.of_loop else _NEVER
        self.turns = [turn for turn in (self._active_from, self._active_until) if turn < FOREVER]
        self.width = 2 * WIDTH if self.of_loop else WIDTH
        self._kinds = kinds
        self._role = role

    def piece(self, received: int, busy: bool, touching: bool, start: int) -> int:
        """Return the piece for part of a span, from `start` (ns) on.

        `busy` says whether that part is in a task, `touching` whether any part of the span is.
        """
        state, known, call = self._kinds.table[received]
        occupied = busy and not self._seen
        for_events = call in EVENT_CALLS or (not self._seen and call in _POLL_CALLS and not touching)
        shown = received
        if not occupied and self._role is Role.WORKER and state in _WAITS:
            shown = self._kinds.numbers[State.IDLE, Evidence.SAID, ""]
        elif not occupied and self.of_loop and state is State.IO and for_events:
            shown = self._kinds.numbers[State.IDLE, known, ""]
        cannot_answer = occupied or self._kinds.table[shown][0] in _CANNOT_ANSWER
        return self._kinds.piece(
            received, shown, cannot_answer and self._active_from <= start < self._active_until
        )

    def is_open(self, received: int) -> bool:
        """Whether the first part of a span may be shown differently depending on its last part."""
        return self.of_loop and not self._seen and self._kinds.table[received][2] in _POLL_CALLS


class Account:
    """Everything received up to `received_until` (ns), and what is assumed after it, until `horizon`.

    The last span may go on, so it is not in the history yet. It and the present state form the *tail*, which is worked
    out anew when something changes. When a task is reported late, the history is worked out anew from there on.
    `end` is None while the lane lives.
    """

    def __init__(self, start: int, kinds: Kinds, clock: Clock) -> None:
        self.start = start
        self.end: int | None = None
        self.received_until = start
        self._kinds = kinds
        self._clock = clock
        self._interpretation = Interpretation(kinds, Role.PLUMBING)
        self.occupancy = Occupancy()
        self._longest = LongestBlock()
        self.history = History(start, kinds.columns, self._interpretation.width)
        self._open = self._present = kinds.unknown
        self._tail: Track | None = None
        # From here on the history has to be worked out anew.
        self._valid_until = FOREVER
        # From here on no task starts or ends, so that a kind always gives the same piece: `_steady`.
        self._steady_from = 0
        self._steady: dict[int, int] = {}

    @property
    def horizon(self) -> int:
        """The lane's end, or now (ns)."""
        return self._clock.now if self.end is None else self.end

    @property
    def settled_until(self) -> int:
        """Before this time (ns) nothing changes any more, unless something that happened earlier is reported late."""
        return self.history.last.end if self._interpretation.is_open(self._open) else self.received_until

    def append(self, spans: Iterable[Span], present: int) -> None:
        """Add spans that follow each other, and take the lane to be in the kind `present` after them.

        A run has millions of spans, so the common case is inlined here.
        """
        last, steady, numbers = self.history.last, self._steady, self._kinds.numbers
        append = last.append
        steady_from = FOREVER if self._interpretation.of_loop else self._steady_from
        received_until, kind_before = self.received_until, self._open
        for span in spans:
            ns = span.ns
            if not ns:
                continue
            kind = numbers[span.state, span.known, span.call]
            if kind != kind_before:
                since = last.end
                if received_until > since:
                    piece = steady.get(kind_before)
                    if piece is None or since < steady_from:
                        self._show(last, since, received_until, kind_before)
                    else:
                        append(received_until, piece)
                kind_before = kind
            received_until += ns
        self.received_until, self._open, self._present = received_until, kind_before, present
        self._tail = None

    def occupy(self, t: int, by: int) -> None:
        """From `t` (ns) on, there is one more task on the lane (`by` is 1), or one less (-1)."""
        self.occupancy.change(t, by)
        self._valid_until = min(self._valid_until, t)
        self._reset_tail()

    def interpret_as(self, role: Role, active: TimeRange, *, seen: bool) -> None:
        """Work everything out anew for this role; see `Interpretation`."""
        self._interpretation = Interpretation(self._kinds, role, active, seen=seen)
        self._longest = LongestBlock()
        self.history.width = self._interpretation.width
        self._valid_until = self.start
        self._reset_tail()
        self._settle()

    def downsample(self, marks: Iterable[int]) -> None:
        """Downsample a little more of the old time; sums stay exact at `marks` (ns) and at the edges of tasks."""
        self._settle()
        self.history.downsample(sorted([*self.occupancy.changes(), *marks]))

    def sums_until(self, t: int) -> list[int]:
        """Return the column sums (ns) up to `t`."""
        if self._valid_until != FOREVER:
            self._settle()
        last = self.history.last
        since, received = last.end, self.received_until
        if t <= since:
            return self.history.sums_until(t)
        if since < self._steady_from:
            return self._tail_now().sums_until(min(t, self.horizon))
        # No task begins or ends in the tail, so it need not be cut up.
        sums = last.totals.copy()
        columns = self._kinds.columns
        sums[columns[self._steady_piece(self._open, since)]] += min(t, received) - since
        if t > received:
            sums[columns[self._steady_piece(self._present, received)]] += min(t, self.horizon) - received
        return sums

    def walk(self, since: int, until: int) -> Iterator[tuple[int, int]]:
        """Yield (end, piece) within [since, until], clipped to it. Consume it before the account changes."""
        self._settle()
        pieces = self.history.walk(since, until)
        return (
            pieces if until <= self.history.last.end else chain(pieces, self._tail_now().walk(since, until))
        )

    def around(self, t: int) -> tuple[int, int, int]:
        """Return (start, end, kind) of the segment that holds `t`, which is before `horizon`."""
        self._settle()
        shown = self._kinds.shown
        if found := self.history.last.around(t, shown):  # the common case
            return found
        _, end, kind = next(merged(t, self.walk(t, self.horizon), shown))
        pieces = chain(self._tail_now().backwards(t + 1), self.history.backwards(t + 1))
        return _start_of_run(pieces, t, shown), end, kind

    def longest_block(self, until: int) -> int:
        """Return the longest time (ns) that the event loop was blocked at once, up to `until`."""
        self._settle()
        longest = self._longest.until(until)
        since = self.history.last.end
        start = self._longest.start_of(since)
        for end, number in self.walk(since, until):
            if self._kinds.columns[number] < WIDTH:
                start = end
            longest = max(longest, end - start)
        return longest

    def _reset_tail(self) -> None:
        self._steady_from = max([self.occupancy.last, *self._interpretation.turns])
        self._steady = {}
        self._tail = None

    def _tail_now(self) -> Track:
        # Only of an event loop's tail may a part depend on what comes later.
        horizon = self.horizon if self._interpretation.of_loop else FOREVER
        if self._tail is None or self._tail.end != horizon:
            last = self.history.last
            self._tail = Track(last.end, self._kinds.columns, last.totals)
            spans = [(horizon, self._present)]
            if self._open != self._present:
                spans.insert(0, (self.received_until, self._open))
            for until, kind in spans:
                for end, number in self._cut_up(self._tail.end, until, kind):
                    self._tail.append(end, number)
        return self._tail

    def _show(self, track: Track, start: int, end: int, received: int) -> None:
        """Append a span to a track, as it is shown."""
        for until, number in self._cut_up(start, end, received):
            track.append(until, number)
            if self._kinds.columns[number] >= WIDTH:
                self._longest.append(start, until)
            start = until

    def _cut_up(self, start: int, end: int, received: int) -> list[tuple[int, int]]:
        """Return (end, piece) of the pieces of a span."""
        if start >= end:
            return []
        if start >= self._steady_from:
            return [(end, self._steady_piece(received, start))]
        occupancy, piece = self.occupancy, self._interpretation.piece
        turns = [turn for turn in self._interpretation.turns if start < turn < end]
        inside = {*occupancy.changes(start, end), *turns}
        if not inside:
            busy = occupancy.at(start)
            return [(end, piece(received, busy, busy, start))]
        edges = [*sorted(inside), end]
        starts = [start, *edges[:-1]]
        in_task = [*map(occupancy.at, starts)]
        touching = any(in_task)
        return [
            (until, piece(received, busy, touching, since))
            for since, until, busy in zip(starts, edges, in_task, strict=True)
        ]

    def _steady_piece(self, received: int, start: int) -> int:
        number = self._steady.get(received)
        if number is None:
            busy = self.occupancy.busy
            number = self._steady[received] = self._interpretation.piece(received, busy, busy, start)
        return number

    def _settle(self) -> None:
        """Work out anew what is no longer valid."""
        if self._valid_until == FOREVER:
            return
        t, self._valid_until = max(self._valid_until, self.start), FOREVER
        history = self.history
        if t > history.last.end:
            return
        if self._interpretation.of_loop:
            t = _start_of_run(history.backwards(t + 1), t, self._kinds.received)
            if not self._longest.cut(t):
                columns = self._kinds.columns
                blocked = takewhile(lambda piece: columns[piece[1]] >= WIDTH, history.backwards(t))
                start = min((start for start, _ in blocked), default=t)
                if start < t:
                    self._longest.append(start, t)
        for track, pieces in history.reopen(t):
            for start, end, received in merged(track.end, pieces, self._kinds.received):
                self._show(track, start, end, received)


def _start_of_run(pieces: Iterable[tuple[int, int]], t: int, kinds: Sequence[int]) -> int:
    """Return where the first of the pieces (start, number) of one kind begins, the last first; `t` without any."""
    kind = None
    for start, number in pieces:
        if kind not in (None, kinds[number]):
            break
        t, kind = start, kinds[number]
    return t


def by_state(sums: Iterable[int]) -> dict[State, int]:
    """Return ns in each state from sums in the order of `STATES`, without states of 0 ns."""
    return {state: ns for state, ns in zip(STATES, sums, strict=True) if ns}


def merged(
    start: int, pieces: Iterable[tuple[int, int]], kinds: Sequence[int]
) -> Iterator[tuple[int, int, int]]:
    """Yield (start, end, kind) for pieces (end, number) from `start` on; `kinds` gives the kind of each number."""
    last = None
    end = start
    for until, number in pieces:
        kind = kinds[number]
        if kind != last:
            if last is not None:
                yield start, end, last
            start, last = end, kind
        end = until
    if last is not None:
        yield start, end, last
