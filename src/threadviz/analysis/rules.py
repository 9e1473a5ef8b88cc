"""The findings of one run."""

from collections.abc import Callable

from threadviz.analysis.metrics import Finding, ProgramMetrics, RunMetrics
from threadviz.analysis.program_rules import (
    cores_were_enough,
    gil_waited_for,
    loops_could_answer,
    processes_told,
    program_succeeded,
    threads_stayed,
    who_waited_most,
)
from threadviz.analysis.workload_rules import (
    all_tasks_succeeded,
    cores_sufficed,
    gil_in_the_way,
    loop_could_answer,
    observation_sufficed,
    order_of_results,
    processes_gain,
    run_finished,
    threads_gain_nothing,
    total_is_slowest,
    total_is_sum,
    workers_kept_busy,
)
from threadviz.protocol.events import TargetKind
from threadviz.timeline import Timeline

RULES: tuple[Callable[[RunMetrics], Finding | None], ...] = (
    run_finished,
    observation_sufficed,
    total_is_sum,
    total_is_slowest,
    workers_kept_busy,
    threads_gain_nothing,
    processes_gain,
    gil_in_the_way,
    cores_sufficed,
    order_of_results,
    loop_could_answer,
    all_tasks_succeeded,
)
"""Each is asked of every workload's run, and gives None where its question does not arise. Its name is the id."""

RULES_OF_PROGRAMS: tuple[Callable[[ProgramMetrics], Finding | None], ...] = (
    run_finished,
    program_succeeded,
    observation_sufficed,
    processes_told,
    gil_waited_for,
    cores_were_enough,
    loops_could_answer,
    who_waited_most,
    threads_stayed,
    workers_kept_busy,
    gil_in_the_way,
    all_tasks_succeeded,
)
"""Each is asked of every program; the last ones are about the tasks of observed executors."""

OF_WHOLE_RUNS = frozenset(
    {total_is_sum, total_is_slowest, threads_gain_nothing, processes_gain, order_of_results}
)
"""Asked only of a run that went to its end: the figures of a part of it would mislead."""


def findings(timeline: Timeline) -> list[Finding]:
    """What the run shows, as far as it came. Raises StreamError where not even its header is there."""
    if timeline.header.watches is not TargetKind.WORKLOAD:
        threads = ProgramMetrics(timeline)
        return [finding for rule in RULES_OF_PROGRAMS if (finding := rule(threads)) is not None]
    figures = RunMetrics(timeline)
    asked = [rule for rule in RULES if figures.whole or rule not in OF_WHOLE_RUNS]
    return [finding for rule in asked if (finding := rule(figures)) is not None]
