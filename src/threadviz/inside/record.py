"""A program that has itself observed."""

import errno
import os
import stat
import tempfile
import warnings
from functools import cached_property
from pathlib import Path
from time import monotonic_ns
from types import TracebackType
from typing import IO, TYPE_CHECKING, Self
from weakref import finalize

from threadviz import task_pipe
from threadviz.inside.looker import NAMES, PACKED, PLAIN, TASKS, Looker, ObservationError
from threadviz.inside.own import Own
from threadviz.inside.thread_names import ThreadNames
from threadviz.recordings.writing import is_packed, open_new
from threadviz.request import ProbeChoice

if TYPE_CHECKING:
    from threadviz.report.schema import RunFacts

_recorded: dict[int, "Recording"] = {}
"""The recording that goes on of each process: one that was forked off has what its parent has, and may have its own."""


def record(path: str | os.PathLike[str] | None = None, *, probe: ProbeChoice = "auto") -> "Recording":
    """Return a context manager: while it is entered, this process is observed, and the stream is written into `path`.

    That is a new file, packed with gzip where it ends in '.gz'; without one, nothing is kept but for its facts. What
    observes is a process of its own, as ever. Entering takes a fifth of a second or so, and raises FileExistsError
    where there is such a file, OSError where it can't be written, and ObservationError where this process can't be
    observed, or is already.
    """
    return Recording(path, probe)


class Recording:
    """A recording of this process, from when it is entered until it is left. `path` is its file, None for none."""

    def __init__(self, path: str | os.PathLike[str] | None, probe: ProbeChoice) -> None:
        self.path = None if path is None else Path(path).absolute()
        self._probe = probe
        self._pid: int | None = None
        self._looker: Looker | None = None
        self._names: ThreadNames | None = None
        self._file: Own | None = None

    @cached_property
    def facts(self) -> "RunFacts":
        """What was observed: the same object that `threadviz show FILE --json` prints.

        Raises ObservationError before the recording is over, and where there is nothing in it.
        """
        from threadviz.recordings.loading import LoadError, load
        from threadviz.report.facts import run_facts

        if self._pid is None or self._looker is not None:
            raise ObservationError(
                "there are no facts before the recording is over: ask for them after the with"
            )
        path = self.path
        if path is None:
            assert self._file is not None
            if not self._file.there:
                raise ObservationError(
                    "the program has closed files that are not its own, and this recording's"
                )
            path = Path(f"/dev/fd/{self._file.descriptor}")
        try:
            return run_facts(load(path).timeline)
        except LoadError as error:
            raise ObservationError(str(error)) from error

    def __enter__(self) -> Self:
        if self._pid is not None:
            raise ObservationError("a recording is entered once: make another one")
        pid = os.getpid()
        if _recorded.setdefault(pid, self) is not self:
            raise ObservationError("this process is recorded already: leave that recording first")
        try:
            self._looker = self._start()
        except BaseException:
            del _recorded[pid]
            raise
        self._pid = pid
        task_pipe.watch(str(self._looker.scratch / TASKS))
        self._names = ThreadNames(self._looker.scratch / NAMES)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        until = monotonic_ns()
        looker = self._looker
        if looker is None or os.getpid() != self._pid:
            return  # a process that was forked off leaves it, and it is its parent's
        self._looker = None
        task_pipe.unwatch(str(looker.scratch / TASKS))
        if self._names is not None:
            self._names.end()
        try:
            trouble = looker.end(until)
        finally:
            del _recorded[self._pid]
        if trouble:
            said = f"the recording is not whole: {trouble}"
            if error is None:
                warnings.warn(said, RuntimeWarning, stacklevel=2)
            else:
                error.add_note(f"threadviz: {said}")

    def _start(self) -> Looker:
        """Have this process observed, and return who does it. Raises OSError and ObservationError."""
        if self.path is None:
            with tempfile.TemporaryFile(prefix="threadviz-") as file:
                self._file = Own(os.dup(file.fileno()))
            finalize(self, self._file.close)
            return Looker(self._file.descriptor, PLAIN, self._probe)
        with _opened(self.path) as file:
            try:
                return Looker(file.fileno(), PACKED if is_packed(self.path) else PLAIN, self._probe)
            except BaseException:
                if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    self.path.unlink(missing_ok=True)
                raise


def _opened(path: Path) -> IO[bytes]:
    try:
        return open_new(path)
    except FileExistsError as error:
        sentence = "the recording exists already: give another name, or remove it"
        raise FileExistsError(errno.EEXIST, sentence, str(path)) from error
