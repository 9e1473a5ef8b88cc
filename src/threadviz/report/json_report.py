"""The JSON that the commands print: its schema, key by key, and how it is made of a timeline."""

import json
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from threadviz.analysis import Finding, answer, comparison, findings, outcome_of, verdict
from threadviz.analysis.metrics import SHORT_NS, RunMetrics
from threadviz.presentation.cells import Window, run_window
from threadviz.presentation.summary import tasks_by_finish
from threadviz.protocol.events import Evidence, State
from threadviz.text import NS_PER_S
from threadviz.timeline import GilTimeline, Lane, Role, Task, Timeline

SCHEMA = 1
"""The version of this schema."""

States = dict[str, float]
"""Seconds in each state, by the names in `threadviz.protocol.events.State`."""


class RateFacts(msgspec.Struct, frozen=True):
    """The requested sampling rate in Hz and the achieved one, which is null for a run under 50 ms."""

    asked: float
    achieved: float | None


class ProbeFacts(msgspec.Struct, frozen=True):
    """The probe, the states that it tells, missed samples, and the share of a core that the observer used.

    `cpu_share` is null for a run under 50 ms: it would be that of starting up.
    """

    name: str
    tells: list[str]
    rate_hz: RateFacts
    missed: int
    cpu_share: float | None


class LoopFacts(msgspec.Struct, frozen=True):
    """How long the event loop was frozen, in all and at most at once."""

    blocked_s: float
    longest_block_s: float


class ProcessFacts(msgspec.Struct, frozen=True):
    """A process of a program. `parent` is the process id of its parent.

    `python` is '' if the process is not a known CPython, and `gil` null if that is not known. `cannot` is a clause on
    what can't be seen of it.
    """

    pid: int
    parent: int
    name: str
    python: str
    gil: bool | None
    cannot: str


class GilFacts(msgspec.Struct, frozen=True):
    """The GIL of an interpreter (0 is the main one) of process `pid`, as far as it was seen.

    `known` is sampled or inferred. An inferred holder is known only where it follows from what the threads did, and the
    GIL is then never seen free. `held_s` and `free_s` are how long it was held and free, `open_s` how long that is not
    known. `hand_offs` is how often, at least, it went from one thread to another.
    """

    pid: int
    interpreter: int
    known: str
    held_s: float
    free_s: float
    open_s: float
    hand_offs: int


class HolderFacts(msgspec.Struct, frozen=True):
    """How long a thread was seen to hold its process's GIL, and how often, at least, the GIL was handed to it.

    `hand_offs_per_s` is null for a run under 50 ms.
    """

    held_s: float
    hand_offs: int
    hand_offs_per_s: float | None


class ArchivedFacts(msgspec.Struct, frozen=True):
    """Ended threads that were too many to keep a lane for each. `states` adds up all of them.

    `processes` counts the processes of which no thread has a lane.
    """

    threads: int
    processes: int
    states: States


class StacksFacts(msgspec.Struct, frozen=True):
    """What py-spy cost: its runs, failed runs and CPU time. `why` is the reason if it was given up."""

    dumps: int
    failed: int
    cpu_s: float
    why: str


class NoteFacts(msgspec.Struct, frozen=True):
    """What was seen of a thread at a moment."""

    t_s: float
    text: str


class LaneFacts(msgspec.Struct, frozen=True):
    """A thread. `role` is loop, worker, thread or plumbing; `tasks` is how many it ran.

    `name` is what views show, `thread_name` its own name, and `named_by` its source: program, stacks (py-spy), system,
    or null if it is what the system called it at first. `process` is its process's name. `loop` is null unless an event
    loop runs in it, `gil` if it was not seen to hold one. `places` are the wait targets that were seen (peers, files),
    `functions` its locations; of a long run not all.
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
    """A call of the workload's function. `lane` is the name of its lane, which may be an archived one.

    What has not happened is null. A finished task has one of `result` and `error`, an unfinished one neither.
    `traceback`, in lines, is there if the user's own code failed.
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


class RunFacts(msgspec.Struct, frozen=True):
    """One run, as `threadviz run --json` prints it.

    `outcome` is finished, interrupted or broken: a process of the run died, the mode raised, or the stream is cut off.
    `watches` is workload, program or process. For a program `workload` is its name, `mode` one of exec, attach and
    record, `python` and `gil` those of its first process (gil is null if that is not known), and `status` its exit
    status as `subprocess` gives it; null if it has not ended or that is not known.
    `workers` is how many workers the pool may have; 0 if the calls ran in the event loop's own thread.
    `speedup` is sum_s / total_s, null if no task has finished; `parallelism` is CPU time / total_s, null if no time has
    passed. `tasks` are in the order in which they finished, unfinished ones last.
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
    findings: list[Finding]
    watches: str
    status: int | None
    processes: list[ProcessFacts]
    gils: list[GilFacts]
    folded: ArchivedFacts | None
    stacks: StacksFacts | None


class VerdictFacts(msgspec.Struct, frozen=True):
    """How a mode did. `speedup` is the total of the blocking (else the first) run / its own, null without one.

    `total_s` is null for a mode that did not run because the comparison ended before its turn.
    """

    mode: str
    total_s: float | None
    speedup: float | None
    text: str


class ComparisonFacts(msgspec.Struct, frozen=True):
    """Several runs, as `threadviz compare --json` prints them. Their findings include those compared with the others.

    `answer` says in a sentence which mode is faster; it is '' if that is not known.
    """

    schema: int
    runs: list[RunFacts]
    verdict: list[VerdictFacts]
    answer: str


def to_json(facts: RunFacts | ComparisonFacts) -> str:
    """Return `facts` as one line of ASCII, with everything else escaped."""
    return json.dumps(msgspec.to_builtins(facts), allow_nan=False) + "\n"


def comparison_facts(timelines: Mapping[str, Timeline], not_run: Sequence[str] = ()) -> ComparisonFacts:
    """Return the facts of several runs, by mode. `not_run` are modes that did not get their turn."""
    compared, verdicts = comparison(timelines), verdict(timelines, not_run)
    return ComparisonFacts(
        schema=SCHEMA,
        runs=[run_facts(timeline, compared[mode]) for mode, timeline in timelines.items()],
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


def run_facts(timeline: Timeline, compared: Sequence[Finding] = ()) -> RunFacts:
    """Return the facts of one run. `compared` are its findings compared with other runs."""
    header, totals, window = timeline.header, timeline.totals(), run_window(timeline)
    archived, stacks = timeline.archived, timeline.stack_sampling
    return RunFacts(
        schema=SCHEMA,
        workload=header.workload,
        mode=header.mode,
        outcome=outcome_of(timeline).value,
        python=timeline.python,
        gil=timeline.gil,
        cores=header.cores,
        workers=0 if RunMetrics(timeline).plain else header.workers,
        probe=_probe(timeline, window),
        total_s=totals.total_ns / NS_PER_S,
        sum_s=totals.sum_ns / NS_PER_S,
        slowest_s=totals.slowest_ns / NS_PER_S,
        speedup=totals.speedup if timeline.finished_tasks() else None,
        parallelism=totals.parallelism,
        loop=_loop(totals.loop_blocked_ns, totals.loop_longest_ns),
        lanes=[_lane(lane, timeline, window) for lane in timeline.lanes],
        tasks=[_task(task, timeline, window) for task in tasks_by_finish(timeline)],
        findings=[*findings(timeline), *compared],
        watches=header.watches.value,
        status=None if timeline.closed is None else timeline.closed.status,
        processes=[
            ProcessFacts(each.pid, each.parent, each.name, each.python, each.gil, each.cannot)
            for each in timeline.processes.values()
        ],
        gils=[_gil(gil_timeline, window) for gil_timeline in timeline.gil_timelines],
        folded=None
        if archived is None
        else ArchivedFacts(archived.threads, archived.processes, _seconds(archived.states(window.until))),
        stacks=None
        if stacks is None
        else StacksFacts(stacks.dumps, stacks.failed, stacks.cpu_ns / NS_PER_S, stacks.why),
    )


def _gil(gil_timeline: GilTimeline, window: Window) -> GilFacts:
    held, free, unknown = (ns / NS_PER_S for ns in gil_timeline.shares(*window))
    known = Evidence.INFERRED if gil_timeline.inferred else Evidence.SAMPLED
    hand_offs = gil_timeline.hand_offs(window.until) - gil_timeline.hand_offs(window.since)
    return GilFacts(gil_timeline.pid, gil_timeline.interpreter, known.value, held, free, unknown, hand_offs)


def _probe(timeline: Timeline, window: Window) -> ProbeFacts:
    probe, stats = timeline.header.probe, timeline.observer_stats
    short = window.length < SHORT_NS
    return ProbeFacts(
        name=probe.name,
        tells=[state.value for state in probe.tells],
        rate_hz=RateFacts(stats.asked_hz, None if short else stats.achieved_hz),
        missed=stats.missed,
        cpu_share=None if short else stats.cpu_share,
    )


def _lane(lane: Lane, timeline: Timeline, window: Window) -> LaneFacts:
    start = min(max(lane.start, window.since), window.until)
    end = max(start, window.until if lane.end is None else min(lane.end, window.until))

    def notes(seen: Iterable[tuple[int, str]]) -> list[NoteFacts]:
        return [NoteFacts((t - window.since) / NS_PER_S, text) for t, text in seen]

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
        named_by=lane.named_by,
        process=lane.process_name,
        loop=_loop(*lane.blocked(window.until)) if lane.role is Role.LOOP else None,
        gil=_holder(lane, timeline, window),
        places=notes(lane.wait_targets),
        functions=notes(lane.locations),
    )


def _holder(lane: Lane, timeline: Timeline, window: Window) -> HolderFacts | None:
    """Return how a lane held its own interpreter's GIL; no thread holds another one."""
    of_process = [each for each in timeline.gil_timelines if each.pid == lane.pid]
    held_within = [each.held_by(lane.number, window.until, window.since) for each in of_process]
    held, hand_offs = sum(ns for ns, _ in held_within), sum(number for _, number in held_within)
    rate = hand_offs * NS_PER_S / window.length if window.length >= SHORT_NS else None
    return HolderFacts(held / NS_PER_S, hand_offs, rate) if held else None


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
