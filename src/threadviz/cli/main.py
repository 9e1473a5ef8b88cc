"""The command as a whole: what its words ask for, and how it ends."""

import os
import signal
import sys
from types import FrameType
from typing import NoReturn

from threadviz.cli.output import CommandError, ExitStatus, complain, open_missing


def main() -> NoReturn:
    """Run the command, and exit with a status of `ExitStatus`. While there is no run to end, Ctrl-C ends it at once.

    Unless it was started to ignore that, as a shell does with what is to run in the background.
    """
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, _end)
    carry_out_command()


def _end(number: int, frame: FrameType | None) -> NoReturn:
    """End without an exception, which would be a traceback where nothing catches it, as in imports."""
    os._exit(ExitStatus.INTERRUPTED)


def carry_out_command() -> NoReturn:
    """Do what the command's words ask for, and exit with a status of `ExitStatus`."""
    open_missing()
    try:
        status = _carry_out(sys.argv[1:])
    except CommandError as error:
        complain(str(error))
        status = error.status
    # All is done, and Python would take the handler away before it ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.exit(status)


def _carry_out(words: list[str]) -> int:
    if words in ([], ["--ascii"]):  # read without click, which takes as long to import as a run to be started
        from threadviz.cli.app import open_app

        return open_app(plain=bool(words))
    from threadviz.cli.commands import carry_out_words

    return carry_out_words()
