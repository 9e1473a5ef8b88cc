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
    GilHeld,
    Header,
    LaneEnded,
    LaneStarted,
    Located,
    Named,
    Place,
    ProcessSeen,
    Spans,
    Stacks,
    Started,
    State,
    Submitted,
    Tick,
    Untold,
    Watches,
)
from threadviz.stream import StreamError
from threadviz.timeline.added import AddedUp
from threadviz.timeline.folded import Folded
from threadviz.timeline.kinds import STATES
from threadviz.timeline.lane import Clock, Lane
from threadviz.timeline.lanes import MOST_GONE, Lanes
from threadviz.timeline.reading import Role
from threadviz.timeline.ribbon import Ribbon
from threadviz.timeline.ribbons import Ribbons
from threadviz.timeline.tasks import Task, Tasks
from threadviz.timeline.totals import Totals, Watching

NS_PER_S = 1_000_000_000
KEEP = 1_000_000
"""How many stretches a timeline keeps as they were told: about 20 MB of them."""

_RUNNING = STATES.index(State.RUNNING)


class Timeline:
    """What a stream of events says, as far as it was applied. All times are ns since the run's origin.

    `begin` and `end` are when the workload began and ended, `now` is the latest moment that anything was
    said of. `error` is what the mode raised, where it did. `closed` is None while the stream may go on, and
    where it was cut off. When it holds more than `keep` stretches, the old ones of the fullest lanes are thinned: see
    `Lane.thinned_until`.
    """

    def __init__(self, keep: int = KEEP, most_gone: int = MOST_GONE) -> None:
        self.begin: int | None = None
        self.end: int | None = None
        self.error: str | None = None
        self.tick: Tick | None = None
        self.closed: Closed | None = None
        self.died: list[Died] = []
        self.processes: dict[int, ProcessSeen] = {}
        self.stacks: Stacks | None = None
        self.untold: Untold | None = None
        self._root: int | None = None
        self._header: Header | None = None
        self._clock = Clock()
        self._keep = self._room = keep
        self._tasks = Tasks()
        self._applied = 0
        self._lanes = Lanes(self._clock, most_gone)
        self._added_up = AddedUp(self._lanes, self._clock)
        self._ribbons = Ribbons()
        self._appliers: dict[type[Event], Callable[[Any], None]] = {
            LaneStarted: self._lanes.start,
            LaneEnded: self._lane_ended,
            Spans: self._spans,
            Tick: self._tick,
            Begin: self._begin,
            Submitted: self._tasks.submit,
            Started: self._started,
            Finished: self._finished,
            Untold: self._untold,
            Ended: self._ended,
            Died: self.died.append,
            Closed: self._closed,
            ProcessSeen: self._process,
            Named: self._lanes.name,
            Place: self._note,
            Located: self._note,
            Stacks: self._stacks,
            GilHeld: self._gil_held,
        }

    def apply(self, event: Event) -> None:
        """Take the next event of the stream. Raises StreamError, and stays as it was, where it can't be."""
        if isinstance(event, Header):
            if self._header is not None:
                raise StreamError("a second header")
            self._header = event
            if event.watches is not Watches.WORKLOAD:
                self._lanes.are_of_program()
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
        """All lanes, as they are to be shown.

        Of a workload's run these are the event loop, the workers as they appeared, and the plumbing; of a program its
        processes as they appeared, of each its main thread, those with event loops, and the others as they appeared;
        and then the plumbing.
        """
        return self._lanes.in_order

    @property
    def lane_count(self) -> int:
        """How many lanes there are."""
        return len(self._lanes)

    @property
    def loop(self) -> Lane | None:
        """The event loop's lane; None until it is known.

        Of a program with several it is that of its main thread, else the first of them.
        """
        return self._lanes.loop

    @property
    def loops(self) -> tuple[Lane, ...]:
        """The lanes of all event loops."""
        return tuple(lane for lane in self.lanes if lane.role is Role.LOOP)

    @property
    def folded(self) -> Folded | None:
        """What is left of the lanes that are gone, where these are too many; None where all lanes are there."""
        return self._lanes.folded

    @property
    def ribbons(self) -> tuple[Ribbon, ...]:
        """Who held a GIL when: one ribbon for each GIL that was told of, those of a process beside each other."""
        return self._ribbons.in_order

    @property
    def ribbon_count(self) -> int:
        """How many ribbons there are."""
        return len(self._ribbons)

    def has_ribbon(self, pid: int, interpreter: int) -> bool:
        """Whether this interpreter's GIL was told of."""
        return (pid, interpreter) in self._ribbons

    @property
    def ribbon(self) -> Ribbon | None:
        """The one to show where there is room for one: of the event loop's process, or else the most contended.

        That is the one that changed hands most often, and of several the one that was held longest.
        """
        mine = () if self.loop is None else self._ribbons.of(self.loop.pid)
        return max(
            mine or self.ribbons,
            key=lambda each: (each.handed(each.end), each.shares(0, each.end).held),
            default=None,
        )

    @property
    def root(self) -> int | None:
        """The process id of the subject, or of the program's first process; None until it is known."""
        return self._root

    @property
    def python(self) -> str:
        """The version of the subject's Python, or of that of the program's first process; empty where not known."""
        seen = self._seen_of_root
        return self.header.python if seen is None else seen.python

    @property
    def gil(self) -> bool | None:
        """Whether that Python has a GIL; None where it is not known."""
        seen = self._seen_of_root
        return self.header.gil if seen is None else seen.gil

    @property
    def _seen_of_root(self) -> ProcessSeen | None:
        """What was said of it, of a program; None of a workload's run, whose header has the last word."""
        of_program = self.header.watches is not Watches.WORKLOAD
        return self.processes.get(self._root or 0) if of_program else None

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
        plumbing, others = self._added_up.sums(self.begin, until, self._applied)
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

    @property
    def _marks(self) -> list[int]:
        """Where sums are to stay exact, whatever is thinned."""
        return [t for t in (self.begin, self.end) if t is not None]

    def _see(self, t: int) -> None:
        if t > self._clock.now:
            self._clock.now = t

    def _spans(self, event: Spans) -> None:
        self._see(self._lanes.tell(event))
        self._room -= len(event.spans)
        while self._room < 0:
            self._room += self._lanes.make_room(self._keep, self._marks)

    def _lane_ended(self, event: LaneEnded) -> None:
        for lane in self._lanes.end(event):
            self._ribbons.forget_lane(lane.pid, lane.number)
            if not self._lanes.has_process(lane.pid):
                self._ribbons.forget_process(lane.pid)
                self.processes.pop(lane.pid, None)

    def _tick(self, event: Tick) -> None:
        if self.tick is not None and event.t < self.tick.t:
            raise StreamError(f"a tick at {event.t} ns, after the one at {self.tick.t} ns")
        self.tick = event

    def _begin(self, event: Begin) -> None:
        if self.begin is not None:
            raise StreamError("the workload begins twice")
        self.begin, self._root = event.t, event.pid
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

    def _process(self, event: ProcessSeen) -> None:
        self.processes[event.pid] = event
        self._lanes.name_process(event.pid, event.name or f"process {event.pid}")

    def _note(self, event: Place | Located) -> None:
        self._lanes.find(event.lane).note(event)

    def _untold(self, event: Untold) -> None:
        self.untold = event
        self._lanes.leave_untold()

    def _stacks(self, event: Stacks) -> None:
        if self.stacks is not None and event.t < self.stacks.t:
            raise StreamError(f"stacks at {event.t} ns, after those at {self.stacks.t} ns")
        self.stacks = event

    def _gil_held(self, event: GilHeld) -> None:
        self._lanes.check_holders(event)
        self._see(self._ribbons.tell(event, self._marks))

    def _closed(self, event: Closed) -> None:
        self.closed = event
