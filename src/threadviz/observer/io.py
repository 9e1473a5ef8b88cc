"""The stream of events to the viewer, descriptors that others write to, and the run's clock."""

import os
import select
from collections.abc import Iterable
from time import monotonic_ns

from threadviz.protocol.codec import encode
from threadviz.protocol.events import Event

MAX_WAITING = 64 * 2**20
"""How much may wait for a viewer that reads slowly (bytes). Beyond that, the observer waits for the viewer."""


class ViewerGoneError(Exception):
    """Nobody reads the stream any more. The cause is the OSError of the write."""


class StreamWriter:
    """Writes events as lines to a file descriptor, without waiting for a reader that is slow for a while."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._waiting = bytearray()
        os.set_blocking(descriptor, False)

    def write(self, events: Iterable[Event]) -> None:
        """Write events as far as there is room, and the rest at the next call. Raises ViewerGoneError."""
        self.write_bytes(b"".join(map(encode, events)))

    def write_bytes(self, data: bytes) -> None:
        """Write bytes in the same way. Raises ViewerGoneError."""
        self._waiting += data
        self._flush()
        while len(self._waiting) > MAX_WAITING:
            self._wait()

    def finish(self) -> None:
        """Write all that is left, and wait for that. Raises ViewerGoneError."""
        while self._waiting:
            self._wait()

    def _wait(self) -> None:
        select.select([], [self._descriptor], [])
        self._flush()

    def _flush(self) -> None:
        try:
            while self._waiting:
                written = os.write(self._descriptor, self._waiting)
                del self._waiting[:written]
        except BlockingIOError:
            return
        except OSError as error:
            raise ViewerGoneError from error


def is_readable(descriptor: int) -> bool:
    """Return whether a read would not block: there is something to read, or the other end was closed."""
    poll = select.poll()  # not select(), whose descriptors must be below 1024
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))


class RunClock:
    """Nanoseconds since the run's origin, on the clock of `time.monotonic_ns()`, which all processes share."""

    def __init__(self) -> None:
        self.start()

    def start(self) -> None:
        """Set the origin: now is zero."""
        self._origin = monotonic_ns()

    def __call__(self) -> int:
        """Return the time (ns)."""
        return monotonic_ns() - self._origin

    def when(self, monotonic: int) -> int:
        """Convert a time of `time.monotonic_ns()`, as a target reports it, into one of the run's.

        None of these is below zero or in the future, whatever a target reports.
        """
        return max(0, min(monotonic, monotonic_ns()) - self._origin)
