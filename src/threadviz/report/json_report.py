"""A run's facts as the JSON has them: see `schema`."""

import json
from collections.abc import Mapping, Sequence

import msgspec

from threadviz.analysis import Finding, answer, comparison, findings, outcome_of, verdict
from threadviz.analysis.metrics import SHORT_NS, RunMetrics
from threadviz.presentation.cells import Window, run_window
from threadviz.protocol.events import Evidence, ProcessSeen, StackSampling, State
from threadviz.timeline import ArchivedLanes, GilTimeline, Lane, Role, Task, Timeline

# The JSON that the command prints, key by key.

SCHEMA = 1
"""The version of this schema."""

States = dict[str, float]
"""Seconds in each state, by the names in `threadviz.protocol.events.State`."""


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


NS_PER_S = 1_000_000_000


def to_json(facts: RunFacts | ComparisonFacts) -> str:
    """Return `facts` as one line of ASCII: what is not ASCII, or no printable character, is escaped."""
    return json.dumps(msgspec.to_builtins(facts), allow_nan=False) + "\n"


def comparison_facts(timelines: Mapping[str, Timeline], not_run: Sequence[str] = ()) -> ComparisonFacts:
    """The facts of several runs, each under a mode of its own; `not_run` are modes that did not get their turn."""
    beside, verdicts = comparison(timelines), verdict(timelines, not_run)
    return ComparisonFacts(
        schema=SCHEMA,
        runs=[run_facts(timeline, beside[mode]) for mode, timeline in timelines.items()],
        answer=answer(timelines, verdicts),
        verdict=[
            VerdictFacts(
                mode=each.mode,
                total_s=None if each.total_ns is None else each.total_ns / NS_PER_S,
                speedup=each.speedup,
                text=each.text,
            )
            for each in verdicts
        ],
    )


def run_facts(timeline: Timeline, beside: Sequence[Finding] = ()) -> RunFacts:
    """The facts of one run; `beside` are findings that it has beside other runs."""
    header, totals, window = timeline.header, timeline.totals(), run_window(timeline)
    done = timeline.finished_tasks()
    tasks = [*done, *(task for task in timeline.tasks if task.finished is None)]
    return RunFacts(
        schema=SCHEMA,
        workload=header.workload,
        mode=header.mode,
        outcome=outcome_of(timeline).value,
        python=timeline.python,
        gil=timeline.gil,
        cores=header.cores,
        workers=0 if RunMetrics(timeline).plain else header.workers,
        probe=_probe(timeline),
        total_s=totals.total_ns / NS_PER_S,
        sum_s=totals.sum_ns / NS_PER_S,
        slowest_s=totals.slowest_ns / NS_PER_S,
        speedup=totals.speedup if done else None,
        parallelism=totals.parallelism,
        loop=_loop(totals.loop_blocked_ns, totals.loop_longest_ns),
        lanes=[_lane(lane, timeline, window) for lane in timeline.lanes],
        tasks=[_task(task, timeline, window) for task in tasks],
        findings=[FindingFacts(each.id, each.holds, each.text) for each in (*findings(timeline), *beside)],
        watches=header.watches.value,
        status=None if timeline.closed is None else timeline.closed.status,
        processes=[_process(each) for each in timeline.processes.values()],
        gils=[_gil(gil_timeline, window) for gil_timeline in timeline.gil_timelines],
        folded=None if timeline.archived is None else _folded(timeline.archived, window),
        stacks=None if timeline.stack_sampling is None else _stacks(timeline.stack_sampling),
    )


def _process(seen: ProcessSeen) -> ProcessFacts:
    return ProcessFacts(seen.pid, seen.parent, seen.name, seen.python, seen.gil, seen.cannot)


def _gil(gil_timeline: GilTimeline, window: Window) -> GilFacts:
    held, free, unseen = (ns / NS_PER_S for ns in gil_timeline.shares(*window))
    known = Evidence.INFERRED if gil_timeline.inferred else Evidence.SAMPLED
    handed = gil_timeline.hand_offs(window.until) - gil_timeline.hand_offs(window.since)
    return GilFacts(gil_timeline.pid, gil_timeline.interpreter, known.value, held, free, unseen, handed)


def _folded(folded: ArchivedLanes, window: Window) -> FoldedFacts:
    return FoldedFacts(folded.threads, folded.processes, _seconds(folded.states(window.until)))


def _stacks(stacks: StackSampling) -> StacksFacts:
    return StacksFacts(stacks.dumps, stacks.failed, stacks.cpu_ns / NS_PER_S, stacks.why)


def _probe(timeline: Timeline) -> ProbeFacts:
    info, watching = timeline.header.probe, timeline.observer_stats
    short = run_window(timeline).length < SHORT_NS
    return ProbeFacts(
        name=info.name,
        tells=[state.value for state in info.tells],
        rate_hz=RateFacts(watching.asked_hz, None if short else watching.achieved_hz),
        missed=watching.missed,
        cpu_share=None if short else watching.cpu_share,
    )


def _lane(lane: Lane, timeline: Timeline, window: Window) -> LaneFacts:
    start = min(max(lane.start, window.since), window.until)
    end = max(start, window.until if lane.end is None else min(lane.end, window.until))
    return LaneFacts(
        name=lane.name,
        role=lane.role.value,
        pid=lane.pid,
        tid=lane.tid,
        start_s=(start - window.since) / NS_PER_S,
        end_s=(end - window.since) / NS_PER_S,
        states=_seconds(lane.states(window.since, window.until)),
        tasks=len(lane.tasks),
        thread_name=lane.thread_name,
        named_by=None if lane.named_by is None else lane.named_by.value,
        process=lane.process_name,
        loop=_loop(*lane.blocked(window.until)) if lane.role is Role.LOOP else None,
        gil=_holder(lane, timeline, window),
        places=[NoteFacts((t - window.since) / NS_PER_S, text) for t, text in lane.wait_targets],
        functions=[NoteFacts((t - window.since) / NS_PER_S, text) for t, text in lane.locations],
    )


def _holder(lane: Lane, timeline: Timeline, window: Window) -> HolderFacts | None:
    """What a lane had of a GIL: its own interpreter's, for no thread holds another one."""
    of = [
        gil_timeline.held_within(lane.number, *window)
        for gil_timeline in timeline.gil_timelines
        if gil_timeline.pid == lane.pid
    ]
    held, handed = sum(ns for ns, _ in of), sum(times for _, times in of)
    rate = handed * NS_PER_S / window.length if window.length >= SHORT_NS else None
    return HolderFacts(held / NS_PER_S, handed, rate) if held else None


def _loop(blocked: int, longest: int) -> LoopFacts:
    return LoopFacts(blocked / NS_PER_S, longest / NS_PER_S)


def _task(task: Task, timeline: Timeline, window: Window) -> TaskFacts:
    def since(t: int | None) -> float | None:
        return None if t is None else (t - window.since) / NS_PER_S

    return TaskFacts(
        name=task.name,
        lane=task.lane_name,
        submitted_s=(task.submitted - window.since) / NS_PER_S,
        started_s=since(task.started),
        finished_s=since(task.finished),
        states=_seconds(timeline.task_states(task)),
        result=msgspec.UNSET if task.result is None else task.result,
        error=msgspec.UNSET if task.error is None else task.error,
        traceback=task.traceback or msgspec.UNSET,
    )


def _seconds(states: Mapping[State, int]) -> States:
    return {state.value: ns / NS_PER_S for state, ns in states.items()}
