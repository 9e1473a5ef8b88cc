"""The commands, their options, and how each ends."""

import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click

from threadviz import __version__
from threadviz.ask import DEFAULT_TIMEOUT_S, MAX_TASKS, MAX_WORKERS, Asked, AskError, requests, split_modes
from threadviz.cli.exits import CommandError, Exit
from threadviz.cli.interrupts import Interrupts
from threadviz.cli.live import Ran, carry_out
from threadviz.cli.output import complain, open_missing, write
from threadviz.cli.progress import ProgressBar
from threadviz.modes import MODES
from threadviz.timeline import Timeline

# rich, which only the text reports need, takes longer to import than all the rest: so reports and listing are
# imported where they are printed.

Command = TypeVar("Command", bound=Callable[..., Any])


def carry_out_command() -> NoReturn:
    """Do what the command's words ask for, and exit with a status of `Exit`."""
    open_missing()
    try:
        status = _threadviz()
    except click.UsageError as error:
        asked = error.ctx.command_path if error.ctx else "threadviz"
        message = error.format_message().rstrip(".")
        complain(f"{message}{' See' if message.endswith('?') else ': see'} {asked} --help")
        status = Exit.BAD_INPUT
    except AskError as error:
        complain(f"--{error}" if error.field else str(error))
        status = Exit.BAD_INPUT
    except CommandError as error:
        complain(str(error))
        status = error.status
    # All is done, and Python would take the handler away before it ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.exit(status)


def _threadviz() -> int:
    try:
        return int(threadviz.main(prog_name="threadviz", standalone_mode=False) or Exit.FINISHED)
    except OSError:
        write("")  # raises CommandError where click, which prints help and version by itself, could not
        raise


def _path(context: click.Context, option: click.Parameter, text: str | None) -> Path | None:
    """Return `text` as a path; standard input and output are none here."""
    if text in {"", "-"}:
        raise CommandError(f"{option.opts[0]} is {text!r}: give the path of a file")
    return None if text is None else Path(text)


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="%(prog)s %(version)s")
@click.pass_context
def threadviz(context: click.Context) -> None:
    """Measure and show what concurrency does in Python.

    Each thread of a run has a lane: running, or what it waits for. What is shown was observed from outside.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


def _shared(command: Command) -> Command:
    """The options that run and compare have in common."""
    options = [
        click.argument("workload"),
        click.option(
            "--workers",
            type=int,
            metavar="N",
            help=f"How many threads or processes, up to {MAX_WORKERS}."
            " Else one for each task of a workload that fetches (up to 32), and one for each core for others.",
        ),
        click.option("--tasks", type=int, metavar="N", help=f"How many tasks, up to {MAX_TASKS}."),
        click.option("--set", "set_name", metavar="NAME", help="The set of sites to fetch."),
        click.option("--urls", callback=_path, metavar="FILE", help="A file of sets of your own."),
        click.option("--online", is_flag=True, help="Fetch the real addresses, not the stand-in site's."),
        click.option(
            "--timeout",
            "timeout_s",
            type=float,
            metavar="S",
            help=f"How many seconds a fetch may take; else {DEFAULT_TIMEOUT_S:g}.",
        ),
        click.option(
            "--probe",
            type=click.Choice(["auto", "portable"]),
            default="auto",
            help="How to watch: 'portable' tells only running from waiting.",
        ),
        click.option("--json", "as_json", is_flag=True, help="Print one JSON object."),
    ]
    return reduce(lambda decorated, option: option(decorated), reversed(options), command)


@threadviz.command()
@_shared
@click.option("--mode", metavar="MODE", help=f"How the calls are made: {', '.join(MODES)}.")
@click.option(
    "--record",
    callback=_path,
    metavar="FILE",
    help="Write the stream of events into FILE, a new one, as it happens.",
)
def run(mode: str | None, record: Path | None, as_json: bool, **options: Any) -> Exit:
    """Run WORKLOAD under one mode.

    Prints the lanes, the tasks, the totals, and what the run shows.
    `threadviz list` shows the workloads, modes and sets.
    """
    if mode is None:
        raise CommandError(f"how to run is not said: add --mode and one of {', '.join(MODES)}")
    (request,) = requests(Asked(**options), [mode])
    with Interrupts() as interrupts, ProgressBar() as bar:
        bar.begin(f"{request.workload}, {request.mode}")
        ran = carry_out(request, interrupts, bar, record)
    if ran.measured:
        write(_run_json(ran.timeline) if as_json else _run_text(ran.timeline))
    if ran.trouble:  # said last, for it speaks of what was printed
        complain(ran.trouble)
    return ran.status


@threadviz.command()
@_shared
@click.option("--modes", default=",".join(MODES), show_default=True, help="The modes, in this order.")
def compare(modes: str, as_json: bool, **options: Any) -> Exit:
    """Run WORKLOAD under several modes.

    They run one after the other, and are printed side by side, with a verdict.
    `threadviz list` shows the workloads, modes and sets.
    """
    done: list[Ran] = []
    asked = requests(Asked(**options), split_modes(modes))
    with Interrupts() as interrupts, ProgressBar() as bar:
        for number, request in enumerate(asked, 1):
            bar.begin(f"{request.workload}, {request.mode} ({number} of {len(asked)} modes)")
            done.append(carry_out(request, interrupts, bar))
            if done[-1].status is not Exit.FINISHED:
                break
    timelines = {ran.timeline.header.mode: ran.timeline for ran in done if ran.measured}
    not_run = [request.mode for request in asked if request.mode not in timelines]
    if timelines:
        write((_comparison_json if as_json else _comparison_text)(timelines, not_run))
    if done[-1].trouble:
        complain("; ".join([done[-1].trouble, *(f"{mode}: did not run" for mode in not_run if timelines)]))
    return done[-1].status


@threadviz.command(name="list")
def list_() -> Exit:
    """Show what there is to run.

    The workloads, the modes, the sets of sites, and the probe that this machine gets.
    """
    from threadviz.cli.listing import listing
    from threadviz.report.paper import Paper

    write(listing(Paper.of(sys.stdout, os.environ)))
    return Exit.FINISHED


def _run_text(timeline: Timeline) -> str:
    from threadviz.report.paper import Paper
    from threadviz.report.text import run_report

    return run_report(timeline, Paper.of(sys.stdout, os.environ))


def _comparison_text(timelines: Mapping[str, Timeline], not_run: Sequence[str]) -> str:
    from threadviz.report.paper import Paper
    from threadviz.report.text import comparison_report

    return comparison_report(timelines, Paper.of(sys.stdout, os.environ), not_run)


def _run_json(timeline: Timeline) -> str:
    from threadviz.report.facts import run_facts, to_json

    return to_json(run_facts(timeline))


def _comparison_json(timelines: Mapping[str, Timeline], not_run: Sequence[str]) -> str:
    from threadviz.report.facts import comparison_facts, to_json

    return to_json(comparison_facts(timelines, not_run))
