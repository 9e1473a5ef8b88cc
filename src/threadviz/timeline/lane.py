"""A lane: one thread, from when it was first seen until it ended, and what it did in between."""

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
from threadviz.timeline.account import (
    FOREVER,
    WIDTH,
    Account,
    Clock,
    Kinds,
    Role,
    TimeRange,
    by_state,
    merged,
)
from threadviz.timeline.history import DENSE, Sums, differences, walked

_MOST_NOTES = 200
"""A lane keeps so many notes of a kind; beyond that, every other one of the older half is dropped."""

_BEST_NAMES = (NameSource.PROGRAM, NameSource.STACKS, NameSource.SYSTEM)
"""The sources of thread names, the most trusted first."""


Thread = tuple[int, int]
"""(pid, tid)"""


class Notes:
    """Texts, each about one moment (ns), in the order of time; a long run keeps only some. Equal texts share memory."""

    def __init__(self) -> None:
        self._times = array("q")
        self._texts: list[str] = []

    @property
    def last(self) -> int:
        """The time (ns) of the last note; -1 without any."""
        return self._times[-1] if self._times else -1

    def __iter__(self) -> Iterator[tuple[int, str]]:
        return zip(self._times, self._texts, strict=True)

    def add(self, t: int, text: str) -> None:
        self._times.append(t)
        self._texts.append(sys.intern(text))
        if len(self._times) > _MOST_NOTES:
            del self._times[0 : _MOST_NOTES // 2 : 2]
            del self._texts[0 : _MOST_NOTES // 2 : 2]

    def before(self, t: int) -> tuple[int, str] | None:
        """Return the last note up to `t`."""
        index = bisect_right(self._times, t) - 1
        return None if index < 0 else (self._times[index], self._texts[index])

    def within(self, start: int, end: int, t: int) -> str:
        """Return the last text within [start, end] up to `t`, else the first after `t`, else ''."""
        first, last = bisect_left(self._times, start), bisect_right(self._times, end)
        if first == last:
            return ""
        return self._texts[min(max(first, bisect_right(self._times, t) - 1), last - 1)]


@dataclass(frozen=True, slots=True)
class LaneSegment:
    """From `start` to `end` (ns) in one state; `call` names the system call, if any."""

    start: int
    end: int
    state: State
    known: Evidence
    call: str


class Lane:
    """One thread. Only its `Timeline` changes it.

    - `name` is shown, and unique in the run: 'event loop', 'thread 1', 'process 2' or 'plumbing 1' in a workload's run;
      the thread's name in a program, or the process's for a main thread, with '(loop)' for an event loop and the tid
      where names would be equal.
    - `thread_name` is the thread's own name, and `named_by` its source; None for the name that it had when first seen.
    - `process_name` is the name of its process; `kind` is 'process' in another process than the event loop, or than the
      program's first process, else 'thread'.
    - `start` and `end` are its lifetime (ns); `end` is None while the thread is alive.
    - `tasks` holds the numbers of its tasks, in the order of their starts.
    - `wait_targets` are what it was seen to wait on, `locations` the functions that it was seen in.
    - `loop_since` is from when on (ns) an event loop counts as blocked if it cannot answer; None for other lanes.
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
        self.loop_since: int | None = None
        self._revised_from: list[int] = []
        self._kinds = kinds
        self._account = Account(event.t, kinds, clock)
        self.wait_targets = Notes()
        self.locations = Notes()

    @property
    def thread(self) -> Thread:
        return self.pid, self.tid

    @property
    def is_main(self) -> bool:
        """Whether it is the main thread of its process."""
        return self.tid == self.pid

    @property
    def revision(self) -> int:
        """How often settled time was worked out anew."""
        return len(self._revised_from)

    @property
    def settled_until(self) -> int:
        """Before this time (ns) the lane changes only together with `revision`. FOREVER once the thread has ended.

        The subject may report late, and a lane may turn out to be an event loop or a worker. Then settled time is
        worked out anew and `revision` grows. So a drawing of the time before `settled_until` is valid while
        `revision` stays the same. Downsampling is no such change: what was drawn before is right, and in finer
        detail.
        """
        return FOREVER if self.end is not None else self._account.settled_until

    def revised_from(self, revision: int) -> int:
        """Return from where on (ns) the lane may differ from what it was as of an earlier `revision`."""
        return min(self._revised_from[revision:], default=FOREVER)

    @property
    def downsampled_until(self) -> int:
        """Up to here (ns) the lane is downsampled; its start if it is not.

        Old time of a long run is downsampled: within bins as long as `resolution`, only one segment of each kind is
        left, in arbitrary order. Sums are exact to the ns at the edges of bins, of tasks and of the workload. Whoever
        shows single moments of that time (`at`, `segments`) has to say that their order is lost.
        """
        return self._account.history.last.start

    def resolution(self, t: int) -> int:
        """Return the time (ns) around `t` within which the order is lost; 0 where it is exact."""
        return self._account.history.resolution(t)

    def states(self, since: int = 0, until: int | None = None) -> dict[State, int]:
        """Return ns in each state within [since, until] (None: until now), without states of 0 ns.

        They add up exactly to the part of [since, until] in which the lane lived.
        """
        return by_state(self.sums(since, FOREVER if until is None else until))

    def sums(self, since: int, until: int) -> Sums:
        """Return ns in each state, in the order of `STATES`; see `states`."""
        columns = self._account.sums_until(until)
        if since > self.start:
            columns = list(map(sub, columns, self._account.sums_until(min(since, until))))
        return _in_states(columns)

    def binned(self, since: int, width: int, count: int) -> list[Sums]:
        """Return ns in each state, in the order of `STATES`, for `count` bins of `width` ns from `since` (ns) on.

        A bin adds up to less than `width` where the lane did not live for all of it. The cost grows with the number of
        segments for quiet lanes, and with the number of bins for busy ones.
        """
        bins = self._binned(since, width, count)
        return list(map(_in_states, bins)) if self.role is Role.LOOP else bins

    def blocked_binned(self, since: int, width: int, count: int) -> list[Sums]:
        """Return the part of `binned` during which an event loop could not answer; all 0 for other lanes.

        Its io, lock, sleep and waiting are drawn as blocked. See `blocked`.
        """
        if self.role is not Role.LOOP:
            return [(0,) * WIDTH] * count
        return [sums[WIDTH:] for sums in self._binned(since, width, count)]

    def segments(self, since: int = 0, until: int | None = None) -> Iterator[LaneSegment]:
        """Yield the segments within [since, until], clipped to it: contiguous, and without equal neighbours.

        Consume it before the timeline changes.
        """
        since, until = max(since, self.start), min(FOREVER if until is None else until, self._account.horizon)
        for start, end, kind in merged(since, self._account.walk(since, until), self._kinds.shown):
            yield LaneSegment(start, end, *self._kinds.table[kind])

    def at(self, t: int) -> LaneSegment | None:
        """Return the whole segment that holds `t` (ns); the last one at the lane's end or now; else None."""
        horizon = self._account.horizon
        if not self.start <= t <= horizon or self.start == horizon:
            return None
        start, end, kind = self._account.around(min(t, horizon - 1))
        return LaneSegment(start, end, *self._kinds.table[kind])

    def wait_target_at(self, t: int) -> str:
        """Return what the wait at `t` (ns) is for: a peer's address and port, or a file's path; '' if not known."""
        segment = None if self.wait_targets.last < 0 or t < self.downsampled_until else self.at(t)
        if segment is None:
            return ""
        until = segment.end if segment.end == self._account.horizon else segment.end - 1
        return self.wait_targets.within(segment.start, until, t)

    def location_at(self, t: int) -> tuple[int, str] | None:
        """Return the last (time in ns, function) that was sampled up to `t` (ns)."""
        return self.locations.before(t)

    def blocked(self, until: int) -> tuple[int, int]:
        """Return for how long (ns) this event loop could not answer, from `loop_since` to `until`: in all, and at most.

        A loop cannot answer in a task, or in any state but the wait for events. Unobserved time does not count against
        it. A program's loop is judged up to its last wait for events once its thread has ended.
        """
        until = min(until, self._account.horizon)
        return sum(self._account.sums_until(until)[WIDTH:]), self._account.longest_block(until)

    @property
    def has_open_tasks(self) -> bool:
        """Whether a task on it is not over, as far as was reported."""
        return self._account.occupancy.busy

    def in_task(self, t: int) -> bool:
        """Whether a task is on the lane right after `t` (ns)."""
        return self._account.occupancy.at(t)

    @property
    def size(self) -> int:
        """How many pieces are kept of it: a measure of its memory."""
        return len(self._account.history)

    def append(self, event: Spans) -> int:
        """Add spans, and return where (ns) they end. Raises StreamError."""
        account = self._account
        if event.start < account.received_until:
            raise StreamError(
                f"lane {self.number}: spans start at {event.start} ns, before {account.received_until} ns,"
                " where the spans before them end"
            )
        end = event.start + sum([span.ns for span in event.spans])
        if end > (FOREVER if self.end is None else self.end):
            raise StreamError(f"lane {self.number}: spans run until {end} ns, beyond its end")
        if self.end is not None:
            self._revised_from.append(self.start)
        spans, kind = event.spans, self._kinds.unknown
        if gap := event.start - account.received_until:
            spans = (Span(gap, State.UNKNOWN), *spans)
        if event.present is not None:
            kind = self._kinds.numbers[event.present.state, Evidence.SAMPLED, event.present.call]
        account.append(spans, kind)
        return end

    def finish(self, t: int) -> None:
        """The thread had ended by `t` (ns). Raises StreamError."""
        if self.end is not None:
            raise StreamError(f"lane {self.number} ends twice")
        received_until = self._account.received_until
        if t < received_until:
            raise StreamError(f"lane {self.number} ends at {t} ns, but was seen until {received_until} ns")
        self.end = self._account.end = t

    def occupy(self, t: int, by: int) -> None:
        """From `t` (ns) on, there is one more task on this lane (`by` is 1), or one less (-1)."""
        if t < self.settled_until:
            # A task can change the meaning of a loop's wait from the wait's beginning on.
            self._revised_from.append(self.start if self.role is Role.LOOP else t)
        self._account.occupy(t, by)

    def take_role(self, role: Role, active: TimeRange, *, seen: bool) -> None:
        """Become `role`; an event loop can be blocked within `active` (ns), and is `seen` or reported to be one."""
        if self.start < self.settled_until:
            self._revised_from.append(self.start)
        self.role, self.loop_since = role, active[0] if role is Role.LOOP else None
        self._account.interpret_as(role, active, seen=seen)

    def take_name(self, event: ThreadNamed) -> None:
        """Take the thread's name, unless a more trusted source has given one."""
        if event.by is NameSource.SYSTEM:
            self.system_name = event.name
        if self.named_by is None or _BEST_NAMES.index(event.by) <= _BEST_NAMES.index(self.named_by):
            self.thread_name, self.named_by = event.name or f"tid {self.tid}", event.by

    def note(self, event: WaitTarget | StackSample) -> None:
        """Keep a wait target or a location. Raises StreamError if it is out of order."""
        if isinstance(event, WaitTarget):
            notes, text = self.wait_targets, event.place
        else:
            notes, text = self.locations, event.function
        if event.t < max(self.start, notes.last):
            raise StreamError(f"lane {self.number}: {text!r} at {event.t} ns is out of order")
        notes.add(event.t, text)

    def downsample(self, marks: Iterable[int]) -> None:
        """Downsample a little more of the old time; sums stay exact at `marks` (ns)."""
        self._account.downsample(marks)

    def _binned(self, since: int, width: int, count: int) -> list[Sums]:
        """Return the column sums (ns) of each bin, by whichever way is quicker."""
        edges = range(since, since + width * count + 1, width)
        first, last = max(since, self.start), min(edges[-1], self._account.horizon)
        columns = 2 * WIDTH if self.role is Role.LOOP else WIDTH
        if first >= last:
            return [(0,) * columns] * count
        if self._account.history.count(first, last) > DENSE * count:
            return differences(edges, self._account.sums_until)
        return walked(edges, first, self._account.walk(first, last), self._kinds.columns, columns)


def _in_states(columns: Sequence[int]) -> Sums:
    return tuple(columns) if len(columns) == WIDTH else tuple(map(add, columns, columns[WIDTH:]))
