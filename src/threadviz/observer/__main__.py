"""`python -m threadviz.observer FOLDER`: takes a request on standard input, writes a stream to standard output.

FOLDER is an empty one for the run's own use, removed at its end. Standard input stays open as a lifeline: where it
ends, whoever asked is gone or wants no more. Where the observer leads a process group, to which everything that it
starts belongs but a program, its last act is to end that group, itself included, so that nothing of a run is left
behind. A program it has seen to by then.
"""

import os
import shutil
import signal
import sys
from contextlib import suppress
from pathlib import Path

import msgspec

from threadviz.observer.observe import observe
from threadviz.observer.output import Output, ViewerGoneError
from threadviz.request import ExecRequest, Request


def main() -> None:
    """Observe one run, and leave nothing behind."""
    scratch = Path(sys.argv[1])
    try:
        if asked := sys.stdin.buffer.readline():
            request = msgspec.json.decode(asked, type=Request)
            with suppress(ViewerGoneError):
                observe(request, scratch, sys.stdin.fileno(), Output(sys.stdout.fileno()))
            if isinstance(request, ExecRequest):
                _await_leave()
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
        if os.getpgrp() == os.getpid():
            os.killpg(0, signal.SIGKILL)


def _await_leave() -> None:
    """Wait until whoever asked has taken note of the end.

    What the program has left running comes down to its parent's parent when this process ends, unless that one has
    said before that it does not want it.
    """
    os.close(sys.stdout.fileno())
    while os.read(sys.stdin.fileno(), 4096):
        pass


if __name__ == "__main__":
    main()
