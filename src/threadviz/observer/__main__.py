"""`python -m threadviz.observer FOLDER STREAM [LOG]`: reads a request from stdin, writes events to descriptor STREAM.

STREAM is not stdout, because a user's `sitecustomize` may print there. FOLDER is an empty folder for the run, removed
in the end. LOG is the descriptor of the debug log. Stdin stays open as a lifeline: when it ends, the viewer is gone
or has stopped the run. If the observer leads a process group, to which all that it starts belongs except a program,
its last act is to kill that group, itself included, so that nothing of a run is left behind. It has ended a program
before that.
"""

import os
import shutil
import signal
import sys
from contextlib import suppress
from pathlib import Path

import msgspec

from threadviz import debug_log
from threadviz.observer.io import StreamWriter, ViewerGoneError
from threadviz.observer.observe import observe
from threadviz.protocol.requests import ExecRequest, Request


def main() -> None:
    """Observe one run, and leave nothing behind."""
    scratch, stream = Path(sys.argv[1]), int(sys.argv[2])
    os.set_inheritable(stream, False)
    if sys.argv[3:]:
        log = int(sys.argv[3])
        os.set_inheritable(log, False)
        debug_log.start(log, "observer")
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
    """Wait until the viewer has noted the end.

    What the program left running becomes the viewer's child when this process ends, unless the viewer has said before
    that it does not adopt it.
    """
    os.close(stream)
    while os.read(sys.stdin.fileno(), 4096):
        pass


if __name__ == "__main__":
    main()
