"""`python -m threadviz.observer FOLDER STREAM [LOG]`: observes the run that a request on standard input asks for.

The events go to descriptor STREAM, not to standard output, because a user's `sitecustomize` may print there. FOLDER is
an empty folder for this run, removed at its end. LOG is the descriptor of the debug log. Standard input stays open as
a lifeline: its end means that the viewer has gone or wants the run to stop. An observer that leads a process group
ends that group as its last act, itself included, so that nothing of a run is left. All that it starts belongs to the
group, but for a program, which has ended or is on its own by then.
"""

import os
import shutil
import signal
import sys
from pathlib import Path

import msgspec

from threadviz import debug_log
from threadviz.debug_log import ignoring
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
        if line := sys.stdin.buffer.readline():
            request = msgspec.json.decode(line, type=Request)
            with ignoring(ViewerGoneError):
                observe(request, scratch, sys.stdin.fileno(), StreamWriter(stream))
            if isinstance(request, ExecRequest):
                _await_dismissal(stream)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
        if os.getpgrp() == os.getpid():
            os.killpg(0, signal.SIGKILL)


def _await_dismissal(stream: int) -> None:
    """Wait until the viewer has seen the end of the run, and closes the lifeline.

    What a program has left running becomes the viewer's child when this process ends, unless the viewer has stopped to
    adopt orphans before.
    """
    os.close(stream)
    while os.read(sys.stdin.fileno(), 4096):
        pass


if __name__ == "__main__":
    main()
