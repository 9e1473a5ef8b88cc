"""How the subject says what it does: whole lines, in single writes, into a named pipe.

A named pipe, because worker processes can open it by its path however they were started; single writes of less
than PIPE_BUF bytes (4096 on Linux), because such ones are never torn or mixed (pipe(7)).
"""

import os
from functools import cache

from threadviz.events import Event
from threadviz.stream import encode

TEXT_LIMIT = 300
"""How many characters of a name, a result or an error are said: in JSON they take at most six bytes each."""

LINE_LIMIT = 4096
"""A line of fewer bytes is never torn."""


def say(path: str, event: Event) -> None:
    """Write `event` into the named pipe at `path`; its times are those of `time.monotonic_ns()`."""
    os.write(_pipe(path), encode(event))


@cache
def _pipe(path: str) -> int:
    """Open the pipe once for each process; a forked worker goes on with its parent's."""
    return os.open(path, os.O_WRONLY)
