"""The group of commands, and the two that are too short for files of their own: run and list."""

from pathlib import Path
from typing import Any

import click

from threadviz._version import __version__
from threadviz.cli.attach import attach
from threadviz.cli.compare import compare
from threadviz.cli.exec import exec_
from threadviz.cli.execution import execute_all
from threadviz.cli.export import export
from threadviz.cli.main import start_debug_log
from threadviz.cli.open import open_, show
from threadviz.cli.options import ascii_option, json_option, path, record_option, run_options
from threadviz.cli.output import CommandError, ExitStatus, complain, print_run, stdout_console, write
from threadviz.cli.shot import shot
from threadviz.cli.user_function import (
    PrintedOutput,
    function_options,
    options_of,
    refusal,
    report_failures,
)
from threadviz.modes import MODES
from threadviz.run_options import OptionsError, requests

_DRAWING = ("show", "open", "shot")
"""The commands that have an --ascii of their own."""


def run_command() -> int:
    """Run the command line, and return an `ExitStatus`. Raises CommandError."""
    try:
        return int(threadviz.main(prog_name="threadviz", standalone_mode=False) or ExitStatus.FINISHED)
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx else "threadviz"
        message = error.format_message().rstrip(".")
        see = " See" if message.endswith("?") else ": see"
        raise CommandError(f"{message}{see} {command} --help") from error
    except OptionsError as error:
        raise CommandError(error.as_options) from error
    except OSError:
        write("")  # raises CommandError if click could not print help or version
        raise


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="%(prog)s %(version)s")
@ascii_option("Draw the app with ASCII characters only.")
@click.option(
    "--debug",
    callback=path,
    metavar="FILE",
    help="Log decisions and passed-over errors of viewer and observer into FILE, a new one. THREADVIZ_DEBUG does the"
    " same.",
)
@click.pass_context
def threadviz(context: click.Context, ascii_only: bool, debug: Path | None) -> int:
    """Measure and show what concurrency does in Python.

    Each thread of a run has a lane: running, or what it waits for. What is shown was observed from outside.

    Without a command it opens the app, and fetches on threads in it.
    """
    if debug is not None:
        start_debug_log(str(debug))
    if context.invoked_subcommand is None:
        from threadviz.cli.app import open_app

        return open_app(ascii_only)
    if ascii_only:
        command = context.invoked_subcommand
        what = f"write it after {command}" if command in _DRAWING else f"leave it out of {command}"
        raise CommandError(f"--ascii is for the app: {what}")
    return ExitStatus.FINISHED


@threadviz.command()
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
    (request,) = requests(chosen, [mode])
    with PrintedOutput() as printed:
        (result,) = execute_all([printed.into(request)], record)
        if result.measured:
            print_run(result.timeline, as_json)
        if why := refusal(request, result, record):
            raise CommandError(why)
        report_failures([result.timeline], request.calling)
        if result.trouble:  # last, because it speaks of what was printed
            complain(result.trouble)
        return result.status


@threadviz.command(name="list")
def list_() -> ExitStatus:
    """Show what there is to run.

    The workloads, the modes, the sets of sites, and the probe that this machine gets.
    """
    from threadviz.cli.list import listing

    write(listing(stdout_console()))
    return ExitStatus.FINISHED


for command in (exec_, attach, compare, show, open_, shot, export):
    threadviz.add_command(command)
