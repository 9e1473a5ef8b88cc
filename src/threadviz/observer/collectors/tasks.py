"""What observed executors say (`inside/told.py`), told as events."""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from threadviz.observer.collectors.pid_namespaces import PidNamespaces
from threadviz.observer.io import NamedPipe, RunClock
from threadviz.observer.probes.base import ObservedThread
from threadviz.protocol.events import (
    Count,
    Event,
    Nanoseconds,
    TaskFinished,
    TaskStarted,
    TaskSubmitted,
    Text,
    UnreportedTasks,
)
from threadviz.protocol.task_pipe import UNTOLD

MOST_TASKS = 200_000
"""As many are told as a recording may have, so that it can be read."""


class SubmittedWords(msgspec.Struct, frozen=True, tag_field="said", tag="submitted"):
    """Process `pid` has submitted `task`, which is named so that no other is. `name` is for people."""

    task: str
    t: Nanoseconds
    pid: Count
    name: Text


class StartedWords(msgspec.Struct, frozen=True, tag_field="said", tag="started"):
    """A task has started in this thread."""

    task: str
    t: Nanoseconds
    pid: Count
    tid: Count


class FinishedWords(msgspec.Struct, frozen=True, tag_field="said", tag="finished"):
    """A task is over: as the function says where it `started`, else as the process that has submitted it says."""

    task: str
    t: Nanoseconds
    error: Text | None = None
    started: StartedWords | None = None


Words = SubmittedWords | StartedWords | FinishedWords


@dataclass(slots=True)
class _Task:
    """One that is not over. `t` is when the last happened that was told of it (ns)."""

    number: int
    submitter: int
    t: int
    started: bool = False


class Retelling:
    """Words in, events out: with the run's own numbers, and in an order in which they can have happened.

    Words may be missing, and may come twice: of how a task ended, the first counts. `when` makes a time of the run of
    one of `time.monotonic_ns()`.
    """

    def __init__(self, when: Callable[[int], int], most: int = MOST_TASKS) -> None:
        self.beyond = 0
        """How many tasks came when `most` were told already, and so were not."""
        self._when = when
        self._most = most
        self._numbered = 0
        self._open: dict[str, _Task] = {}
        self._named = Counter[str]()

    def retell(self, words: Words) -> Iterator[Event]:
        """Yield the events that these words make."""
        if isinstance(words, SubmittedWords):
            yield from self._submitted(words)
        elif (task := self._open.get(words.task)) is None:
            return
        elif isinstance(words, StartedWords):
            yield from self._started(task, words)
        else:
            if words.started is not None:
                yield from self._started(task, words.started)
            if task.started or words.error is not None:
                del self._open[words.task]
                yield _finished(task, self._when(words.t), words.error)

    def gone(self, ended: Mapping[int, int]) -> Iterator[TaskFinished]:
        """Yield, for each open task of these processes, that it is over: they are gone since then (ns)."""
        for name, task in list(self._open.items()):
            if task.submitter in ended:
                del self._open[name]
                yield _finished(task, ended[task.submitter], "its process has ended")

    def _submitted(self, words: SubmittedWords) -> Iterator[TaskSubmitted]:
        if words.task in self._open:
            return
        if self._numbered == self._most:
            self.beyond += 1
            return
        task = self._open[words.task] = _Task(self._numbered, words.pid, self._when(words.t))
        self._numbered += 1
        self._named[words.name] += 1
        yield TaskSubmitted(task.t, task.number, f"{words.name} {self._named[words.name]}")

    def _started(self, task: _Task, words: StartedWords) -> Iterator[TaskStarted]:
        if not task.started:
            task.started = True
            task.t = max(task.t, self._when(words.t))
            yield TaskStarted(task.t, task.number, words.pid, words.tid)


def _finished(task: _Task, t: int, error: str | None) -> TaskFinished:
    return TaskFinished(max(task.t, t), task.number, result="" if error is None else None, error=error)


class TaskCollector:
    """Tells what is said through a new named pipe at `path`. Raises OSError where there can't be one."""

    def __init__(self, path: Path, clock: RunClock) -> None:
        self._pipe = NamedPipe(path)
        self._notes = os.open(f"{path}{UNTOLD}", os.O_CREAT | os.O_RDONLY, 0o600)
        self._clock = clock
        self._numbers = PidNamespaces()
        self._retelling = Retelling(self._when)
        self._decoder = msgspec.json.Decoder(Words)
        self._untold = 0

    @property
    def path(self) -> Path:
        """Where the pipe is."""
        return self._pipe.path

    def news(
        self, now: int, came: Sequence[ObservedThread], went: Sequence[ObservedThread]
    ) -> Iterator[Event]:
        """Yield what was said since the last call, then what can't be said any more by processes that are gone."""
        self._numbers.note(came)
        for line in self._pipe.lines():
            with suppress(
                msgspec.DecodeError, UnicodeDecodeError
            ):  # no words of ours: anybody could write into it
                yield from self._retelling.retell(self._in_our_terms(self._decoder.decode(line)))
        ended = {
            thread.pid: now if thread.ended is None else thread.ended
            for thread in went
            if thread.pid == thread.tid
        }
        if ended:
            yield from self._retelling.gone(ended)
        self._numbers.forget(went)
        yield from self._not_told(now)

    def close(self) -> None:
        """Let go of the files."""
        self._pipe.close()
        os.close(self._notes)

    def _in_our_terms(self, words: Words) -> Words:
        """Return them with our numbers of the processes and threads that they speak of."""
        replace = msgspec.structs.replace
        if isinstance(words, SubmittedWords):
            return replace(words, pid=self._numbers.process(words.pid))
        if isinstance(words, StartedWords):
            return self._started_in_our_terms(words)
        return replace(words, started=words.started and self._started_in_our_terms(words.started))

    def _started_in_our_terms(self, words: StartedWords) -> StartedWords:
        pid, tid = self._numbers.thread(words.pid, words.tid)
        return msgspec.structs.replace(words, pid=pid, tid=tid)

    def _not_told(self, now: int) -> Iterator[UnreportedTasks]:
        unsaid, beyond = os.fstat(self._notes).st_size, self._retelling.beyond
        if unsaid + beyond > self._untold:
            self._untold = unsaid + beyond
            why = f"no more than {MOST_TASKS} are told" if beyond else "the observer fell behind"
            yield UnreportedTasks(now, self._untold, why)

    def _when(self, monotonic: int) -> int:
        """Return a time as one of the run's: none of the future, whatever a program says."""
        return min(self._clock.when(monotonic), self._clock())
