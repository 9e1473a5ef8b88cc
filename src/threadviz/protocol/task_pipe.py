"""How a program says what its executors do: whole lines, in single writes, into the named pipes of those who watch.

This runs in programs of somebody's own, in their worker processes and in their sub-interpreters, so it takes nothing
but the standard library, and little of that. A write gives up the GIL, and getting it back may take long: so there is
one for each line, and a pipe is opened once in each process.
"""

import errno
import os
import select
from collections.abc import Callable
from contextlib import suppress
from json import JSONEncoder

TASKS = "THREADVIZ_TASKS"
"""The environment variable that has the path of a pipe, in a program that was started to be watched."""

UNTOLD = ".untold"
"""The name of a file ends so, beside a pipe, that grows by a byte for each thing that there was no room to say."""

WAIT_MS = 200
"""For how long a full pipe is waited for (ms): four times as long as an observer takes from one reading to the next."""

_encode = JSONEncoder(separators=(",", ":")).encode


class _Pipe:
    """A pipe, open as long as anybody has a hand on this. Raises OSError where it can't be opened.

    `owner` is the process that has opened it, as long as it was not seen that somebody else has closed it. That is
    told by what the descriptor is open on: its number goes to the next file that the program opens.
    """

    __slots__ = ("_descriptor", "_open_on", "_waits", "owner")

    def __init__(self, path: str) -> None:
        self.owner = 0
        # For reading as well: so there always is a reader, and a write can't raise SIGPIPE.
        self._descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        self._open_on = os.fstat(self._descriptor)[1:3]
        self._waits = True
        self.owner = os.getpid()

    def write(self, line: bytes) -> bool:
        """Write `line`, and tell whether there was room. Raises OSError where the pipe was closed.

        An observer that has stopped reading is waited for once, and not again before it has gone on.
        """
        written = self._written(line) or (self._waits and self._has_room() and self._written(line))
        self._waits = written
        return written

    def _written(self, line: bytes) -> bool:
        try:
            if os.fstat(self._descriptor)[1:3] != self._open_on:
                raise OSError(errno.EBADF, os.strerror(errno.EBADF))
            os.write(self._descriptor, line)  # whole or not at all, for it is shorter than PIPE_BUF (pipe(7))
        except BlockingIOError:
            return False
        except OSError:
            self.owner = 0
            raise
        return True

    def _has_room(self) -> bool:
        poll = select.poll()
        poll.register(self._descriptor, select.POLLOUT)
        return bool(poll.poll(WAIT_MS))

    def __del__(
        self,
        getpid: Callable[[], int] = os.getpid,
        facts: Callable[[int], os.stat_result] = os.fstat,
        close: Callable[[int], None] = os.close,
    ) -> None:
        if self.owner == getpid():
            with suppress(OSError):  # it was closed
                if facts(self._descriptor)[1:3] == self._open_on:
                    close(self._descriptor)


_watchers: dict[str, None] = {}
_pipes: dict[str, _Pipe] = {}


def watch(path: str) -> None:
    """From now on, say what this process submits into the pipe at `path` as well."""
    _watchers[path] = None


def unwatch(path: str) -> None:
    """Say nothing more into the pipe at `path`."""
    _watchers.pop(path, None)
    _pipes.pop(path, None)


def watchers() -> tuple[str, ...]:
    """Return the paths of the pipes of all who watch this process."""
    given = os.environ.get(TASKS)
    return (given, *_watchers) if given else tuple(_watchers)


def say(path: str, what: dict[str, object]) -> bool:
    """Write `what` into the pipe at `path`, as one line; False where that stayed full, which is noted beside it then.

    True where there is nobody any more who would read it, and so could miss it.
    """
    line = _encode(what).encode() + b"\n"
    try:
        return _open(path).write(line) or _note_untold(path)
    except OSError:
        _pipes.pop(path, None)
    try:  # once more, for a program may close files that are not its own
        return _open(path).write(line) or _note_untold(path)
    except OSError:
        return True


def _open(path: str) -> _Pipe:
    """Return the open pipe at `path`. One that was forked opens its own, for it may have closed all of its parent's."""
    pipe = _pipes.get(path)
    if pipe is None or pipe.owner != os.getpid():
        for each in tuple(_pipes):
            if not os.access(each, os.F_OK):
                _pipes.pop(each, None)
        pipe = _pipes[path] = _Pipe(path)
    return pipe


def _note_untold(path: str) -> bool:
    notes = os.open(path + UNTOLD, os.O_WRONLY | os.O_APPEND)
    try:
        os.write(notes, b".")
    finally:
        os.close(notes)
    return False
