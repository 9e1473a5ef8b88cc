"""Runs that are over, as the command prints them: what was recorded looks like what was just run."""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from threadviz.cli.output import write
from threadviz.timeline import Timeline

if TYPE_CHECKING:
    from threadviz.report.paper import Paper

# rich, which only the text reports need, takes longer to import than all the rest.


def print_run(
    timeline: Timeline, as_json: bool, paper: "Paper | None" = None, out: Callable[[str], None] = write
) -> None:
    """Print one run by `out`: as JSON, or as a report on `paper` (None for what stdout is). Raises CommandError."""
    if as_json:
        from threadviz.report.facts import run_facts, to_json

        out(to_json(run_facts(timeline)))
        return
    from threadviz.report.text import run_report

    out(run_report(timeline, paper or stdout_paper()))


def print_comparison(timelines: Mapping[str, Timeline], as_json: bool, not_run: Sequence[str] = ()) -> None:
    """Print several runs, by their labels, side by side. Raises CommandError."""
    if as_json:
        from threadviz.report.facts import comparison_facts, to_json

        write(to_json(comparison_facts(timelines, not_run)))
        return
    from threadviz.report.text import comparison_report

    write(comparison_report(timelines, stdout_paper(), not_run))


def stdout_paper() -> "Paper":
    """What stdout is as paper."""
    from threadviz.report.paper import Paper

    return Paper.of(sys.stdout, os.environ)


def stderr_paper() -> "Paper":
    """What stderr is as paper."""
    from threadviz.report.paper import Paper

    return Paper.of(sys.stderr, os.environ)
