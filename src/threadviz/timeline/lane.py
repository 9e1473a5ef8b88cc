"""A lane: one thread, from when it came into view until it was gone, and what it did in between."""

import sys
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import add, sub

from threadviz.protocol.codec import StreamError
from threadviz.protocol.events import (
    Evidence,
    LaneStarted,
    NameSource,
    Span,
    Spans,
    StackSample,
    State,
    ThreadNamed,
    WaitTarget,
)
from threadviz.timeline.account import FOREVER, STATES, WIDTH, Account, Asked, Clock, Kinds, Role, merged
from threadviz.timeline.history import DENSE, Bins, Sums, differences, walked

# Notes on a lane: what was said of single moments of it.

MOST = 200
"""So many are kept of a lane; of the older half of more, every other one."""


class Notes:
    """Texts, each said of a moment (ns), told in the order of time. Equal ones take memory once."""

    def __init__(self) -> None:
        self._times = array("q")
        self._texts: list[str] = []

    @property
    def last(self) -> int:
        """The latest moment that one is said of; -1 where there is none."""
        return self._times[-1] if self._times else -1

    def __iter__(self) -> Iterator[tuple[int, str]]:
        """All that are kept, each with the moment (ns) that it is said of."""
        return zip(self._times, self._texts, strict=True)

    def add(self, t: int, text: str) -> None:
        """Note this of `t` (ns), which is no earlier than `last`."""
        self._times.append(t)
        self._texts.append(sys.intern(text))
        if len(self._times) > MOST:
            del self._times[0 : MOST // 2 : 2]
            del self._texts[0 : MOST // 2 : 2]

    def before(self, t: int) -> tuple[int, str] | None:
        """The last that is said of `t` (ns) or of a moment before it, and of which."""
        index = bisect_right(self._times, t) - 1
        return None if index < 0 else (self._times[index], self._texts[index])

    def within(self, start: int, end: int, t: int) -> str:
        """Of those from `start` to `end` (ns, both included) the last up to `t`, else the first after it, if any."""
        first, last = bisect_left(self._times, start), bisect_right(self._times, end)
        if first == last:
            return ""
        return self._texts[min(max(first, bisect_right(self._times, t) - 1), last - 1)]


# A stretch of a lane.


@dataclass(frozen=True, slots=True)
class LaneSegment:
    """From `start` to `end` (ns) in one state; `call` names the system call, where there is one."""

    start: int
    end: int
    state: State
    known: Evidence
    call: str


_BEST_NAMES = (NameSource.PROGRAM, NameSource.STACKS, NameSource.SYSTEM)
"""Who is believed first on a thread's name."""


class Lane:
    """One thread. Read it through a `Timeline`, which alone changes it.

    `name` is what is shown, and tells it from the others: of a workload's run 'event loop', 'thread 1', 'process 2' or
    'plumbing 1'; of a program the name of its thread, or of the main thread that of its process, with '(loop)' behind
    it where an event loop is in it, and with its tid where several have the same. `process_name` is what its process
    is called, `own_name` the name that the thread itself has, as far as it is known, `named_by` who said so.
    `kind` is 'process' where it is in another process than the event loop, or than the program's first process, else
    'thread'. `start` and `end` are its lifetime in ns, `end` is None while it is alive. `tasks` are the numbers of its
    tasks, in the order in which they were said to start. `revision` is explained at `settled_until`. `loop_since` is
    from when (ns) on an event loop is asked if it could answer; None where it is none.
    """

    def __init__(self, event: LaneStarted, kinds: Kinds, clock: Clock) -> None:
        self.number = event.lane
        self.pid = event.pid
        self.tid = event.tid
        self.thread_name = event.name or f"tid {event.tid}"
        self.named_by: NameSource | None = None
        self.system_name = event.name
        self.name = self.thread_name
        self.process = event.process
        self.process_name = f"process {event.pid}"
        self.role = Role.PLUMBING
        self.kind = "thread"
        self.start = event.t
        self.end: int | None = None
        self.tasks: list[int] = []
        self.revision = 0
        self.loop_since: int | None = None
        self._revised_from: list[int] = []
        # The sums of its whole life, once it is over.
        self._life: Sums | None = None
        self._clock = clock
        self._kinds = kinds
        self._unknown = kinds.number(State.UNKNOWN, Evidence.SAMPLED, "")
        self._account = Account(event.t, kinds, self._unknown)
        self._places = Notes()
        self._functions = Notes()

    @property
    def is_main(self) -> bool:
        """Whether it is the main thread of its process."""
        return self.tid == self.pid

    @property
    def settled_until(self) -> int:
        """Before this moment (ns) later events do not change what the lane shows, unless they change `revision` too.

        What the subject says may come late, and a lane may turn out to be the event loop's or a worker's: then what was
        settled is worked out anew, and `revision` becomes another number. So what was drawn of the time before
        `settled_until` stays right as long as `revision` is the same. Of a lane that has ended everything is settled.
        That old times are thinned is no change: what was drawn of them before is right, and in finer detail.
        """
        if self.end is not None:
            return FOREVER
        return self._account.settled_until

    def revised_from(self, revision: int) -> int:
        """From where on (ns) the lane may show something else than it did as of an earlier `revision`."""
        return min(self._revised_from[revision:], default=FOREVER)

    @property
    def downsampled_until(self) -> int:
        """Up to here (ns) the lane is thinned; its start, where it is not.

        Of a run that is too long to be kept as it was, what is old is thinned: within grains of time, whose length
        `grain` tells, there is only one stretch left of each kind, in an order that is not that of what happened.
        Everything that is added up is exact to the ns at the edges of grains, and at those of tasks and of the
        workload; in between it is right to a grain. Who shows single moments (`at`, `stretches`) of that time has to
        say 'in some order within so many milliseconds'.
        """
        return self._account.history.last.start

    def resolution(self, t: int) -> int:
        """Within how many ns the order around `t` was given up; 0 where it was not. See `thinned_until`."""
        return self._account.history.resolution(t)

    def states(self, since: int = 0, until: int | None = None) -> dict[State, int]:
        """Nanoseconds in each state within [since, until] (until now, where None); without states of 0 ns.

        They add up exactly to what [since, until] and the lane's lifetime have in common.
        """
        sums = self.sums(since, self._clock.now if until is None else until)
        return {state: ns for state, ns in zip(STATES, sums, strict=True) if ns}

    def sums(self, since: int, until: int) -> Sums:
        """What `states` says, of every state, in the order of `STATES`."""
        if self.end is not None and since <= self.start and until >= self.end:
            if self._life is None:
                self._life = _in_states(self._columns_until(self.end))
            return self._life
        columns = self._columns_until(until)
        if since > self.start:
            columns = list(map(sub, columns, self._columns_until(min(since, until))))
        return _in_states(columns)

    def binned(self, since: int, width: int, count: int) -> list[Sums]:
        """For each of `count` bins of `width` ns, from `since` (ns) on: ns in each state, in the order of `STATES`.

        Each is what `states` says of the bin, so it adds up to less than `width` where the lane was not there for all
        of it. Where a lane does little this costs by the stretch, where it does much by the bin.
        """
        bins = self._binned(Bins(since, width, count))
        return list(map(_in_states, bins)) if self.role is Role.LOOP else bins

    def blocked_binned(self, since: int, width: int, count: int) -> list[Sums]:
        """Of what `binned` says of an event loop's lane: how much of it while the loop could not answer.

        `blocked` says when that is. What there is of io, lock, sleep and waiting is what is drawn as blocked. Of every
        other lane all is 0.
        """
        if self.role is not Role.LOOP:
            return [(0,) * WIDTH] * count
        return [sums[WIDTH:] for sums in self._binned(Bins(since, width, count))]

    def segments(self, since: int = 0, until: int | None = None) -> Iterator[LaneSegment]:
        """The stretches within [since, until], clipped to it: contiguous, and no two equal neighbours.

        To be used up before the timeline is told more.
        """
        horizon = self._horizon()
        since, until = max(since, self.start), horizon if until is None else min(until, horizon)
        if since < until:
            pieces = self._account.walk(since, until, horizon)
            for start, end, kind in merged(since, pieces, self._kinds.shown):
                yield LaneSegment(start, end, *self._kinds.table[kind])

    def at(self, t: int) -> LaneSegment | None:
        """The whole stretch that `t` is in; at the lane's end, or now, its last; else None."""
        horizon = self._horizon()
        if not self.start <= t <= horizon or self.start == horizon:
            return None
        start, end, kind = self._account.around(min(t, horizon - 1), horizon)
        return LaneSegment(start, end, *self._kinds.table[kind])

    @property
    def wait_targets(self) -> tuple[tuple[int, str], ...]:
        """What it was seen to wait on, and when (ns). Of a long run not all is kept."""
        return tuple(self._places)

    @property
    def locations(self) -> tuple[tuple[int, str], ...]:
        """Which functions it was seen in, and when (ns). Of a long run not all is kept."""
        return tuple(self._functions)

    def wait_target_at(self, t: int) -> str:
        """What the lane waits on in the wait that `t` (ns) is in: a peer's address and port, a file's path; or ''."""
        segment = None if self._places.last < 0 or t < self.downsampled_until else self.at(t)
        if segment is None:
            return ""
        until = segment.end if segment.end == self._horizon() else segment.end - 1
        return self._places.within(segment.start, until, t)

    def location_at(self, t: int) -> tuple[int, str] | None:
        """Which function it was in when that was last seen, up to `t` (ns), and when that was; None where it never was.

        Of a long run not all is kept that was seen.
        """
        return self._functions.before(t)

    def blocked(self, until: int) -> tuple[int, int]:
        """Of an event loop's lane: for how long (ns) it could not answer, in all and at most at a stretch.

        That is counted from `loop_since` until `until`: from where the workload began, or of a program, from where it
        was first seen to wait for events, and once its thread has ended, to where it last was. It could not answer
        while it was in a task, or seen in anything but the wait for events; what nobody saw (unknown, or waiting for
        nobody knows what) is not held against it.
        """
        until = min(until, self._horizon())
        return sum(self._columns_until(until)[WIDTH:]), self._account.longest_block(until, self._horizon())

    @property
    def is_left(self) -> bool:
        """Whether all of its tasks are over, as far as was told."""
        return not self._account.in_task(FOREVER)

    def in_task(self, t: int) -> bool:
        """Whether a task is on the lane right after `t` (ns)."""
        return self._account.in_task(t)

    @property
    def held(self) -> int:
        """How many pieces of stretches are kept of it: what it takes memory for."""
        return len(self._account.history)

    def tell(self, event: Spans) -> int:
        """Take settled stretches, and return where (ns) they end."""
        account = self._account
        if event.start < account.said_until:
            raise StreamError(
                f"lane {self.number}: spans start at {event.start} ns, before {account.said_until} ns,"
                " where what was said of it ends"
            )
        end = event.start + sum([span.ns for span in event.spans])
        if end > (FOREVER if self.end is None else self.end):
            raise StreamError(f"lane {self.number}: spans run until {end} ns, beyond its end")
        if self.end is not None:
            self._revise(self.start)
        if gap := event.start - account.said_until:
            account.tell((Span(gap, State.UNKNOWN),))
        account.tell(event.spans)
        number, present = self._kinds.number, event.present
        account.expect(
            self._unknown if present is None else number(present.state, Evidence.SAMPLED, present.call)
        )
        return end

    def finish(self, t: int) -> None:
        """The thread was gone at `t` (ns)."""
        if self.end is not None:
            raise StreamError(f"lane {self.number} ends twice")
        said_until = self._account.said_until
        if t < said_until:
            raise StreamError(f"lane {self.number} ends at {t} ns, but was seen until {said_until} ns")
        self.end = t

    def occupy(self, t: int, by: int) -> None:
        """From `t` (ns) on, `by` tasks more are on this lane."""
        if t < self.settled_until:
            # An event loop's wait may be another kind of wait from its begin on.
            self._revise(self.start if self.role is Role.LOOP else t)
        self._account.occupy(t, by)

    def take_role(self, role: Role, asked: Asked, *, seen: bool) -> None:
        """Become `role`; an event loop is `asked` within these times, and was `seen` to be one, or said to be."""
        if self.start < self.settled_until:
            self._revise(self.start)
        self.role, self.loop_since = role, asked[0] if role is Role.LOOP else None
        self._account.read_as(role, asked, seen=seen)

    def take_name(self, event: ThreadNamed) -> None:
        """Its thread has this name; who is believed more has the last word."""
        if event.by is NameSource.SYSTEM:
            self.system_name = event.name
        if self.named_by is None or _BEST_NAMES.index(event.by) <= _BEST_NAMES.index(self.named_by):
            self.thread_name, self.named_by = event.name or f"tid {self.tid}", event.by

    def note(self, event: WaitTarget | StackSample) -> None:
        """Something was said of the moment that the event is of."""
        notes, text = (
            (self._places, event.place)
            if isinstance(event, WaitTarget)
            else (self._functions, event.function)
        )
        if event.t < max(self.start, notes.last):
            raise StreamError(f"lane {self.number}: {text!r} is said of {event.t} ns, too late or too early")
        notes.add(event.t, text)

    def thin(self, marks: Iterable[int]) -> None:
        """Thin a little more of what is old; what is added up stays exact at `marks` (ns)."""
        self._account.thin(marks)

    def _revise(self, since: int) -> None:
        self.revision += 1
        self._life = None
        self._revised_from.append(since)
        self._clock.recuts += 1

    def _horizon(self) -> int:
        return self._clock.now if self.end is None else self.end

    def _columns_until(self, t: int) -> list[int]:
        return self._account.sums_until(t, self._clock.now if self.end is None else self.end)

    def _binned(self, bins: Bins) -> list[Sums]:
        """The bins, in columns."""
        horizon = self._horizon()
        since, until = max(bins.since, self.start), min(bins.until, horizon)
        width = 2 * WIDTH if self.role is Role.LOOP else WIDTH
        if since >= until:
            return [(0,) * width] * bins.number
        if self._account.history.count(since, until) > DENSE * bins.number:
            return differences(bins, self._columns_until)
        pieces = self._account.walk(since, until, horizon)
        return walked(bins, since, pieces, self._kinds.columns, width)


def _in_states(columns: Sequence[int]) -> Sums:
    """The sums of states, of those of columns."""
    return tuple(columns) if len(columns) == WIDTH else tuple(map(add, columns, columns[WIDTH:]))
