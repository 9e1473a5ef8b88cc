"""What the threads of this process are called, said to an observer as long as it looks.

It hears it through a named pipe, as from a program that `threadviz exec` has started (`naming/sitecustomize.py`).
"""

import os
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

_LENGTH = 200
"""So many characters of a name are said: in UTF-8 that is a line which is never torn (pipe(7), PIPE_BUF)."""

_HOOK = "_set_native_id"
"""What a `threading.Thread` calls in its thread when that starts."""


class ThreadNames:
    """Says the names of the threads that there are, then of each that starts, and at the end of those that are left."""

    def __init__(self, pipe: Path) -> None:
        self._pipe: Path | None = pipe
        before: Any = getattr(threading.Thread, _HOOK, None)
        self._before = before

        def hook(thread: threading.Thread) -> None:
            before(thread)
            self._say(thread)

        self._hook = hook
        if before is not None:  # else this Python has it differently
            setattr(threading.Thread, _HOOK, hook)
        self._say_all()

    def end(self) -> None:
        """Say no more."""
        self._say_all()  # again, for a thread may have been given another name
        self._pipe = None
        if (
            getattr(threading.Thread, _HOOK, None) is self._hook
        ):  # else somebody else has put theirs around it
            setattr(threading.Thread, _HOOK, self._before)

    def _say_all(self) -> None:
        for thread in threading.enumerate():
            self._say(thread)

    def _say(self, thread: threading.Thread) -> None:
        """Say it, if anybody listens. A thread that `threading` has not started has no name of its own."""
        if self._pipe is None or isinstance(thread, threading._DummyThread):
            return
        line = f"{os.getpid()} {thread.native_id} {thread.name[:_LENGTH]}".replace("\n", " ")
        with suppress(OSError):
            # For reading as well: so there always is a reader, and a write can't raise SIGPIPE.
            descriptor = os.open(self._pipe, os.O_RDWR | os.O_NONBLOCK)
            try:
                os.write(descriptor, f"{line}\n".encode(errors="replace"))
            finally:
                os.close(descriptor)
