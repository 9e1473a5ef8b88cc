"""What the commands that look on can be told: at a program that they start, or at a process that is running."""

import dataclasses
import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from threadviz.cli.exits import CommandError
from threadviz.cli.options import printing, probing, recording
from threadviz.request import ProbeChoice

if TYPE_CHECKING:
    from threadviz.report.paper import Paper


@dataclass(frozen=True, slots=True)
class Wishes:
    """How somebody wants to look on. `record` is the file that gets the stream, `plain` asks for ASCII characters."""

    headless: bool
    record: Path | None
    as_json: bool
    probe: ProbeChoice
    stacks: bool
    plain: bool

    def paper(self) -> "Paper | None":
        """What a report is to be printed on; None for what stdout is."""
        from threadviz.cli.printing import stdout_paper

        return dataclasses.replace(stdout_paper(), plain=True) if self.plain else None


def looking_on(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of all commands that look on; they come as one argument, `wishes`, of this type."""

    @functools.wraps(command)
    def with_wishes(**options: Any) -> Any:
        names = [field.name for field in dataclasses.fields(Wishes)]
        wishes = Wishes(**{name: options.pop(name) for name in names})
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


def _checked(wishes: Wishes) -> Wishes:
    """Return them, with what follows from them. Raises CommandError where they can't be."""
    if wishes.as_json and wishes.plain:
        raise CommandError(
            "--ascii is for the app and the report, and --json is neither: leave one of them out"
        )
    if wishes.stacks:
        from threadviz.observer.telling.pyspy import MISSING, find_py_spy

        if find_py_spy() is None:
            raise CommandError(f"--stacks is of no use: {MISSING}")
    return dataclasses.replace(wishes, headless=wishes.headless or wishes.as_json)
