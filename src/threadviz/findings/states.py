"""Findings about what the tasks did with their time: computing, and waiting to be let compute."""

from threadviz.findings.figures import COMPUTING, Figures, Finding
from threadviz.findings.words import count, percent, seconds
from threadviz.vocabulary import State

CPU_BOUND = 0.8
"""Tasks that spend this share of their time computing, or waiting to be let, are CPU-bound: overlapping the
rest could save a fifth at most."""

COMPUTES_AT_ONCE = 1.15
"""From here on more than one CPU computed. Threads that share a GIL come out a little above 1, for each runs
some steps outside of it; two processes on two cores that are not wholly theirs come out well above."""

MATTERS = 0.05
"""A wait that takes less of the tasks' time than this is in nobody's way."""

_NOT_SHOWN = "could not show, for other programs had the cores"


def threads_gain_nothing(run: Figures) -> Finding | None:
    """CPU-bound work does not get faster on threads (unless it releases the GIL)."""
    if run.pool != "thread" or not run.shared or not _cpu_bound(run):
        return None
    one_by_one = run.at_once(State.RUNNING) < COMPUTES_AT_ONCE
    took_turns = run.task_share(State.GIL) >= MATTERS
    holds, why = one_by_one, ""
    if one_by_one and took_turns:
        why = ": threads gained nothing, for they took turns with the GIL"
    elif one_by_one and cores_elsewhere(run):
        holds, why = False, f": what threads gain {_NOT_SHOWN}"
    elif not one_by_one and run.timeline.gil is False:
        why = ": this Python has no GIL"
    elif not one_by_one and not took_turns and _can_tell(run, State.GIL):
        why = ": the function lets the GIL go"
    return Finding("threads_gain_nothing", holds, f"{_computed(run)}{why}.")


def processes_gain(run: Figures) -> Finding | None:
    """CPU-bound work gets faster on processes."""
    if run.pool != "process" or not run.shared or not _cpu_bound(run):
        return None
    holds = run.at_once(State.RUNNING) >= COMPUTES_AT_ONCE
    why = f": what processes gain {_NOT_SHOWN}" if not holds and cores_elsewhere(run) else ""
    return Finding("processes_gain", holds, f"{_computed(run)}{why}.")


def _cpu_bound(run: Figures) -> bool:
    return run.task_share(*COMPUTING) >= CPU_BOUND


def _computed(run: Figures) -> str:
    share, cores = percent(run.task_share(*COMPUTING)), count(run.header.cores, "core")
    return (
        f"The tasks are CPU-bound (for {share} of their time they ran, or waited to be let run),"
        f" and on average {run.at_once(State.RUNNING):.2f} CPUs computed for them at a time, out of {cores}"
    )


def gil_in_the_way(run: Figures) -> Finding | None:
    """How much of the tasks' time went into waiting for the GIL."""
    if run.pool is None or not run.timeline.gil or not _can_tell(run, State.GIL):
        return None
    holds = run.task_share(State.GIL) >= MATTERS
    text = _spent(run, State.GIL, "waiting for the GIL")
    return Finding("gil_in_the_way", holds, f"{text}." if holds else f"{text}: it was in nobody's way.")


def cores_sufficed(run: Figures) -> Finding | None:
    """Whether tasks had to wait for a core, and whose threads had it."""
    if not _can_tell(run, State.READY):
        return None
    holds = run.task_share(State.READY) < MATTERS
    text = _spent(run, State.READY, "waiting for a CPU core")
    if holds:
        return Finding("cores_sufficed", holds, f"{text}: there were cores enough.")
    whose = who_had_the_cores(run, "the run's own threads")
    return Finding("cores_sufficed", holds, f"{text}: {whose}.")


def who_had_the_cores(run: Figures, own: str) -> str:
    """Who had the cores when threads waited for them, as a clause; `own` is what the run's threads are called."""
    needed, cores = run.contenders, run.header.cores
    if round(needed) <= cores:
        figure = f"{needed:.1f}" if round(needed, 1) <= cores else f"about {cores}"
        return f"other programs had the cores: {own} needed {figure} of {cores}"
    return f"{own} needed {needed:.1f}, and there {'is' if cores == 1 else 'are'} {count(cores, 'core')}"


def cores_elsewhere(run: Figures) -> bool:
    """Whether tasks waited for cores although the run's own threads could not have taken more than all of them."""
    return run.task_share(State.READY) >= MATTERS and round(run.contenders) <= run.header.cores


def _can_tell(run: Figures, state: State) -> bool:
    return state in run.header.probe.tells and run.totals.sum_ns > 0


def _spent(run: Figures, state: State, doing: str) -> str:
    share = percent(run.task_share(state))
    figures = f"{seconds(run.task_ns[state])} of {seconds(run.totals.sum_ns)}"
    return f"The tasks spent {share} of their time {doing} ({figures})"
