"""`threadviz show` and `threadviz open`: the report of a recording, and recordings in the app."""

from pathlib import Path

import click

from threadviz.cli.app import open_recordings
from threadviz.cli.options import ascii_option, json_option
from threadviz.cli.output import CommandError, ExitStatus, print_run
from threadviz.cli.recordings import complain_of_dropped, read


@click.command()
@click.argument("file", type=Path)
@json_option
@click.option("--width", type=int, metavar="N", help="Make the report N characters wide.")
@ascii_option("Print ASCII characters only, and no colours.")
def show(file: Path, as_json: bool, width: int | None, ascii_only: bool) -> ExitStatus:
    """Print the report of the recording FILE.

    It is the same report that the run itself printed.
    """
    if as_json and (ascii_only or width is not None):
        option = "--ascii" if ascii_only else "--width"
        raise CommandError(f"{option} is for the report, and --json is none: leave one of them out")
    if width is not None:
        from threadviz.report.console import MAX_WIDTH, MIN_WIDTH

        if not MIN_WIDTH <= width <= MAX_WIDTH:
            raise CommandError(f"--width is {width}: give a number from {MIN_WIDTH} to {MAX_WIDTH}")
    loaded = read(file)
    print_run(loaded.timeline, as_json, ascii_only=ascii_only, width=width)
    complain_of_dropped([file], [loaded])
    return ExitStatus.FINISHED


@click.command(name="open")
@click.argument("files", type=Path, nargs=-1, required=True)
@click.option("--loop", is_flag=True, help="Replay it again and again.")
@ascii_option("Draw with ASCII characters only.")
def open_(files: tuple[Path, ...], loop: bool, ascii_only: bool) -> int:
    """Open recordings in the app.

    Several FILES are compared on one time axis.
    """
    return open_recordings(files, ascii_only, loop)
