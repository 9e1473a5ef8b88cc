"""What a thread of another process has open, or opens: its name, for people."""

import os
import re
from contextlib import closing

from threadviz.observer.interpreters.memory import Memory
from threadviz.observer.telling.addresses import from_memory
from threadviz.observer.telling.arguments import HERE, address, descriptor, opened
from threadviz.observer.telling.borrowing import Borrower
from threadviz.observer.telling.sockets import Sockets

PIPE = "a pipe"

_SOCKET = re.compile(r"socket:\[(\d+)\]")
_MOST = 300
"""How long a place may be, in characters: of a longer one the end is kept, which tells files apart."""


class Files:
    """Tells what a call waits on. Without `paths`, no path is told, of files or of sockets."""

    def __init__(self, paths: bool) -> None:
        self._paths = paths
        self._sockets = Sockets(Borrower())

    def place(self, pid: int, tid: int, call: str, arguments: list[int]) -> str | None:
        """Return what it waits on, '' where there is nothing to tell, None where it is to be asked again later.

        Raises OSError where it waits no longer, as a rule.
        """

        def memory(at: int, size: int) -> bytes:
            with closing(Memory(pid)) as opened_now:
                return opened_now.read(at, size)

        folder = f"/proc/{pid}/task/{tid}"
        if (raw := address(call, arguments, memory)) is not None and (found := from_memory(raw)) is not None:
            return self._allowed(*found)
        if (opening := opened(call, arguments, memory)) is not None:
            return self._allowed(_joined(folder, *opening), True)
        number = descriptor(call, arguments, memory)
        if number is None:
            return ""
        return self._open_file(pid, number, _read_link(f"{folder}/fd/{number}"))

    def _open_file(self, pid: int, number: int, link: str) -> str | None:
        if match := _SOCKET.fullmatch(link):
            found = self._sockets.find(pid, number, int(match[1]))
            return None if found is None else self._allowed(*found)
        if link.startswith("pipe:"):
            return PIPE
        if link.startswith("anon_inode:"):
            return link.removeprefix("anon_inode:").strip("[]")
        return self._allowed(link, True)

    def refresh(self) -> None:
        """Read the system's tables anew, if that is called for, and not too soon."""
        self._sockets.refresh()

    def _allowed(self, text: str, has_path: bool) -> str:
        if has_path and not self._paths:
            return ""
        return text if len(text) <= _MOST else f"...{text[-_MOST:]}"


def _joined(folder: str, directory: int, path: bytes) -> str:
    """Return a path that starts from a directory of the thread's. Raises OSError."""
    name = path.decode("utf-8", "replace")
    if name.startswith("/"):
        return name
    return f"{_read_link(f'{folder}/cwd' if directory == HERE else f'{folder}/fd/{directory}')}/{name}"


def _read_link(path: str) -> str:
    return os.readlink(path.encode()).decode("utf-8", "replace")  # noqa: PTH115 - a Path is no place for any bytes
