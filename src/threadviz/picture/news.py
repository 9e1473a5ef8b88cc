"""Whether what a finding says is good news for who asked, bad news, or neither: a mark tells it before the words do."""

import enum
from collections.abc import Mapping
from types import MappingProxyType

from threadviz.findings import Finding


class News(enum.Enum):
    """What a finding is to whoever wants the run to go well."""

    GOOD = enum.auto()
    BAD = enum.auto()
    NEITHER = enum.auto()


_TO_HOLD_IS_GOOD = (News.GOOD, News.BAD)
_TO_HOLD_IS_BAD = (News.BAD, News.GOOD)
_FACT = (News.NEITHER, News.NEITHER)

_NEWS: Mapping[str, tuple[News, News]] = MappingProxyType(
    {
        "run_finished": _TO_HOLD_IS_GOOD,
        "program_succeeded": _TO_HOLD_IS_GOOD,
        "observation_sufficed": _TO_HOLD_IS_GOOD,
        "all_tasks_succeeded": _TO_HOLD_IS_GOOD,
        "cores_sufficed": _TO_HOLD_IS_GOOD,
        "cores_were_enough": _TO_HOLD_IS_GOOD,
        "loop_could_answer": _TO_HOLD_IS_GOOD,
        "loops_could_answer": _TO_HOLD_IS_GOOD,
        "threads_stayed": _TO_HOLD_IS_GOOD,
        "processes_told": _TO_HOLD_IS_GOOD,
        "total_is_slowest": _TO_HOLD_IS_GOOD,
        "workers_kept_busy": _TO_HOLD_IS_GOOD,
        "gil_in_the_way": _TO_HOLD_IS_BAD,
        "gil_waited_for": _TO_HOLD_IS_BAD,
        "threads_gain_nothing": (News.BAD, News.NEITHER),  # what does not hold, may not have been shown
        "processes_gain": (News.GOOD, News.NEITHER),
        "total_is_sum": _FACT,
        "order_of_results": _FACT,
        "who_waited_most": _FACT,
        "no_task_got_faster": _FACT,
    }
)
"""By a finding's id: what it is where it holds, and where it does not."""


def news_of(finding: Finding) -> News:
    """Return what a finding is; what is not known of an id is a fact."""
    holding, not_holding = _NEWS.get(finding.id, _FACT)
    return holding if finding.holds else not_holding
