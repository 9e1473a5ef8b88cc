"""Reports the names of this process's threads, as the startup hook does in a program of `threadviz exec`."""

import os
import threading
from typing import Any

from threadviz.protocol.task_pipe import clip, write

_NAME_LIMIT = 200
_HOOK = "_set_native_id"
"""The method that a `threading.Thread` calls in its thread when that starts."""


class ThreadNames:
    """Reports the names of the threads that there are, of each that starts, and in the end of those still there."""

    def __init__(self, pipe: str) -> None:
        self._pipe = pipe
        before: Any = getattr(threading.Thread, _HOOK, None)
        self._before = before

        def hook(thread: threading.Thread) -> None:
            before(thread)
            self._report(thread)

        self._hook = hook
        if before is not None:  # this Python has the method
            setattr(threading.Thread, _HOOK, hook)
        self._report_all()

    def end(self) -> None:
        """Stop reporting."""
        self._report_all()  # again, for a thread may have been renamed
        self._pipe = ""
        if getattr(threading.Thread, _HOOK, None) is self._hook:  # nobody has wrapped it since
            setattr(threading.Thread, _HOOK, self._before)

    def _report_all(self) -> None:
        for thread in threading.enumerate():
            self._report(thread)

    def _report(self, thread: threading.Thread) -> None:
        if self._pipe and not isinstance(thread, threading._DummyThread):  # that has no name of its own
            name = clip(thread.name.replace("\n", " "), _NAME_LIMIT)
            message = {"type": "name", "pid": os.getpid(), "tid": thread.native_id, "name": name}
            write(self._pipe, message)
