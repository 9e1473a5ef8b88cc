"""A run's facts as the JSON has them: see `schema`."""

import json
from collections.abc import Mapping, Sequence

import msgspec

from threadviz.events import ProcessSeen, Stacks
from threadviz.findings import Finding, answer, comparison, findings, outcome_of, verdict
from threadviz.findings.figures import SHORT_NS, Figures
from threadviz.picture.window import Window, measured
from threadviz.report.schema import (
    SCHEMA,
    ComparisonFacts,
    FindingFacts,
    FoldedFacts,
    GilFacts,
    HolderFacts,
    LaneFacts,
    LoopFacts,
    NoteFacts,
    ProbeFacts,
    ProcessFacts,
    RateFacts,
    RunFacts,
    StacksFacts,
    States,
    TaskFacts,
    VerdictFacts,
)
from threadviz.timeline import Folded, Lane, Ribbon, Role, Task, Timeline
from threadviz.vocabulary import Known, State

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
    header, totals, window = timeline.header, timeline.totals(), measured(timeline)
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
        workers=0 if Figures(timeline).plain else header.workers,
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
        gils=[_gil(ribbon, window) for ribbon in timeline.ribbons],
        folded=None if timeline.folded is None else _folded(timeline.folded, window),
        stacks=None if timeline.stacks is None else _stacks(timeline.stacks),
    )


def _process(seen: ProcessSeen) -> ProcessFacts:
    return ProcessFacts(seen.pid, seen.parent, seen.name, seen.python, seen.gil, seen.cannot)


def _gil(ribbon: Ribbon, window: Window) -> GilFacts:
    held, free, unseen = (ns / NS_PER_S for ns in ribbon.shares(*window))
    known = Known.INFERRED if ribbon.inferred else Known.SAMPLED
    handed = ribbon.handed(window.until) - ribbon.handed(window.since)
    return GilFacts(ribbon.pid, ribbon.interpreter, known.value, held, free, unseen, handed)


def _folded(folded: Folded, window: Window) -> FoldedFacts:
    return FoldedFacts(folded.threads, folded.processes, _seconds(folded.states(window.until)))


def _stacks(stacks: Stacks) -> StacksFacts:
    return StacksFacts(stacks.dumps, stacks.failed, stacks.cpu_ns / NS_PER_S, stacks.why)


def _probe(timeline: Timeline) -> ProbeFacts:
    info, watching = timeline.header.probe, timeline.watching
    short = measured(timeline).length < SHORT_NS
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
        thread_name=lane.own_name,
        named_by=None if lane.named_by is None else lane.named_by.value,
        process=lane.process_name,
        loop=_loop(*lane.blocked(window.until)) if lane.role is Role.LOOP else None,
        gil=_holder(lane, timeline, window),
        places=[NoteFacts((t - window.since) / NS_PER_S, text) for t, text in lane.places],
        functions=[NoteFacts((t - window.since) / NS_PER_S, text) for t, text in lane.functions],
    )


def _holder(lane: Lane, timeline: Timeline, window: Window) -> HolderFacts | None:
    """What a lane had of a GIL: its own interpreter's, for no thread holds another one."""
    of = [ribbon.had_by(lane.number, *window) for ribbon in timeline.ribbons if ribbon.pid == lane.pid]
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
