"""Recordings that a program makes of itself."""

import errno
import os
import select
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import warnings
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from time import monotonic_ns
from types import TracebackType
from typing import IO, TYPE_CHECKING, Self
from weakref import finalize

import msgspec

from threadviz.instrument.thread_names import ThreadNames
from threadviz.observer.system import ptrace_scope
from threadviz.processes import how_it_ended
from threadviz.protocol import task_pipe
from threadviz.protocol.requests import PYTHON, AttachRequest, ProbeChoice
from threadviz.recordings.writer import is_packed, open_new

if TYPE_CHECKING:
    from threadviz.report.json_report import RunFacts


class OwnedDescriptor:
    """A descriptor in a program that may close any: its next file gets the number. Raises OSError."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self._file = os.fstat(descriptor)

    @property
    def is_open(self) -> bool:
        """Whether it is open on the same file as at first."""
        with suppress(OSError):
            return os.path.samestat(os.fstat(self.descriptor), self._file)
        return False

    def close(self) -> None:
        """Close it, if the program has not."""
        if self.is_open:
            os.close(self.descriptor)


START_S = 30.0
"""How long the observer may take to begin (s)."""

END_S = 10.0
"""How long the observer may take to answer at the end (s)."""

PACKED, UNCOMPRESSED = "packed", "uncompressed"
"""Whether the recording is to be packed with gzip."""

REPORTS = "reports"
"""The named pipe in the observer's folder, for the names of threads and for the tasks of observed executors."""

_PR_SET_PTRACER = 0x59616D61
"""Sets which process may trace this one (Linux, prctl(2))."""

_NO_SIGPIPE: int = getattr(socket, "MSG_NOSIGNAL", 0)
"""A program may let SIGPIPE end it, as is usual outside of Python: an observer that has ended must not cause that."""


class ObservationError(Exception):
    """The program can't be observed, or its facts can't be had. The text says why."""


class RecorderAnswer(msgspec.Struct, frozen=True):
    """The observer's answer when it has started, when it observes, and when it is done; or the `error` that it had."""

    pid: int
    error: str = ""


class RecorderProcess:
    """An observer of this process, which writes into a file that it inherits as descriptor `file`.

    It is no child of this process, which may wait for all of its children. Raises ObservationError.
    """

    def __init__(self, file: int, how: str, probe: ProbeChoice) -> None:
        self.scratch = Path(tempfile.mkdtemp(prefix="threadviz-"))
        self._socket, theirs = socket.socketpair()
        self._owned = OwnedDescriptor(self._socket.fileno())
        self._answers = self._socket.makefile("rb")
        self._pid: int | None = None
        try:
            with theirs:
                self._start(theirs, file, how)
            self._begin(AttachRequest(pid=os.getpid(), mode="record", probe=probe))
        except BaseException:
            self._release()
            raise

    def end(self, until: int) -> str:
        """Have it observe until then (ns, of `time.monotonic_ns()`), and wait for its end.

        Returns what has gone wrong, as a clause; an empty text where nothing has.
        """
        try:
            if not self._owned.is_open:
                self._await_end()
                return "the program has closed files that are not its own, and with them the line to the observer"
            with suppress(OSError):  # it has ended, which is seen next
                self._socket.sendall(b"%d\n" % until, _NO_SIGPIPE)
                # Closing would not do: forked processes may have it open too.
                self._socket.shutdown(socket.SHUT_WR)
            last = self._receive(END_S)
            while self._receive(END_S) is not None:
                continue  # until it has ended
        except TimeoutError:
            self._kill()
            return "the observer did not answer, and was ended"
        except OSError as error:
            return f"the observer can't be heard ({error.strerror})"
        finally:
            self._release()
        return "the observer died" if last is None else last.error

    def _start(self, theirs: socket.socket, file: int, how: str) -> None:
        """Start it, through a process that ends at once."""
        try:
            starter = subprocess.run(
                [*PYTHON, "threadviz.instrument.recorder_process", str(self.scratch), how, str(file)],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                pass_fds=(file,),
                start_new_session=True,
                timeout=START_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise ObservationError(f"the observer did not start within {START_S:g} s") from None
        except OSError as error:
            raise ObservationError(f"the observer can't be started ({error.strerror})") from error
        if starter.returncode:
            raise ObservationError(f"the observer did not start: {how_it_ended(starter.returncode)}")

    def _begin(self, request: AttachRequest) -> None:
        """Have it observe. Raises ObservationError where it can't."""
        try:
            started = self._receive(START_S)
            if started is not None:
                self._pid = started.pid
                _allow_tracing(started.pid)
                self._socket.sendall(msgspec.json.encode(request) + b"\n", _NO_SIGPIPE)
            observes = self._receive(START_S)
        except TimeoutError:
            self._kill()
            raise ObservationError(f"the observer did not begin within {START_S:g} s") from None
        except OSError:
            observes = None
        if observes is None:
            raise ObservationError("the observer died before it began")
        if observes.error:
            raise ObservationError(observes.error)

    def _receive(self, seconds: float) -> RecorderAnswer | None:
        """Return its next answer; None where it has ended. Raises TimeoutError."""
        self._socket.settimeout(seconds)
        with suppress(ConnectionError):
            if (line := self._answers.readline()).endswith(b"\n"):
                return msgspec.json.decode(line, type=RecorderAnswer)
        return None

    def _await_end(self) -> None:
        """Wait for its end where the socket is lost. Kill it where others keep the socket open."""
        with suppress(AttributeError, OSError):  # Linux only; or it has ended
            assert self._pid is not None
            observer = os.pidfd_open(self._pid)
            try:
                ended = select.poll()
                ended.register(observer, select.POLLIN)
                its_own = os.fsencode(self.scratch) in Path(f"/proc/{self._pid}/cmdline").read_bytes()
                if its_own and not ended.poll(END_S * 1000):
                    signal.pidfd_send_signal(observer, signal.SIGKILL)
            finally:
                os.close(observer)

    def _kill(self) -> None:
        """Kill it. It still exists, for its end of the socket is open."""
        if self._pid is not None:
            with suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)

    def _release(self) -> None:
        self._owned.close()
        self._socket.detach()
        shutil.rmtree(self.scratch, ignore_errors=True)  # the observer does this itself, unless it was killed
        if self._pid is not None:
            _allow_tracing(0)
            with suppress(ChildProcessError):  # only the first process of a container is its parent by now
                os.waitpid(self._pid, 0)


def _allow_tracing(pid: int) -> None:
    """Let process `pid` (0 for none) trace this one, where otherwise only its ancestors may."""
    if ptrace_scope() == 1:
        import ctypes

        with suppress(OSError, AttributeError):  # the observer itself reports that it can't
            ctypes.CDLL(None).prctl(_PR_SET_PTRACER, ctypes.c_ulong(pid), 0, 0, 0)


_recorded: dict[int, "Recording"] = {}
"""The current recording by process id: a forked process inherits its parent's entry, and may make one of its own."""


def record(path: str | os.PathLike[str] | None = None, *, probe: ProbeChoice = "auto") -> "Recording":
    """Return a context manager: while it is entered, this process is observed, and the stream is written into `path`.

    `path` is a new file, packed with gzip if its name ends in '.gz'; without one, only the facts are kept. The observer
    is a process of its own. Entering takes about 0.2 s. It raises FileExistsError where the file exists, OSError where
    it can't be written, and ObservationError where this process can't be observed, or is observed already.
    """
    return Recording(path, probe)


class Recording:
    """A recording of this process, from when it is entered until it is left. `path` is its file, if it has one."""

    def __init__(self, path: str | os.PathLike[str] | None, probe: ProbeChoice) -> None:
        self.path = None if path is None else Path(path).absolute()
        self._probe = probe
        self._pid: int | None = None
        self._recorder: RecorderProcess | None = None
        self._names: ThreadNames | None = None
        self._file: OwnedDescriptor | None = None

    @cached_property
    def facts(self) -> "RunFacts":
        """What was observed: the same object that `threadviz show FILE --json` prints.

        Raises ObservationError before the recording is over, and where it is empty.
        """
        from threadviz.recordings.reader import LoadError, load
        from threadviz.report.json_report import run_facts

        if self._pid is None or self._recorder is not None:
            why = "there are no facts before the recording is over: ask for them after the with"
            raise ObservationError(why)
        path = self.path
        if path is None:
            assert self._file is not None
            if not self._file.is_open:
                why = "the program has closed files that are not its own, and this recording's"
                raise ObservationError(why)
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
            self._recorder = self._start()
        except BaseException:
            del _recorded[pid]
            raise
        self._pid = pid
        pipe = str(self._recorder.scratch / REPORTS)
        task_pipe.add_pipe(pipe)
        self._names = ThreadNames(pipe)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        until = monotonic_ns()
        recorder = self._recorder
        if recorder is None or os.getpid() != self._pid:
            return  # in a forked process: the recording is its parent's
        self._recorder = None
        if self._names is not None:
            self._names.end()
        task_pipe.remove_pipe(str(recorder.scratch / REPORTS))
        try:
            problem = recorder.end(until)
        finally:
            del _recorded[self._pid]
        if problem:
            warning = f"the recording is not whole: {problem}"
            if error is None:
                warnings.warn(warning, RuntimeWarning, stacklevel=2)
            else:
                error.add_note(f"threadviz: {warning}")

    def _start(self) -> RecorderProcess:
        """Start the observer of this process. Raises OSError and ObservationError."""
        if self.path is None:
            with tempfile.TemporaryFile(prefix="threadviz-") as file:
                self._file = OwnedDescriptor(os.dup(file.fileno()))
            finalize(self, self._file.close)
            return RecorderProcess(self._file.descriptor, UNCOMPRESSED, self._probe)
        with _open_new(self.path) as file:
            how = PACKED if is_packed(self.path) else UNCOMPRESSED
            try:
                return RecorderProcess(file.fileno(), how, self._probe)
            except BaseException:
                if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    self.path.unlink(missing_ok=True)
                raise


def _open_new(path: Path) -> IO[bytes]:
    try:
        return open_new(path)
    except FileExistsError as error:
        sentence = "the recording exists already: give another name, or remove it"
        raise FileExistsError(errno.EEXIST, sentence, str(path)) from error
