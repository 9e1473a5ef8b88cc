"""Where the stream goes."""

import os
from collections.abc import Iterable

from threadviz.events import Event
from threadviz.stream import encode


class Output:
    """Writes events, as lines, to a file descriptor."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def write(self, events: Iterable[Event]) -> None:
        """Write events, all of them. Raises BrokenPipeError where nobody reads any more."""
        data = memoryview(b"".join(map(encode, events)))
        while data:
            data = data[os.write(self._descriptor, data) :]
