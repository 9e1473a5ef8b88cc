"""A run's facts as the JSON has them: see `schema`."""

import json
from collections.abc import Mapping, Sequence

import msgspec

from threadviz.events import State
from threadviz.findings import Finding, comparison, findings, outcome_of, verdict
from threadviz.findings.figures import Figures
from threadviz.picture.window import Window, measured
from threadviz.report.schema import (
    SCHEMA,
    ComparisonFacts,
    FindingFacts,
    LaneFacts,
    LoopFacts,
    ProbeFacts,
    RateFacts,
    RunFacts,
    States,
    TaskFacts,
    VerdictFacts,
)
from threadviz.timeline import Lane, Task, Timeline

NS_PER_S = 1_000_000_000


def to_json(facts: RunFacts | ComparisonFacts) -> str:
    """Return `facts` as one line of ASCII: what is not ASCII, or no printable character, is escaped."""
    return json.dumps(msgspec.to_builtins(facts), allow_nan=False) + "\n"


def comparison_facts(timelines: Mapping[str, Timeline], not_run: Sequence[str] = ()) -> ComparisonFacts:
    """The facts of several runs, each under a mode of its own; `not_run` are modes that did not get their turn."""
    beside = comparison(timelines)
    return ComparisonFacts(
        schema=SCHEMA,
        runs=[run_facts(timeline, beside[mode]) for mode, timeline in timelines.items()],
        verdict=[
            VerdictFacts(
                mode=each.mode,
                total_s=None if each.total_ns is None else each.total_ns / NS_PER_S,
                speedup=each.speedup,
                text=each.text,
            )
            for each in verdict(timelines, not_run)
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
        python=header.python,
        gil=header.gil,
        cores=header.cores,
        workers=0 if Figures(timeline).plain else header.workers,
        probe=_probe(timeline),
        total_s=totals.total_ns / NS_PER_S,
        sum_s=totals.sum_ns / NS_PER_S,
        slowest_s=totals.slowest_ns / NS_PER_S,
        speedup=totals.speedup if done else None,
        parallelism=totals.parallelism,
        loop=LoopFacts(totals.loop_blocked_ns / NS_PER_S, totals.loop_longest_ns / NS_PER_S),
        lanes=[_lane(lane, window) for lane in timeline.lanes],
        tasks=[_task(task, timeline, window) for task in tasks],
        findings=[FindingFacts(each.id, each.holds, each.text) for each in (*findings(timeline), *beside)],
    )


def _probe(timeline: Timeline) -> ProbeFacts:
    info, watching = timeline.header.probe, timeline.watching
    return ProbeFacts(
        name=info.name,
        tells=[state.value for state in info.tells],
        rate_hz=RateFacts(watching.asked_hz, watching.achieved_hz),
        missed=watching.missed,
        cpu_share=watching.cpu_share,
    )


def _lane(lane: Lane, window: Window) -> LaneFacts:
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
    )


def _task(task: Task, timeline: Timeline, window: Window) -> TaskFacts:
    def since(t: int | None) -> float | None:
        return None if t is None else (t - window.since) / NS_PER_S

    return TaskFacts(
        name=task.name,
        lane=task.lane.name if task.lane else None,
        submitted_s=(task.submitted - window.since) / NS_PER_S,
        started_s=since(task.started),
        finished_s=since(task.finished),
        states=_seconds(timeline.task_states(task)),
        result=msgspec.UNSET if task.result is None else task.result,
        error=msgspec.UNSET if task.error is None else task.error,
    )


def _seconds(states: Mapping[State, int]) -> States:
    return {state.value: ns / NS_PER_S for state, ns in states.items()}
