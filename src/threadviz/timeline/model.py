"""The timeline: events folded into lanes, tasks and totals."""

from collections.abc import Callable, Iterable
from typing import Any

from threadviz.events import (
    Begin,
    Closed,
    Died,
    Ended,
    Event,
    Finished,
    Header,
    LaneEnded,
    LaneStarted,
    Spans,
    Started,
    State,
    Submitted,
    Tick,
)
from threadviz.stream import StreamError
from threadviz.timeline.bins import Sums
from threadviz.timeline.kinds import STATES
from threadviz.timeline.lane import Clock, Lane
from threadviz.timeline.lanes import Lanes
from threadviz.timeline.reading import Role
from threadviz.timeline.tasks import Task, Tasks
from threadviz.timeline.totals import Totals, Watching

NS_PER_S = 1_000_000_000
KEEP = 1_000_000
"""How many stretches a timeline keeps as they were told: about 20 MB of them."""

_RUNNING = STATES.index(State.RUNNING)
_NOTHING = (0,) * len(STATES)


class Timeline:
    """What a stream of events says, as far as it was applied. All times are ns since the run's origin.

    `begin` and `end` are when the workload began and ended, `now` is the latest moment that anything was
    said of. `error` is what the mode raised, where it did. `closed` is None while the stream may go on, and
    where it was cut off. When it holds more than `keep` stretches, the old ones of the fullest lanes are thinned: see
    `Lane.thinned_until`.
    """

    def __init__(self, keep: int = KEEP) -> None:
        self.begin: int | None = None
        self.end: int | None = None
        self.error: str | None = None
        self.tick: Tick | None = None
        self.closed: Closed | None = None
        self.died: list[Died] = []
        self._header: Header | None = None
        self._clock = Clock()
        self._keep = self._room = keep
        self._tasks = Tasks()
        self._summed_up: tuple[Sums, Sums] = (_NOTHING, _NOTHING)
        # What these are the sums for, and as of how many events; of none in particular where no more will change them.
        self._summed_up_for: tuple[object, ...] = ()
        self._summed_up_as_of: int | None = None
        self._applied = 0
        self._lanes = Lanes(self._clock)
        self._appliers: dict[type[Event], Callable[[Any], None]] = {
            LaneStarted: self._lanes.start,
            LaneEnded: self._lanes.end,
            Spans: self._spans,
            Tick: self._tick,
            Begin: self._begin,
            Submitted: self._tasks.submit,
            Started: self._started,
            Finished: self._finished,
            Ended: self._ended,
            Died: self.died.append,
            Closed: self._closed,
        }

    def apply(self, event: Event) -> None:
        """Take the next event of the stream. Raises StreamError, and stays as it was, where it can't be."""
        if isinstance(event, Header):
            if self._header is not None:
                raise StreamError("a second header")
            self._header = event
            return
        if self._header is None:
            raise StreamError(f"a stream begins with a header, not with {type(event).__name__}")
        if self.closed is not None:
            raise StreamError(f"{type(event).__name__} after the stream was closed")
        self._applied += 1
        self._appliers[type(event)](event)
        self._see(getattr(event, "t", 0))

    def extend(self, events: Iterable[Event]) -> None:
        """Take the next events of the stream."""
        for event in events:
            self.apply(event)

    @property
    def header(self) -> Header:
        """What is run, on what, and who watches. Raises StreamError before anything was applied."""
        if self._header is None:
            raise StreamError("the stream is empty")
        return self._header

    @property
    def begun(self) -> bool:
        """Whether its header is there."""
        return self._header is not None

    @property
    def now(self) -> int:
        """The latest moment that anything was said of."""
        return self._clock.now

    @property
    def lanes(self) -> tuple[Lane, ...]:
        """All lanes, as they are to be shown: the event loop, the workers as they appeared, the plumbing."""
        return self._lanes.in_order

    @property
    def loop(self) -> Lane | None:
        """The event loop's lane; None until it is known."""
        return self._lanes.loop

    @property
    def workers(self) -> tuple[Lane, ...]:
        """The workers' lanes, as they appeared."""
        return tuple(lane for lane in self.lanes if lane.role is Role.WORKER)

    @property
    def tasks(self) -> tuple[Task, ...]:
        """All tasks, in the order in which they were submitted."""
        return tuple(self._tasks.by_number.values())

    @property
    def kinds(self) -> int:
        """How many different kinds of stretches were told of: by state, how it is known, and system call."""
        return self._lanes.kinds

    @property
    def watching(self) -> Watching:
        """What the observer's last word on itself says of how it watched."""
        asked_hz, tick = self.header.probe.asked_hz, self.tick
        if tick is None or not tick.t:
            return Watching(asked_hz, 0.0, 0, 0, 0.0)
        return Watching(
            asked_hz, tick.rounds * NS_PER_S / tick.t, tick.rounds, tick.missed, tick.cpu_ns / tick.t
        )

    def task(self, number: int) -> Task:
        """The task of this number. Raises KeyError."""
        return self._tasks.by_number[number]

    def finished_tasks(self) -> tuple[Task, ...]:
        """The tasks that are over, in the order in which they finished, failed ones included."""
        return tuple(self._tasks.done)

    def task_states(self, task: Task, until: int | None = None) -> dict[State, int]:
        """Nanoseconds in each state while `task` ran, at most until `until`; without states of 0 ns.

        They add up exactly to its elapsed time: what its lane was not there to say is unknown.
        """
        until = self.now if until is None else min(until, self.now)
        elapsed = task.elapsed(until)
        if task.started is None or not elapsed:
            return {}
        end = task.started + elapsed
        states = {} if task.lane is None else task.lane.states(task.started, end)
        if missing := elapsed - sum(states.values()):
            states[State.UNKNOWN] = states.get(State.UNKNOWN, 0) + missing
        return states

    def task_on(self, lane: Lane, t: int) -> Task | None:
        """The task that is on `lane` right after `t` (ns); of several the one that started last."""
        return self._lanes.task_on(lane, t)

    def totals(self, t: int | None = None) -> Totals:
        """The figures of the whole run as of `t` (now, where None)."""
        t = self.now if t is None else min(t, self.now)
        until = t if self.end is None else min(t, self.end)
        sum_ns, slowest_ns = self._tasks.elapsed(t)
        if self.begin is None or until <= self.begin:
            return Totals(0, sum_ns, slowest_ns, 0, {}, 0, 0)
        plumbing, others = self._sums(self.begin, until)
        blocked_ns, longest_ns = (0, 0) if self.loop is None else self.loop.blocked(until)
        return Totals(
            total_ns=until - self.begin,
            sum_ns=sum_ns,
            slowest_ns=slowest_ns,
            cpu_ns=plumbing[_RUNNING] + others[_RUNNING],
            states={state: ns for state, ns in zip(STATES, others, strict=True) if ns},
            loop_blocked_ns=blocked_ns,
            loop_longest_ns=longest_ns,
        )

    def _sums(self, since: int, until: int) -> tuple[Sums, Sums]:
        """Nanoseconds in each state of all lanes together: of the plumbing, and of the others."""
        key = (since, until, self._clock.recuts, self._lanes.in_order)
        if key != self._summed_up_for or self._summed_up_as_of not in (self._applied, None):
            parts: tuple[list[Sums], list[Sums]] = ([_NOTHING], [_NOTHING])
            for lane in self._lanes.in_order:
                parts[lane.role is not Role.PLUMBING].append(lane.sums(since, until))
            plumbing, others = (tuple(map(sum, zip(*rows, strict=True))) for rows in parts)
            self._summed_up = plumbing, others
            settled = all(lane.settled_until >= until for lane in self._lanes.in_order)
            self._summed_up_for, self._summed_up_as_of = key, None if settled else self._applied
        return self._summed_up

    def _see(self, t: int) -> None:
        if t > self._clock.now:
            self._clock.now = t

    def _spans(self, event: Spans) -> None:
        self._see(self._lanes.find(event.lane).tell(event))
        self._room -= len(event.spans)
        while self._room < 0:
            self._room += self._lanes.make_room(
                self._keep, [t for t in (self.begin, self.end) if t is not None]
            )

    def _tick(self, event: Tick) -> None:
        if self.tick is not None and event.t < self.tick.t:
            raise StreamError(f"a tick at {event.t} ns, after the one at {self.tick.t} ns")
        self.tick = event

    def _begin(self, event: Begin) -> None:
        if self.begin is not None:
            raise StreamError("the workload begins twice")
        self.begin = event.t
        self._lanes.begin(event)

    def _ended(self, event: Ended) -> None:
        if self.begin is None or event.t < self.begin:
            raise StreamError("the workload ends before it has begun")
        if self.end is not None:
            raise StreamError("the workload ends twice")
        self.end, self.error = event.t, event.error

    def _started(self, event: Started) -> None:
        self._lanes.place(self._tasks.start(event), event)

    def _finished(self, event: Finished) -> None:
        task = self._tasks.finish(event)
        if task.lane is not None:
            task.lane.occupy(event.t, -1)

    def _closed(self, event: Closed) -> None:
        self.closed = event
