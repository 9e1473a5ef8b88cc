"""A run in words: its figures as rows of a table, its heading, and its tasks."""

import enum
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from threadviz.analysis.metrics import COMPUTING, SHORT_NS, RunMetrics
from threadviz.analysis.rules import why_holder_unknown
from threadviz.presentation.cells import run_window
from threadviz.processes import how_it_ended
from threadviz.protocol.events import Header, State, TargetKind
from threadviz.text import NS_PER_S, brief_percent, brief_seconds, count, percent, printable
from threadviz.timeline import Role, Task, Timeline, Totals

NOTHING = "-"
"""Stands for a figure that there is not."""

LOOP_FIGURES = ("loop frozen", "longest freeze")
"""The names of the figures about the event loop: in all, and at most."""

GIL_HELD = "GIL held"


class SummaryRow(NamedTuple):
    """One figure in words. `about` says what it is of."""

    name: str
    figure: str
    about: str


def totals_rows(timeline: Timeline, t: int | None = None) -> list[SummaryRow]:
    """Return the totals of a run as of `t` (ns; now, if None). Those of a program differ from a workload's."""
    totals = timeline.totals(t)
    cores = f"of {timeline.header.cores}: CPU time / total"
    cores_used = SummaryRow("cores used", _decimal(totals.parallelism), cores)
    of_tasks, of_loop = _task_rows(timeline, totals, t), _loop_rows(timeline, totals)
    of_gil = _gil_rows(timeline, t)
    total = brief_seconds(totals.total_ns)
    if timeline.header.watches is TargetKind.WORKLOAD:
        about = "the workload, begin to end"
        return [SummaryRow("total", total, about), *of_tasks, cores_used, *of_loop, *of_gil]
    of_program = timeline.header.watches is TargetKind.PROGRAM
    about = "the program, begin to end" if of_program else "for this long it was watched"
    threads, processes = seen_counts(timeline, t)
    seen = more = "at least: those that lived for less than a sample may be missing"
    if unseen := timeline.unseen_tasks:
        more = f"seen, and at least one more: {count(unseen, 'task')} ran in none of them"
    wanted = sum(totals.states.get(state, 0) for state in COMPUTING)
    known = wanted and State.GIL in timeline.header.probe.tells
    waited = totals.states.get(State.GIL, 0) / wanted if known else None
    held, *hand_offs = of_gil or [SummaryRow(GIL_HELD, NOTHING, _why_no_holder(timeline))]
    return [
        SummaryRow("total", total, about),
        SummaryRow("threads", f"{threads}", more),
        cores_used,
        SummaryRow("waited for the GIL", _share(waited), "of the time that threads ran or wanted to run"),
        held,
        *of_loop,
        *hand_offs,
        SummaryRow("processes", f"{processes}", seen),
        *(of_tasks if timeline.tasks else ()),
    ]


def _decimal(figure: float | None) -> str:
    return NOTHING if figure is None else f"{figure:.2f}"


def _share(share: float | None) -> str:
    return NOTHING if share is None else brief_percent(share)


def _why_no_holder(timeline: Timeline) -> str:
    """Return why nothing is known about who held the GIL."""
    run = RunMetrics(timeline)
    gils = [pid for pid, process in timeline.processes.items() if process.gil]
    if gils and not any(map(run.multithreaded, gils)):
        return "no other thread to share it with" + (" in any process" if len(gils) > 1 else "")
    return "it was not seen"


def _task_rows(timeline: Timeline, totals: Totals, t: int | None) -> list[SummaryRow]:
    done = timeline.finished_tasks()
    overlap = totals.speedup if done and (t is None or (done[0].finished or 0) <= t) else None
    at_a_time = "tasks at a time: sum / total, with waits for the GIL or a core"
    return [
        SummaryRow("sum of the tasks", brief_seconds(totals.sum_ns), "of their elapsed times"),
        SummaryRow("slowest task", brief_seconds(totals.slowest_ns), ""),
        SummaryRow("overlap", _decimal(overlap), at_a_time),
    ]


def _loop_rows(timeline: Timeline, totals: Totals) -> list[SummaryRow]:
    """Return how long the event loop was frozen; of several, that of the main thread, or the first."""
    least = "" if State.IO in timeline.header.probe.tells else ", at least: as far as the probe can tell"
    known = timeline.loop is not None or timeline.header.watches is TargetKind.WORKLOAD
    frozen = (totals.loop_blocked_ns, totals.loop_longest_ns)
    in_all, at_most = map(brief_seconds, frozen) if known else (NOTHING, NOTHING)
    return [
        SummaryRow(LOOP_FIGURES[0], in_all, f"in all, busy or blocked{least}"),
        SummaryRow(LOOP_FIGURES[1], at_most, f"of that{least}"),
    ]


def _gil_rows(timeline: Timeline, t: int | None) -> list[SummaryRow]:
    """Return what is known about the GIL as of `t`; about the one that is shown, if there are several."""
    gil_timeline, (since, until) = timeline.gil_timeline, run_window(timeline)
    until = until if t is None else min(t, until)
    if gil_timeline is None:
        return []
    which = "" if len(timeline.gil_timelines) == 1 else f", of process {gil_timeline.pid}"
    if why := why_holder_unknown(timeline, gil_timeline, since, until):
        return [SummaryRow(GIL_HELD, NOTHING, f"{why}{which}")]
    shares, length = gil_timeline.shares(since, until), until - since
    share, of = shares.held_share, "of the time for which that is known"
    if gil_timeline.inferred:  # where it is known, somebody holds it
        share = shares.held / length if length > 0 else None
        of = "of the time, at least: where it can be inferred"
    hand_offs = gil_timeline.hand_offs(until) - gil_timeline.hand_offs(since)
    rate = f"{hand_offs * NS_PER_S / length:.0f}" if length >= SHORT_NS else NOTHING
    return [
        SummaryRow(GIL_HELD, _share(share), f"{of}; no cost by itself{which}"),
        SummaryRow("GIL hand-offs", rate, f"a second, at least{which}"),
    ]


def seen_counts(timeline: Timeline, t: int | None = None) -> tuple[int, int]:
    """Return how many threads and processes were seen until `t` (ns; now, if None), without plumbing."""
    lanes = [
        lane for lane in timeline.lanes if lane.role is not Role.PLUMBING and (t is None or lane.start <= t)
    ]
    threads, processes = len(lanes), len({lane.pid for lane in lanes})
    if timeline.archived is not None:
        threads += timeline.archived.threads
        processes += timeline.archived.processes
    return threads, processes


def observer_rows(timeline: Timeline) -> list[SummaryRow]:
    """Return the observer's own figures."""
    stats, short = timeline.observer_stats, run_window(timeline).length < SHORT_NS
    rate, cost = f"{stats.achieved_hz:.0f}", brief_percent(stats.cpu_share)
    return [
        SummaryRow("samples", NOTHING if short else rate, f"a second, {stats.asked_hz:.0f} requested"),
        SummaryRow("missed", f"{stats.missed}", "samples"),
        SummaryRow("observer's cost", NOTHING if short else cost, "of one core"),
    ]


def speedup_text(speedup: float | None) -> str:
    """Return a factor as '3.21x'."""
    return NOTHING if speedup is None else f"{speedup:.2f}x"


# The heading of a view: what ran, on what, and how it was observed.


def what_ran(timeline: Timeline) -> str:
    """Return what ran, with the number of tasks and workers, or of a program's threads and processes."""
    header, closed = timeline.header, timeline.closed
    words = f"{header.workload}, {header.mode}: "
    if header.watches is not TargetKind.WORKLOAD:
        threads, processes = seen_counts(timeline)
        words += f"{count(threads, 'thread')} seen"
        words += f" in {processes} processes" if processes > 1 else ""
        words += f", {how_it_ended(closed.status)}" if closed and closed.status is not None else ""
        return printable(words)
    words += count(header.tasks, "task")
    started = len(timeline.workers)
    if started == header.workers:
        words += f", {count(started, 'worker')}"
    elif started:
        words += f", up to {count(header.workers, 'worker')}: the pool started {started}"
    return printable(words)


def machine_summary(timeline: Timeline) -> str:
    """Return the Python and the machine."""
    header = timeline.header
    return printable(f"{python_summary(timeline)}, {count(header.cores, 'core')}, {header.platform}")


def python_summary(timeline: Timeline) -> str:
    """Return the Python of the subject, or of the program's first process, and whether it has a GIL, if known."""
    version, gil = timeline.python, timeline.gil
    words = f"Python {version}" if version else "no known CPython"
    return printable(words if gil is None else f"{words} {'with' if gil else 'without'} the GIL")


def observer_summary(timeline: Timeline) -> str:
    """Return the probe, its sampling rate, missed samples and cost, and what reading the stacks cost."""
    stats = timeline.observer_stats
    words = f"Probe {timeline.header.probe.name}"
    if stats.rounds and run_window(timeline).length < SHORT_NS:
        words += f": {count(stats.rounds, 'sample')}, {stats.missed} missed"
    elif stats.rounds:
        words += f": sampled {stats.achieved_hz:.0f} times a second ({stats.asked_hz:.0f} requested)"
        words += f", {stats.missed} missed, {percent(stats.cpu_share)} of a core"
    if stacks := stacks_cost(timeline):
        words += f"; {stacks}"
    return printable(words)


def stacks_cost(timeline: Timeline) -> str:
    """Return how often py-spy read the stacks, and what that cost, as a clause; '' if it was not asked to."""
    stacks = timeline.stack_sampling
    if stacks is None:
        return ""
    words = f"py-spy: {count(stacks.dumps, 'dump')}"
    if stacks.failed:
        words += f" ({stacks.failed} failed)"
    if stacks.t >= SHORT_NS:
        words += f", {percent(stacks.cpu_ns / stacks.t)} of a core"
    return printable(f"{words}, and no more: {stacks.why}" if stacks.why else words)


def probe_limits(header: Header) -> str:
    """Return what the probe can't tell, as a sentence; '' if it can tell everything."""
    return printable(f"The probe can't tell {header.probe.cannot}.") if header.probe.cannot else ""


def brief_probe_limits(header: Header) -> str:
    """Return the most important thing that the probe can't tell, in a few words; '' if it tells what is waited for."""
    states = [state.value for state in header.probe.tells if state not in {State.IDLE, State.UNKNOWN}]
    return f"tells only {' from '.join(states)}" if states and State.IO not in header.probe.tells else ""


# The figures of tasks, as rows of a table.

KIND_MATTERS = 0.01
"""A kind of waiting has its own column if it took this share of all tasks' time, or more."""

OTHER = "other"
"""The column of all other kinds of waiting, if in some task they took more than OTHER_MATTERS."""

OTHER_MATTERS = 0.05

_NO_WAITS = frozenset({State.RUNNING, State.IDLE})


class TaskStage(enum.Enum):
    """How far a task has got."""

    QUEUED = "not started"
    STARTED = "not finished"
    DONE = "done"
    FAILED = "failed"


class TaskSummary(NamedTuple):
    """One task in words that are safe to print. `waits` are those of the requested kinds."""

    name: str
    lane: str
    queued: str
    elapsed: str
    running: str
    waits: tuple[str, ...]
    outcome: str
    stage: TaskStage


def tasks_by_finish(timeline: Timeline) -> list[Task]:
    """Return all tasks in the order in which they finished, unfinished ones last."""
    return [*timeline.finished_tasks(), *(task for task in timeline.tasks if task.finished is None)]


def wait_kinds(tasks: Sequence[Mapping[State, int]], most: int) -> list[str]:
    """Return the kinds of waiting that matter, the longest first, and OTHER if some task has much else.

    `tasks` are ns in each state. At most `most` kinds are returned, besides OTHER.
    """
    total = Counter[State]()
    for states in tasks:
        total.update(states)
    waits = [(state, ns) for state, ns in total.most_common() if state not in _NO_WAITS]
    kinds = [state.value for state, ns in waits if ns >= KIND_MATTERS * total.total()][:most]
    listed = _NO_WAITS.union(map(State, kinds))
    for states in tasks:
        other = sum(ns for state, ns in states.items() if state not in listed)
        if other > OTHER_MATTERS * sum(states.values()):
            return [*kinds, OTHER]
    return kinds


def stage_of(task: Task, t: int) -> TaskStage:
    """Return how far a task had got at `t` (ns)."""
    if task.finished is not None and task.finished <= t:
        return TaskStage.DONE if task.error is None else TaskStage.FAILED
    return TaskStage.QUEUED if task.started is None or task.started > t else TaskStage.STARTED


def queued(task: Task, t: int) -> int:
    """Return how long (ns) a task had waited for a worker by `t` (ns)."""
    until = [at for at in (task.started, task.finished, t) if at is not None]
    return max(0, min(until) - task.submitted)


def task_row(task: Task, states: Mapping[State, int], kinds: Sequence[str], t: int) -> TaskSummary:
    """Return a task as of `t` (ns). `states` are its times until then, `kinds` those of `wait_kinds`."""
    waits = Counter[str]()
    for state in states.keys() - _NO_WAITS:
        waits[state.value if state.value in kinds else OTHER] += states[state]
    stage = stage_of(task, t)
    started = task.started is not None and task.started <= t
    outcomes = {TaskStage.FAILED: f"failed: {task.error}", TaskStage.DONE: task.result or ""}
    return TaskSummary(
        name=printable(task.name),
        lane=printable(task.lane_name or NOTHING) if started else NOTHING,
        queued=brief_seconds(queued(task, t)),
        elapsed=brief_seconds(task.elapsed(t)) if started else NOTHING,
        running=brief_seconds(states.get(State.RUNNING, 0)) if started else NOTHING,
        waits=tuple(brief_seconds(waits[kind]) if waits[kind] else NOTHING for kind in kinds),
        outcome=printable(outcomes.get(stage, stage.value)),
        stage=stage,
    )
