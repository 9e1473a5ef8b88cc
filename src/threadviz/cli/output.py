"""What the command prints, and how it ends: data to stdout, messages to stderr, exit statuses."""

import enum
import errno
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

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
        raise CommandError(f"the output can't be written to stdout ({why})", ExitStatus.BROKEN) from error


def write_stderr(text: str) -> None:
    """Write `text` to stderr as far as possible, escaping what its encoding lacks."""
    data = text.encode(sys.stderr.encoding or "ascii", "backslashreplace")
    with ignoring(OSError):
        sys.stderr.flush()
        sys.stderr.buffer.write(data)
        sys.stderr.buffer.flush()


def complain(sentence: str) -> None:
    """Write one sentence to stderr, on one line and safe to print."""
    words = printable(" ".join(sentence.split()))
    with ignoring(OSError):
        sys.stderr.write(f"threadviz: {words.rstrip('.')}.\n")
        sys.stderr.flush()


def _give_up_stdout() -> None:
    """Discard what is still buffered, or Python would complain at exit (see the docs of its `signal` module)."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def print_run(
    timeline: Timeline,
    as_json: bool,
    console: "ReportConsole | None" = None,
    out: Callable[[str], None] = write,
) -> None:
    """Print one run with `out`: as JSON, or as a report for `console` (None: for stdout). Raises CommandError."""
    if as_json:
        from threadviz.report.json_report import run_facts, to_json

        out(to_json(run_facts(timeline)))
        return
    from threadviz.report.text import run_report  # imports rich, which is slow

    out(run_report(timeline, console or stdout_console()))


def print_comparison(timelines: Mapping[str, Timeline], as_json: bool, not_run: Sequence[str] = ()) -> None:
    """Print several runs, by label, side by side. Raises CommandError."""
    if as_json:
        from threadviz.report.json_report import comparison_facts, to_json

        write(to_json(comparison_facts(timelines, not_run)))
        return
    from threadviz.report.text import comparison_report

    write(comparison_report(timelines, stdout_console(), not_run))


def stdout_console() -> "ReportConsole":
    """Return a console for reports on stdout."""
    from threadviz.report.console import ReportConsole

    return ReportConsole.of(sys.stdout, os.environ)


def stderr_console() -> "ReportConsole":
    """Return a console for reports on stderr."""
    from threadviz.report.console import ReportConsole

    return ReportConsole.of(sys.stderr, os.environ)
