"""The program's hand on the observer that looks at it."""

import os
import select
import shutil
import signal
import socket
import subprocess
import tempfile
from contextlib import ExitStack, suppress
from pathlib import Path

import msgspec

from threadviz.inside.own import Own
from threadviz.observer.machine import ptrace_scope
from threadviz.processes.endings import how_it_ended
from threadviz.request import PYTHON, AttachRequest, ProbeChoice

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


class Looker:
    """An observer that looks at this process and writes into a file, which it has inherited as descriptor `file`.

    It is in no way a child of this process, which may wait for all of its children. Raises ObservationError.
    """

    def __init__(self, file: int, how: str, probe: ProbeChoice) -> None:
        self.scratch = Path(tempfile.mkdtemp(prefix="threadviz-"))
        self._line, theirs = socket.socketpair()
        self._ours = Own(self._line.fileno())
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
        command = [*PYTHON, "threadviz.inside.observing", str(self.scratch), how, str(file)]
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
