"""The commands, their options, and how each ends."""

from pathlib import Path
from typing import Any

import click

from threadviz._version import __version__
from threadviz.cli.attach import attach
from threadviz.cli.compare import compare
from threadviz.cli.exec import exec_
from threadviz.cli.execution import ProgressBar, Ran, carry_out
from threadviz.cli.export import export
from threadviz.cli.open import open_, show
from threadviz.cli.options import making_runs, printing, recording
from threadviz.cli.output import CommandError, ExitStatus, complain, print_run, stdout_paper, write
from threadviz.cli.shot import shot
from threadviz.cli.signals import Interrupts
from threadviz.cli.user_function import PrintedOutput, asked_for, naming_function, refusal, tell_of_failures
from threadviz.modes import MODES
from threadviz.protocol.requests import RunRequest
from threadviz.run_options import OptionsError, requests


def carry_out_words() -> int:
    """Do what the command's words ask for, and return a status of `ExitStatus`. Raises CommandError."""
    try:
        return int(threadviz.main(prog_name="threadviz", standalone_mode=False) or ExitStatus.FINISHED)
    except click.UsageError as error:
        asked = error.ctx.command_path if error.ctx else "threadviz"
        message = error.format_message().rstrip(".")
        raise CommandError(
            f"{message}{' See' if message.endswith('?') else ': see'} {asked} --help"
        ) from error
    except OptionsError as error:
        raise CommandError(error.as_options) from error
    except OSError:
        write("")  # raises CommandError where click, which prints help and version by itself, could not
        raise


_DRAWING = ("show", "open", "shot")
"""The commands that have an --ascii of their own."""


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="%(prog)s %(version)s")
@click.option("--ascii", "plain", is_flag=True, help="Draw the app with ASCII characters only.")
@click.pass_context
def threadviz(context: click.Context, plain: bool) -> int:
    """Measure and show what concurrency does in Python.

    Each thread of a run has a lane: running, or what it waits for. What is shown was observed from outside.

    Without a command it opens the app, and fetches on threads in it.
    """
    if context.invoked_subcommand is None:
        from threadviz.cli.app import open_app

        return open_app(plain)
    if plain:
        command = context.invoked_subcommand
        what = f"say it after {command}" if command in _DRAWING else f"leave it out of {command}"
        raise CommandError(f"--ascii is for the app: {what}")
    return ExitStatus.FINISHED


@threadviz.command()
@naming_function
@making_runs
@printing
@click.argument("workload", required=False)
@click.option("--mode", metavar="MODE", help=f"How the calls are made: {', '.join(MODES)}.")
@recording
def run(
    workload: str | None, mode: str | None, record: Path | None, as_json: bool, **options: Any
) -> ExitStatus:
    """Run WORKLOAD, or a function of yours, under one mode.

    Prints the lanes, the tasks, the totals, and what the run shows.
    `threadviz list` shows the workloads, modes and sets.
    """
    asked = asked_for(workload, options)
    if mode is None:
        raise CommandError(f"how to run is not said: add --mode and one of {', '.join(MODES)}")
    (request,) = requests(asked, [mode])
    with PrintedOutput() as printed:
        with Interrupts() as interrupts, ProgressBar() as bar:
            bar.begin(f"{request.workload}, {request.mode}")
            ran = carry_out(printed.into(request), interrupts, bar, record)
        return _tell(request, ran, record, as_json)


def _tell(request: RunRequest, ran: Ran, record: Path | None, as_json: bool) -> ExitStatus:
    """Print the report of a run, and what went wrong with it. Raises CommandError."""
    if ran.measured:
        print_run(ran.timeline, as_json)
    if why := refusal(request, ran, record):
        raise CommandError(why)
    tell_of_failures([ran.timeline], request.calling)
    if ran.trouble:  # said last, for it speaks of what was printed
        complain(ran.trouble)
    return ran.status


@threadviz.command(name="list")
def list_() -> ExitStatus:
    """Show what there is to run.

    The workloads, the modes, the sets of sites, and the probe that this machine gets.
    """
    from threadviz.cli.list import listing

    write(listing(stdout_paper()))
    return ExitStatus.FINISHED


for command in (exec_, attach, compare, show, open_, shot, export):
    threadviz.add_command(command)
