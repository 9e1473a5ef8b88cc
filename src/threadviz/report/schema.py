"""The JSON that the command prints, key by key.

All times are seconds, as floats, from the run's start: the moment at which the workload began. A lane's part before
it is left out, so that a lane's states add up to `end_s - start_s`; states of no time are left out as well. Keys are
not taken away nor given another meaning without a new SCHEMA.
"""

import msgspec

SCHEMA = 1
"""The version of this schema."""

States = dict[str, float]
"""Seconds in each state, by the names in `threadviz.vocabulary.State`."""


class RateFacts(msgspec.Struct, frozen=True):
    """How many times a second the observer was to look at all threads, and did: null of a run under 50 ms."""

    asked: float
    achieved: float | None


class ProbeFacts(msgspec.Struct, frozen=True):
    """Who watched: the probe, the states that it tells, looks missed, and the share of a core that it used itself.

    Of a run under 50 ms, `cpu_share` is null: it would be that of starting up.
    """

    name: str
    tells: list[str]
    rate_hz: RateFacts
    missed: int
    cpu_share: float | None


class LoopFacts(msgspec.Struct, frozen=True):
    """For how long the event loop could not answer, in all and at most at a stretch."""

    blocked_s: float
    longest_block_s: float


class ProcessFacts(msgspec.Struct, frozen=True):
    """A process of a program: `parent` is the process id of the one that started it.

    `python` is empty where it is no CPython, or not known, and `gil` null where that is not known; `cannot` is a clause
    on what can't be told of it.
    """

    pid: int
    parent: int
    name: str
    python: str
    gil: bool | None
    cannot: str


class GilFacts(msgspec.Struct, frozen=True):
    """The GIL of an interpreter (0 is the main one) of process `pid`, as far as it was seen.

    `known` is sampled or inferred: then it is known only where it follows who held it, and never seen free. `held_s`
    and `free_s` are how long that was, `open_s` for how long it is not known. `hand_offs` is how often at least it went
    from one thread to another.
    """

    pid: int
    interpreter: int
    known: str
    held_s: float
    free_s: float
    open_s: float
    hand_offs: int


class HolderFacts(msgspec.Struct, frozen=True):
    """For how long a thread was seen to hold its process's GIL, and how often at least it was handed to it.

    `hand_offs_per_s` is that by the run's total; null of a run under 50 ms.
    """

    held_s: float
    hand_offs: int
    hand_offs_per_s: float | None


class FoldedFacts(msgspec.Struct, frozen=True):
    """Threads that were gone, and were too many to be lanes one by one; `states` are what all of them were in.

    `processes` is how many processes there were of which no thread has a lane.
    """

    threads: int
    processes: int
    states: States


class StacksFacts(msgspec.Struct, frozen=True):
    """What py-spy has cost: how often it was run, how often that failed, its CPU time; `why` it was given up, if so."""

    dumps: int
    failed: int
    cpu_s: float
    why: str


class NoteFacts(msgspec.Struct, frozen=True):
    """What was said of a thread at a moment."""

    t_s: float
    text: str


class LaneFacts(msgspec.Struct, frozen=True):
    """A thread: `role` is loop, worker, thread or plumbing; `tasks` is how many it has had.

    `name` is what views show, `thread_name` its own, and `named_by` who gave that: program, stacks (py-spy), system, or
    null where it is what the system had at first. `process` is what its process is called. `loop` is null unless an
    event loop is in it, `gil` where it was not seen to hold one. `places` are what it was seen to wait on (peers,
    files), `functions` which ones it was seen in: of a long run not all.
    """

    name: str
    role: str
    pid: int
    tid: int
    start_s: float
    end_s: float
    states: States
    tasks: int
    thread_name: str
    named_by: str | None
    process: str
    loop: LoopFacts | None
    gil: HolderFacts | None
    places: list[NoteFacts]
    functions: list[NoteFacts]


class TaskFacts(msgspec.Struct, frozen=True):
    """A call of the workload's function. `lane` is the name of its lane, which may be one of those that were folded.

    What has not come to pass is null. A task that is over has one of `result` and `error`; one that is not has neither.
    `traceback` is there, in lines, where the user's own code has failed.
    """

    name: str
    lane: str | None
    submitted_s: float
    started_s: float | None
    finished_s: float | None
    states: States
    result: str | msgspec.UnsetType = msgspec.UNSET
    error: str | msgspec.UnsetType = msgspec.UNSET
    traceback: str | msgspec.UnsetType = msgspec.UNSET


class FindingFacts(msgspec.Struct, frozen=True):
    """A claim by its stable id, whether it holds of this run, and how it came out in words."""

    id: str
    holds: bool
    text: str


class RunFacts(msgspec.Struct, frozen=True):
    """One run, as `threadviz run --json` prints it.

    `outcome` is finished, interrupted or broken, that is: a process of the run died, the mode raised, or the stream
    is cut off.
    `watches` is workload, program or process; of a program `workload` is what it is called, `mode` one of exec, attach
    and record, `python` and `gil` those of its first process (gil is null where that is not known), and `status` how it
    ended, as `subprocess` gives it; null where it has not, or it is not known.
    `workers` is how many the pool may have, 0 where the calls were made plainly, in the event loop's own thread.
    `speedup` is sum_s / total_s, null where no task is over; `parallelism` is CPU time / total_s, null where no time
    has passed. `tasks` are in the order in which they finished, the unfinished ones after them.
    """

    schema: int
    workload: str
    mode: str
    outcome: str
    python: str
    gil: bool | None
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
    watches: str
    status: int | None
    processes: list[ProcessFacts]
    gils: list[GilFacts]
    folded: FoldedFacts | None
    stacks: StacksFacts | None


class VerdictFacts(msgspec.Struct, frozen=True):
    """How a mode did; `speedup` is the total of the blocking (else the first) run / its own, null without one.

    `total_s` is null for a mode that did not run, as the comparison ended before its turn.
    """

    mode: str
    total_s: float | None
    speedup: float | None
    text: str


class ComparisonFacts(msgspec.Struct, frozen=True):
    """Several runs, as `threadviz compare --json` prints them; a run's findings have those beside the others too.

    `answer` says in a sentence which mode pays; it is empty where that can't be told.
    """

    schema: int
    runs: list[RunFacts]
    verdict: list[VerdictFacts]
    answer: str
