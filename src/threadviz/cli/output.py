"""What the command prints, and how it ends: data to stdout, messages to stderr, exit statuses."""

import enum
import errno
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from threadviz.atomic_write import finish, unfinished
from threadviz.debug_log import ignoring
from threadviz.text import printable
from threadviz.timeline import Timeline

if TYPE_CHECKING:
    from threadviz.report.console import ReportConsole


class ExitStatus(enum.IntEnum):
    """The exit status of the command."""

    FINISHED = 0
    """Done; failed tasks are results like others."""
    BROKEN = 1
    """A run broke, could not start, or could not be recorded or printed."""
    BAD_INPUT = 2
    """The request is impossible, and nothing was started."""
    INTERRUPTED = 130
    """The user ended it: 128 plus the number of SIGINT, as shells do."""


class CommandError(Exception):
    """Ends the command with `status`. The text is one sentence without its full stop."""

    def __init__(self, sentence: str, status: ExitStatus = ExitStatus.BAD_INPUT) -> None:
        super().__init__(sentence)
        self.status = status


def replace_closed_streams() -> None:
    """Open the null device for each of stdin, stdout and stderr that was closed before the start (`>&-`).

    Otherwise the first pipe of a run would get its number, and whatever is printed. Writing to such a stdout fails.
    """
    for name, way in (("stdin", os.O_RDONLY), ("stdout", os.O_RDONLY), ("stderr", os.O_WRONLY)):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.open(os.devnull, way), "r" if name == "stdin" else "w"))  # noqa: PTH123, SIM115


def write(text: str) -> None:
    """Write `text` to stdout, escaping what its encoding lacks. A closed pipe is no error. Raises CommandError."""
    try:
        _write(sys.stdout, text)
    except OSError as error:
        # Discard what is still buffered, or Python would complain at exit (see the docs of its `signal` module).
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
        if not isinstance(error, BrokenPipeError):
            why = "it is closed" if error.errno == errno.EBADF else error.strerror
            raise CommandError(f"the output can't be written to stdout ({why})", ExitStatus.BROKEN) from error


def write_stderr(text: str) -> None:
    """Write `text` to stderr as far as possible, escaping what its encoding lacks."""
    with ignoring(OSError):
        _write(sys.stderr, text)


def _write(file: TextIO, text: str) -> None:
    file.flush()
    file.buffer.write(text.encode(file.encoding or "ascii", "backslashreplace"))
    file.buffer.flush()


def complain(sentence: str) -> None:
    """Write one sentence to stderr, on one line and safe to print."""
    words = printable(" ".join(sentence.split()))
    write_stderr(f"threadviz: {words.rstrip('.')}.\n")


def print_run(
    timeline: Timeline,
    as_json: bool,
    *,
    ascii_only: bool = False,
    width: int | None = None,
    to_stderr: bool = False,
) -> None:
    """Print one run: as JSON, or as a report, `width` characters wide if that is given. Raises CommandError."""
    out = write_stderr if to_stderr else write
    if as_json:
        from threadviz.report.json_report import run_facts, to_json

        out(to_json(run_facts(timeline)))
        return
    from threadviz.report.text import run_report  # imports rich, which is slow

    console = report_console(sys.stderr if to_stderr else sys.stdout)
    console = replace(console, width=width or console.width, plain=ascii_only or console.plain)
    out(run_report(timeline, console))


def print_comparison(timelines: Mapping[str, Timeline], as_json: bool, not_run: Sequence[str] = ()) -> None:
    """Print several runs, by label, side by side. Raises CommandError."""
    if as_json:
        from threadviz.report.json_report import comparison_facts, to_json

        write(to_json(comparison_facts(timelines, not_run)))
        return
    from threadviz.report.text import comparison_report

    write(comparison_report(timelines, report_console(sys.stdout), not_run))


def report_console(file: TextIO) -> "ReportConsole":
    """Return a console for reports on stdout or stderr."""
    from threadviz.report.console import ReportConsole

    return ReportConsole.of(file, os.environ)


# Files that commands write.


def refuse_existing(path: Path, force: bool) -> None:
    """Raise CommandError if a file is there and must not be overwritten."""
    if path.exists() and not force:
        raise CommandError(
            f"{str(path)!r} exists already: give another name with -o, or --force to overwrite it"
        )


def write_files(files: Mapping[Path, Iterable[bytes]], force: bool) -> None:
    """Write each file whole, or none of them. Raises CommandError."""
    path = next(iter(files))
    try:
        with ExitStack() as stack:
            parts = {}
            for path, data in files.items():
                # If it is a link, the file that it points to is overwritten.
                parts[path] = stack.enter_context(unfinished(path.resolve()))
                with parts[path].open("wb") as file:
                    file.writelines(data)
            for path, part in parts.items():
                finish(part, path.resolve(), force)
    except OSError as error:
        raise cannot_be_written(path, error) from error


def cannot_be_written(path: Path, error: OSError) -> CommandError:
    """Return the error of a command whose file could not be written."""
    return CommandError(f"{str(path)!r} can't be written ({error.strerror})", ExitStatus.BROKEN)
