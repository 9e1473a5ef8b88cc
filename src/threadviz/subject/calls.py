"""The workload's calls, wrapped so that each reports when it was submitted, started and finished."""

import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import BrokenExecutor
from dataclasses import dataclass
from functools import cache
from pickle import loads
from time import monotonic_ns
from typing import Any

from threadviz.protocol.task_pipe import LINE_LIMIT, Message, clip, encode
from threadviz.workloads import Call, WorkloadError, sentence

TEXT_LIMIT = 300
"""A name, a result or an error is reported in at most so many characters."""

_SKIPPED_MODULES = (__name__, "threadviz.workloads.base", "threadviz.workloads.user_function")
"""The frames between the mode and a user function."""


def report(pipe: str, message: Message) -> None:
    """Write `message` into the named pipe at this path. Blocks while the pipe is full, so that nothing is lost."""
    os.write(_open(pipe), encode(message))


@cache
def _open(pipe: str) -> int:
    """Open the pipe once for each process; a forked worker uses its parent's descriptor."""
    return os.open(pipe, os.O_WRONLY)


def with_traceback(message: Message, lines: Sequence[str]) -> Message:
    """Return `message` with the lines of a traceback; where not all fit, with the last."""
    from threadviz.workloads.user_function import last_lines  # only needed for user functions

    room = LINE_LIMIT - len(encode({**message, "traceback": ""}))
    return {**message, "traceback": last_lines(lines, room)}


@dataclass(frozen=True, slots=True)
class TaskCall:
    """A call that reports where and when it runs. Picklable where its function is.

    `sends` is whether its result is to be sent from a worker process; pickling it is a part of the task then.
    """

    task: int
    call: Call
    pipe: str
    sends: bool = False

    def __call__(self) -> "PickledResult | None":
        """Make the call. One that raises is a failed task, and returns None."""
        pid, pickled = os.getpid(), None
        where = {"pid": pid, "tid": threading.get_native_id()}
        report(self.pipe, {"type": "started", "t": monotonic_ns(), "task": str(self.task), **where})
        try:
            result = self.call()
            pickled = PickledResult(result) if self.sends else None
        except BaseException as error:  # noqa: BLE001 - whatever a task raises is its result, SystemExit as well
            finished = self._failed(monotonic_ns(), error)
        else:
            finished = self._finished(monotonic_ns(), result=clip(self._describe(result), TEXT_LIMIT))
        if os.getpid() != pid:
            os._exit(
                0
            )  # the function has forked this copy of the process, which must not go on as if it were it
        report(self.pipe, finished)
        return pickled

    def _finished(self, t: int, **outcome: object) -> Message:
        return {"type": "finished", "t": t, "task": str(self.task), **outcome}

    def _failed(self, t: int, error: BaseException) -> Message:
        finished = self._finished(t, error=describe(error))
        if not self.call.own or isinstance(error, WorkloadError):
            return finished
        from threadviz.workloads.user_function import user_traceback

        return with_traceback(finished, user_traceback(error, _SKIPPED_MODULES))

    def _describe(self, result: Any) -> str:
        if not self.call.own:
            return str(result)
        from threadviz.workloads.user_function import short_repr

        return short_repr(result)


def describe(error: BaseException) -> str:
    """Return one sentence for `error`."""
    if isinstance(error, BrokenExecutor):
        return f"a worker of the pool died ({type(error).__name__})"
    return clip(sentence(error), TEXT_LIMIT)


def submitted(calls: Sequence[Call], pipe: str, *, sends: bool = False) -> Iterator[TaskCall]:
    """Yield the calls wrapped, and report each as submitted when the mode takes it."""
    for task, call in enumerate(calls):
        name = clip(call.name, TEXT_LIMIT)
        whose = {"task": str(task), "pid": os.getpid(), "name": name}
        report(pipe, {"type": "submitted", "t": monotonic_ns(), **whose})
        yield TaskCall(task, call, pipe, sends)


class PickledResult:
    """The result of a user function in a worker process, pickled as a process pool does: the cost is in the task.

    It is unpickled where it arrives, which takes its time too, and dropped: nobody needs it. Raises WorkloadError where
    `result` can't be pickled.
    """

    def __init__(self, result: Any) -> None:
        from multiprocessing.reduction import ForkingPickler

        try:
            self._data = bytes(ForkingPickler.dumps(result))
        except Exception as error:
            raise WorkloadError(f"what it returned can't be pickled ({sentence(error)})") from error

    def __reduce__(self) -> tuple[Any, ...]:
        return _unpickle_and_drop, (self._data,)


def _unpickle_and_drop(data: bytes) -> None:
    loads(data)
