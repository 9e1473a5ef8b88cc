"""The group of commands, and the one that is too short for a file of its own: list."""

import sys
from pathlib import Path

import click

from threadviz._version import __version__
from threadviz.cli.main import start_debug_log
from threadviz.cli.options import ascii_option, path
from threadviz.cli.output import CommandError, ExitStatus, report_console, write
from threadviz.cli.recordings import export, open_, show
from threadviz.cli.run import compare, run
from threadviz.cli.shot import shot
from threadviz.cli.watch import attach, exec_
from threadviz.run_options import OptionsError

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


@threadviz.command(name="list")
def list_() -> None:
    """Show what there is to run.

    The workloads, the modes, the sets of sites, and the probe that this machine gets.
    """
    from threadviz.cli.list import listing

    write(listing(report_console(sys.stdout)))


for command in (run, exec_, attach, compare, show, open_, shot, export):
    threadviz.add_command(command)
