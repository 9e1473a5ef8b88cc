"""Where the command writes: data to stdout, whole or not at all; words to stderr."""

import errno
import os
import sys
from contextlib import suppress

from threadviz.cli.exits import CommandError, Exit
from threadviz.picture.plain import printable


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
        raise CommandError(f"what was asked for can't be written to stdout ({why})", Exit.BROKEN) from error


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
