"""The timeline: events go in; lanes, tasks and totals at any moment come out."""

from collections.abc import Callable, Iterable, Sequence
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
from threadviz.timeline.account import STATES, Clock, Kinds, Role, by_state
from threadviz.timeline.archive import ArchivedLanes
from threadviz.timeline.gil import GilTimeline
from threadviz.timeline.lane import Lane
from threadviz.timeline.roles import ProgramRoles, WorkloadRoles
from threadviz.timeline.tasks import Task, Tasks
from threadviz.timeline.threads import Threads

KEEP = 1_000_000
"""How many pieces of lanes a timeline keeps exact: about 20 MB."""

_GIL_SHARE = 5
"""Of GIL timelines, one piece is kept for so many of lanes."""

MOST_GONE = 1000
"""So many ended lanes are kept, and as many whose tasks are not over. The next one archives the oldest."""

_AT_A_TIME = 256
"""How many pieces may arrive before it is checked again whether some have to be downsampled."""

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


class _Room:
    """Room for `keep` pieces. Where more are kept, what has most of them is downsampled a little at a time."""

    def __init__(self, keep: int) -> None:
        self._keep = self._left = keep

    def take(self, pieces: int, kept: Iterable[Lane | GilTimeline], marks: Sequence[int]) -> None:
        """So many `pieces` more are `kept`. Sums stay exact at `marks` (ns)."""
        self._left -= pieces
        while self._left < 0:
            size = sum(each.size for each in kept)
            if size > self._keep:
                max(kept, key=lambda each: each.size).downsample(marks)
            self._left += max(self._keep - size, _AT_A_TIME)


class Timeline:
    """What a stream of events says, as far as it was applied. All times are ns since the start of the run.

    - `begin` and `end`: when the workload began and ended; None before that.
    - `root`: the pid of the subject, or of a program's first process; None until it is known.
    - `error`: what the mode raised, if it did.
    - `closed`: the last event; None while the stream may go on, or if it was cut off.
    - `tick`, `stack_sampling`, `unreported`: the latest event of each kind.
    - `died`: processes that ended as they should not; `processes`: the latest of each process, by pid.
    - `gils`: who held each GIL, by process and interpreter.
    - `archived`: what is left of the lanes that are no longer kept; None if all are.

    With more than `keep` pieces, old times of the fullest lanes are downsampled: see `Lane.downsampled_until`. Of more
    than `most_gone` ended lanes the oldest are archived.
    """

    def __init__(self, keep: int = KEEP, most_gone: int = MOST_GONE) -> None:
        self.begin: int | None = None
        self.end: int | None = None
        self.root: int | None = None
        self.error: str | None = None
        self.tick: ObserverTick | None = None
        self.closed: StreamClosed | None = None
        self.died: list[ProcessDied] = []
        self.processes: dict[int, ProcessSeen] = {}
        self.stack_sampling: StackSampling | None = None
        self.unreported: UnreportedTasks | None = None
        self.gils: dict[tuple[int, int], GilTimeline] = {}
        self.archived: ArchivedLanes | None = None
        self._header: Header | None = None
        self._clock = Clock()
        self._kinds = Kinds()
        self._threads = Threads()
        self._tasks = Tasks(self._threads)
        self._roles: WorkloadRoles | ProgramRoles = WorkloadRoles(self._threads)
        self._in_order: tuple[Lane, ...] = ()
        # Ended lanes by number, the oldest first: those without open tasks, and those with some.
        self._gone: tuple[dict[int, Lane], dict[int, Lane]] = ({}, {})
        self._most_gone = most_gone
        self._lane_room, self._gil_room = _Room(keep), _Room(keep // _GIL_SHARE)
        # The begin and the end of the workload, at which sums stay exact when old time is downsampled.
        self._marks: list[int] = []
        self._applied = 0
        # The latest totals, and for which time they are, as of how many events.
        self._totals = Totals(0, 0, 0, 0, {}, 0, 0)
        self._totals_for = (-1, 0)
        self._appliers: dict[type[Event], Callable[[Any], None]] = {
            LaneStarted: self._lane_started,
            LaneEnded: self._lane_ended,
            Spans: self._spans,
            ObserverTick: self._ticked,
            RunStarted: self._run_started,
            TaskSubmitted: self._tasks.submit,
            TaskStarted: self._task_started,
            TaskFinished: self._task_finished,
            UnreportedTasks: self._tasks_unreported,
            RunEnded: self._run_ended,
            ProcessDied: self.died.append,
            StreamClosed: self._stream_closed,
            ProcessSeen: self._process_seen,
            ThreadNamed: self._thread_named,
            WaitTarget: self._noted,
            StackSample: self._noted,
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
                self._roles = ProgramRoles(self._threads)
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
    def python(self) -> str:
        """The version of the root process's Python; '' if not known."""
        return self._root_described.python

    @property
    def gil(self) -> bool | None:
        """Whether that Python has a GIL; None if not known."""
        return self._root_described.gil

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
        if self._threads.reordered:
            self._in_order = tuple(sorted(self._threads, key=self._roles.sort_key))
            self._threads.reordered = False
        return self._in_order

    @property
    def lane_count(self) -> int:
        """How many lanes there are."""
        return len(self._threads)

    @property
    def loop(self) -> Lane | None:
        """The event loop's lane; None until it is known. Of several, the main thread's, else the first."""
        return self._roles.loop

    @property
    def loops(self) -> tuple[Lane, ...]:
        """The lanes of all event loops."""
        return tuple(lane for lane in self.lanes if lane.role is Role.LOOP)

    @property
    def workers(self) -> tuple[Lane, ...]:
        """The workers' lanes, in order of appearance."""
        return tuple(lane for lane in self.lanes if lane.role is Role.WORKER)

    @property
    def gil_timelines(self) -> tuple[GilTimeline, ...]:
        """Who held each GIL, and when; in order of appearance, but those of one process stand together."""
        first: dict[int, int] = {}
        for number, (pid, _) in enumerate(self.gils):
            first.setdefault(pid, number)
        return tuple(sorted(self.gils.values(), key=lambda each: (first[each.pid], each.interpreter)))

    @property
    def gil_timeline(self) -> GilTimeline | None:
        """The one to show where there is room for one: of the event loop's process, else of all.

        Of several it is the one that changed hands most often, then the one that was held longest.
        """
        all_of_them = self.gil_timelines
        mine = [each for each in all_of_them if self.loop is not None and each.pid == self.loop.pid]
        return max(
            mine or all_of_them,
            key=lambda each: (each.hand_offs(each.end), each.shares(0, each.end).held),
            default=None,
        )

    @property
    def tasks(self) -> tuple[Task, ...]:
        """All tasks, in the order of submission."""
        return tuple(self._tasks.by_number.values())

    @property
    def task_count(self) -> int:
        """How many tasks there are."""
        return len(self._tasks.by_number)

    @property
    def unseen_tasks(self) -> int:
        """How many tasks have started in threads that were not seen, by now."""
        return self._tasks.unseen

    @property
    def kinds(self) -> int:
        """How many kinds of spans were received: by state, evidence and system call."""
        return len(self._kinds.table)

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
        return self._tasks.on(lane, t)

    def totals(self, t: int | None = None) -> Totals:
        """Return the figures of the whole run as of `t` (None: now)."""
        t = self.now if t is None else min(t, self.now)
        if self._totals_for != (t, self._applied):
            self._totals, self._totals_for = self._totals_until(t), (t, self._applied)
        return self._totals

    def _totals_until(self, t: int) -> Totals:
        until = t if self.end is None else min(t, self.end)
        sum_ns, slowest_ns = self._tasks.elapsed(t)
        if self.begin is None or until <= self.begin:
            return Totals(0, sum_ns, slowest_ns, 0, {}, 0, 0)
        # Archived lanes count from the begin on.
        archived = (_NOTHING, _NOTHING) if self.archived is None else self.archived.sums(until)
        parts = ([archived[0]], [archived[1]])
        for lane in self._threads:
            parts[lane.role is not Role.PLUMBING].append(lane.sums(self.begin, until))
        plumbing, others = (list(map(sum, zip(*sums, strict=True))) for sums in parts)
        blocked_ns, longest_ns = (0, 0) if self.loop is None else self.loop.blocked(until)
        return Totals(
            total_ns=until - self.begin,
            sum_ns=sum_ns,
            slowest_ns=slowest_ns,
            cpu_ns=plumbing[_RUNNING] + others[_RUNNING],
            states=by_state(others),
            loop_blocked_ns=blocked_ns,
            loop_longest_ns=longest_ns,
        )

    @property
    def _root_described(self) -> Header | ProcessSeen:
        """What says which Python the root process has: for a workload the header."""
        seen = None
        if self.header.watches is not TargetKind.WORKLOAD and self.root is not None:
            seen = self.processes.get(self.root)
        return seen or self.header

    def _advance(self, t: int) -> None:
        if t > self._clock.now:
            self._clock.now = t

    # Threads and what they do

    def _lane_started(self, event: LaneStarted) -> None:
        lane = Lane(event, self._kinds, self._clock)
        if seen := self.processes.get(event.pid):
            lane.process_name = seen.name or lane.process_name
        self._threads.add(lane)
        self._tasks.lane_started(lane)
        self._roles.lane_started(lane)

    def _spans(self, event: Spans) -> None:
        lane = self._threads.find(event.lane)
        self._advance(lane.append(event))
        self._roles.spans_added(lane, event)
        self._lane_room.take(len(event.spans), self._threads, self._marks)

    def _noted(self, event: WaitTarget | StackSample) -> None:
        self._threads.find(event.lane).note(event)

    def _thread_named(self, event: ThreadNamed) -> None:
        lane = self._threads.find(event.lane)
        lane.take_name(event)
        self._roles.renamed(lane)

    def _process_seen(self, event: ProcessSeen) -> None:
        self.processes[event.pid] = event
        for lane in self._threads.of_process(event.pid):
            lane.process_name = event.name or f"process {event.pid}"
            self._roles.renamed(lane)

    def _gil_held(self, event: GilHeld) -> None:
        for hold in event.holds:
            if not self._threads.was_started(hold.holder):
                raise StreamError(f"lane {hold.holder} holds the GIL, but was never started")
        key = event.pid, event.interpreter
        gil = self.gils.get(key) or GilTimeline(*key, event.start)
        self._advance(gil.append(event))
        self.gils[key] = gil
        self._gil_room.take(len(event.holds), self.gils.values(), self._marks)

    def _lane_ended(self, event: LaneEnded) -> None:
        lane = self._threads.find(event.lane)
        lane.finish(event.t)
        strays = self._tasks.lane_ended(lane, event.t)
        self._roles.lane_ended(lane, strays=strays)
        self._retire(lane)

    def _retire(self, lane: Lane) -> None:
        """Keep an ended lane for a while, and archive those that are too many then."""
        self._gone[lane.has_open_tasks][lane.number] = lane
        if self.begin is not None:
            for gone in self._gone:
                while len(gone) > self._most_gone:
                    self._archive(gone.pop(next(iter(gone))), self.begin)

    def _archive(self, lane: Lane, origin: int) -> None:
        """Forget an ended lane, but for its sums from `origin` (ns) on. The event loop's lane stays."""
        if lane is self.loop:
            return
        self._threads.remove(lane)
        last = not self._threads.of_process(lane.pid)
        if self.archived is None:
            self.archived = ArchivedLanes(origin)
        self.archived.add(lane, last=last)
        self._tasks.archive(lane)
        self._roles.forget(lane)
        if last:
            self.processes.pop(lane.pid, None)
        for key, gil in [*self.gils.items()]:
            if gil.pid == lane.pid:
                gil.forget(lane.number)
                if last:
                    del self.gils[key]

    # The run

    def _ticked(self, event: ObserverTick) -> None:
        if self.tick is not None and event.t < self.tick.t:
            raise StreamError(f"a tick at {event.t} ns, after the one at {self.tick.t} ns")
        self.tick = event

    def _run_started(self, event: RunStarted) -> None:
        if self.begin is not None:
            raise StreamError("the workload begins twice")
        self.begin, self.root = event.t, event.pid
        self._marks.append(event.t)
        self._roles.begin(event)

    def _run_ended(self, event: RunEnded) -> None:
        if self.begin is None or event.t < self.begin:
            raise StreamError("the workload ends before it has begun")
        if self.end is not None:
            raise StreamError("the workload ends twice")
        self.end, self.error = event.t, event.error
        self._marks.append(event.t)

    def _stream_closed(self, event: StreamClosed) -> None:
        self.closed = event

    def _stacks_sampled(self, event: StackSampling) -> None:
        if self.stack_sampling is not None and event.t < self.stack_sampling.t:
            raise StreamError(f"stacks at {event.t} ns, after those at {self.stack_sampling.t} ns")
        self.stack_sampling = event

    # Tasks

    def _task_started(self, event: TaskStarted) -> None:
        lane = self._tasks.start(event).lane
        if lane is not None and lane.role in (Role.PLUMBING, Role.THREAD):
            self._roles.task_added(lane)

    def _task_finished(self, event: TaskFinished) -> None:
        lane = self._tasks.finish(event).lane
        if lane is not None and lane.number in self._gone[True] and not lane.has_open_tasks:
            self._retire(self._gone[True].pop(lane.number))

    def _tasks_unreported(self, event: UnreportedTasks) -> None:
        self.unreported = event
        self._roles.tasks_unreported()
