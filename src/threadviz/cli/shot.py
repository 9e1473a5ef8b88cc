"""`threadviz shot`: a picture of recordings, or of a run that is made for it, with no terminal at hand."""

import asyncio
import math
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from threadviz.atomic_write import finish, unfinished
from threadviz.cli.execution import ProgressBar, Ran, carry_out
from threadviz.cli.options import making_runs, path, refuse_all_but
from threadviz.cli.output import CommandError, ExitStatus, complain
from threadviz.cli.recordings import complain_of_dropped, read
from threadviz.cli.signals import Interrupts
from threadviz.modes import MODES
from threadviz.protocol.requests import RunRequest
from threadviz.run_options import RunOptions, requests
from threadviz.timeline import Timeline
from threadviz.workloads import WORKLOADS

# SVG to PNG, by the converter that is installed.

CONVERTER = "rsvg-convert"


def to_png(svg: str) -> bytes:
    """Return the picture as PNG. Raises CommandError."""
    converter = shutil.which(CONVERTER)
    if converter is None:
        raise CommandError(
            f"PNG is made by {CONVERTER}, which is not installed: install it (Debian has it in librsvg2-bin,"
            " Homebrew in librsvg), or leave --png out and get SVG"
        )
    # librsvg draws no no-break space at either end of a text, and moves what stands between.
    kept = svg.replace("&#160;", " ").replace("<text ", '<text xml:space="preserve" ')
    done = subprocess.run([converter], input=kept.encode(), capture_output=True, check=False)
    if done.returncode or not done.stdout:
        raise CommandError(
            f"{CONVERTER} could not make a PNG of the picture (exit status {done.returncode})",
            ExitStatus.BROKEN,
        )
    return done.stdout


NS_PER_S = 1_000_000_000

MIN_SIZE, MAX_SIZE = (40, 12), (400, 200)
"""Columns and lines of a picture."""

COMPARE = "compare"
SCREENS = ("lanes", "findings", "tasks", "details", "code", COMPARE)

_OF_PICTURES = {"what", "output", "force", "at", "size", "theme", "screen", "plain", "png"}
"""What can be said where recordings are drawn."""


@click.command()
@making_runs
@click.argument("what", nargs=-1, required=True, metavar="WORKLOAD | FILE...")
@click.option("--mode", metavar="MODE", help=f"How a WORKLOAD's calls are made: {', '.join(MODES)}.")
@click.option("-o", "--output", required=True, callback=path, metavar="OUT", help="The file to write.")
@click.option(
    "--at", type=float, metavar="S", help="Show the moment so many seconds after the begin; else the end."
)
@click.option("--size", default="120x40", show_default=True, help="Columns and lines.")
@click.option("--theme", default="textual-dark", show_default=True, help="One of the app's themes.")
@click.option(
    "--screen",
    type=click.Choice(SCREENS),
    help="What stands with the lanes; else what the app opens by itself. For compare, a WORKLOAD is run in all modes.",
)
@click.option("--ascii", "plain", is_flag=True, help="Draw with ASCII characters only.")
@click.option("--png", is_flag=True, help="Write PNG, and not SVG.")
@click.option("--force", is_flag=True, help="Write over what is there.")
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
    plain: bool,
    png: bool,
    force: bool,
    **options: Any,
) -> ExitStatus:
    """Make a picture of recordings, or of a run of WORKLOAD.

    It is what the app shows, as SVG: of the same recordings the same bytes each time. Several FILEs are compared.
    """
    if output.exists() and not force:
        raise CommandError(
            f"{str(output)!r} exists already: give another name with -o, or --force to write over it"
        )
    if at is not None and not (math.isfinite(at) and at >= 0):
        raise CommandError(f"--at is {at:g}: give a number of seconds, 0 or more")
    columns_and_lines = _size(size)
    _check_theme(theme)
    status = ExitStatus.FINISHED
    if what[0] in WORKLOADS:
        modes = _modes(what, mode, screen)
        status, timelines = _run([*requests(RunOptions(workload=what[0], **options), modes)])
    else:
        refuse_all_but(context, _OF_PICTURES)
        files = [*map(Path, what)]
        loaded = [*map(read, files)]
        complain_of_dropped(files, loaded)
        timelines = [each.timeline for each in loaded]
    if screen == COMPARE and len(timelines) < 2:
        raise CommandError("--screen compare is for several recordings: give two or more")
    if timelines:
        svg = _draw(timelines, columns_and_lines, theme, screen, at, plain)
        _write(output, to_png(svg) if png else svg.encode(), force)
    return status


def _modes(what: Sequence[str], mode: str | None, screen: str | None) -> list[str]:
    """The modes to run a workload under."""
    if len(what) > 1:
        raise CommandError(
            f"{what[0]!r} is a workload, and {what[1]!r} is a word too many: for a file of that name, say ./{what[0]}"
        )
    if screen == COMPARE and mode is None:
        return list(MODES)
    if screen == COMPARE or mode is None:
        raise CommandError(
            "how to run is not said: give either --mode and one of"
            f" {', '.join(MODES)}, or --screen compare for all of them"
        )
    return [mode]


def _run(asked: Sequence[RunRequest]) -> tuple[ExitStatus, list[Timeline]]:
    """Make the runs, and return how the last came out, and what was measured."""
    done: list[Ran] = []
    with Interrupts() as interrupts, ProgressBar() as bar:
        for request in asked:
            bar.begin(f"{request.workload}, {request.mode}")
            done.append(carry_out(request, interrupts, bar))
            if done[-1].status is not ExitStatus.FINISHED:
                break
    if done[-1].trouble:
        complain(done[-1].trouble)
    return done[-1].status, [ran.timeline for ran in done if ran.measured]


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
    from textual.theme import BUILTIN_THEMES  # only now, for no other command needs it

    if theme not in BUILTIN_THEMES:
        raise CommandError(f"there is no theme {theme!r}: take one of {', '.join(sorted(BUILTIN_THEMES))}")


def _draw(
    timelines: Sequence[Timeline],
    size: tuple[int, int],
    theme: str,
    screen: str | None,
    at: float | None,
    plain: bool,
) -> str:
    """Return the picture as SVG."""
    from threadviz.tui.commands import Panel
    from threadviz.tui.runs import Run
    from threadviz.tui.screenshot import ShotOptions, shot

    panels = {screen: (Panel(screen),) for screen in Panel} | {"lanes": (), COMPARE: (Panel.FINDINGS,)}
    view = ShotOptions(
        size=size,
        theme=theme,
        panels=None if screen is None else panels[screen],
        at=None if at is None else int(at * NS_PER_S),
        plain=plain,
    )
    return asyncio.run(shot([Run.of(timeline) for timeline in timelines], view))


def _write(output: Path, data: bytes, force: bool) -> None:
    try:
        with unfinished(output.resolve()) as part:
            part.write_bytes(data)
            finish(part, output.resolve(), force)
    except OSError as error:
        raise CommandError(
            f"{str(output)!r} can't be written ({error.strerror})", ExitStatus.BROKEN
        ) from error
