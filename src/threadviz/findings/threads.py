"""What the findings of a program are made from: figures of its threads."""

from collections import Counter
from functools import cached_property

from threadviz.findings.figures import Figures
from threadviz.findings.words import NS_PER_S
from threadviz.timeline import Lane, Role, Timeline
from threadviz.vocabulary import State

FEW_LOOKS = 2
"""What is there for no longer may as well come and go between two looks, when the observer is late."""


class ThreadFigures(Figures):
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
        hz = self.timeline.watching.achieved_hz
        return round(FEW_LOOKS * NS_PER_S / hz) if hz else 0

    @cached_property
    def fleeting(self) -> int:
        """How many threads were there for less than FEW_LOOKS, of those that are there one by one."""
        return sum(lane.end is not None and lane.end - lane.start < self.looks_ns for lane in self.threads)

    def has_had_several(self, pid: int) -> bool:
        """Whether a process has had more than one thread, as far as that was seen."""
        folded = self.timeline.folded
        gone = folded.of_process(pid) if folded is not None else 0
        return gone + sum(lane.pid == pid for lane in self.timeline.lanes) > 1

    @cached_property
    def gone(self) -> tuple[int, int]:
        """How many threads but the first have come and gone, and for how long these were there, added up."""
        first = (self.timeline.root, self.timeline.root)
        gone = [lane for lane in self.threads if lane.end is not None and (lane.pid, lane.tid) != first]
        lived = sum(sum(self.states[lane].values()) for lane in gone)
        folded = self.timeline.folded
        if folded is None:
            return len(gone), lived
        return len(gone) + folded.threads, lived + sum(folded.states(self.until).values())
