"""The workload's calls, wrapped so that each says when it was submitted, entered and left."""

import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import BrokenExecutor
from dataclasses import dataclass
from functools import cache
from multiprocessing.reduction import ForkingPickler
from pickle import loads
from time import monotonic_ns
from typing import Any

from threadviz.protocol.codec import encode
from threadviz.protocol.events import Event, TaskFinished, TaskStarted, TaskSubmitted
from threadviz.workloads import Call, WorkloadError, sentence

# How the subject says what it does: whole lines, in single writes, into a named pipe.

TEXT_LIMIT = 300
"""How many characters of a name, a result or an error are said: in JSON they take at most six bytes each."""

LINE_LIMIT = 4096
"""A line of fewer bytes is never torn."""


def say(path: str, event: Event) -> None:
    """Write `event` into the named pipe at `path`; its times are those of `time.monotonic_ns()`."""
    os.write(_pipe(path), encode(event))


@cache
def _pipe(path: str) -> int:
    """Open the pipe once for each process; a forked worker goes on with its parent's."""
    return os.open(path, os.O_WRONLY)


# What only functions of somebody's own need is imported where it is.

_ROOMS = (3000, 1500, 800, 300)
"""So many characters of a traceback are said, at most: the first of these with which it fits into a line."""

_PASSED_OVER = (__name__, "threadviz.workloads.base", "threadviz.workloads.user_function")
"""What leads from the mode to somebody's own function."""


@dataclass(frozen=True, slots=True)
class ToldCall:
    """A call that says where and when it runs. Picklable, as its function must be.

    `sends` is whether what it returns is to be sent from a worker process, which is a part of what it takes.
    """

    task: int
    call: Call
    events: str
    sends: bool = False

    def __call__(self) -> "Parcel | None":
        """Make the call. One that raises is a task that failed, which is a result like another."""
        pid, parcel = os.getpid(), None
        say(self.events, TaskStarted(monotonic_ns(), self.task, pid, threading.get_native_id()))
        try:
            result = self.call()
            parcel = _parcel(result) if self.sends else None
        except BaseException as error:  # noqa: BLE001 - whatever a task raises is its result, SystemExit as well
            finished = self._failed(monotonic_ns(), error)
        else:
            finished = TaskFinished(monotonic_ns(), self.task, result=self._briefly(result)[:TEXT_LIMIT])
        if os.getpid() != pid:
            os._exit(
                0
            )  # a copy of this process that the function has made, and that is not to go on as if it were it
        say(self.events, finished)
        return parcel

    def _briefly(self, result: Any) -> str:
        if not self.call.own:
            return str(result)
        from threadviz.workloads.user_function import brief

        return brief(result)

    def _failed(self, t: int, error: BaseException) -> TaskFinished:
        """Return that it failed at `t` (ns); and where, as far as that fits, if the function is somebody's own."""
        told = TaskFinished(t, self.task, error=describe(error))
        if not self.call.own or isinstance(error, WorkloadError):
            return told
        from threadviz.workloads.user_function import last_lines, own_traceback

        lines = own_traceback(error, _PASSED_OVER)
        with_lines = (
            TaskFinished(t, self.task, error=told.error, traceback=last_lines(lines, most)) for most in _ROOMS
        )
        return next((each for each in with_lines if len(encode(each)) < LINE_LIMIT), told)


def _parcel(result: Any) -> "Parcel":

    return Parcel(result)


def describe(error: BaseException) -> str:
    """Return one sentence for `error`."""
    if isinstance(error, BrokenExecutor):
        return f"a worker of the pool died ({type(error).__name__})"
    return sentence(error)[:TEXT_LIMIT]


def submitting(calls: Sequence[Call], events: str, *, sends: bool = False) -> Iterator[ToldCall]:
    """Yield the calls wrapped, each said to be submitted at the moment at which the mode takes it."""
    for task, call in enumerate(calls):
        say(events, TaskSubmitted(monotonic_ns(), task, call.name[:TEXT_LIMIT]))
        yield ToldCall(task, call, events, sends)


# What a function of somebody's own returns in a worker process, on its way back.


class Parcel:
    """A result, pickled as a process pool would pickle it, so that it takes its time, and may fail, in the task.

    Where it arrives it is unpickled, which takes its time too, and let go of: nobody wants it. Raises WorkloadError
    where `result` can't be pickled.
    """

    def __init__(self, result: Any) -> None:
        try:
            self._data = bytes(ForkingPickler.dumps(result))
        except Exception as error:
            raise WorkloadError(f"what it returned can't be pickled ({sentence(error)})") from error

    def __reduce__(self) -> tuple[Any, ...]:
        return _arrived, (self._data,)


def _arrived(data: bytes) -> None:
    loads(data)
