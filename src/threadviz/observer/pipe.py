"""A named pipe through which the watched processes say what they do."""

import os
from contextlib import suppress
from pathlib import Path

from threadviz.stream import READ_SIZE, LineSplitter

PIPE_BYTES = 2**20
"""Room for what is said between two readings: some ten thousand lines."""


class NamedPipe:
    """A new named pipe at `path`, which whoever knows the path can write whole lines into. Raises OSError."""

    def __init__(self, path: Path) -> None:
        self.path = path
        os.mkfifo(path, 0o600)
        # Open for writing too, so that the pipe never looks ended: workers come and go.
        self.descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        with suppress(AttributeError, OSError):  # of Linux only, and only as far as the system allows it
            import fcntl

            fcntl.fcntl(self.descriptor, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        self._lines = LineSplitter()

    def lines(self) -> list[bytes]:
        """Return the lines that have come since the last call; of more than it has room for, the first."""
        lines: list[bytes] = []
        with suppress(BlockingIOError):
            for _ in range(0, PIPE_BYTES, READ_SIZE):
                lines += self._lines.feed(os.read(self.descriptor, READ_SIZE))
                if len(self._lines.rest) > READ_SIZE:
                    self._lines = LineSplitter()  # which is no line of ours: anybody could write into it
        return lines

    def close(self) -> None:
        """Let go of it."""
        os.close(self.descriptor)
