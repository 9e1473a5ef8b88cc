"""The JSON that the command prints, key by key.

All times are seconds, as floats, from the run's start: the moment at which the workload began. A lane's part before
it is left out, so that a lane's states add up to `end_s - start_s`; states of no time are left out as well. Keys are
not taken away nor given another meaning without a new SCHEMA.
"""

import msgspec

SCHEMA = 1
"""The version of this schema."""

States = dict[str, float]
"""Seconds in each state, by the names in `threadviz.events.State`."""


class RateFacts(msgspec.Struct, frozen=True):
    """How many times a second the observer was to look at all threads, and did."""

    asked: float
    achieved: float


class ProbeFacts(msgspec.Struct, frozen=True):
    """Who watched: the probe, the states that it tells, looks missed, and the share of a core that it used itself."""

    name: str
    tells: list[str]
    rate_hz: RateFacts
    missed: int
    cpu_share: float


class LoopFacts(msgspec.Struct, frozen=True):
    """For how long the event loop could not answer, in all and at most at a stretch."""

    blocked_s: float
    longest_block_s: float


class LaneFacts(msgspec.Struct, frozen=True):
    """A thread: `role` is loop, worker or plumbing; `tasks` is how many it has had."""

    name: str
    role: str
    pid: int
    tid: int
    start_s: float
    end_s: float
    states: States
    tasks: int


class TaskFacts(msgspec.Struct, frozen=True):
    """A call of the workload's function. `lane` is the name of its lane.

    What has not come to pass is null. A task that is over has one of `result` and `error`; one that is not has neither.
    """

    name: str
    lane: str | None
    submitted_s: float
    started_s: float | None
    finished_s: float | None
    states: States
    result: str | msgspec.UnsetType = msgspec.UNSET
    error: str | msgspec.UnsetType = msgspec.UNSET


class FindingFacts(msgspec.Struct, frozen=True):
    """A claim by its stable id, whether it holds of this run, and how it came out in words."""

    id: str
    holds: bool
    text: str


class RunFacts(msgspec.Struct, frozen=True):
    """One run, as `threadviz run --json` prints it.

    `outcome` is finished, interrupted or broken, that is: a process of the run died, the mode raised, or the stream
    is cut off.
    `workers` is how many the pool may have, 0 where the calls were made plainly, in the event loop's own thread.
    `speedup` is sum_s / total_s, null where no task is over; `parallelism` is CPU time / total_s, null where no time
    has passed. `tasks` are in the order in which they finished, the unfinished ones after them.
    """

    schema: int
    workload: str
    mode: str
    outcome: str
    python: str
    gil: bool
    cores: int
    workers: int
    probe: ProbeFacts
    total_s: float
    sum_s: float
    slowest_s: float
    speedup: float | None
    parallelism: float | None
    loop: LoopFacts
    lanes: list[LaneFacts]
    tasks: list[TaskFacts]
    findings: list[FindingFacts]


class VerdictFacts(msgspec.Struct, frozen=True):
    """How a mode did; `speedup` is the total of the blocking (else the first) run / its own, null without one.

    `total_s` is null for a mode that did not run, as the comparison ended before its turn.
    """

    mode: str
    total_s: float | None
    speedup: float | None
    text: str


class ComparisonFacts(msgspec.Struct, frozen=True):
    """Several runs, as `threadviz compare --json` prints them; a run's findings have those beside the others too."""

    schema: int
    runs: list[RunFacts]
    verdict: list[VerdictFacts]
