"""`threadviz export`: writes a recording for other programs."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from threadviz.cli.output import (
    CommandError,
    ExitStatus,
    cannot_be_written,
    complain,
    refuse_existing,
    write,
    write_files,
)
from threadviz.cli.recordings import complain_of_dropped, read
from threadviz.cli.signals import Interrupts

if TYPE_CHECKING:
    from threadviz.exports import Format


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
def export(file: str, name: str | None, output: str | None, force: bool) -> ExitStatus:
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
    return ExitStatus.FINISHED


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
