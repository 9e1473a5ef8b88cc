"""`python -m threadviz.observer FOLDER STREAM`: takes a request on standard input, writes events to descriptor STREAM.

That is not standard output, for what somebody's own `sitecustomize` prints goes there. FOLDER is an empty one for the
run's own use, removed at its end. Standard input stays open as a lifeline: where it ends, whoever asked is gone or
wants no more. Where the observer leads a process group, to which everything that it starts belongs but a program, its
last act is to end that group, itself included, so that nothing of a run is left behind. A program it has seen to by
then.
"""

import os
import shutil
import signal
import sys
from contextlib import suppress
from pathlib import Path

import msgspec

from threadviz.observer.io import StreamWriter, ViewerGoneError
from threadviz.observer.observe import observe
from threadviz.protocol.requests import ExecRequest, Request


def main() -> None:
    """Observe one run, and leave nothing behind."""
    scratch, stream = Path(sys.argv[1]), int(sys.argv[2])
    os.set_inheritable(stream, False)
    try:
        if asked := sys.stdin.buffer.readline():
            request = msgspec.json.decode(asked, type=Request)
            with suppress(ViewerGoneError):
                observe(request, scratch, sys.stdin.fileno(), StreamWriter(stream))
            if isinstance(request, ExecRequest):
                _await_leave(stream)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
        if os.getpgrp() == os.getpid():
            os.killpg(0, signal.SIGKILL)


def _await_leave(stream: int) -> None:
    """Wait until whoever asked has taken note of the end.

    What the program has left running comes down to its parent's parent when this process ends, unless that one has
    said before that it does not want it.
    """
    os.close(stream)
    while os.read(sys.stdin.fileno(), 4096):
        pass


if __name__ == "__main__":
    main()
