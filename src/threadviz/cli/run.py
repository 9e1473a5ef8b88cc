"""`threadviz run` and `threadviz compare`: a workload under one mode, or under several, or recordings, side by side."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from threadviz.analysis import labelled
from threadviz.cli.execution import execute_all, remove_empty
from threadviz.cli.options import json_option, record_option, refuse_all_but, run_options
from threadviz.cli.output import CommandError, ExitStatus, complain, print_comparison, print_run
from threadviz.cli.recordings import complain_of_dropped, read
from threadviz.cli.user_function import (
    PrintedOutput,
    function_options,
    options_of,
    report_failures,
    write_lines,
)
from threadviz.modes import MODES
from threadviz.protocol.requests import RunRequest
from threadviz.run_options import requests, split_modes
from threadviz.workloads import WORKLOADS

_FOR_RECORDINGS = {"what", "as_json"}
"""The parameters of compare that make sense for recordings."""


@click.command()
@function_options
@run_options
@json_option
@click.argument("workload", required=False)
@click.option("--mode", metavar="MODE", help=f"How the calls are made: {', '.join(MODES)}.")
@record_option
def run(
    workload: str | None, mode: str | None, record: Path | None, as_json: bool, **options: Any
) -> ExitStatus:
    """Run WORKLOAD, or a function of yours, under one mode.

    Prints the lanes, the tasks, the totals and the findings.
    `threadviz list` shows the workloads, modes and sets.
    """
    chosen = options_of(workload, options)
    if mode is None:
        raise CommandError(f"no mode is given: add --mode and one of {', '.join(MODES)}")
    return _run(requests(chosen, [mode]), as_json, compared=False, record=record)


@click.command()
@function_options
@run_options
@json_option
@click.argument("what", nargs=-1, metavar="[WORKLOAD | FILE FILE...]")
@click.option("--modes", default=",".join(MODES), show_default=True, help="The modes, in this order.")
@click.pass_context
def compare(
    context: click.Context, /, what: tuple[str, ...], modes: str, as_json: bool, **options: Any
) -> ExitStatus:
    """Run WORKLOAD, or a function of yours, under several modes, or compare recordings.

    The modes run one after the other and are printed side by side, with a verdict.
    `threadviz list` shows the workloads, modes and sets.

    Two or more FILEs are recordings; the options about runs are not for them.
    """
    workload = next(iter(what), None)
    alone = len(what) < 2 and not (workload and Path(workload).exists())
    if alone or workload in WORKLOADS or options["call"] is not None:
        if len(what) > 1 and options["call"] is None:
            raise CommandError(
                f"{workload!r} is a workload, which is compared by itself, and {what[1]!r} is a word too many:"
                f" for a file of that name, say ./{workload}"
            )
        asked = requests(options_of(workload, options), split_modes(modes))
        return _run(asked, as_json, compared=True)
    refuse_all_but(context, _FOR_RECORDINGS)
    if len(what) < 2:
        raise CommandError(
            "a recording alone can't be compared: give two or more, or see threadviz show --help"
        )
    paths = [*map(Path, what)]
    loaded = [*map(read, paths)]
    print_comparison(labelled(each.timeline for each in loaded), as_json)
    complain_of_dropped(paths, loaded)
    return ExitStatus.FINISHED


def _run(
    asked: Sequence[RunRequest], as_json: bool, *, compared: bool, record: Path | None = None
) -> ExitStatus:
    """Run these modes and print what was measured, and what the user's own code printed and raised."""
    with PrintedOutput() as printed:
        results = execute_all([*map(printed.into, asked)], record)
        last, calling = results[-1], asked[0].calling
        timelines = labelled(result.timeline for result in results if result.measured)
        not_run = [request.mode for request in asked if timelines and request.mode not in timelines]
        if compared and timelines:
            print_comparison(timelines, as_json, not_run)
        elif timelines:
            print_run(last.timeline, as_json)
        if calling is not None and last.refused:
            remove_empty(record)
            write_lines(last.refused.traceback)
            raise CommandError(last.refused.reason)
        report_failures(timelines.values(), calling)
        if last.trouble:  # last, because it speaks of what was printed
            complain("; ".join([last.trouble, *(f"{mode}: did not run" for mode in not_run)]))
        return last.status
