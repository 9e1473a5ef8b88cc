"""Findings about what the tasks did with their time: computing, and waiting to be let compute."""

from threadviz.events import State
from threadviz.findings.figures import COMPUTING, Figures, Finding
from threadviz.findings.words import count, percent, seconds

CPU_BOUND = 0.8
"""Tasks that spend this share of their time computing, or waiting to be let, are CPU-bound: overlapping the
rest could save a fifth at most."""

COMPUTES_AT_ONCE = 1.15
"""From here on more than one CPU computed. Threads that share a GIL come out a little above 1, for each runs
some steps outside of it; two processes on two cores that are not wholly theirs come out well above."""

MATTERS = 0.05
"""A wait that takes less of the tasks' time than this is in nobody's way."""


def threads_gain_nothing(run: Figures) -> Finding | None:
    """CPU-bound work does not get faster on threads (unless it releases the GIL)."""
    if run.pool != "thread" or not run.shared or not _cpu_bound(run):
        return None
    holds = run.at_once(State.RUNNING) < COMPUTES_AT_ONCE
    came_out = "and threads gained nothing" if holds else "and yet threads helped"
    return Finding("threads_gain_nothing", holds, f"{_bound(run)}, {came_out}: {_computed(run)}.")


def processes_gain(run: Figures) -> Finding | None:
    """CPU-bound work gets faster on processes."""
    if run.pool != "process" or not run.shared or not _cpu_bound(run):
        return None
    holds = run.at_once(State.RUNNING) >= COMPUTES_AT_ONCE
    came_out = "and processes helped" if holds else "and yet processes gained nothing"
    return Finding("processes_gain", holds, f"{_bound(run)}, {came_out}: {_computed(run)}.")


def _cpu_bound(run: Figures) -> bool:
    return run.task_share(*COMPUTING) >= CPU_BOUND


def _bound(run: Figures) -> str:
    share = percent(run.task_share(*COMPUTING))
    return f"The tasks are CPU-bound (for {share} of their time they ran, or waited to be let run)"


def _computed(run: Figures) -> str:
    cores = count(run.header.cores, "core")
    return f"on average, {run.at_once(State.RUNNING):.2f} CPUs computed for them at a time, out of {cores}"


def gil_in_the_way(run: Figures) -> Finding | None:
    """How much of the tasks' time went into waiting for the GIL."""
    if run.pool is None or not run.header.gil or not _can_tell(run, State.GIL):
        return None
    holds = run.task_share(State.GIL) >= MATTERS
    text = _spent(run, State.GIL, "waiting for the GIL")
    return Finding("gil_in_the_way", holds, f"{text}." if holds else f"{text}: it was in nobody's way.")


def cores_sufficed(run: Figures) -> Finding | None:
    """Whether there were more threads that could run than cores."""
    if not _can_tell(run, State.READY):
        return None
    holds = run.task_share(State.READY) < MATTERS
    text = _spent(run, State.READY, "waiting for a CPU core")
    cores = count(run.header.cores, "core")
    why = "there were cores enough" if holds else f"more threads could run than the {cores} took"
    return Finding("cores_sufficed", holds, f"{text}: {why}.")


def _can_tell(run: Figures, state: State) -> bool:
    return state in run.header.probe.tells and run.totals.sum_ns > 0


def _spent(run: Figures, state: State, doing: str) -> str:
    share = percent(run.task_share(state))
    figures = f"{seconds(run.task_ns[state])} of {seconds(run.totals.sum_ns)}"
    return f"The tasks spent {share} of their time {doing} ({figures})"
