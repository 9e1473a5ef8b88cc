"""The figures of a run as rows of a table: what each is called, how much, and of what."""

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
"""What stands where there is no figure."""


LOOP_FIGURES = ("loop could not answer", "longest stretch")
"""The names of the figures that are about the event loop: in all, and at most."""


GIL_HELD = "GIL held"
"""The name of the figure that says for how long it was."""


_SEEN = "seen: not those that were gone between two looks"


class SummaryRow(NamedTuple):
    """One figure, in words; `about` is what it is of."""

    name: str
    figure: str
    about: str


def totals_rows(timeline: Timeline, t: int | None = None) -> list[SummaryRow]:
    """The totals of a run as of `t` (ns; now, where None). Those of a program are others than those of a workload."""
    if timeline.header.watches is not TargetKind.WORKLOAD:
        return _rows_of_program(timeline, t)
    totals = timeline.totals(t)
    cpus = totals.parallelism
    return [
        SummaryRow("total", brief_seconds(totals.total_ns), "the workload, begin to end"),
        *_task_rows(timeline, totals, t),
        SummaryRow("parallelism", NOTHING if cpus is None else f"{cpus:.2f}", "CPU time / total"),
        *_loop_rows(timeline, totals),
        *gil_rows(timeline, t),
    ]


def _rows_of_program(timeline: Timeline, t: int | None) -> list[SummaryRow]:
    totals = timeline.totals(t)
    cpus = totals.parallelism
    threads, processes = there_were(timeline, t)
    watched = (
        "the program, begin to end" if timeline.header.watches is TargetKind.PROGRAM else "it was watched"
    )
    wanted = sum(totals.states.get(state, 0) for state in COMPUTING)
    told = wanted and State.GIL in timeline.header.probe.tells
    waited = brief_percent(totals.states.get(State.GIL, 0) / wanted) if told else NOTHING
    held, *handed = gil_rows(timeline, t) or [SummaryRow(GIL_HELD, NOTHING, _why_not_seen(timeline))]
    return [
        SummaryRow("total", brief_seconds(totals.total_ns), watched),
        SummaryRow("threads", f"{threads}", _that_were_seen(timeline)),
        SummaryRow("parallelism", NOTHING if cpus is None else f"{cpus:.2f}", "CPU time / total"),
        SummaryRow("waited for the GIL", waited, "of the time that threads ran or wanted to"),
        held,
        *_loop_rows(timeline, totals),
        *handed,
        SummaryRow("processes", f"{processes}", _SEEN),
        *(_task_rows(timeline, totals, t) if timeline.tasks else ()),
    ]


def _why_not_seen(timeline: Timeline) -> str:
    """Why nothing was told of who held the GIL."""
    run = RunMetrics(timeline)
    gils = [pid for pid, seen in timeline.processes.items() if seen.gil]
    if gils and not any(map(run.multithreaded, gils)):
        return "nobody to share it with: one thread alone" + (" in each process" if len(gils) > 1 else "")
    return "it was not seen"


def _that_were_seen(timeline: Timeline) -> str:
    """What the threads are that are counted, and whether it is known that there were others."""
    unseen = timeline.unseen_tasks
    return f"seen, and at least one more: {count(unseen, 'task')} ran in none of them" if unseen else _SEEN


def _task_rows(timeline: Timeline, totals: Totals, t: int | None) -> list[SummaryRow]:
    done = timeline.finished_tasks()
    speedup = totals.speedup if done and (t is None or (done[0].finished or 0) <= t) else None
    return [
        SummaryRow("sum of the tasks", brief_seconds(totals.sum_ns), "of their elapsed times"),
        SummaryRow("slowest task", brief_seconds(totals.slowest_ns), ""),
        SummaryRow(
            "against the sum",
            times(speedup),
            "sum / total; in it, waits for the GIL or a core count as task time",
        ),
    ]


def _loop_rows(timeline: Timeline, totals: Totals) -> list[SummaryRow]:
    """For how long the event loop could not answer; of several, that of the main thread, or the first."""
    least = "" if State.IO in timeline.header.probe.tells else ", at least: as far as the probe can tell"
    in_all, at_most = LOOP_FIGURES
    there = timeline.loop is not None or timeline.header.watches is TargetKind.WORKLOAD
    blocked, longest = totals.loop_blocked_ns, totals.loop_longest_ns
    return [
        SummaryRow(in_all, brief_seconds(blocked) if there else NOTHING, f"in all, busy or blocked{least}"),
        SummaryRow(at_most, brief_seconds(longest) if there else NOTHING, f"of that{least}"),
    ]


def gil_rows(timeline: Timeline, t: int | None = None) -> list[SummaryRow]:
    """What was seen of the GIL as of `t` (ns; now, where None): of the one to show, where there are several."""
    gil_timeline, window = timeline.gil_timeline, run_window(timeline)
    until = window.until if t is None else min(t, window.until)
    if gil_timeline is None:
        return []
    shares, length = gil_timeline.shares(window.since, until), until - window.since
    share, of = shares.held_share, "of the time of which it is known"
    if gil_timeline.inferred:  # where it is known, somebody holds it
        share, of = shares.held / length if length > 0 else None, "of the time, at least: where it follows"
    whose = "" if len(timeline.gil_timelines) == 1 else f", of process {gil_timeline.pid}"
    if why := why_holder_unknown(timeline, gil_timeline, window.since, until):
        return [SummaryRow(GIL_HELD, NOTHING, f"{why}{whose}")]
    handed = gil_timeline.hand_offs(until) - gil_timeline.hand_offs(window.since)
    rate = f"{handed * NS_PER_S / length:.0f}" if length >= SHORT_NS else NOTHING
    return [
        SummaryRow(
            GIL_HELD, NOTHING if share is None else brief_percent(share), f"{of}; no cost by itself{whose}"
        ),
        SummaryRow("GIL hand-offs", rate, f"a second, at least: those that were seen{whose}"),
    ]


def there_were(timeline: Timeline, t: int | None = None) -> tuple[int, int]:
    """How many threads and processes have been seen until `t` (ns; now, where None), but for the plumbing."""
    lanes = [
        lane for lane in timeline.lanes if lane.role is not Role.PLUMBING and (t is None or lane.start <= t)
    ]
    threads, processes = len(lanes), len({lane.pid for lane in lanes})
    if timeline.archived is not None:
        threads += timeline.archived.threads
        processes += timeline.archived.processes
    return threads, processes


def observer_rows(timeline: Timeline) -> list[SummaryRow]:
    """What the observer did."""
    watching, short = timeline.observer_stats, run_window(timeline).length < SHORT_NS
    rate, cost = f"{watching.achieved_hz:.0f}", brief_percent(watching.cpu_share)
    return [
        SummaryRow("looks", NOTHING if short else rate, f"a second, {watching.asked_hz:.0f} asked for"),
        SummaryRow("missed", f"{watching.missed}", "looks"),
        SummaryRow("observer's cost", NOTHING if short else cost, "of one core"),
    ]


def times(factor: float | None) -> str:
    """Return a factor as '3.21x'."""
    return NOTHING if factor is None else f"{factor:.2f}x"


# What a view begins with, in words: what was run, on what, and who watched.


def what_ran(timeline: Timeline) -> str:
    """What was run, and how much of it there was: tasks and workers, or the threads and processes of a program."""
    header = timeline.header
    if header.watches is not TargetKind.WORKLOAD:
        return printable(f"{header.workload}, {header.mode}: {_how_much(timeline)}")
    words = f"{header.workload}, {header.mode}: {count(header.tasks, 'task')}"
    there = len(timeline.workers)
    if there == header.workers:
        words += f", {count(there, 'worker')}"
    elif there:
        words += f", up to {count(header.workers, 'worker')}: the pool started {there}"
    return printable(words)


def _how_much(timeline: Timeline) -> str:
    """How many threads and processes of a program were seen, and how it ended, where it has."""
    threads, processes = there_were(timeline)
    words = f"{count(threads, 'thread')} seen"
    if processes > 1:
        words += f" in {processes} processes"
    closed = timeline.closed
    return words if closed is None or closed.status is None else f"{words}, {how_it_ended(closed.status)}"


def machine(timeline: Timeline) -> str:
    """The Python and the machine."""
    header = timeline.header
    return printable(f"{python(timeline)}, {count(header.cores, 'core')}, {header.platform}")


def python(timeline: Timeline) -> str:
    """The Python of the subject, or of the program's first process, and whether it has a GIL, as far as it is known."""
    version, gil = timeline.python, timeline.gil
    words = f"Python {version}" if version else "no CPython that is known"
    return printable(words if gil is None else f"{words} {'with' if gil else 'without'} the GIL")


def who_watched(timeline: Timeline) -> str:
    """The probe, the rate that it reached, what it missed, and what it took; and what reading the stacks took."""
    watching = timeline.observer_stats
    words = f"Probe {timeline.header.probe.name}"
    short = run_window(timeline).length < SHORT_NS
    if watching.rounds and short:
        words += f": {count(watching.rounds, 'look')}, {watching.missed} missed"
    elif watching.rounds:
        words += f": {watching.achieved_hz:.0f} looks a second ({watching.asked_hz:.0f} asked for)"
        words += f", {watching.missed} missed, {percent(watching.cpu_share)} of a core"
    if stacks := stacks_cost(timeline):
        words += f"; {stacks}"
    return printable(words)


def stacks_cost(timeline: Timeline) -> str:
    """How often py-spy read the stacks, and what that took, as a clause; nothing where it was not asked to."""
    stacks = timeline.stack_sampling
    if stacks is None:
        return ""
    words = f"py-spy: {count(stacks.dumps, 'dump')}"
    if stacks.failed:
        words += f" ({stacks.failed} failed)"
    if stacks.t >= SHORT_NS:
        words += f", {percent(stacks.cpu_ns / stacks.t)} of a core"
    return printable(f"{words}, and no more: {stacks.why}" if stacks.why else words)


def cannot(header: Header) -> str:
    """What the probe can't tell, as a sentence; nothing where it can tell all."""
    return printable(f"The probe can't tell {header.probe.cannot}.") if header.probe.cannot else ""


def cannot_briefly(header: Header) -> str:
    """The most important of what the probe can't tell, in a few words; nothing where it tells what is waited for."""
    told = [state.value for state in header.probe.tells if state not in {State.IDLE, State.UNKNOWN}]
    return f"tells only {' from '.join(told)}" if told and State.IO not in header.probe.tells else ""


# The figures of tasks, as a table has them.

WAIT_MATTERS = 0.01
"""A kind of waiting has a column of its own where it took this share of all tasks' time, or more."""

OTHER = "other"
"""The column of all other kinds of waiting, where there is a task of which they are more than OTHER_MATTERS."""

OTHER_MATTERS = 0.05

NO_WAITS = frozenset({State.RUNNING, State.IDLE})


class TaskStage(enum.Enum):
    """How far a task has come."""

    QUEUED = "not started"
    STARTED = "not finished"
    DONE = "done"
    FAILED = "failed"


class TaskSummary(NamedTuple):
    """One task in words, each safe to print; `waits` are those of the kinds that were asked for."""

    name: str
    lane: str
    queued: str
    elapsed: str
    running: str
    waits: tuple[str, ...]
    came_out: str
    stage: TaskStage


def kinds_of_waiting(tasks: Sequence[Mapping[State, int]], most: int) -> list[str]:
    """Return the kinds of waiting that matter, what took longest first, and OTHER where tasks have much beside.

    `tasks` are ns in each state; there are `most` kinds at most, and OTHER.
    """
    total = Counter[State]()
    for states in tasks:
        total.update(states)
    waits = [(state, ns) for state, ns in total.most_common() if state not in NO_WAITS]
    kinds = [state.value for state, ns in waits if ns >= WAIT_MATTERS * total.total()][:most]
    listed = NO_WAITS.union(map(State, kinds))
    for states in tasks:
        other = sum(ns for state, ns in states.items() if state not in listed)
        if other > OTHER_MATTERS * sum(states.values()):
            return [*kinds, OTHER]
    return kinds


def stage_of(task: Task, t: int) -> TaskStage:
    """How far a task had come at `t` (ns)."""
    if task.finished is not None and task.finished <= t:
        return TaskStage.DONE if task.error is None else TaskStage.FAILED
    return TaskStage.QUEUED if task.started is None or task.started > t else TaskStage.STARTED


def queued(task: Task, t: int) -> int:
    """For how long (ns) a task had waited for a worker by `t` (ns)."""
    until = [at for at in (task.started, task.finished, t) if at is not None]
    return max(0, min(until) - task.submitted)


def task_row(task: Task, states: Mapping[State, int], kinds: Sequence[str], t: int) -> TaskSummary:
    """A task as of `t` (ns); `states` are what it was in until then, `kinds` those of `kinds_of_waiting`."""
    waits = Counter[str]()
    for state in states.keys() - NO_WAITS:
        waits[state.value if state.value in kinds else OTHER] += states[state]
    stage = stage_of(task, t)
    started = task.started is not None and task.started <= t
    return TaskSummary(
        name=printable(task.name),
        lane=printable(task.lane_name or NOTHING) if started else NOTHING,
        queued=brief_seconds(queued(task, t)),
        elapsed=brief_seconds(task.elapsed(t)) if started else NOTHING,
        running=brief_seconds(states.get(State.RUNNING, 0)) if started else NOTHING,
        waits=tuple(brief_seconds(waits[kind]) if waits[kind] else NOTHING for kind in kinds),
        came_out=_came_out(task, stage),
        stage=stage,
    )


def _came_out(task: Task, stage: TaskStage) -> str:
    if stage is TaskStage.FAILED:
        return f"failed: {printable(task.error or '')}"
    return printable(task.result or "") if stage is TaskStage.DONE else stage.value
