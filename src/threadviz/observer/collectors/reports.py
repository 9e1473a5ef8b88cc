"""What a target's processes report: the names of their threads, and the tasks of observed executors."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec.structs import replace

from threadviz.observer.collectors.pid_namespaces import PidNamespaces
from threadviz.observer.collectors.tasks import MAX_TASKS, ReportedTasks
from threadviz.observer.io import RunClock
from threadviz.observer.messages import (
    MessagePipe,
    ReportedName,
    ReportedStart,
    ReportedSubmission,
    TaskMessage,
)
from threadviz.observer.probes.base import Changes, Collector, ObservedThread
from threadviz.protocol.events import Event, NameSource, ThreadNamed, UnreportedTasks
from threadviz.protocol.task_pipe import UNREPORTED_SUFFIX

WAITING_NS = 2_000_000_000
"""How long a name waits for its thread to be seen (ns): one that was not seen by then won't be."""

MAX_WAITING = 10_000
"""How many names wait at most."""

_ThreadId = tuple[int, int]


class ReportCollector(Collector):
    """Collects what is reported into a new named pipe at `path`. Raises OSError where that can't be made.

    A name may come before its thread is seen, and after it has ended.
    """

    def __init__(self, path: Path, clock: RunClock) -> None:
        self.path = path
        self._pipe = MessagePipe(path)
        self._notes = os.open(f"{path}{UNREPORTED_SUFFIX}", os.O_CREAT | os.O_RDONLY, 0o600)
        self._namespaces = PidNamespaces()
        self._tasks = ReportedTasks(clock.when)
        self._unreported = 0
        self._lanes: dict[_ThreadId, tuple[int, str]] = {}
        """The lane of each thread, and the name that was reported last."""
        self._waiting: dict[_ThreadId, tuple[int, str]] = {}
        """When each name that waits for its thread was reported (ns), and the name; by the thread's own numbers."""

    def poll(self, now: int, changes: Changes) -> Iterator[Event]:
        """Yield the events of new messages, then the ends of tasks whose processes can't report them any more."""
        self._namespaces.note(changes.new)
        for thread in changes.new:
            self._lanes[thread.pid, thread.tid] = thread.lane, ""
        for message in self._pipe.read():
            if isinstance(message, ReportedName):
                self._waiting.pop((message.pid, message.tid), None)  # the oldest is the first of them
                self._waiting[message.pid, message.tid] = now, message.name
            elif isinstance(message, TaskMessage):
                yield from self._tasks.events(self._with_our_numbers(message))
        yield from self._names(now)
        ended = {thread.pid: thread.ended or now for thread in changes.gone if thread.pid == thread.tid}
        if ended:
            yield from self._tasks.processes_ended(ended)
        self._forget(now, changes.gone)
        yield from self._count_unreported(now)

    def close(self) -> None:
        self._pipe.close()
        os.close(self._notes)

    def _names(self, now: int) -> Iterator[ThreadNamed]:
        """Yield the names that have come for threads that are there, or were until now."""
        for reported in tuple(self._waiting):
            thread = self._namespaces.thread(*reported)
            if thread in self._lanes:
                lane, before = self._lanes[thread]
                _, name = self._waiting.pop(reported)
                if name != before:
                    self._lanes[thread] = lane, name
                    yield ThreadNamed(now, lane, name, NameSource.PROGRAM)

    def _forget(self, now: int, gone: Sequence[ObservedThread]) -> None:
        self._namespaces.forget(gone)
        for thread in gone:
            lane, _ = self._lanes.get((thread.pid, thread.tid), (None, ""))
            if lane == thread.lane:  # else another thread has got its number
                del self._lanes[thread.pid, thread.tid]
        for reported, (since, _) in tuple(self._waiting.items()):
            if since + WAITING_NS > now and len(self._waiting) <= MAX_WAITING:
                return
            del self._waiting[reported]

    def _with_our_numbers(self, message: TaskMessage) -> TaskMessage:
        """Return it with the numbers that processes and threads have in the observer's namespace."""
        if isinstance(message, ReportedSubmission):
            return replace(message, pid=self._namespaces.process(message.pid))
        if isinstance(message, ReportedStart):
            pid, tid = self._namespaces.thread(message.pid, message.tid)
            return replace(message, pid=pid, tid=tid)
        return replace(message, started=message.started and self._with_our_numbers(message.started))

    def _count_unreported(self, now: int) -> Iterator[UnreportedTasks]:
        total = os.fstat(self._notes).st_size + self._tasks.dropped
        if total > self._unreported:
            self._unreported = total
            too_many = f"no more than {MAX_TASKS} are recorded"
            yield UnreportedTasks(now, total, too_many if self._tasks.dropped else "the observer fell behind")
