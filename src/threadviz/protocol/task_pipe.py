"""Reports from a target's processes to its observer: JSON objects, one a line, in a named pipe.

A workload's subject, observed executors and the startup hook report in this one format. `type` says what a line is:

    name       pid tid name                       a thread has this name
    submitted  t task pid name                    a task was submitted by this process
    started    t task pid tid                     its function was entered, in this thread
    finished   t task [result error traceback]    it is over; `error` is set where it failed
               [started]                          the message on its start, repeated, for that one may be lost
    ready      tasks                              the subject has made its calls, and waits for the word to go
    refused    why traceback                      the subject can't make its calls
    begin      t pid tid                          the subject's event loop begins, in this thread
    ended      t error                            the subject's mode has returned, or has raised `error`

Times `t` are those of `time.monotonic_ns()`. `task` is a string that no other task of the run has. The observer reads
the lines with `threadviz.observer.messages`.

Several processes write into one pipe, and a write is atomic up to PIPE_BUF bytes (pipe(7)). So a line is shorter than
that, and goes out in a single write.

This runs in users' programs, in their worker processes and in their subinterpreters. It imports only the standard
library, and little of that. A write releases the GIL, which may take long to get back: so there is one write for each
message, and a process opens a pipe once.
"""

import errno
import os
import select
from bisect import bisect_right
from collections.abc import Callable
from contextlib import suppress
from json import JSONEncoder

TASKS_VARIABLE = "THREADVIZ_TASKS"
"""The environment variable with the path of the pipe, in a program that `threadviz exec` has started."""

UNREPORTED_SUFFIX = ".untold"
"""Suffix of the file beside a pipe that grows by one byte for each message that found no room."""

LINE_LIMIT: int = getattr(select, "PIPE_BUF", 512)
"""A line is shorter than this (bytes). POSIX guarantees 512, Linux has 4096."""

MARKER = "..."
"""Ends a text that was cut."""

WAIT_MS = 200
"""How long to wait for room in a full pipe (ms): four times the observer's interval between two reads."""

_to_json = JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode

Message = dict[str, object]


def clip(text: str, limit: int) -> str:
    """Return `text`, cut to `limit` characters where it is longer, MARKER included."""
    return text if len(text) <= limit else text[: limit - len(MARKER)] + MARKER


def encode(message: Message) -> bytes:
    """Return `message` as one line shorter than LINE_LIMIT; where it is too long, its longest texts are cut.

    A lone surrogate, as in an undecodable file name, becomes '?'.
    """
    line = _line(message)
    if len(line) >= LINE_LIMIT:
        texts = {field: text for field, text in message.items() if isinstance(text, str)}
        for field in sorted(texts, key=lambda field: len(texts[field]), reverse=True):
            line = _line(message := _cut(message, field, texts[field]))
            if len(line) < LINE_LIMIT:
                break
    return line


def _line(message: Message) -> bytes:
    return _to_json(message).encode(errors="replace") + b"\n"


def _cut(message: Message, field: str, text: str) -> Message:
    """Keep as much of a text as fits into the line."""

    def keep(length: int) -> Message:
        return {**message, field: text[:length] + MARKER}

    lengths = range(min(len(text), LINE_LIMIT))
    return keep(
        max(0, bisect_right(lengths, LINE_LIMIT - 1, key=lambda length: len(_line(keep(length)))) - 1)
    )


class _Pipe:
    """An open pipe, closed when this object goes. Raises OSError where it can't be opened.

    `owner` is the process that has opened it, 0 once the descriptor turned out to be closed. A program may close any
    descriptor, and its next file gets the number: so what the descriptor is open on is checked before each write.
    """

    __slots__ = ("_descriptor", "_file", "_may_wait", "owner")

    def __init__(self, path: str) -> None:
        self.owner = 0
        # Open for reading as well: there always is a reader then, and a write can't raise SIGPIPE.
        self._descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        self._file = os.fstat(self._descriptor)[1:3]
        self._may_wait = True
        self.owner = os.getpid()

    def write(self, line: bytes) -> bool:
        """Write `line`, and return whether there was room. Raises OSError where the pipe was closed.

        Waits for an observer that has stopped reading once, and not again until it has gone on.
        """
        self._may_wait = written = self._try(line) or (
            self._may_wait and self._has_room() and self._try(line)
        )
        return written

    def _try(self, line: bytes) -> bool:
        try:
            if os.fstat(self._descriptor)[1:3] != self._file:
                raise OSError(errno.EBADF, os.strerror(errno.EBADF))
            os.write(self._descriptor, line)  # all or nothing
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

    # The defaults are there when the interpreter ends, and modules are cleared.
    def __del__(
        self,
        getpid: Callable[[], int] = os.getpid,
        fstat: Callable[[int], os.stat_result] = os.fstat,
        close: Callable[[int], None] = os.close,
    ) -> None:
        if self.owner == getpid():
            with suppress(OSError):  # closed by the program
                if fstat(self._descriptor)[1:3] == self._file:
                    close(self._descriptor)


_added: dict[str, None] = {}
_open_pipes: dict[str, _Pipe] = {}


def add_pipe(path: str) -> None:
    """Report this process's tasks into the pipe at `path` as well, from now on."""
    _added[path] = None


def remove_pipe(path: str) -> None:
    """Report nothing more into the pipe at `path`."""
    _added.pop(path, None)
    _open_pipes.pop(path, None)


def pipes() -> tuple[str, ...]:
    """Return the paths of the pipes of all who observe this process."""
    inherited = os.environ.get(TASKS_VARIABLE)
    return (inherited, *_added) if inherited else tuple(_added)


def send(path: str, message: Message) -> bool:
    """Write `message` into the pipe at `path`. Returns False where that stayed full, which is noted beside it."""
    if write(path, message):
        return True
    try:
        notes = os.open(path + UNREPORTED_SUFFIX, os.O_WRONLY | os.O_APPEND)
    except OSError:
        return True
    try:
        os.write(notes, b".")
    finally:
        os.close(notes)
    return False


def write(path: str, message: Message) -> bool:
    """Write `message` into the pipe at `path`, and return whether there was room.

    Returns True where nobody is left to read it, and so to miss it.
    """
    line = encode(message)
    for _ in range(2):  # once more: the program may have closed the descriptor
        try:
            return _open(path).write(line)
        except OSError:
            _open_pipes.pop(path, None)
    return True


def _open(path: str) -> _Pipe:
    """Return the open pipe at `path`. A forked process opens its own: it may have closed its parent's."""
    pipe = _open_pipes.get(path)
    if pipe is None or pipe.owner != os.getpid():
        for each in tuple(_open_pipes):
            if not os.access(each, os.F_OK):
                _open_pipes.pop(each, None)
        pipe = _open_pipes[path] = _Pipe(path)
    return pipe
