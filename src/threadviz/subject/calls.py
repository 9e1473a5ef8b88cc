"""The workload's calls, wrapped so that each says when it was submitted, entered and left."""

import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import BrokenExecutor
from dataclasses import dataclass
from time import monotonic_ns

from threadviz.events import Finished, Started, Submitted
from threadviz.subject.saying import TEXT_LIMIT, say
from threadviz.workloads import Call, WorkloadError


@dataclass(frozen=True, slots=True)
class ToldCall:
    """A call that says where and when it runs. Picklable, as its function must be."""

    task: int
    call: Call
    events: str

    def __call__(self) -> None:
        """Make the call. One that raises is a task that failed, which is a result like another."""
        say(self.events, Started(monotonic_ns(), self.task, os.getpid(), threading.get_native_id()))
        try:
            result = self.call()
        except Exception as error:  # noqa: BLE001 - whatever a task raises is its result
            say(self.events, Finished(monotonic_ns(), self.task, error=describe(error)))
        else:
            say(self.events, Finished(monotonic_ns(), self.task, result=result[:TEXT_LIMIT]))


def describe(error: Exception) -> str:
    """Return one sentence for `error`: a workload's own are sentences, any other needs its type's name."""
    if isinstance(error, BrokenExecutor):
        return f"a worker of the pool died ({type(error).__name__})"
    text = str(error) if isinstance(error, WorkloadError) else f"{type(error).__name__}: {error}"
    return text[:TEXT_LIMIT]


def submitting(calls: Sequence[Call], events: str) -> Iterator[ToldCall]:
    """Yield the calls wrapped, each said to be submitted at the moment at which the mode takes it."""
    for task, call in enumerate(calls):
        say(events, Submitted(monotonic_ns(), task, call.name[:TEXT_LIMIT]))
        yield ToldCall(task, call, events)
