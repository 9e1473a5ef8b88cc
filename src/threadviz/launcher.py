"""A viewer's handle on one run: starts its observer, reads its stream, and sees to its end."""

import os
import select
import shutil
import signal
import subprocess
import tempfile
import time
from collections import deque
from collections.abc import Collection, Iterable, Iterator
from contextlib import ExitStack, nullcontext, suppress
from types import TracebackType
from typing import Self

import msgspec

from threadviz.processes import (
    GRACE_S,
    KILL_S,
    STANDARD,
    adopt_orphans,
    children,
    descriptors,
    end_children,
    environment,
    held_back,
    how_it_ended,
)
from threadviz.protocol.codec import READ_SIZE, Decoder, Sink, encode
from threadviz.protocol.events import AnyEvent, Outcome, ProcessDied, RunStarted, StreamClosed
from threadviz.protocol.requests import PYTHON, AttachRequest, ExecRequest, Request

STOP_S = 1.5
"""How long a run that was told to stop may take to say its last words (s)."""

_PAUSE_S = 0.005


class RecordingError(Exception):
    """The recording can't be written any further; the text is a clause that says why."""


class LaunchedRun:
    """One run, being observed. A context manager: when it is left, nothing of the run is left.

    Of a program that has ended by itself, what it has left running is left alone. `recording` gets the stream as it
    comes. Raises OSError where no observer can be started, and UnicodeEncodeError where what is asked for is no text.
    """

    def __init__(self, request: Request, recording: Sink | None = None) -> None:
        said = msgspec.json.encode(request)  # before anything is started: not all text can be said
        self._recording = recording
        self._unwritten = b""
        self._decoder = Decoder()
        self._pending: deque[AnyEvent] = deque()
        self._last = 0
        self._begun = self._going = self._closed = False
        self._deadline: float | None = None
        self._finished = False
        self._spared: set[int] | None = None
        self._scratch = tempfile.mkdtemp(prefix="threadviz-")
        try:
            if isinstance(request, ExecRequest):
                self._observer, request = self._start_for_program(request)
                said = msgspec.json.encode(request)
            else:
                self._observer = self._start(apart=True, alone=isinstance(request, AttachRequest))
        except OSError:
            shutil.rmtree(self._scratch)
            raise
        assert self._observer.stdin is not None
        self._lifeline = self._observer.stdin
        with suppress(BrokenPipeError):  # it is dead already, which its stream will tell
            self._lifeline.write(said + b"\n")
            self._lifeline.flush()

    def _start(
        self, *, apart: bool, alone: bool = False, hand_on: Collection[int] = ()
    ) -> "subprocess.Popen[bytes]":
        """Start the observer, and give it these descriptors as well.

        Where it is `apart`, it gets a session of its own: Ctrl-C in the terminal is for the viewer to take, and the
        observer's process group, to which everything of the run belongs, can be ended as one. One that starts nothing,
        `alone`, gets only the group: Linux deals out CPU time by sessions (sched(7), autogroup), and on a machine that
        is overloaded, a session in which little runs was seen to go without for seconds.
        """
        stream, into = os.pipe()
        self._stream = os.fdopen(stream, "rb", buffering=0)
        try:
            return subprocess.Popen(
                [*PYTHON, "threadviz.observer", self._scratch, str(into)],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                start_new_session=apart and not alone,
                process_group=0 if alone else None,
                pass_fds=(into, *hand_on),
                env=environment(),
            )
        except OSError:
            self._stream.close()
            raise
        finally:
            os.close(into)

    def _start_for_program(self, request: ExecRequest) -> tuple["subprocess.Popen[bytes]", ExecRequest]:
        """Start the observer, with what it is to hand on; return what it is to be asked for, in its terms."""
        import fcntl  # of Unix only

        inherited = descriptors()
        with ExitStack() as opened:
            numbers = []
            for descriptor in (request.stdin, request.stdout, request.stderr):
                number = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, STANDARD)
                opened.callback(os.close, number)
                numbers.append(number)
            spared = children()
            adopt_orphans(True)  # should the observer be killed, the program would else be nobody's
            try:
                with held_back() if request.foreground else nullcontext():
                    observer = self._start(apart=not request.foreground, hand_on=inherited.union(numbers))
            except OSError:
                adopt_orphans(False)
                raise
        self._spared = spared
        stdin, stdout, stderr = numbers
        return observer, msgspec.structs.replace(request, stdin=stdin, stdout=stdout, stderr=stderr)

    @property
    def observer_pid(self) -> int:
        """The process id of the observer; of a workload, also the number of the process group of all of the run."""
        return self._observer.pid

    @property
    def going(self) -> bool:
        """Whether it was told that the run has begun, and not that it has closed."""
        return self._going and not self._closed

    @property
    def over(self) -> bool:
        """Whether it was told that the run has closed."""
        return self._closed

    def events(self) -> Iterator[AnyEvent]:
        """Yield the run's events as they come, to the last, which is always a `StreamClosed`. Blocks in between.

        Who stops reading may call it again, and goes on with the next. Raises StreamError where what the observer
        says can't be, and RecordingError where the recording can't take it: whoever reads on then gets the rest of
        the run, unrecorded.
        """
        while self._pending or self._more():
            while self._pending:
                yield self._pending.popleft()

    def _more(self) -> bool:
        """Wait for more of the stream; False after its end."""
        if chunk := self._read():
            self._pending.extend(self._decoder.feed(chunk))
            self._note(self._pending)
            self._record(chunk)
            return True
        if self._closed:
            return False
        self._closed = True
        self._unwritten = b""  # half a line, which nothing may be joined to
        self._pending.extend(self._last_words())
        if self._begun:  # else there is no header, which a recording begins with
            self._record(b"".join(map(encode, self._pending)))
        return True

    def stop(self) -> None:
        """Have the run end now. What was measured until then is still told, for a short while."""
        self._deadline = time.monotonic() + STOP_S
        with suppress(OSError):
            self._lifeline.close()

    def pass_on(self, number: int) -> None:
        """Let the program have this signal, unless it was sent to it as well as to this process."""
        with suppress(OSError, ValueError):  # nobody is there who could pass it on
            os.write(self._lifeline.fileno(), b"%d\n" % number)

    def _read(self) -> bytes:
        """Return what has come, as soon as something has; nothing at the end, or when it was long in coming."""
        descriptor = self._stream.fileno()
        while True:
            # A stop may come from a signal handler in mid-wait, so no wait is longer than what it allows.
            if select.select([descriptor], [], [], STOP_S / 3)[0]:
                return os.read(descriptor, READ_SIZE)
            if self._deadline is not None and time.monotonic() > self._deadline:
                return b""

    def _record(self, data: bytes) -> None:
        """Write what has come in whole lines: what is put after them must not join half of one."""
        if self._recording is not None:
            data = self._unwritten + data
            end = data.rfind(b"\n") + 1
            try:
                if end:
                    self._recording.write(data[:end])
                    self._recording.flush()
            except OSError as error:
                self._recording = None
                raise RecordingError(error.strerror) from error
            self._unwritten = data[end:]

    def _note(self, events: Iterable[AnyEvent]) -> None:
        for event in events:
            self._begun = True
            if isinstance(event, RunStarted):
                self._going = True
            elif isinstance(event, StreamClosed):
                self._closed = True
                by_itself = event.outcome is Outcome.BROKEN and event.status is not None
                self._finished = event.outcome is Outcome.FINISHED or by_itself
            self._last = max(self._last, getattr(event, "t", 0))

    def _last_words(self) -> Iterator[AnyEvent]:
        """Speak for an observer that did not get to its last word."""
        if self._deadline is not None:
            yield StreamClosed(self._last, Outcome.INTERRUPTED, "it was interrupted")
            return
        ended = self._await_end(STOP_S)
        self._kill_group()
        how = how_it_ended(self._observer.wait()) if ended else "it did not answer"
        yield ProcessDied(self._last, "observer", self._observer.pid, how)
        yield StreamClosed(self._last, Outcome.BROKEN, f"the observer died ({how})")

    def kill(self) -> None:
        """Kill whatever is left of the run; who reads its events is told.

        A program is given a moment to end, and the observer of a workload one to end what has left its process group.
        """
        with suppress(OSError):
            self._lifeline.close()
        if self._spared is None:
            self._await_end(STOP_S)
            self._kill_group()
            return
        with suppress(subprocess.TimeoutExpired):
            self._observer.wait(GRACE_S + KILL_S)
        self._observer.kill()

    def _await_end(self, seconds: float) -> bool:
        """Wait until the observer has ended, for so long at most, and tell whether it has; it is not collected."""
        deadline = time.monotonic() + seconds
        while self._observer.returncode is None and not _has_ended(self._observer):
            if time.monotonic() > deadline:
                return False
            time.sleep(_PAUSE_S)
        return True

    def _kill_group(self) -> None:
        """Kill what belongs to a workload, as long as its number can't be another's: until its leader is collected."""
        if self._spared is None and self._observer.returncode is None:
            with suppress(ProcessLookupError, PermissionError):  # macOS says the latter where all are zombies
                os.killpg(self._observer.pid, signal.SIGKILL)

    def close(self) -> None:
        """End whatever is left of the run."""
        if self._finished and self._spared is not None:
            adopt_orphans(
                False
            )  # before the observer ends: what the program has left is not for us to end, or collect
        self.kill()
        self._observer.wait()
        if self._spared is not None and not self._finished:
            end_children(self._spared)
            adopt_orphans(False)
        with suppress(OSError):
            self._lifeline.close()
        self._stream.close()
        shutil.rmtree(self._scratch, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _has_ended(process: "subprocess.Popen[bytes]") -> bool:
    """Tell whether it has ended, and leave it uncollected: so nobody else gets its number."""
    if not hasattr(os, "waitid"):  # as on macOS before CPython 3.13
        return process.poll() is not None
    try:
        return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:  # another thread has collected it just now
        return True
