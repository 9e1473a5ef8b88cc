"""What a subject prints."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MAX_BYTES = 16 * 2**20
KEPT_BYTES = 64 * 2**10
"""When it is more than the former, only the last of so many bytes is kept: no disk is filled."""

_LAST_BYTES = 4096


class Printed:
    """A file that a process prints to, as much as it likes: it never has to wait for anybody. Raises OSError."""

    def __init__(self, path: Path) -> None:
        self.descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)

    def last_line(self) -> str:
        """Return the last line that says anything, if there is one."""
        lines = self._last(_LAST_BYTES).decode(errors="replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "")

    def cut(self) -> None:
        """Let go of what is old, where it is much."""
        if os.fstat(self.descriptor).st_size > MAX_BYTES:
            kept = self._last(KEPT_BYTES)
            os.ftruncate(self.descriptor, 0)
            os.write(self.descriptor, kept)

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Keep it as it is now: what processes print that are being ended meanwhile is let go of."""
        size = os.fstat(self.descriptor).st_size
        yield
        os.ftruncate(self.descriptor, min(size, os.fstat(self.descriptor).st_size))

    def _last(self, most: int) -> bytes:
        size = os.fstat(self.descriptor).st_size
        return os.pread(self.descriptor, most, max(0, size - most))
