"""What the commands that make runs can be told."""

from collections.abc import Callable, Collection
from functools import reduce
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from threadviz.ask import DEFAULT_TIMEOUT_S, MAX_TASKS, MAX_WORKERS
from threadviz.cli.exits import CommandError

Command = TypeVar("Command", bound=Callable[..., Any])


def path(context: click.Context, option: click.Parameter, text: str | None) -> Path | None:
    """Return `text` as a path; standard input and output are none here."""
    if text in {"", "-"}:
        raise CommandError(f"{option.opts[0]} is {text!r}: give the path of a file")
    return None if text is None else Path(text)


def making_runs(command: Command) -> Command:
    """The options of all commands that make runs."""
    options = [
        click.option(
            "--workers",
            type=int,
            metavar="N",
            help=f"How many threads or processes, up to {MAX_WORKERS}."
            " Else one for each task of a workload that fetches (up to 32), and one for each core (at least 2) for"
            " others, also for a function of yours: one that waits may gain by more.",
        ),
        click.option("--tasks", type=int, metavar="N", help=f"How many tasks, up to {MAX_TASKS}."),
        click.option("--set", "set_name", metavar="NAME", help="The set of sites to fetch."),
        click.option("--urls", callback=path, metavar="FILE", help="A file of sets of your own."),
        click.option("--online", is_flag=True, help="Fetch the real addresses, not the stand-in site's."),
        click.option(
            "--timeout",
            "timeout_s",
            type=float,
            metavar="S",
            help=f"How many seconds a fetch may take; else {DEFAULT_TIMEOUT_S:g}.",
        ),
        probing,
    ]
    return reduce(lambda decorated, option: option(decorated), reversed(options), command)


def probing(command: Command) -> Command:
    """The option of all commands that have something watched."""
    return click.option(
        "--probe",
        type=click.Choice(["auto", "portable"]),
        default="auto",
        help="How to watch: 'portable' tells only running from waiting.",
    )(command)


def recording(command: Command) -> Command:
    """The option of all commands that can keep what they have watched."""
    return click.option(
        "--record",
        callback=path,
        metavar="FILE",
        help="Write the stream of events into FILE, a new one, as it happens; packed with gzip if it ends in .gz.",
    )(command)


def printing(command: Command) -> Command:
    """The option of all commands that print a report."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")(command)


def refuse_all_but(context: click.Context, fitting: Collection[str]) -> None:
    """Raise CommandError where anything was said that is about making runs, and so not about recordings."""
    for option in context.command.params:
        given = context.get_parameter_source(option.name or "") is ParameterSource.COMMANDLINE
        if given and option.name not in fitting:
            raise CommandError(f"{option.opts[0]} is for runs, and these are recordings: leave it out")
