"""Options that several commands share."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from threadviz.cli.output import CommandError
from threadviz.protocol.requests import ProbeChoice
from threadviz.run_options import DEFAULT_TIMEOUT_S, MAX_TASKS, MAX_WORKERS

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def together(*options: Decorator) -> Decorator:
    """Return one decorator that adds all of these options, the first one listed first in the help."""
    return lambda command: reduce(lambda decorated, option: option(decorated), reversed(options), command)


def path(context: click.Context, option: click.Parameter, text: str | None) -> Path | None:
    """Return `text` as a path; '-' is no path here."""
    if text in {"", "-"}:
        raise CommandError(f"{option.opts[0]} is {text!r}: give the path of a file")
    return None if text is None else Path(text)


def ascii_option(help_text: str) -> Decorator:
    """Return the option --ascii."""
    return click.option("--ascii", "ascii_only", is_flag=True, help=help_text)


probe_option = click.option(
    "--probe",
    type=click.Choice(["auto", "portable"]),
    default="auto",
    help="How to observe: 'portable' tells only running from waiting.",
)

record_option = click.option(
    "--record",
    callback=path,
    metavar="FILE",
    help="Write the stream of events into FILE, a new one, as it happens; compressed if it ends in .gz.",
)

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")

run_options = together(
    click.option(
        "--workers",
        type=int,
        metavar="N",
        help=f"How many threads or processes, up to {MAX_WORKERS}. By default one for each task of a workload that"
        " fetches (up to 32), else one for each core (at least 2), also for a function of yours: one that waits may"
        " gain from more.",
    ),
    click.option("--tasks", type=int, metavar="N", help=f"How many tasks, up to {MAX_TASKS}."),
    click.option("--set", "set_name", metavar="NAME", help="The set of sites to fetch."),
    click.option("--urls", callback=path, metavar="FILE", help="A file of sets of your own."),
    click.option("--online", is_flag=True, help="Fetch the real addresses instead of the mock server's."),
    click.option(
        "--timeout",
        "timeout_s",
        type=float,
        metavar="S",
        help=f"How many seconds a fetch may take; {DEFAULT_TIMEOUT_S:g} by default.",
    ),
    probe_option,
)
"""The options of all commands that run workloads."""


def refuse_for_recordings(context: click.Context, names: Collection[str]) -> None:
    """Raise CommandError if one of these parameters, which are about runs, was given."""
    for option in context.command.params:
        given = context.get_parameter_source(option.name or "") is ParameterSource.COMMANDLINE
        if given and option.name in names:
            raise CommandError(f"{option.opts[0]} is for runs, and these are recordings: leave it out")


viewer_options = together(
    click.option("--headless", is_flag=True, help="Print a report at the end instead of opening the app."),
    record_option,
    json_option,
    probe_option,
    click.option(
        "--stacks", is_flag=True, help="Show which function each lane is in; needs threadviz[stacks]."
    ),
    ascii_option("ASCII characters only."),
)
"""The options of exec and attach: the command turns them into `ViewerOptions`."""


@dataclass(frozen=True, slots=True)
class ViewerOptions:
    """How to watch a program or a process. `record` is the file that gets the stream.

    Raises CommandError if they do not go together, or if py-spy is needed and not there.
    """

    headless: bool
    record: Path | None
    as_json: bool
    probe: ProbeChoice
    stacks: bool
    ascii_only: bool

    def __post_init__(self) -> None:
        if self.as_json and self.ascii_only:
            raise CommandError(
                "--ascii is for the app and the report, and --json is neither: leave one of them out"
            )
        if self.stacks:
            from threadviz.observer.collectors.stacks import MISSING, find_py_spy

            if find_py_spy() is None:
                raise CommandError(f"--stacks is of no use: {MISSING}")

    @property
    def in_app(self) -> bool:
        """Whether the app shows it, and no report is printed."""
        return not (self.headless or self.as_json)
