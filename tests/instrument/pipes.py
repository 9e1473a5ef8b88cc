"""A named pipe, read as the observer does."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec

from threadviz.protocol import task_pipe


class Reader:
    """Reads what is reported into the pipe at `path`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        os.mkfifo(path)
        self.descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        self.unreported = Path(f"{path}{task_pipe.UNREPORTED_SUFFIX}")
        self.unreported.touch()

    def messages(self) -> list[Any]:
        """Return the messages since the last call."""
        read = b""
        with suppress(BlockingIOError):
            while True:
                read += os.read(self.descriptor, 2**16)
        return [msgspec.json.decode(line) for line in read.splitlines()]

    def shrink(self) -> None:
        """Have no more room than the system takes at least, a page."""
        import fcntl

        fcntl.fcntl(self.descriptor, fcntl.F_SETPIPE_SZ, 1)


@contextmanager
def open_reader(path: Path) -> Iterator[Reader]:
    """Read what this process reports of its tasks."""
    reader = Reader(path)
    task_pipe.add_pipe(str(path))
    try:
        yield reader
    finally:
        task_pipe.remove_pipe(str(path))
        os.close(reader.descriptor)


LINUX = sys.platform == "linux"
