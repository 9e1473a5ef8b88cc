"""The timeline: events folded into lanes, tasks and totals."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from threadviz.protocol.codec import StreamError
from threadviz.protocol.events import (
    Event,
    GilHeld,
    Header,
    LaneEnded,
    LaneStarted,
    ObserverTick,
    ProcessDied,
    ProcessSeen,
    RunEnded,
    RunStarted,
    Spans,
    StackSample,
    StackSampling,
    State,
    StreamClosed,
    TargetKind,
    TaskFinished,
    TaskStarted,
    TaskSubmitted,
    ThreadNamed,
    UnreportedTasks,
    WaitTarget,
)
from threadviz.timeline.account import STATES, Clock, Role
from threadviz.timeline.gil import GilTimeline, GilTimelines
from threadviz.timeline.history import Sums
from threadviz.timeline.lane import Lane
from threadviz.timeline.lane_index import MOST_GONE, ArchivedLanes, LaneIndex
from threadviz.timeline.tasks import Task, Tasks

# What all lanes together were in.

_NOTHING = (0,) * len(STATES)


class AddedUp:
    """The sums of all lanes, worked out anew only where they may have become others."""

    def __init__(self, lanes: LaneIndex, clock: Clock) -> None:
        self._lanes = lanes
        self._clock = clock
        self._sums: tuple[Sums, Sums] = (_NOTHING, _NOTHING)
        # What these are the sums for, and as of how many events; of none in particular where no more will change them.
        self._sums_for: tuple[object, ...] = ()
        self._as_of: int | None = None

    def sums(self, since: int, until: int, applied: int) -> tuple[Sums, Sums]:
        """Nanoseconds in each state, of the plumbing and of the others, once so many events were applied.

        Of what was folded away it is what was from the begin on.
        """
        lanes = self._lanes.in_order
        key = (since, until, self._clock.recuts, lanes)
        if key != self._sums_for or self._as_of not in (applied, None):
            parts: tuple[list[Sums], list[Sums]] = ([_NOTHING], [_NOTHING])
            for lane in lanes:
                parts[lane.role is not Role.PLUMBING].append(lane.sums(since, until))
            if self._lanes.archived is not None:
                for rows, folded in zip(parts, self._lanes.archived.sums(until), strict=True):
                    rows.append(folded)
            plumbing, others = (tuple(map(sum, zip(*rows, strict=True))) for rows in parts)
            self._sums = plumbing, others
            settled = all(lane.settled_until >= until for lane in lanes)
            self._sums_for, self._as_of = key, None if settled else applied
        return self._sums


# The figures of a whole run, at one moment of it.


@dataclass(frozen=True, slots=True)
class ObserverStats:
    """How the observer has watched, over all the time that it did.

    `rounds` is how many times it looked at all lanes, `achieved_hz` how many of them a second, `missed` how many that
    were due it skipped, `cpu_share` its own CPU time as a share of one core's.
    """

    asked_hz: float
    achieved_hz: float
    rounds: int
    missed: int
    cpu_share: float


@dataclass(frozen=True, slots=True)
class Totals:
    """Durations in ns; `states` leaves out states of 0 ns. Until the workload begins they are all 0."""

    total_ns: int
    """From where the workload began to where it ended, or to the moment asked for."""
    sum_ns: int
    """The elapsed times of all tasks, added up."""
    slowest_ns: int
    """The longest of them."""
    cpu_ns: int
    """On a CPU: all lanes of the run together, plumbing included."""
    states: dict[State, int]
    """What the event loop's lane and the workers' were in, added up; of a program, all threads' but the plumbing's."""
    loop_blocked_ns: int
    """For how long the event loop (of several: see `Timeline.loop`) could not answer, in all."""
    loop_longest_ns: int
    """For how long at most at a stretch."""

    @property
    def speedup(self) -> float | None:
        """Of the total, against doing the same tasks one after the other; None where no time has passed."""
        return self.sum_ns / self.total_ns if self.total_ns else None

    @property
    def parallelism(self) -> float | None:
        """How many CPUs were at work, on average; None where no time has passed."""
        return self.cpu_ns / self.total_ns if self.total_ns else None


# What is told of a run as a whole, beside its lanes and its tasks.

NS_PER_S = 1_000_000_000


class Told:
    """Of all that there is one in a run the last word; and its processes. Times are ns since the run's origin."""

    def __init__(self) -> None:
        self.begin: int | None = None
        self.end: int | None = None
        self.error: str | None = None
        self.tick: ObserverTick | None = None
        self.closed: StreamClosed | None = None
        self.died: list[ProcessDied] = []
        self.processes: dict[int, ProcessSeen] = {}
        self.stack_sampling: StackSampling | None = None
        self.unreported: UnreportedTasks | None = None
        self._root: int | None = None
        self._header: Header | None = None

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
        of_program = self.header.watches is not TargetKind.WORKLOAD
        return self.processes.get(self._root or 0) if of_program else None

    @property
    def observer_stats(self) -> ObserverStats:
        """What the observer's last word on itself says of how it watched."""
        asked_hz, tick = self.header.probe.asked_hz, self.tick
        if tick is None or not tick.t:
            return ObserverStats(asked_hz, 0.0, 0, 0, 0.0)
        return ObserverStats(
            asked_hz, tick.rounds * NS_PER_S / tick.t, tick.rounds, tick.missed, tick.cpu_ns / tick.t
        )

    @property
    def _marks(self) -> list[int]:
        """Where sums are to stay exact, whatever is thinned."""
        return [t for t in (self.begin, self.end) if t is not None]

    def _tick(self, event: ObserverTick) -> None:
        if self.tick is not None and event.t < self.tick.t:
            raise StreamError(f"a tick at {event.t} ns, after the one at {self.tick.t} ns")
        self.tick = event

    def _ended(self, event: RunEnded) -> None:
        if self.begin is None or event.t < self.begin:
            raise StreamError("the workload ends before it has begun")
        if self.end is not None:
            raise StreamError("the workload ends twice")
        self.end, self.error = event.t, event.error

    def _stacks(self, event: StackSampling) -> None:
        if self.stack_sampling is not None and event.t < self.stack_sampling.t:
            raise StreamError(f"stacks at {event.t} ns, after those at {self.stack_sampling.t} ns")
        self.stack_sampling = event

    def _closed(self, event: StreamClosed) -> None:
        self.closed = event


KEEP = 1_000_000
"""How many stretches a timeline keeps as they were told: about 20 MB of them."""

_RUNNING = STATES.index(State.RUNNING)


class Timeline(Told):
    """What a stream of events says, as far as it was applied. All times are ns since the run's origin.

    `begin` and `end` are when the workload began and ended, `now` is the latest moment that anything was
    said of. `error` is what the mode raised, where it did. `closed` is None while the stream may go on, and
    where it was cut off. When it holds more than `keep` stretches, the old ones of the fullest lanes are thinned: see
    `Lane.thinned_until`.
    """

    def __init__(self, keep: int = KEEP, most_gone: int = MOST_GONE) -> None:
        super().__init__()
        self._clock = Clock()
        self._keep = self._room = keep
        self._tasks = Tasks()
        self._applied = 0
        self._lanes = LaneIndex(self._clock, most_gone)
        self._added_up = AddedUp(self._lanes, self._clock)
        self._ribbons = GilTimelines()
        self._appliers: dict[type[Event], Callable[[Any], None]] = {
            LaneStarted: self._lanes.start,
            LaneEnded: self._lane_ended,
            Spans: self._spans,
            ObserverTick: self._tick,
            RunStarted: self._begin,
            TaskSubmitted: self._tasks.submit,
            TaskStarted: self._started,
            TaskFinished: self._finished,
            UnreportedTasks: self._untold,
            RunEnded: self._ended,
            ProcessDied: self.died.append,
            StreamClosed: self._closed,
            ProcessSeen: self._process,
            ThreadNamed: self._lanes.name,
            WaitTarget: self._note,
            StackSample: self._note,
            StackSampling: self._stacks,
            GilHeld: self._gil_held,
        }

    def apply(self, event: Event) -> None:
        """Take the next event of the stream. Raises StreamError, and stays as it was, where it can't be."""
        if isinstance(event, Header):
            if self._header is not None:
                raise StreamError("a second header")
            self._header = event
            if event.watches is not TargetKind.WORKLOAD:
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
    def archived(self) -> ArchivedLanes | None:
        """What is left of the lanes that are gone, where these are too many; None where all lanes are there."""
        return self._lanes.archived

    @property
    def gil_timelines(self) -> tuple[GilTimeline, ...]:
        """Who held a GIL when: one ribbon for each GIL that was told of, those of a process beside each other."""
        return self._ribbons.in_order

    @property
    def gil_timeline_count(self) -> int:
        """How many ribbons there are."""
        return len(self._ribbons)

    def has_gil_timeline(self, pid: int, interpreter: int) -> bool:
        """Whether this interpreter's GIL was told of."""
        return (pid, interpreter) in self._ribbons

    @property
    def gil_timeline(self) -> GilTimeline | None:
        """The one to show where there is room for one: of the event loop's process, or else the most contended.

        That is the one that changed hands most often, and of several the one that was held longest.
        """
        mine = () if self.loop is None else self._ribbons.of(self.loop.pid)
        return max(
            mine or self.gil_timelines,
            key=lambda each: (each.hand_offs(each.end), each.shares(0, each.end).held),
            default=None,
        )

    @property
    def workers(self) -> tuple[Lane, ...]:
        """The workers' lanes, as they appeared."""
        return tuple(lane for lane in self.lanes if lane.role is Role.WORKER)

    @property
    def tasks(self) -> tuple[Task, ...]:
        """All tasks, in the order in which they were submitted."""
        return tuple(self._tasks.by_number.values())

    @property
    def unseen_tasks(self) -> int:
        """How many tasks have started in threads that were not seen, by now: there were more threads than lanes."""
        return self._lanes.unseen_tasks

    @property
    def kinds(self) -> int:
        """How many different kinds of stretches were told of: by state, how it is known, and system call."""
        return self._lanes.kinds

    def task(self, number: int) -> Task:
        """The task of this number. Raises KeyError."""
        return self._tasks.by_number[number]

    def finished_tasks(self) -> tuple[Task, ...]:
        """The tasks that are over, in the order in which they finished, failed ones included."""
        return tuple(self._tasks.done)

    def task_states(self, task: Task, until: int | None = None) -> dict[State, int]:
        """Nanoseconds in each state while `task` ran, at most until `until`; without states of 0 ns.

        They add up exactly to its elapsed time: what its lane was not there to say is unknown. Of a task whose lane was
        folded away they are as they were then; of a part of its time they are shared out evenly.
        """
        return task.states(self.now if until is None else min(until, self.now))

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

    def _see(self, t: int) -> None:
        if t > self._clock.now:
            self._clock.now = t

    def _spans(self, event: Spans) -> None:
        self._see(self._lanes.tell(event))
        self._room -= len(event.spans)
        while self._room < 0:
            self._room += self._lanes.make_room(self._keep, self._marks)

    def _lane_ended(self, event: LaneEnded) -> None:
        self._forget(self._lanes.end(event))

    def _forget(self, folded: Iterable[Lane]) -> None:
        """These lanes were folded away."""
        for lane in folded:
            self._ribbons.forget_lane(lane.pid, lane.number)
            if not self._lanes.has_process(lane.pid):
                self._ribbons.forget_process(lane.pid)
                self.processes.pop(lane.pid, None)

    def _begin(self, event: RunStarted) -> None:
        if self.begin is not None:
            raise StreamError("the workload begins twice")
        self.begin, self._root = event.t, event.pid
        self._lanes.begin(event)

    def _started(self, event: TaskStarted) -> None:
        self._lanes.place(self._tasks.start(event), event)

    def _finished(self, event: TaskFinished) -> None:
        task = self._tasks.finish(event)
        if task.lane is not None:
            task.lane.occupy(event.t, -1)
            self._forget(self._lanes.leave(task.lane))

    def _process(self, event: ProcessSeen) -> None:
        self.processes[event.pid] = event
        self._lanes.name_process(event.pid, event.name or f"process {event.pid}")

    def _note(self, event: WaitTarget | StackSample) -> None:
        self._lanes.find(event.lane).note(event)

    def _untold(self, event: UnreportedTasks) -> None:
        self.unreported = event
        self._lanes.leave_untold()

    def _gil_held(self, event: GilHeld) -> None:
        self._lanes.check_holders(event)
        self._see(self._ribbons.tell(event, self._marks))
