"""Reads the reports of a target's processes: see `threadviz.protocol.task_pipe` for their format.

Any process of the target may write into the pipe, and may write anything. A line that is no message, or has a value of
the wrong type or out of bounds, is skipped.
"""

import os
from pathlib import Path
from typing import Annotated

import msgspec

from threadviz.debug_log import ignoring
from threadviz.protocol.codec import LineSplitter
from threadviz.protocol.events import Count, Nanoseconds, Ordinal, RunEnded, RunStarted, Text
from threadviz.protocol.task_pipe import LINE_LIMIT

PIPE_BYTES = 2**20
"""Room for what is reported between two reads: some ten thousand lines."""


class Message(msgspec.Struct, frozen=True, gc=False, tag_field="type"):
    """The base of those messages that are no events of the recorded stream as they are."""


class SubjectReady(Message, frozen=True, tag="ready"):
    """The subject has imported everything and made its `tasks` calls. The next line on its standard input starts it."""

    tasks: Count


class SubjectRefused(Message, frozen=True, tag="refused"):
    """The user function can't be called. `why` is a sentence without its full stop.

    `traceback` is that of the user's code, in lines, where that has failed.
    """

    why: Text
    traceback: Text = ""


class ReportedName(Message, frozen=True, tag="name"):
    """A thread has this name, as `threading` has it."""

    pid: Ordinal
    tid: Ordinal
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]


class ReportedSubmission(Message, frozen=True, tag="submitted"):
    """Process `pid` has submitted a task; `name` is for people."""

    task: Text
    t: Nanoseconds
    pid: Count
    name: Text


class ReportedStart(Message, frozen=True, tag="started"):
    """A task has started in this thread."""

    task: Text
    t: Nanoseconds
    pid: Count
    tid: Count


class ReportedFinish(Message, frozen=True, tag="finished"):
    """A task is over. Where its function says so, `started` repeats the message on its start."""

    task: Text
    t: Nanoseconds
    result: Text = ""
    error: Text | None = None
    traceback: Text = ""
    started: ReportedStart | None = None


TaskMessage = ReportedSubmission | ReportedStart | ReportedFinish
AnyMessage = TaskMessage | ReportedName | SubjectReady | SubjectRefused | RunStarted | RunEnded


class MessagePipe:
    """A new named pipe at `path`, into which any process that knows the path can report. Raises OSError."""

    def __init__(self, path: Path) -> None:
        self.path = path
        os.mkfifo(path, 0o600)
        # Open for writing too, so that the pipe never looks ended: workers come and go.
        self.descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        with ignoring(AttributeError, OSError):  # Linux only, and only as far as the system allows it
            import fcntl

            fcntl.fcntl(self.descriptor, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        self._lines = LineSplitter()
        self._decoder = msgspec.json.Decoder(AnyMessage)

    def read(self) -> list[AnyMessage]:
        """Return the messages that have come since the last call, at most as many as the pipe has room for."""
        messages: list[AnyMessage] = []
        with ignoring(BlockingIOError):
            for line in self._lines.feed(os.read(self.descriptor, PIPE_BYTES)):
                with ignoring(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                    messages.append(self._decoder.decode(line))
            if len(self._lines.rest) > LINE_LIMIT:
                self._lines = LineSplitter()  # no message is as long: what has come of it is dropped
        return messages

    def close(self) -> None:
        """Close the pipe."""
        os.close(self.descriptor)
