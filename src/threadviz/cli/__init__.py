"""The command: reads what is asked for, and opens the app, or has it run and prints the report.

Data goes to stdout, words go to stderr. What is slow to import (click, rich, the probes) is imported where it is used,
so that no command waits for what it does without, and Ctrl-C ends it in good order from its first moments on.
"""

import os
import signal
from types import FrameType
from typing import NoReturn

from threadviz.cli.exits import Exit

__all__ = ["main"]


def main() -> NoReturn:
    """Run the command, and exit with a status of `Exit`. While there is no run to end, Ctrl-C ends it at once.

    Unless it was started to ignore that, as a shell does with what is to run in the background.
    """
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, _end)
    from threadviz.cli.command import carry_out_command

    carry_out_command()


def _end(number: int, frame: FrameType | None) -> NoReturn:
    """End without an exception, which would be a traceback where nothing catches it, as in imports."""
    os._exit(Exit.INTERRUPTED)
