"""The figures of a run that findings and verdicts are derived from."""

from collections import Counter
from dataclasses import dataclass
from functools import cached_property

from threadviz.protocol.events import Outcome, State
from threadviz.timeline import STATES, Lane, Role, Task, Timeline, Totals

COMPUTING = (State.RUNNING, State.READY, State.GIL)
"""States in which a thread computes, or would if it could."""

WAITING = (State.IO, State.LOCK, State.SLEEP, State.WAITING)
"""States in which a thread waits for something other than a CPU core or the GIL."""

SHORT_NS = 50_000_000
"""Shares and rates of shorter times are left out: they would rest on a few samples."""

_SLICES = 50
_RUNNING, _READY = STATES.index(State.RUNNING), STATES.index(State.READY)


def outcome_of(timeline: Timeline) -> Outcome:
    """Return the outcome of a run. It is broken too if one of its processes died or the stream is cut off."""
    closed = timeline.closed
    if closed is None or (closed.outcome is Outcome.FINISHED and (timeline.died or timeline.error)):
        return Outcome.BROKEN
    return closed.outcome


@dataclass(frozen=True, slots=True)
class Finding:
    """A claim about a run, whether it holds, and a text that is true either way. The id is stable."""

    id: str
    holds: bool
    text: str


class RunMetrics:
    """The figures of a run or of a watched program, computed on demand. Times are ns.

    `whole` is whether the run reached its end with nothing broken; otherwise its total is not the workload's.
    """

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self.header = timeline.header
        self.since = timeline.begin or 0
        self.whole = outcome_of(timeline) is Outcome.FINISHED

    @cached_property
    def totals(self) -> Totals:
        return self.timeline.totals()

    @property
    def until(self) -> int:
        return self.since + self.totals.total_ns

    def tells(self, state: State) -> bool:
        """Return whether the probe can detect this state."""
        return state in self.header.probe.tells

    # Tasks

    @cached_property
    def started(self) -> list[Task]:
        """The tasks that started, in the order of submission."""
        return [task for task in self.timeline.tasks if task.started is not None]

    @cached_property
    def failed(self) -> list[Task]:
        """The tasks that failed, in the order in which they did."""
        return [task for task in self.timeline.finished_tasks() if task.error is not None]

    @cached_property
    def task_ns(self) -> Counter[State]:
        """The time of all tasks by state. It adds up to `totals.sum_ns`."""
        states = Counter[State]()
        for task in self.started:
            states.update(self.timeline.task_states(task))
        return states

    @cached_property
    def plain(self) -> bool:
        """Whether the calls were made in the event loop's own thread."""
        return any(task.lane is not None and task.lane is self.timeline.loop for task in self.started)

    @cached_property
    def pool(self) -> str | None:
        """What ran the tasks: 'thread' or 'process'; None if it was the event loop or is not known."""
        kinds = {task.lane_kind for task in self.started} - {None}
        return kinds.pop() if len(kinds) == 1 and not self.plain else None

    def task_share(self, *states: State) -> float:
        """Return the share of the tasks' time spent in these states; 0 if no time has passed."""
        total = self.totals.sum_ns
        return sum(self.task_ns[state] for state in states) / total if total else 0.0

    def at_once(self, *states: State) -> float:
        """Return how many tasks were in these states at a time, on average; 0 if no time has passed."""
        total = self.totals.total_ns
        return sum(self.task_ns[state] for state in states) / total if total else 0.0

    # Threads

    @cached_property
    def threads(self) -> list[Lane]:
        """The lanes that are not plumbing. Archived lanes are not among them."""
        return [lane for lane in self.timeline.lanes if lane.role is not Role.PLUMBING]

    @cached_property
    def thread_ns(self) -> dict[Lane, Counter[State]]:
        """The time of each thread by state, within the run."""
        return {lane: Counter(lane.states(self.since, self.until)) for lane in self.threads}

    @cached_property
    def ended_threads(self) -> tuple[int, int]:
        """How many threads other than the first have ended, and how long they lived in all."""
        first = (self.timeline.root, self.timeline.root)
        lanes = [lane for lane in self.threads if lane.end is not None and (lane.pid, lane.tid) != first]
        ended, lived = len(lanes), sum(self.thread_ns[lane].total() for lane in lanes)
        if archived := self.timeline.archived:
            ended += archived.threads
            lived += sum(archived.states(self.until).values())
        return ended, lived

    def multithreaded(self, pid: int) -> bool:
        """Return whether more than one thread was seen in a process."""
        archived = self.timeline.archived
        gone = archived.of_process(pid) if archived is not None else 0
        return gone + sum(lane.pid == pid for lane in self.timeline.lanes) > 1

    @cached_property
    def contenders(self) -> float:
        """How many of the run's threads could run while one of them waited for a core; 0 if none did.

        This is an average over slices of the run, each weighted by how long threads waited for a core in it. So many
        threads that compete for a short time still count in a long run.
        """
        width = self.totals.total_ns // _SLICES
        if not width:
            return 0.0
        binned = [lane.binned(self.since, width, _SLICES) for lane in self.timeline.lanes]
        if self.timeline.archived is not None:
            binned.append(self.timeline.archived.binned(self.since, width, _SLICES))
        waited, weighted = 0, 0.0
        for lanes in zip(*binned, strict=True):
            ready, running = (sum(sums[index] for sums in lanes) for index in (_READY, _RUNNING))
            waited += ready
            weighted += ready * (ready + running) / width
        return weighted / waited if waited else 0.0
