"""`threadviz compare`: one workload under several modes, or recordings, side by side."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from threadviz.analysis import labelled
from threadviz.cli.execution import ProgressBar, Ran, carry_out
from threadviz.cli.options import making_runs, printing, refuse_all_but
from threadviz.cli.output import CommandError, ExitStatus, complain, print_comparison
from threadviz.cli.recordings import complain_of_dropped, read
from threadviz.cli.signals import Interrupts
from threadviz.cli.user_function import PrintedOutput, asked_for, naming_function, refusal, tell_of_failures
from threadviz.modes import MODES
from threadviz.protocol.requests import RunRequest
from threadviz.run_options import requests, split_modes
from threadviz.workloads import WORKLOADS

_OF_RECORDINGS = {"what", "as_json"}
"""What can be said where recordings are compared."""


@click.command()
@naming_function
@making_runs
@printing
@click.argument("what", nargs=-1, metavar="[WORKLOAD | FILE FILE...]")
@click.option("--modes", default=",".join(MODES), show_default=True, help="The modes, in this order.")
@click.pass_context
def compare(
    context: click.Context, /, what: tuple[str, ...], modes: str, as_json: bool, **options: Any
) -> ExitStatus:
    """Run WORKLOAD, or a function of yours, under several modes, or compare recordings.

    The modes run one after the other, and are printed side by side, with a verdict.
    `threadviz list` shows the workloads, modes and sets.

    Two or more FILEs are recordings; the options about runs are not for them.
    """
    if not what or options["call"] is not None:
        return _compare_modes(
            requests(asked_for(next(iter(what), None), options), split_modes(modes)), as_json
        )
    first, *others = what
    if first in WORKLOADS and others:
        raise CommandError(
            f"{first!r} is a workload, which is compared by itself, and {others[0]!r} is a word too many:"
            f" for a file of that name, say ./{first}"
        )
    if first in WORKLOADS or (not others and not Path(first).exists()):
        return _compare_modes(requests(asked_for(first, options), split_modes(modes)), as_json)
    refuse_all_but(context, _OF_RECORDINGS)
    if not others:
        raise CommandError(
            "a recording alone can't be compared: give two or more, or see threadviz show --help"
        )
    return _compare_recordings([*map(Path, what)], as_json)


def _compare_modes(asked: Sequence[RunRequest], as_json: bool) -> ExitStatus:
    with PrintedOutput() as printed:
        return _tell(asked, _run([*map(printed.into, asked)]), as_json)


def _run(asked: Sequence[RunRequest]) -> list[Ran]:
    """Run them one after the other, as long as all goes well."""
    done: list[Ran] = []
    with Interrupts() as interrupts, ProgressBar() as bar:
        for number, request in enumerate(asked, 1):
            bar.begin(f"{request.workload}, {request.mode} ({number} of {len(asked)} modes)")
            done.append(carry_out(request, interrupts, bar))
            if done[-1].status is not ExitStatus.FINISHED:
                break
    return done


def _tell(asked: Sequence[RunRequest], done: Sequence[Ran], as_json: bool) -> ExitStatus:
    """Print how they compare, and what went wrong. Raises CommandError."""
    timelines = labelled(ran.timeline for ran in done if ran.measured)
    not_run = [request.mode for request in asked if request.mode not in timelines]
    if timelines:
        print_comparison(timelines, as_json, not_run)
    if why := refusal(asked[0], done[-1]):
        raise CommandError(why)
    tell_of_failures(timelines.values(), asked[0].calling)
    if done[-1].trouble:
        complain("; ".join([done[-1].trouble, *(f"{mode}: did not run" for mode in not_run if timelines)]))
    return done[-1].status


def _compare_recordings(paths: Sequence[Path], as_json: bool) -> ExitStatus:
    loaded = [*map(read, paths)]
    print_comparison(labelled(each.timeline for each in loaded), as_json)
    complain_of_dropped(paths, loaded)
    return ExitStatus.FINISHED
