"""The figures of tasks, as a table has them."""

import enum
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from threadviz.picture.brief import brief_seconds
from threadviz.picture.figures import NOTHING
from threadviz.picture.plain import printable
from threadviz.timeline import Task
from threadviz.vocabulary import State

WAIT_MATTERS = 0.01
"""A kind of waiting has a column of its own where it took this share of all tasks' time, or more."""

OTHER = "other"
"""The column of all other kinds of waiting, where there is a task of which they are more than OTHER_MATTERS."""

OTHER_MATTERS = 0.05

NO_WAITS = frozenset({State.RUNNING, State.IDLE})


class Stage(enum.Enum):
    """How far a task has come."""

    QUEUED = "not started"
    STARTED = "not finished"
    DONE = "done"
    FAILED = "failed"


class TaskRow(NamedTuple):
    """One task in words, each safe to print; `waits` are those of the kinds that were asked for."""

    name: str
    lane: str
    queued: str
    elapsed: str
    running: str
    waits: tuple[str, ...]
    came_out: str
    stage: Stage


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


def stage_of(task: Task, t: int) -> Stage:
    """How far a task had come at `t` (ns)."""
    if task.finished is not None and task.finished <= t:
        return Stage.DONE if task.error is None else Stage.FAILED
    return Stage.QUEUED if task.started is None or task.started > t else Stage.STARTED


def queued(task: Task, t: int) -> int:
    """For how long (ns) a task had waited for a worker by `t` (ns)."""
    until = [at for at in (task.started, task.finished, t) if at is not None]
    return max(0, min(until) - task.submitted)


def task_row(task: Task, states: Mapping[State, int], kinds: Sequence[str], t: int) -> TaskRow:
    """A task as of `t` (ns); `states` are what it was in until then, `kinds` those of `kinds_of_waiting`."""
    waits = Counter[str]()
    for state in states.keys() - NO_WAITS:
        waits[state.value if state.value in kinds else OTHER] += states[state]
    stage = stage_of(task, t)
    started = task.started is not None and task.started <= t
    return TaskRow(
        name=printable(task.name),
        lane=printable(task.lane_name or NOTHING) if started else NOTHING,
        queued=brief_seconds(queued(task, t)),
        elapsed=brief_seconds(task.elapsed(t)) if started else NOTHING,
        running=brief_seconds(states.get(State.RUNNING, 0)) if started else NOTHING,
        waits=tuple(brief_seconds(waits[kind]) if waits[kind] else NOTHING for kind in kinds),
        came_out=_came_out(task, stage),
        stage=stage,
    )


def _came_out(task: Task, stage: Stage) -> str:
    if stage is Stage.FAILED:
        return f"failed: {printable(task.error or '')}"
    return printable(task.result or "") if stage is Stage.DONE else stage.value
