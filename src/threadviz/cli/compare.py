"""`threadviz compare`: one workload under several modes, or recordings, side by side."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from threadviz.analysis import labelled
from threadviz.cli.execution import execute_all
from threadviz.cli.options import json_option, refuse_all_but, run_options
from threadviz.cli.output import CommandError, ExitStatus, complain, print_comparison
from threadviz.cli.recordings import complain_of_dropped, read
from threadviz.cli.user_function import (
    PrintedOutput,
    function_options,
    options_of,
    refusal,
    report_failures,
)
from threadviz.modes import MODES
from threadviz.protocol.requests import RunRequest
from threadviz.run_options import requests, split_modes
from threadviz.workloads import WORKLOADS

_FOR_RECORDINGS = {"what", "as_json"}
"""The parameters that make sense for recordings."""


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
        return _compare_modes(requests(options_of(workload, options), split_modes(modes)), as_json)
    refuse_all_but(context, _FOR_RECORDINGS)
    if len(what) < 2:
        raise CommandError(
            "a recording alone can't be compared: give two or more, or see threadviz show --help"
        )
    return _compare_recordings([*map(Path, what)], as_json)


def _compare_modes(asked: Sequence[RunRequest], as_json: bool) -> ExitStatus:
    with PrintedOutput() as printed:
        results = execute_all([*map(printed.into, asked)])
        last = results[-1]
        timelines = labelled(result.timeline for result in results if result.measured)
        not_run = [request.mode for request in asked if request.mode not in timelines]
        if timelines:
            print_comparison(timelines, as_json, not_run)
        if why := refusal(asked[0], last):
            raise CommandError(why)
        report_failures(timelines.values(), asked[0].calling)
        if last.trouble:
            complain("; ".join([last.trouble, *(f"{mode}: did not run" for mode in not_run if timelines)]))
        return last.status


def _compare_recordings(paths: Sequence[Path], as_json: bool) -> ExitStatus:
    loaded = [*map(read, paths)]
    print_comparison(labelled(each.timeline for each in loaded), as_json)
    complain_of_dropped(paths, loaded)
    return ExitStatus.FINISHED
