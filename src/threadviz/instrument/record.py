"""A program that has itself observed."""

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
from contextlib import ExitStack, suppress
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


# Descriptors in a program that may close any, and whose number then goes to the next that it opens.


class OwnedDescriptor:
    """A descriptor that was opened here; from then on it is told by what it is open on. Raises OSError."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self._open_on = _open_on(descriptor)

    @property
    def there(self) -> bool:
        """Whether it is what it was: nobody has closed it."""
        with suppress(OSError):
            return _open_on(self.descriptor) == self._open_on
        return False

    def close(self) -> None:
        """Close it, if it is still there."""
        if self.there:
            os.close(self.descriptor)


def _open_on(descriptor: int) -> tuple[int, int]:
    facts = os.fstat(descriptor)
    return facts.st_dev, facts.st_ino


# The program's hand on the observer that looks at it.

START_S = 30.0
"""How long it may take for the observer to look (s)."""

END_S = 10.0
"""How long it may take to say its last word (s)."""

PACKED, PLAIN = "packed", "plain"
"""How the recording is to be written: packed with gzip, or not."""

NAMES, TASKS = "names", "tasks"
"""In its folder, the named pipes through which it hears what threads are called and what observed executors do."""

_PR_SET_PTRACER = 0x59616D61
"""Who may look into this process (Linux, prctl(2))."""

_QUIETLY: int = getattr(socket, "MSG_NOSIGNAL", 0)
"""A program may have SIGPIPE end it, as it does outside of Python: of an observer that is gone, it must not."""


class ObservationError(Exception):
    """The program can't be observed, or what was asked for of the observation can't be had; the text says why."""


class Answer(msgspec.Struct, frozen=True):
    """What observer `pid` says, three times: that it is there, that it looks, and that it is done; or what is wrong."""

    pid: int
    trouble: str = ""


class RecorderProcess:
    """An observer that looks at this process and writes into a file, which it has inherited as descriptor `file`.

    It is in no way a child of this process, which may wait for all of its children. Raises ObservationError.
    """

    def __init__(self, file: int, how: str, probe: ProbeChoice) -> None:
        self.scratch = Path(tempfile.mkdtemp(prefix="threadviz-"))
        self._line, theirs = socket.socketpair()
        self._ours = OwnedDescriptor(self._line.fileno())
        self._heard = b""
        self._pid: int | None = None
        try:
            with theirs:
                self._start(theirs, file, how)
            self._begin(AttachRequest(pid=os.getpid(), mode="record", probe=probe))
        except BaseException:
            self._let_go()
            raise

    def end(self, until: int) -> str:
        """Have it look until then (ns, of `time.monotonic_ns()`), and wait for its last word.

        Returns what has gone wrong, as a clause; nothing where nothing has.
        """
        try:
            if not self._ours.there:
                self._await_end()
                return "the program has closed files that are not its own, and with them the line to the observer"
            with suppress(OSError):  # it is gone, which is heard next
                self._line.sendall(b"%d\n" % until, _QUIETLY)
                # Not only closed: it may be open in processes that were forked off, too.
                self._line.shutdown(socket.SHUT_WR)
            last = self._hear(END_S)
            while self._hear(END_S) is not None:
                continue  # until it has ended
        except TimeoutError:
            self._kill()
            return "the observer did not answer, and was ended"
        except OSError as error:
            return f"the observer can't be heard ({error.strerror})"
        finally:
            self._let_go()
        return "the observer died" if last is None else last.trouble

    def _start(self, theirs: socket.socket, file: int, how: str) -> None:
        """Start it, by a process that is over as soon as it has done so."""
        command = [*PYTHON, "threadviz.instrument.recorder_process", str(self.scratch), how, str(file)]
        try:
            starter = subprocess.Popen(
                command,
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                pass_fds=(file,),
                start_new_session=True,
            )
        except OSError as error:
            raise ObservationError(f"the observer can't be started ({error.strerror})") from error
        try:
            status = starter.wait(START_S)
        except BaseException as error:
            starter.kill()
            starter.wait()
            if isinstance(error, subprocess.TimeoutExpired):
                raise ObservationError(f"the observer did not start within {START_S:g} s") from None
            raise
        if status:
            raise ObservationError(f"the observer did not start: {how_it_ended(status)}")

    def _begin(self, request: AttachRequest) -> None:
        """Have it look. Raises ObservationError where it can't."""
        try:
            there = self._hear(START_S)
            if there is not None:
                self._pid = there.pid
                _let_look(there.pid)
                self._line.sendall(msgspec.json.encode(request) + b"\n", _QUIETLY)
            looks = self._hear(START_S)
        except TimeoutError:
            self._kill()
            raise ObservationError(f"the observer did not look within {START_S:g} s") from None
        except OSError:
            looks = None
        if looks is None:
            raise ObservationError("the observer died before it looked")
        if looks.trouble:
            raise ObservationError(looks.trouble)

    def _hear(self, seconds: float) -> Answer | None:
        """Return its next answer; None where it is gone. Raises TimeoutError."""
        self._line.settimeout(seconds)
        while b"\n" not in self._heard:
            with suppress(ConnectionError):
                if chunk := self._line.recv(4096):
                    self._heard += chunk
                    continue
            return None
        line, self._heard = self._heard.split(b"\n", 1)
        return msgspec.json.decode(line, type=Answer)

    def _await_end(self) -> None:
        """Wait until it has ended, where there is no line to hear it on; end it where others keep that open."""
        with suppress(AttributeError, OSError):  # of Linux only, or it has ended
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
        """End it: it is still there, for it holds its end of the line."""
        if self._pid is not None:
            with suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)

    def _let_go(self) -> None:
        with ExitStack() as steps:  # each is taken, whatever comes of the others: the last one first
            if self._pid is not None:
                steps.callback(_collect, self._pid)
                steps.callback(_let_look, 0)
            # Which it has done itself, unless it was killed.
            steps.callback(shutil.rmtree, self.scratch, ignore_errors=True)
            self._ours.close()
            self._line.detach()


def _collect(pid: int) -> None:
    """Take note of the end of a process, if it is our child, as where orphans are given to the first of a container."""
    with suppress(ChildProcessError):
        os.waitpid(pid, 0)


def _let_look(pid: int) -> None:
    """Let process `pid`, 0 for none, look into this one, where else none may that has not started it."""
    if ptrace_scope() == 1:
        import ctypes

        with suppress(OSError, AttributeError):  # then it says itself that it can't
            ctypes.CDLL(None).prctl(_PR_SET_PTRACER, ctypes.c_ulong(pid), 0, 0, 0)


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
        self._looker: RecorderProcess | None = None
        self._names: ThreadNames | None = None
        self._file: OwnedDescriptor | None = None

    @cached_property
    def facts(self) -> "RunFacts":
        """What was observed: the same object that `threadviz show FILE --json` prints.

        Raises ObservationError before the recording is over, and where there is nothing in it.
        """
        from threadviz.recordings.reader import LoadError, load
        from threadviz.report.json_report import run_facts

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
        task_pipe.add_pipe(str(self._looker.scratch / TASKS))
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
        task_pipe.remove_pipe(str(looker.scratch / TASKS))
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

    def _start(self) -> RecorderProcess:
        """Have this process observed, and return who does it. Raises OSError and ObservationError."""
        if self.path is None:
            with tempfile.TemporaryFile(prefix="threadviz-") as file:
                self._file = OwnedDescriptor(os.dup(file.fileno()))
            finalize(self, self._file.close)
            return RecorderProcess(self._file.descriptor, PLAIN, self._probe)
        with _opened(self.path) as file:
            try:
                return RecorderProcess(file.fileno(), PACKED if is_packed(self.path) else PLAIN, self._probe)
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
