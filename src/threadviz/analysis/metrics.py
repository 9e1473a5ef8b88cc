"""What the findings of a run are made from."""

from collections import Counter
from dataclasses import dataclass
from functools import cached_property

from threadviz.protocol.events import Outcome, State
from threadviz.text import NS_PER_S
from threadviz.timeline import STATES, Lane, Role, Task, Timeline, Totals

COMPUTING = (State.RUNNING, State.READY, State.GIL)
"""In these a task computes, or would if it were let."""

WAITING = (State.IO, State.LOCK, State.SLEEP, State.WAITING)
"""In these a task waits for something else than to be let compute."""


SHORT_NS = 50_000_000
"""Of what took less time, no shares and no rates are told: they would be those of a few looks."""

_SLICES = 50
_RUNNING, _READY = STATES.index(State.RUNNING), STATES.index(State.READY)


def outcome_of(timeline: Timeline) -> Outcome:
    """How the run came out: broken also where it went on though one of its processes died, or the stream is cut."""
    closed = timeline.closed
    if closed is None or (closed.outcome is Outcome.FINISHED and (timeline.died or timeline.error)):
        return Outcome.BROKEN
    return closed.outcome


@dataclass(frozen=True, slots=True)
class Finding:
    """A claim, whether it holds of the run, and a text that is true either way. The id is stable."""

    id: str
    holds: bool
    text: str


class RunMetrics:
    """A run's figures, each worked out at most once. Times are ns."""

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self.header = timeline.header

    @cached_property
    def totals(self) -> Totals:
        """Of the whole run, as far as it came."""
        return self.timeline.totals()

    @property
    def whole(self) -> bool:
        """Whether it went to its end, with nothing broken: else its total is not the workload's."""
        return outcome_of(self.timeline) is Outcome.FINISHED

    @cached_property
    def started(self) -> list[Task]:
        """The tasks that a worker or the loop took, in the order of submission."""
        return [task for task in self.timeline.tasks if task.started is not None]

    @cached_property
    def failed(self) -> list[Task]:
        """The tasks that failed, in the order in which they did."""
        return [task for task in self.timeline.finished_tasks() if task.error is not None]

    @cached_property
    def task_ns(self) -> Counter[State]:
        """The states of all tasks, added up: their sum is `totals.sum_ns`."""
        states = Counter[State]()
        for task in self.started:
            states.update(self.timeline.task_states(task))
        return states

    @cached_property
    def plain(self) -> bool:
        """Whether the calls were made plainly, that is in the event loop's own thread."""
        return any(task.lane is not None and task.lane is self.timeline.loop for task in self.started)

    def tells(self, state: State) -> bool:
        """Whether the probe could tell when a thread was in this state."""
        return state in self.header.probe.tells

    @property
    def tells_waits(self) -> bool:
        """Whether the probe could tell what a thread waited for."""
        return self.tells(State.IO)

    @cached_property
    def pool(self) -> str | None:
        """What took the tasks: 'thread' or 'process'; None where it was the event loop, or is not known."""
        kinds = {task.lane_kind for task in self.started} - {None}
        return kinds.pop() if len(kinds) == 1 and not self.plain else None

    @property
    def shared(self) -> bool:
        """Whether there was anything for several workers to do at once."""
        return self.pool is not None and self.header.workers > 1 and len(self.started) > 1

    def task_share(self, *states: State) -> float:
        """The share of the tasks' time that was spent in these states; 0 where no time has passed."""
        total = self.totals.sum_ns
        return sum(self.task_ns[state] for state in states) / total if total else 0.0

    def at_once(self, *states: State) -> float:
        """How many tasks were in these states at a time, on average; 0 where no time has passed."""
        total = self.totals.total_ns
        return sum(self.task_ns[state] for state in states) / total if total else 0.0

    @cached_property
    def contenders(self) -> float:
        """How many of the run's own threads could run when one of them waited for a core; 0 where none did.

        It is an average over slices of the run, each by how long threads waited for a core in it: many threads that
        could run for a moment are not lost in a long run.
        """
        begin, width = self.timeline.begin or 0, self.totals.total_ns // _SLICES
        if not width:
            return 0.0
        ready, running = [0] * _SLICES, [0] * _SLICES
        binned = [lane.binned(begin, width, _SLICES) for lane in self.timeline.lanes]
        if self.timeline.archived is not None:
            binned.append(self.timeline.archived.binned(begin, width, _SLICES))
        for bins in binned:
            for number, sums in enumerate(bins):
                ready[number] += sums[_READY]
                running[number] += sums[_RUNNING]
        weighed = sum(r * (r + on_cpu) / width for r, on_cpu in zip(ready, running, strict=True))
        waited = sum(ready)
        return weighed / waited if waited else 0.0


# What the findings of a program are made from: figures of its threads.

FEW_LOOKS = 2
"""What is there for no longer may as well come and go between two looks, when the observer is late."""


class ProgramMetrics(RunMetrics):
    """The figures of a program, or of a process, that was watched. Times are ns."""

    def __init__(self, timeline: Timeline) -> None:
        super().__init__(timeline)
        self.since = timeline.begin or 0
        self.until = self.since + self.totals.total_ns

    @cached_property
    def threads(self) -> list[Lane]:
        """The lanes that are there one by one, but for the plumbing."""
        return [lane for lane in self.timeline.lanes if lane.role is not Role.PLUMBING]

    @cached_property
    def states(self) -> dict[Lane, Counter[State]]:
        """What each of them was in, while the program was watched."""
        return {lane: Counter(lane.states(self.since, self.until)) for lane in self.threads}

    @property
    def any_gil(self) -> bool:
        """Whether there is a GIL in any of its processes, as far as that is known."""
        seen = self.timeline.processes.values()
        return any(each.gil for each in seen) if seen else bool(self.timeline.gil)

    @cached_property
    def looks_ns(self) -> int:
        """How long FEW_LOOKS took, on average; 0 where there were none."""
        hz = self.timeline.observer_stats.achieved_hz
        return round(FEW_LOOKS * NS_PER_S / hz) if hz else 0

    @cached_property
    def fleeting(self) -> int:
        """How many threads were there for less than FEW_LOOKS, of those that are there one by one."""
        return sum(lane.end is not None and lane.end - lane.start < self.looks_ns for lane in self.threads)

    def has_had_several(self, pid: int) -> bool:
        """Whether a process has had more than one thread, as far as that was seen."""
        folded = self.timeline.archived
        gone = folded.of_process(pid) if folded is not None else 0
        return gone + sum(lane.pid == pid for lane in self.timeline.lanes) > 1

    @cached_property
    def gone(self) -> tuple[int, int]:
        """How many threads but the first have come and gone, and for how long these were there, added up."""
        first = (self.timeline.root, self.timeline.root)
        gone = [lane for lane in self.threads if lane.end is not None and (lane.pid, lane.tid) != first]
        lived = sum(sum(self.states[lane].values()) for lane in gone)
        folded = self.timeline.archived
        if folded is None:
            return len(gone), lived
        return len(gone) + folded.threads, lived + sum(folded.states(self.until).values())
