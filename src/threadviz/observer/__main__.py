"""`python -m threadviz.observer FOLDER`: takes a request on standard input, writes a stream to standard output.

FOLDER is an empty one for the run's own use, removed at its end. Standard input stays open as a lifeline: where it
ends, whoever asked is gone or wants no more. The observer leads a process group, to which everything that it
starts belongs; its last act is to end that group, itself included, so that nothing of a run is left behind.
"""

import os
import shutil
import signal
import sys
from contextlib import suppress
from pathlib import Path

import msgspec

from threadviz.events import Closed, Outcome
from threadviz.observer.children import StartError
from threadviz.observer.observe import header, observe
from threadviz.observer.output import Output
from threadviz.observer.start import CalledOffError
from threadviz.request import RunRequest


def main() -> None:
    """Observe one run, and leave nothing behind."""
    scratch = Path(sys.argv[1])
    request = msgspec.json.decode(sys.stdin.buffer.readline(), type=RunRequest)
    output = Output(sys.stdout.fileno())
    try:
        with suppress(BrokenPipeError):  # nobody reads any more
            try:
                observe(request, scratch, sys.stdin.fileno(), output)
            except StartError as error:
                output.write([header(request, 0), Closed(0, Outcome.BROKEN, f"it did not start: {error}")])
            except CalledOffError:
                output.write([header(request, 0), Closed(0, Outcome.INTERRUPTED, "it was interrupted")])
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
        if os.getpgrp() == os.getpid():
            os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main()
