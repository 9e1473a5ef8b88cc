"""The entry point: runs the command and turns errors into one sentence and an exit status."""

import os
import signal
import sys
from types import FrameType
from typing import NoReturn

from threadviz import debug_log
from threadviz.cli.output import CommandError, ExitStatus, complain, replace_closed_streams


def main() -> NoReturn:
    """Run the command, and exit with an `ExitStatus`.

    Ctrl-C ends it at once while no run is going on, unless SIGINT was ignored from the start, as a shell does for
    commands in the background.
    """
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, _end)
    replace_closed_streams()
    try:
        if path := os.environ.pop(debug_log.VARIABLE, ""):
            start_debug_log(path)
        status = _run(sys.argv[1:])
    except CommandError as error:
        complain(str(error))
        status = error.status
    debug_log.LOG.debug("exit status %d", status)
    # All work is done, and Python would remove the handler before it ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.exit(status)


def start_debug_log(path: str) -> None:
    """Log to a new file. Raises CommandError."""
    try:
        debug_log.create(path)
    except OSError as error:
        raise CommandError(
            f"the debug log {path!r} can't be created ({error.strerror}): give the path of a new file"
        ) from error


def _end(number: int, frame: FrameType | None) -> NoReturn:
    """End without an exception, which would print a traceback if it struck during an import."""
    os._exit(ExitStatus.INTERRUPTED)


def _run(words: list[str]) -> int:
    if words in ([], ["--ascii"]):  # parsed without click, whose import takes as long as starting a run
        from threadviz.cli.app import open_app

        return open_app(ascii_only=bool(words))
    from threadviz.cli.commands import run_command

    return run_command()
