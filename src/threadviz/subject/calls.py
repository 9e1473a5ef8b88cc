"""The workload's calls, wrapped so that each says when it was submitted, entered and left."""

import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import BrokenExecutor
from dataclasses import dataclass
from time import monotonic_ns
from typing import TYPE_CHECKING, Any

from threadviz.events import Finished, Started, Submitted
from threadviz.stream import encode
from threadviz.subject.saying import LINE_LIMIT, TEXT_LIMIT, say
from threadviz.workloads import Call, WorkloadError, sentence

if TYPE_CHECKING:
    from threadviz.subject.parcel import Parcel

# What only functions of somebody's own need is imported where it is.

_ROOMS = (3000, 1500, 800, 300)
"""So many characters of a traceback are said, at most: the first of these with which it fits into a line."""

_PASSED_OVER = (__name__, "threadviz.workloads.call", "threadviz.workloads.own")
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
        say(self.events, Started(monotonic_ns(), self.task, pid, threading.get_native_id()))
        try:
            result = self.call()
            parcel = _parcel(result) if self.sends else None
        except BaseException as error:  # noqa: BLE001 - whatever a task raises is its result, SystemExit as well
            finished = self._failed(monotonic_ns(), error)
        else:
            finished = Finished(monotonic_ns(), self.task, result=self._briefly(result)[:TEXT_LIMIT])
        if os.getpid() != pid:
            os._exit(
                0
            )  # a copy of this process that the function has made, and that is not to go on as if it were it
        say(self.events, finished)
        return parcel

    def _briefly(self, result: Any) -> str:
        if not self.call.own:
            return str(result)
        from threadviz.workloads.brief import brief

        return brief(result)

    def _failed(self, t: int, error: BaseException) -> Finished:
        """Return that it failed at `t` (ns); and where, as far as that fits, if the function is somebody's own."""
        told = Finished(t, self.task, error=describe(error))
        if not self.call.own or isinstance(error, WorkloadError):
            return told
        from threadviz.workloads.frames import last_lines, own_traceback

        lines = own_traceback(error, _PASSED_OVER)
        with_lines = (
            Finished(t, self.task, error=told.error, traceback=last_lines(lines, most)) for most in _ROOMS
        )
        return next((each for each in with_lines if len(encode(each)) < LINE_LIMIT), told)


def _parcel(result: Any) -> "Parcel":
    from threadviz.subject.parcel import Parcel

    return Parcel(result)


def describe(error: BaseException) -> str:
    """Return one sentence for `error`."""
    if isinstance(error, BrokenExecutor):
        return f"a worker of the pool died ({type(error).__name__})"
    return sentence(error)[:TEXT_LIMIT]


def submitting(calls: Sequence[Call], events: str, *, sends: bool = False) -> Iterator[ToldCall]:
    """Yield the calls wrapped, each said to be submitted at the moment at which the mode takes it."""
    for task, call in enumerate(calls):
        say(events, Submitted(monotonic_ns(), task, call.name[:TEXT_LIMIT]))
        yield ToldCall(task, call, events, sends)
