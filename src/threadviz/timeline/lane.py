"""A lane: one thread, from when it came into view until it was gone, and what it did in between."""

import enum
from collections.abc import Iterator
from dataclasses import dataclass

from threadviz.events import Known, LaneStarted, Present, Span, Spans, State
from threadviz.stream import StreamError
from threadviz.timeline.occupancy import Blocked, Occupancy
from threadviz.timeline.track import STATES, Kinds, Track

_EVENT_CALLS = frozenset({"epoll_wait", "epoll_pwait", "epoll_pwait2", "kevent", "io_uring_enter"})
"""In these system calls an event loop waits for events, and hardly anything else is ever waited for."""

_POLL_CALLS = frozenset({"poll", "ppoll", "select", "pselect6"})
"""In these some event loops do as well, but a socket with a timeout does too (CPython's socketmodule.c,
`internal_select`). Sampling smears a wait beyond the task that it was in, to about the next sample. So where one of
these touches a task, it is the task's own wait, and no proof that the loop was listening."""

_WAITS = frozenset({State.IO, State.LOCK, State.SLEEP, State.WAITING})
_CANNOT_ANSWER = frozenset({State.RUNNING, State.READY, State.GIL, State.IO, State.LOCK, State.SLEEP})
FOREVER = 2**63 - 1
"""No time in a stream is later (ns)."""


class Role(enum.StrEnum):
    """What a lane is in the run."""

    LOOP = "loop"
    """The thread that the event loop is in."""
    WORKER = "worker"
    """A thread that tasks run in, or the main thread of a worker process."""
    PLUMBING = "plumbing"
    """Every other thread."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """From `start` to `end` (ns) in one state; `call` names the system call, where there is one."""

    start: int
    end: int
    state: State
    known: Known
    call: str


@dataclass
class Clock:
    """The latest moment (ns) that anything was said of."""

    now: int = 0


class Lane:
    """One thread. Read it through a `Timeline`, which alone changes it.

    `name` is what is shown: 'event loop', 'thread 1', 'process 2', or for plumbing the thread's own name.
    `kind` is 'process' where it is in another process than the event loop, else 'thread'. `start` and `end`
    are its lifetime in ns, `end` is None while it is alive. `tasks` are the numbers of its tasks, in the
    order in which they were said to start.
    """

    def __init__(self, event: LaneStarted, kinds: Kinds, clock: Clock) -> None:
        self.number = event.lane
        self.pid = event.pid
        self.tid = event.tid
        self.own_name = event.name or f"tid {event.tid}"
        self.name = self.own_name
        self.process = event.process
        self.role = Role.PLUMBING
        self.kind = "thread"
        self.start = event.t
        self.end: int | None = None
        self.tasks: list[int] = []
        self._clock = clock
        self._kinds = kinds
        self._unknown = kinds.number(State.UNKNOWN, Known.SAMPLED, "")
        self._present = self._unknown
        self._occupancy = Occupancy()
        self._blocked = Blocked(event.t)
        # As it was said, and as it is shown: with what is idle worked out, and the present up to now.
        self._said = Track(event.t, kinds)
        self._shown = Track(event.t, kinds)
        self._right_until = event.t
        self._stale = True

    def states(self, since: int = 0, until: int | None = None) -> dict[State, int]:
        """Nanoseconds in each state within [since, until] (until now, where None); without states of 0 ns.

        They add up exactly to what [since, until] and the lane's lifetime have in common.
        """
        sums = self._settled().sums(since, self._clock.now if until is None else until)
        return {state: ns for state, ns in zip(STATES, sums, strict=True) if ns}

    def stretches(self, since: int = 0, until: int | None = None) -> Iterator[Stretch]:
        """The stretches within [since, until], clipped to it: contiguous, and no two equal neighbours.

        To be used up before the timeline is told more.
        """
        for start, end, kind in self._settled().walk(since, self._clock.now if until is None else until):
            yield Stretch(start, end, *self._kinds.table[kind])

    def at(self, t: int) -> Stretch | None:
        """The whole stretch that `t` is in; at the lane's end, or now, its last; else None."""
        found = self._settled().at(t)
        if found is None:
            return None
        start, end, kind = found
        return Stretch(start, end, *self._kinds.table[kind])

    def blocked(self, until: int) -> tuple[int, int]:
        """Of the event loop's lane: for how long (ns) it could not answer, in all and at most at a stretch.

        That is counted from where the workload began until `until`. It could not answer while it was in a
        task, or seen in anything but the wait for events; what nobody saw (unknown, or waiting for nobody
        knows what) is not held against it.
        """
        self._settled()
        return self._blocked.until(until)

    def tell(self, event: Spans) -> int:
        """Take settled stretches, and return where (ns) they end."""
        if event.start < self._said.end:
            raise StreamError(
                f"lane {self.number}: spans start at {event.start} ns, before {self._said.end} ns,"
                " where what was said of it ends"
            )
        end = event.start + sum(span.ns for span in event.spans)
        if end > (FOREVER if self.end is None else self.end):
            raise StreamError(f"lane {self.number}: spans run until {end} ns, beyond its end")
        self._said.append(event.start, self._unknown)
        for span in event.spans:
            self._said.append(self._said.end + span.ns, self._number(span))
        self._present = self._unknown if event.present is None else self._number(event.present)
        self._stale = True
        return end

    def finish(self, t: int) -> None:
        """The thread was gone at `t` (ns)."""
        if self.end is not None:
            raise StreamError(f"lane {self.number} ends twice")
        if t < self._said.end:
            raise StreamError(f"lane {self.number} ends at {t} ns, but was seen until {self._said.end} ns")
        self.end = t
        self._stale = True

    def occupy(self, t: int, by: int) -> None:
        """From `t` (ns) on, `by` tasks more are on this lane."""
        self._occupancy.change(t, by)
        self._recut(t)

    def take_role(self, role: Role, begin: int) -> None:
        """Become `role`; an event loop's questions are asked from `begin` (ns) on."""
        self.role = role
        self._blocked = Blocked(begin)
        self._recut(self.start)

    def _number(self, of: Span | Present) -> int:
        known = of.known if isinstance(of, Span) else Known.SAMPLED
        return self._kinds.number(of.state, known, of.call)

    def _recut(self, t: int) -> None:
        said = self._said.at(t)
        self._right_until = max(self.start, min(self._right_until, said[0] if said else t))
        self._stale = True

    def _settled(self) -> Track:
        """The track that is shown, brought up to date."""
        horizon = self._clock.now if self.end is None else self.end
        if self._stale or self._shown.end != horizon:
            self._shown.cut(self._right_until)
            self._blocked.cut(self._right_until)
            said, end = self._said, self._said.end
            last = said.at(end)
            said.append(horizon, self._present)
            for stretch in said.walk(self._right_until, horizon):
                self._show(*stretch)
            said.cut(end)
            # The last stretch may go on, and what the lane is in at present may turn out to have been another.
            self._right_until = last[0] if last else self.start
            self._stale = False
        return self._shown

    def _show(self, start: int, end: int, kind: int) -> None:
        pieces = list(self._occupancy.pieces(start, end))
        outside = self._outside_task(kind, touching=any(busy for _, busy in pieces))
        for until, busy in pieces:
            shown = kind if busy else outside
            self._shown.append(until, shown)
            if self.role is Role.LOOP and (busy or self._kinds.table[shown][0] in _CANNOT_ANSWER):
                self._blocked.append(start, until)
            start = until

    def _outside_task(self, kind: int, touching: bool) -> int:
        """What a stretch is outside of tasks, if it is `touching` one or if not."""
        state, known, call = self._kinds.table[kind]
        if self.role is Role.WORKER and state in _WAITS:
            return self._kinds.number(State.IDLE, Known.SAID, "")
        for_events = call in _EVENT_CALLS or (call in _POLL_CALLS and not touching)
        if self.role is Role.LOOP and state is State.IO and for_events:
            return self._kinds.number(State.IDLE, known, "")
        return kind
