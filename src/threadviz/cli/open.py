"""`threadviz show` and `threadviz open`: runs that were recorded."""

from dataclasses import replace
from pathlib import Path

import click

from threadviz.cli.app import open_recordings
from threadviz.cli.options import printing
from threadviz.cli.output import CommandError, ExitStatus, print_run, stdout_paper
from threadviz.cli.recordings import complain_of_dropped, read


@click.command()
@click.argument("file", type=Path)
@printing
@click.option("--width", type=int, metavar="N", help="Make the report N characters wide.")
@click.option("--ascii", "plain", is_flag=True, help="Print ASCII characters only, and no colours.")
def show(file: Path, as_json: bool, width: int | None, plain: bool) -> ExitStatus:
    """Print the report of the recording FILE.

    It is the report that the run itself printed.
    """
    if as_json and (plain or width is not None):
        option = "--ascii" if plain else "--width"
        raise CommandError(f"{option} is for the report, and --json is none: leave one of them out")
    paper = None
    if not as_json:
        paper = stdout_paper()
        if width is not None:
            paper = replace(paper, width=_checked(width))
        if plain:
            paper = replace(paper, plain=True)
    loaded = read(file)
    print_run(loaded.timeline, as_json, paper)
    complain_of_dropped([file], [loaded])
    return ExitStatus.FINISHED


@click.command(name="open")
@click.argument("files", type=Path, nargs=-1, required=True)
@click.option("--loop", is_flag=True, help="Replay it from its begin to its end, again and again.")
@click.option("--ascii", "plain", is_flag=True, help="Draw with ASCII characters only.")
def open_(files: tuple[Path, ...], loop: bool, plain: bool) -> int:
    """Open recordings in the app.

    Several FILES are compared, on one time axis.
    """
    return open_recordings(files, plain, loop)


def _checked(width: int) -> int:
    from threadviz.report.console import MAX_WIDTH, MIN_WIDTH

    if not MIN_WIDTH <= width <= MAX_WIDTH:
        raise CommandError(f"--width is {width}: give a number from {MIN_WIDTH} to {MAX_WIDTH}")
    return width
