"""Where the command writes: data to stdout, whole or not at all; words to stderr."""

import enum
import errno
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from threadviz.text import printable
from threadviz.timeline import Timeline

if TYPE_CHECKING:
    from threadviz.report.console import ReportConsole


# How the command ends: its exit status, and the errors that end it.


class ExitStatus(enum.IntEnum):
    """The exit status of the command."""

    FINISHED = 0
    """What was asked for was done; tasks that failed are results like others."""
    BROKEN = 1
    """A run broke, could not start, or could not be recorded or printed."""
    BAD_INPUT = 2
    """What was asked for can't be done, and nothing was started."""
    INTERRUPTED = 130
    """The user ended it: 128 and the number of SIGINT, as shells have it."""


class CommandError(Exception):
    """Ends the command with `status`; the text is one sentence, without its full stop."""

    def __init__(self, sentence: str, status: ExitStatus = ExitStatus.BAD_INPUT) -> None:
        super().__init__(sentence)
        self.status = status


def open_missing() -> None:
    """Put the null device where stdin, stdout or stderr was closed before the command began (`>&-`).

    Else the first pipe of a run would get its number, and whatever is printed. As stdout it can't be written to.
    """
    for name, way in (("stdin", os.O_RDONLY), ("stdout", os.O_RDONLY), ("stderr", os.O_WRONLY)):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.open(os.devnull, way), "r" if name == "stdin" else "w"))  # noqa: PTH123, SIM115


def write(text: str) -> None:
    """Write `text` to stdout; what its encoding lacks is escaped. A reader that has had enough is no error.

    Raises CommandError where it can't be written.
    """
    data = text.encode(sys.stdout.encoding or "ascii", "backslashreplace")
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        _give_up_stdout()
    except OSError as error:
        _give_up_stdout()
        why = "it is closed" if error.errno == errno.EBADF else error.strerror
        raise CommandError(
            f"what was asked for can't be written to stdout ({why})", ExitStatus.BROKEN
        ) from error


def write_words(text: str) -> None:
    """Write `text` to stderr, as far as that takes it; what its encoding lacks is escaped."""
    data = text.encode(sys.stderr.encoding or "ascii", "backslashreplace")
    with suppress(OSError):
        sys.stderr.flush()
        sys.stderr.buffer.write(data)
        sys.stderr.buffer.flush()


def complain(sentence: str) -> None:
    """Write one sentence to stderr, on one line, safe to print."""
    words = printable(" ".join(sentence.split()))
    with suppress(OSError):
        sys.stderr.write(f"threadviz: {words.rstrip('.')}.\n")
        sys.stderr.flush()


def _give_up_stdout() -> None:
    """Let what is still buffered go nowhere, or Python would complain of it at its end (see its `signal` module)."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


# Runs that are over, as the command prints them: what was recorded looks like what was just run.

# rich, which only the text reports need, takes longer to import than all the rest.


def print_run(
    timeline: Timeline,
    as_json: bool,
    paper: "ReportConsole | None" = None,
    out: Callable[[str], None] = write,
) -> None:
    """Print one run by `out`: as JSON, or as a report on `paper` (None for what stdout is). Raises CommandError."""
    if as_json:
        from threadviz.report.json_report import run_facts, to_json

        out(to_json(run_facts(timeline)))
        return
    from threadviz.report.text import run_report

    out(run_report(timeline, paper or stdout_paper()))


def print_comparison(timelines: Mapping[str, Timeline], as_json: bool, not_run: Sequence[str] = ()) -> None:
    """Print several runs, by their labels, side by side. Raises CommandError."""
    if as_json:
        from threadviz.report.json_report import comparison_facts, to_json

        write(to_json(comparison_facts(timelines, not_run)))
        return
    from threadviz.report.text import comparison_report

    write(comparison_report(timelines, stdout_paper(), not_run))


def stdout_paper() -> "ReportConsole":
    """What stdout is as paper."""
    from threadviz.report.console import ReportConsole

    return ReportConsole.of(sys.stdout, os.environ)


def stderr_paper() -> "ReportConsole":
    """What stderr is as paper."""
    from threadviz.report.console import ReportConsole

    return ReportConsole.of(sys.stderr, os.environ)
