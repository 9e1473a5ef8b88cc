"""Where the stream goes."""

import os
import select
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from time import monotonic_ns

from threadviz.protocol.codec import READ_SIZE, LineSplitter, encode
from threadviz.protocol.events import Event

MAX_WAITING = 64 * 2**20
"""How much may wait for a viewer that reads slowly (bytes). Beyond that, the observer waits for it."""


class ViewerGoneError(Exception):
    """Nobody reads any more."""


class StreamWriter:
    """Writes events, as lines, to a file descriptor; a reader that is slow for a while does not hold it up."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._waiting = bytearray()
        os.set_blocking(descriptor, False)

    def write(self, events: Iterable[Event]) -> None:
        """Write events as far as they are taken now, and the rest with the next. Raises ViewerGoneError."""
        self.put(b"".join(map(encode, events)))

    def put(self, data: bytes) -> None:
        """Write bytes in the same way. Raises ViewerGoneError."""
        self._waiting += data
        self._pass_on()
        while len(self._waiting) > MAX_WAITING:
            self._wait()

    def finish(self) -> None:
        """Write all that is left. Raises ViewerGoneError."""
        while self._waiting:
            self._wait()

    def _wait(self) -> None:
        select.select([], [self._descriptor], [])
        self._pass_on()

    def _pass_on(self) -> None:
        try:
            while self._waiting:
                written = os.write(self._descriptor, self._waiting)
                del self._waiting[:written]
        except BlockingIOError:
            return
        except OSError as error:
            raise ViewerGoneError from error


# The run's clock.


class RunClock:
    """Nanoseconds since the run's origin, on the clock of `time.monotonic_ns()`, which all its processes share."""

    def __init__(self) -> None:
        self.start()

    def start(self) -> None:
        """Set the origin: now is zero."""
        self._origin = monotonic_ns()

    def __call__(self) -> int:
        """Return the time (ns)."""
        return monotonic_ns() - self._origin

    def when(self, monotonic: int) -> int:
        """Return a time that was read from `time.monotonic_ns()` as one of the run's, which has none below zero."""
        return max(0, monotonic - self._origin)


# A named pipe through which the watched processes say what they do.

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
