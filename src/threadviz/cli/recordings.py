"""`threadviz show`, `open` and `export`: what is done with recordings, and how commands read them."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

import click

from threadviz.cli.execution import Interrupts
from threadviz.cli.options import ascii_option, json_option
from threadviz.cli.output import (
    CommandError,
    ExitStatus,
    cannot_be_written,
    complain,
    print_run,
    refuse_existing,
    write,
    write_files,
    write_stderr,
)
from threadviz.recordings.reader import Loaded, LoadError, load
from threadviz.text import printable

if TYPE_CHECKING:
    from threadviz.exports import Format

_QUICK_S = 0.3
"""Shorter loads show no progress (s)."""


def read(path: Path) -> Loaded:
    """Load a recording, with a line about the progress on stderr if that is a terminal. Raises CommandError."""
    what, quick_until, shown = f"reading {printable(path.name)[:40]}", monotonic() + _QUICK_S, ""

    def show(share: float) -> None:
        nonlocal shown
        words = f"{what}: {share:.0%}"
        if words != shown and monotonic() > quick_until and sys.stderr.isatty():
            shown = words
            write_stderr(f"\r{words}")

    try:
        return load(path, show)
    except LoadError as error:
        raise CommandError(str(error)) from error
    finally:
        if shown:
            write_stderr(f"\r{' ' * len(shown)}\r")


def what_was_dropped(path: Path, loaded: Loaded) -> str:
    """Return a sentence, without its full stop, on what could not be read of a recording; '' if all was."""
    return f"the recording {str(path)!r} is damaged: {loaded.dropped}" if loaded.dropped else ""


def complain_of_dropped(paths: Sequence[Path], loaded: Sequence[Loaded]) -> None:
    """Complain on stderr of what could not be read of these recordings."""
    for sentence in map(what_was_dropped, paths, loaded):
        if sentence:
            complain(sentence)


@click.command()
@click.argument("file", type=Path)
@json_option
@click.option("--width", type=int, metavar="N", help="Make the report N characters wide.")
@ascii_option("Print ASCII characters only, and no colours.")
def show(file: Path, as_json: bool, width: int | None, ascii_only: bool) -> None:
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


@click.command(name="open")
@click.argument("files", type=Path, nargs=-1, required=True)
@click.option("--loop", is_flag=True, help="Replay it again and again.")
@ascii_option("Draw with ASCII characters only.")
def open_(files: tuple[Path, ...], loop: bool, ascii_only: bool) -> int:
    """Open recordings in the app.

    Several FILES are compared on one time axis.
    """
    from threadviz.cli.app import open_recordings

    return open_recordings(files, ascii_only, loop)


@click.command()
@click.argument("file")
@click.option("--to", "name", metavar="FORMAT", help="What to write: trace, csv or html.")
@click.option(
    "-o",
    "--output",
    metavar="OUT",
    help="The file to write, or '-' for standard output; by default one beside FILE, with its name.",
)
@click.option("--force", is_flag=True, help="Overwrite existing files.")
def export(file: str, name: str | None, output: str | None, force: bool) -> None:
    """Write the recording FILE for other programs.

    trace is the JSON that ui.perfetto.dev and speedscope open; csv is two tables, OUT.csv with a row for each
    segment and OUT-tasks.csv with one for each task; html is one page for a browser, with the lanes, the tasks, the
    totals and the findings.
    """
    from threadviz.exports import FORMATS  # no other command needs it

    if name is None or name not in FORMATS:
        what = "no format is given" if name is None else f"there is no format {name!r}"
        raise CommandError(f"{what}: add --to and one of {', '.join(FORMATS)}")
    asked, recording = FORMATS[name], _path(file, "FILE")
    paths = [] if output == "-" else _paths(recording, output, asked)
    if not paths and len(asked.files) > 1:
        raise CommandError(f"{name} is {len(asked.files)} files, and '-' is one: name a file with -o")
    for path in paths:
        _check(path, recording, force)
    loaded = read(recording)
    dropped = f"Not all of the recording could be taken: {loaded.dropped}." if loaded.dropped else ""
    with Interrupts() as interrupts:
        written = (each(loaded.timeline, dropped) for each in asked.files.values())
        texts = [_until_interrupted(text, interrupts) for text in written]
        if paths:
            write_files(dict(zip(paths, (map(str.encode, text) for text in texts), strict=True)), force)
            complain(f"wrote {' and '.join(map(str, paths))}: {asked.hint}")
        else:
            for text in texts[0]:
                write(text)
    complain_of_dropped([recording], [loaded])


def _paths(recording: Path, output: str | None, asked: "Format") -> list[Path]:
    if output is None:
        stem = recording.name.removesuffix(".gz").removesuffix(".jsonl")
        first = recording.with_name(stem + asked.suffix)
    else:
        first = _path(output, "-o")
    return [first.with_name(f"{first.stem}{added}{first.suffix}") for added in asked.files]


def _path(text: str, what: str) -> Path:
    path = Path(text)
    if not path.name:
        raise CommandError(f"{what} is {text!r}: give the path of a file")
    return path


def _check(path: Path, recording: Path, force: bool) -> None:
    """Raise CommandError if `path` must not be overwritten."""
    try:
        if path.exists() and not path.is_file():
            raise CommandError(
                f"{str(path)!r} is not a file that could be overwritten: give another name with -o"
            )
        if path.exists() and recording.exists() and path.samefile(recording):
            raise CommandError(f"{str(path)!r} is the recording itself: give another name with -o")
        refuse_existing(path, force)
    except OSError as error:
        raise cannot_be_written(path, error) from error


def _until_interrupted(text: Iterator[str], interrupts: Interrupts) -> Iterator[str]:
    for piece in text:
        if interrupts.noted:
            raise CommandError("interrupted, and nothing was written", ExitStatus.INTERRUPTED)
        yield piece
