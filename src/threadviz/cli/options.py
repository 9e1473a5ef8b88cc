"""What the commands that make runs can be told."""

import dataclasses
import functools
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from threadviz.cli.output import CommandError
from threadviz.protocol.requests import ProbeChoice
from threadviz.run_options import DEFAULT_TIMEOUT_S, MAX_TASKS, MAX_WORKERS

if TYPE_CHECKING:
    from threadviz.report.console import ReportConsole


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


# What the commands that look on can be told: at a program that they start, or at a process that is running.


@dataclass(frozen=True, slots=True)
class ViewerOptions:
    """How somebody wants to look on. `record` is the file that gets the stream, `plain` asks for ASCII characters."""

    headless: bool
    record: Path | None
    as_json: bool
    probe: ProbeChoice
    stacks: bool
    plain: bool

    def paper(self) -> "ReportConsole | None":
        """What a report is to be printed on; None for what stdout is."""
        from threadviz.cli.output import stdout_paper

        return dataclasses.replace(stdout_paper(), plain=True) if self.plain else None


def looking_on(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of all commands that look on; they come as one argument, `wishes`, of this type."""

    @functools.wraps(command)
    def with_wishes(**options: Any) -> Any:
        names = [field.name for field in dataclasses.fields(ViewerOptions)]
        wishes = ViewerOptions(**{name: options.pop(name) for name in names})
        return command(wishes=_checked(wishes), **options)

    decorated: Callable[..., Any] = with_wishes
    for option in (
        click.option("--ascii", "plain", is_flag=True, help="ASCII characters only."),
        click.option(
            "--stacks", is_flag=True, help="Show which function each lane is in; needs threadviz[stacks]."
        ),
        probing,
        printing,
        recording,
        click.option("--headless", is_flag=True, help="Do without the app, and print a report at the end."),
    ):
        decorated = option(decorated)
    return decorated


def _checked(wishes: ViewerOptions) -> ViewerOptions:
    """Return them, with what follows from them. Raises CommandError where they can't be."""
    if wishes.as_json and wishes.plain:
        raise CommandError(
            "--ascii is for the app and the report, and --json is neither: leave one of them out"
        )
    if wishes.stacks:
        from threadviz.observer.collectors.stacks import MISSING, find_py_spy

        if find_py_spy() is None:
            raise CommandError(f"--stacks is of no use: {MISSING}")
    return dataclasses.replace(wishes, headless=wishes.headless or wishes.as_json)
