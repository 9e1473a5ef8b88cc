"""The timeline: events go in; lanes, tasks and totals at any moment come out."""

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

KEEP = 1_000_000
"""How many pieces a timeline keeps exact: about 20 MB."""

_NS_PER_S = 1_000_000_000
_NOTHING = (0,) * len(STATES)
_RUNNING = STATES.index(State.RUNNING)


@dataclass(frozen=True, slots=True)
class ObserverStats:
    """How the observer sampled, over the whole run.

    `rounds` counts samples of all lanes, `missed` those that were due and skipped. `achieved_hz` is the sampling rate
    that was reached, `cpu_share` the observer's CPU time as a share of one core.
    """

    asked_hz: float
    achieved_hz: float
    rounds: int
    missed: int
    cpu_share: float


@dataclass(frozen=True, slots=True)
class Totals:
    """The figures of a run. Durations are ns; until the workload begins they are 0."""

    total_ns: int
    """From the beginning of the workload to its end, or to the moment asked for."""
    sum_ns: int
    """The elapsed times of all tasks, added up."""
    slowest_ns: int
    """The longest of them."""
    cpu_ns: int
    """Time on a CPU, of all lanes together, plumbing included."""
    states: dict[State, int]
    """Time in each state, of all lanes but plumbing; without states of 0 ns."""
    loop_blocked_ns: int
    """For how long the event loop (see `Timeline.loop`) could not answer, in all."""
    loop_longest_ns: int
    """For how long it could not answer at most."""

    @property
    def speedup(self) -> float | None:
        """`sum_ns` by `total_ns`; None if no time has passed."""
        return self.sum_ns / self.total_ns if self.total_ns else None

    @property
    def parallelism(self) -> float | None:
        """How many cores were busy on average; None if no time has passed."""
        return self.cpu_ns / self.total_ns if self.total_ns else None


class Timeline:
    """What a stream of events says, as far as it was applied. All times are ns since the start of the run.

    - `begin` and `end`: when the workload began and ended; None before that.
    - `error`: what the mode raised, if it did.
    - `closed`: the last event; None while the stream may go on, or if it was cut off.
    - `tick`, `stack_sampling`, `unreported`: the latest event of each kind.
    - `died`: processes that ended as they should not; `processes`: the latest of each process, by pid.

    With more than `keep` pieces, old times of the fullest lanes are downsampled: see `Lane.downsampled_until`.
    """

    def __init__(self, keep: int = KEEP, most_gone: int = MOST_GONE) -> None:
        self.begin: int | None = None
        self.end: int | None = None
        self.error: str | None = None
        self.tick: ObserverTick | None = None
        self.closed: StreamClosed | None = None
        self.died: list[ProcessDied] = []
        self.processes: dict[int, ProcessSeen] = {}
        self.stack_sampling: StackSampling | None = None
        self.unreported: UnreportedTasks | None = None
        self._header: Header | None = None
        self._root: int | None = None
        self._clock = Clock()
        self._keep = self._room = keep
        self._tasks = Tasks()
        self._lanes = LaneIndex(self._clock, most_gone)
        self._gil_timelines = GilTimelines()
        self._applied = 0
        # The latest state sums of all lanes, for which times and lanes they are, and as of how many events. None: they
        # are valid whatever comes, until a lane is revised.
        self._sums: tuple[Sums, Sums] = (_NOTHING, _NOTHING)
        self._sums_for: tuple[object, ...] = ()
        self._sums_as_of: int | None = None
        self._appliers: dict[type[Event], Callable[[Any], None]] = {
            LaneStarted: self._lanes.start,
            LaneEnded: self._lane_ended,
            Spans: self._apply_spans,
            ObserverTick: self._apply_tick,
            RunStarted: self._run_started,
            TaskSubmitted: self._tasks.submit,
            TaskStarted: self._task_started,
            TaskFinished: self._task_finished,
            UnreportedTasks: self._tasks_unreported,
            RunEnded: self._run_ended,
            ProcessDied: self.died.append,
            StreamClosed: self._stream_closed,
            ProcessSeen: self._process_seen,
            ThreadNamed: self._lanes.name,
            WaitTarget: self._note,
            StackSample: self._note,
            StackSampling: self._stacks_sampled,
            GilHeld: self._gil_held,
        }

    def apply(self, event: Event) -> None:
        """Apply the next event of the stream. Raises StreamError, and stays as it was, if the event cannot be."""
        if isinstance(event, Header):
            if self._header is not None:
                raise StreamError("a second header")
            self._header = event
            if event.watches is not TargetKind.WORKLOAD:
                self._lanes.expect_program()
            return
        if self._header is None:
            raise StreamError(f"a stream begins with a header, not with {type(event).__name__}")
        if self.closed is not None:
            raise StreamError(f"{type(event).__name__} after the stream was closed")
        self._applied += 1
        self._appliers[type(event)](event)
        self._advance(getattr(event, "t", 0))

    def extend(self, events: Iterable[Event]) -> None:
        """Apply the next events of the stream."""
        for event in events:
            self.apply(event)

    @property
    def now(self) -> int:
        """The latest time of any event."""
        return self._clock.now

    @property
    def header(self) -> Header:
        """What runs, on what, and which probe observes it. Raises StreamError before anything was applied."""
        if self._header is None:
            raise StreamError("the stream is empty")
        return self._header

    @property
    def begun(self) -> bool:
        """Whether there is a header."""
        return self._header is not None

    @property
    def root(self) -> int | None:
        """The pid of the subject, or of a program's first process; None until it is known."""
        return self._root

    @property
    def python(self) -> str:
        """The version of the root process's Python; '' if not known."""
        seen = self._root_seen
        return self.header.python if seen is None else seen.python

    @property
    def gil(self) -> bool | None:
        """Whether that Python has a GIL; None if not known."""
        seen = self._root_seen
        return self.header.gil if seen is None else seen.gil

    @property
    def observer_stats(self) -> ObserverStats:
        """How the observer sampled, as of its latest tick."""
        asked_hz, tick = self.header.probe.asked_hz, self.tick
        if tick is None or not tick.t:
            return ObserverStats(asked_hz, 0.0, 0, 0, 0.0)
        return ObserverStats(
            asked_hz, tick.rounds * _NS_PER_S / tick.t, tick.rounds, tick.missed, tick.cpu_ns / tick.t
        )

    @property
    def lanes(self) -> tuple[Lane, ...]:
        """All lanes, in the order in which they are shown.

        A workload's run: the event loop, the workers in order of appearance, plumbing. A program: its processes in
        order of appearance, in each the main thread, event loops, and the others; plumbing last.
        """
        return self._lanes.in_order

    @property
    def lane_count(self) -> int:
        """How many lanes there are."""
        return len(self._lanes.threads)

    @property
    def loop(self) -> Lane | None:
        """The event loop's lane; None until it is known. Of several, the main thread's, else the first."""
        return self._lanes.roles.loop

    @property
    def loops(self) -> tuple[Lane, ...]:
        """The lanes of all event loops."""
        return tuple(lane for lane in self.lanes if lane.role is Role.LOOP)

    @property
    def workers(self) -> tuple[Lane, ...]:
        """The workers' lanes, in order of appearance."""
        return tuple(lane for lane in self.lanes if lane.role is Role.WORKER)

    @property
    def archived(self) -> ArchivedLanes | None:
        """What is left of the lanes that are no longer kept; None if all are."""
        return self._lanes.archived

    @property
    def gil_timelines(self) -> tuple[GilTimeline, ...]:
        """Who held each GIL, and when; those of one process stand together."""
        return self._gil_timelines.in_order

    @property
    def gil_timeline_count(self) -> int:
        """How many GILs were observed."""
        return len(self._gil_timelines)

    @property
    def gil_timeline(self) -> GilTimeline | None:
        """The one to show where there is room for one: of the event loop's process, else of all.

        Of several it is the one that changed hands most often, then the one that was held longest.
        """
        mine = () if self.loop is None else self._gil_timelines.of(self.loop.pid)
        return max(
            mine or self.gil_timelines,
            key=lambda each: (each.hand_offs(each.end), each.shares(0, each.end).held),
            default=None,
        )

    @property
    def tasks(self) -> tuple[Task, ...]:
        """All tasks, in the order of submission."""
        return tuple(self._tasks.by_number.values())

    @property
    def unseen_tasks(self) -> int:
        """How many tasks have started in threads that were not seen, by now."""
        return self._lanes.placements.unseen

    @property
    def kinds(self) -> int:
        """How many kinds of spans were received: by state, evidence and system call."""
        return len(self._lanes.kinds.table)

    def task(self, number: int) -> Task:
        """Return the task with this number. Raises KeyError."""
        return self._tasks.by_number[number]

    def finished_tasks(self) -> tuple[Task, ...]:
        """Return the tasks that are over, failed ones included, in the order in which they finished."""
        return tuple(self._tasks.done)

    def task_states(self, task: Task, until: int | None = None) -> dict[State, int]:
        """Return ns in each state while `task` ran, at most until `until`; without states of 0 ns.

        They add up exactly to its elapsed time; time without its lane is unknown. For a task on an archived lane they
        are kept as a whole, and a part of its time gets an even share of them.
        """
        return task.states(self.now if until is None else min(until, self.now))

    def task_on(self, lane: Lane, t: int) -> Task | None:
        """Return the task on `lane` right after `t` (ns); of several the one that started last."""
        return self._lanes.placements.task_on(lane, t)

    def totals(self, t: int | None = None) -> Totals:
        """Return the figures of the whole run as of `t` (None: now)."""
        t = self.now if t is None else min(t, self.now)
        until = t if self.end is None else min(t, self.end)
        sum_ns, slowest_ns = self._tasks.elapsed(t)
        if self.begin is None or until <= self.begin:
            return Totals(0, sum_ns, slowest_ns, 0, {}, 0, 0)
        plumbing, others = self._state_sums(self.begin, until)
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

    def _state_sums(self, since: int, until: int) -> tuple[Sums, Sums]:
        """Return ns in each state, of plumbing and of all other lanes; archived lanes count from the begin on."""
        lanes = self._lanes.in_order
        key = (since, until, self._clock.revisions, lanes)
        if key != self._sums_for or self._sums_as_of not in (self._applied, None):
            parts: tuple[list[Sums], list[Sums]] = ([_NOTHING], [_NOTHING])
            for lane in lanes:
                parts[lane.role is not Role.PLUMBING].append(lane.sums(since, until))
            if self.archived is not None:
                for rows, sums in zip(parts, self.archived.sums(until), strict=True):
                    rows.append(sums)
            plumbing, others = (tuple(map(sum, zip(*rows, strict=True))) for rows in parts)
            self._sums = plumbing, others
            settled = all(lane.settled_until >= until for lane in lanes)
            self._sums_for, self._sums_as_of = key, None if settled else self._applied
        return self._sums

    @property
    def _root_seen(self) -> ProcessSeen | None:
        """What is known of a program's first process; None for a workload, whose header says all."""
        of_program = self.header.watches is not TargetKind.WORKLOAD
        return self.processes.get(self._root or 0) if of_program else None

    @property
    def _marks(self) -> list[int]:
        """Times (ns) at which sums stay exact when old time is downsampled."""
        return [t for t in (self.begin, self.end) if t is not None]

    def _advance(self, t: int) -> None:
        if t > self._clock.now:
            self._clock.now = t

    def _apply_spans(self, event: Spans) -> None:
        self._advance(self._lanes.append(event))
        self._room -= len(event.spans)
        while self._room < 0:
            self._room += self._lanes.make_room(self._keep, self._marks)

    def _apply_tick(self, event: ObserverTick) -> None:
        if self.tick is not None and event.t < self.tick.t:
            raise StreamError(f"a tick at {event.t} ns, after the one at {self.tick.t} ns")
        self.tick = event

    def _lane_ended(self, event: LaneEnded) -> None:
        self._forget(self._lanes.end(event))

    def _forget(self, archived: Iterable[Lane]) -> None:
        for lane in archived:
            self._gil_timelines.forget_lane(lane.pid, lane.number)
            if not self._lanes.threads.of_process(lane.pid):
                self._gil_timelines.forget_process(lane.pid)
                self.processes.pop(lane.pid, None)

    def _run_started(self, event: RunStarted) -> None:
        if self.begin is not None:
            raise StreamError("the workload begins twice")
        self.begin, self._root = event.t, event.pid
        self._lanes.begin(event)

    def _run_ended(self, event: RunEnded) -> None:
        if self.begin is None or event.t < self.begin:
            raise StreamError("the workload ends before it has begun")
        if self.end is not None:
            raise StreamError("the workload ends twice")
        self.end, self.error = event.t, event.error

    def _stream_closed(self, event: StreamClosed) -> None:
        self.closed = event

    def _task_started(self, event: TaskStarted) -> None:
        self._lanes.place(self._tasks.start(event), event)

    def _task_finished(self, event: TaskFinished) -> None:
        task = self._tasks.finish(event)
        if task.lane is not None:
            task.lane.occupy(event.t, -1)
            self._forget(self._lanes.task_finished(task.lane))

    def _tasks_unreported(self, event: UnreportedTasks) -> None:
        self.unreported = event
        self._lanes.tasks_unreported()

    def _process_seen(self, event: ProcessSeen) -> None:
        self.processes[event.pid] = event
        self._lanes.name_process(event.pid, event.name or f"process {event.pid}")

    def _note(self, event: WaitTarget | StackSample) -> None:
        self._lanes.threads.find(event.lane).note(event)

    def _stacks_sampled(self, event: StackSampling) -> None:
        if self.stack_sampling is not None and event.t < self.stack_sampling.t:
            raise StreamError(f"stacks at {event.t} ns, after those at {self.stack_sampling.t} ns")
        self.stack_sampling = event

    def _gil_held(self, event: GilHeld) -> None:
        self._lanes.check_holders(event)
        self._advance(self._gil_timelines.append(event, self._marks))
