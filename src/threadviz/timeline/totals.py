"""The figures of a whole run, at one moment of it."""

from dataclasses import dataclass

from threadviz.vocabulary import State


@dataclass(frozen=True, slots=True)
class Watching:
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
