"""`threadviz shot`: a picture of recordings, or of a run that is made for it, without a terminal."""

import math
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from threadviz.atomic_write import finish, unfinished
from threadviz.cli.execution import execute_all
from threadviz.cli.options import ascii_option, path, refuse_all_but, run_options
from threadviz.cli.output import CommandError, ExitStatus, complain
from threadviz.cli.recordings import complain_of_dropped, read
from threadviz.modes import MODES
from threadviz.run_options import RunOptions, requests
from threadviz.text import NS_PER_S
from threadviz.timeline import Timeline
from threadviz.workloads import WORKLOADS

CONVERTER = "rsvg-convert"


def to_png(svg: str) -> bytes:
    """Convert a picture to PNG. Raises CommandError."""
    converter = shutil.which(CONVERTER)
    if converter is None:
        raise CommandError(
            f"PNG is made by {CONVERTER}, which is not installed: install it (Debian has it in librsvg2-bin,"
            " Homebrew in librsvg), or leave --png out and get SVG"
        )
    # librsvg drops no-break spaces at the ends of a text, which moves the rest.
    kept = svg.replace("&#160;", " ").replace("<text ", '<text xml:space="preserve" ')
    done = subprocess.run([converter], input=kept.encode(), capture_output=True, check=False)
    if done.returncode or not done.stdout:
        raise CommandError(
            f"{CONVERTER} could not make a PNG of the picture (exit status {done.returncode})",
            ExitStatus.BROKEN,
        )
    return done.stdout


MIN_SIZE, MAX_SIZE = (40, 12), (400, 200)
"""The smallest and largest size: columns and lines."""

COMPARE = "compare"
SCREENS = ("lanes", "findings", "tasks", "details", "code", COMPARE)

_FOR_RECORDINGS = {"what", "output", "force", "at", "size", "theme", "screen", "ascii_only", "png"}
"""The parameters that make sense for recordings."""


@click.command()
@run_options
@click.argument("what", nargs=-1, required=True, metavar="WORKLOAD | FILE...")
@click.option("--mode", metavar="MODE", help=f"How a WORKLOAD's calls are made: {', '.join(MODES)}.")
@click.option("-o", "--output", required=True, callback=path, metavar="OUT", help="The file to write.")
@click.option(
    "--at",
    type=float,
    metavar="S",
    help="Show the moment so many seconds after the beginning; by default the end.",
)
@click.option("--size", default="120x40", show_default=True, help="Columns and lines.")
@click.option("--theme", default="textual-dark", show_default=True, help="One of the app's themes.")
@click.option(
    "--screen",
    type=click.Choice(SCREENS),
    help="The panel beside the lanes; by default what the app opens itself. For compare, a WORKLOAD runs in all modes.",
)
@ascii_option("Draw with ASCII characters only.")
@click.option("--png", is_flag=True, help="Write PNG instead of SVG.")
@click.option("--force", is_flag=True, help="Overwrite an existing file.")
@click.pass_context
def shot(
    context: click.Context,
    /,
    what: tuple[str, ...],
    mode: str | None,
    output: Path,
    at: float | None,
    size: str,
    theme: str,
    screen: str | None,
    ascii_only: bool,
    png: bool,
    force: bool,
    **options: Any,
) -> ExitStatus:
    """Make a picture of recordings, or of a run of WORKLOAD.

    It shows what the app shows, as SVG. The same recordings give the same bytes each time. Several FILEs are compared.
    """
    if output.exists() and not force:
        raise CommandError(
            f"{str(output)!r} exists already: give another name with -o, or --force to overwrite it"
        )
    if at is not None and not (math.isfinite(at) and at >= 0):
        raise CommandError(f"--at is {at:g}: give a number of seconds, 0 or more")
    columns_and_lines = _size(size)
    _check_theme(theme)
    status = ExitStatus.FINISHED
    if what[0] in WORKLOADS:
        modes = _modes(what, mode, screen)
        results = execute_all(requests(RunOptions(workload=what[0], **options), modes))
        status, timelines = results[-1].status, [result.timeline for result in results if result.measured]
        if results[-1].trouble:
            complain(results[-1].trouble)
    else:
        refuse_all_but(context, _FOR_RECORDINGS)
        files = [*map(Path, what)]
        loaded = [*map(read, files)]
        complain_of_dropped(files, loaded)
        timelines = [each.timeline for each in loaded]
    if screen == COMPARE and len(timelines) < 2:
        raise CommandError("--screen compare is for several recordings: give two or more")
    if timelines:
        svg = _draw(timelines, columns_and_lines, theme, screen, at, ascii_only)
        _write(output, to_png(svg) if png else svg.encode(), force)
    return status


def _modes(what: Sequence[str], mode: str | None, screen: str | None) -> list[str]:
    if len(what) > 1:
        raise CommandError(
            f"{what[0]!r} is a workload, and {what[1]!r} is a word too many: for a file of that name, say ./{what[0]}"
        )
    if screen == COMPARE and mode is None:
        return list(MODES)
    if screen == COMPARE or mode is None:
        raise CommandError(
            "no mode is given: give either --mode and one of"
            f" {', '.join(MODES)}, or --screen compare for all of them"
        )
    return [mode]


def _size(text: str) -> tuple[int, int]:
    """Return columns and lines of a size such as '120x40'. Raises CommandError."""
    found = re.fullmatch(r"(\d{1,4})x(\d{1,4})", text)
    size = (int(found[1]), int(found[2])) if found else (0, 0)
    if not all(least <= each <= most for each, least, most in zip(size, MIN_SIZE, MAX_SIZE, strict=True)):
        (columns, lines), (most_columns, most_lines) = MIN_SIZE, MAX_SIZE
        raise CommandError(
            f"--size is {text!r}: give columns and lines, from {columns}x{lines} to {most_columns}x{most_lines}"
        )
    return size


def _check_theme(theme: str) -> None:
    from textual.theme import BUILTIN_THEMES  # no other command needs it

    if theme not in BUILTIN_THEMES:
        raise CommandError(f"there is no theme {theme!r}: take one of {', '.join(sorted(BUILTIN_THEMES))}")


def _draw(
    timelines: Sequence[Timeline],
    size: tuple[int, int],
    theme: str,
    screen: str | None,
    at: float | None,
    ascii_only: bool,
) -> str:
    """Return the picture as SVG."""
    import asyncio  # no other command needs it

    from threadviz.tui.commands import Panel
    from threadviz.tui.runs import Run
    from threadviz.tui.screenshot import ShotOptions, shot

    panels = {screen: (Panel(screen),) for screen in Panel} | {"lanes": (), COMPARE: (Panel.FINDINGS,)}
    options = ShotOptions(
        size=size,
        theme=theme,
        panels=None if screen is None else panels[screen],
        at=None if at is None else int(at * NS_PER_S),
        ascii_only=ascii_only,
    )
    return asyncio.run(shot([Run.of(timeline) for timeline in timelines], options))


def _write(output: Path, data: bytes, force: bool) -> None:
    try:
        with unfinished(output.resolve()) as part:
            part.write_bytes(data)
            finish(part, output.resolve(), force)
    except OSError as error:
        raise CommandError(
            f"{str(output)!r} can't be written ({error.strerror})", ExitStatus.BROKEN
        ) from error
