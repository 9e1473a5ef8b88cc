"""Starts the observer of a run, reads its stream, and ends everything that belongs to the run."""

import os
import select
import shutil
import signal
import subprocess
import tempfile
import time
from collections import deque
from collections.abc import Collection, Iterable, Iterator
from contextlib import ExitStack, nullcontext
from typing import Self

import msgspec

from threadviz import debug_log, processes
from threadviz.debug_log import LOG, ignoring
from threadviz.protocol.codec import READ_SIZE, Decoder, Sink, encode
from threadviz.protocol.events import AnyEvent, Outcome, ProcessDied, RunStarted, StreamClosed
from threadviz.protocol.requests import PYTHON, AttachRequest, ExecRequest, Request

STOP_S = 1.5
"""How long (s) a run that was told to stop may take to report the rest."""

_PAUSE_S = 0.005


class LaunchedRun:
    """A run under observation. As a context manager, it leaves nothing of the run behind.

    What a program leaves running when it ends by itself stays. `recording` receives the stream; `not_recorded` is a
    clause on why it can't be written any further, '' while it can. `observer` is the observer's process; that of a
    workload leads the run's process group. Raises OSError if it can't be started, and UnicodeEncodeError if the request
    is not valid text.
    """

    def __init__(self, request: Request, recording: Sink | None = None) -> None:
        line = msgspec.json.encode(request)  # before anything is started, because not all text can be encoded
        self.not_recorded = ""
        self._recording = recording
        self._unwritten = b""
        self._decoder = Decoder()
        self._pending: deque[AnyEvent] = deque()
        self._last = 0
        self._begun = self._going = self._closed = self._ended_for_observer = self._finished = False
        self._deadline: float | None = None
        self._spared: set[int] | None = None
        self._scratch = tempfile.mkdtemp(prefix="threadviz-")
        try:
            if isinstance(request, ExecRequest):
                self.observer, request = self._start_for_program(request)
                line = msgspec.json.encode(request)
            else:
                self.observer = self._start(request)
        except OSError:
            shutil.rmtree(self._scratch)
            raise
        LOG.debug("observer %d runs for a request of type %s", self.observer.pid, type(request).__name__)
        assert self.observer.stdin is not None
        self._lifeline = self.observer.stdin
        with ignoring(BrokenPipeError):  # it is dead already, as the end of its stream will show
            self._lifeline.write(line + b"\n")
            self._lifeline.flush()

    def _start(self, request: Request, hand_on: Collection[int] = ()) -> "subprocess.Popen[bytes]":
        """Start the observer with these descriptors.

        Unless its program is in the foreground, it has a session of its own: Ctrl-C in the terminal reaches the viewer
        only, and the process group, to which all processes of the run belong, can be ended as one. An observer that
        starts nothing gets only a group: Linux shares out CPU time by sessions (sched(7), autogroup), and on an
        overloaded machine a session with little load was seen to starve for seconds.
        """
        attaches = isinstance(request, AttachRequest)
        foreground = isinstance(request, ExecRequest) and request.foreground
        stream, into = os.pipe()
        self._stream = os.fdopen(stream, "rb", buffering=0)
        try:
            log = debug_log.descriptor()
            logged = () if log is None else (log,)
            return subprocess.Popen(
                [*PYTHON, "threadviz.observer", self._scratch, str(into), *map(str, logged)],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                start_new_session=not (attaches or foreground),
                process_group=0 if attaches else None,
                pass_fds=(into, *hand_on, *logged),
                env=processes.environment(),
            )
        except OSError:
            self._stream.close()
            raise
        finally:
            os.close(into)

    def _start_for_program(self, request: ExecRequest) -> tuple["subprocess.Popen[bytes]", ExecRequest]:
        """Start the observer with the descriptors for the program. Return the request with the observer's numbers."""
        import fcntl  # of Unix only

        inherited = processes.descriptors()
        streams: dict[str, int] = {}
        with ExitStack() as opened:
            for name in ("stdin", "stdout", "stderr"):
                streams[name] = fcntl.fcntl(getattr(request, name), fcntl.F_DUPFD_CLOEXEC, processes.STANDARD)
                opened.callback(os.close, streams[name])
            self._spared = processes.children()
            processes.adopt_orphans(True)  # or nobody could end the program if the observer is killed
            try:
                with processes.signals_blocked() if request.foreground else nullcontext():
                    observer = self._start(request, inherited.union(streams.values()))
            except OSError:
                processes.adopt_orphans(False)
                raise
        return observer, msgspec.structs.replace(request, **streams)

    @property
    def going(self) -> bool:
        """Whether the run has begun and not ended, as reported."""
        return self._going and not self._closed

    @property
    def over(self) -> bool:
        """Whether the end of the run was reported."""
        return self._closed

    def events(self) -> Iterator[AnyEvent]:
        """Yield the run's events as they come. The last one is always a `StreamClosed`. Blocks in between.

        It can be called again to go on with the next event. Raises StreamError if the stream is invalid.
        """
        while self._pending or self._more():
            while self._pending:
                yield self._pending.popleft()

    def _more(self) -> bool:
        if self._ended_for_observer:
            return False
        if chunk := self._read():
            self._pending.extend(self._decoder.feed(chunk))
            self._track(self._pending)
            self._record(chunk)
            return True
        if self._closed:
            return False
        self._closed = self._ended_for_observer = True  # whatever the observer may still send
        self._unwritten = b""  # half a line
        self._pending.extend(self._last_words())
        if self._begun:  # otherwise the recording has no header
            self._record(b"".join(map(encode, self._pending)))
        return True

    def stop(self) -> None:
        """End the run now. What was measured until then is still reported, for up to STOP_S."""
        LOG.debug("stop the run")
        self._deadline = time.monotonic() + STOP_S
        with ignoring(OSError):
            self._lifeline.close()

    def pass_on(self, number: int) -> None:
        """Pass this signal on to the program, unless the program got it too."""
        with ignoring(OSError, ValueError):  # the observer is gone
            os.write(self._lifeline.fileno(), b"%d\n" % number)

    def _read(self) -> bytes:
        """Return the next bytes as soon as there are any; none at the end, or when a stop takes too long."""
        descriptor = self._stream.fileno()
        while True:
            # A signal handler may call stop() during the wait, so each wait is shorter than STOP_S.
            if select.select([descriptor], [], [], STOP_S / 3)[0]:
                return os.read(descriptor, READ_SIZE)
            if self._deadline is not None and time.monotonic() > self._deadline:
                return b""

    def _record(self, data: bytes) -> None:
        """Record whole lines only, so that nothing is appended to half a line."""
        if self._recording is not None:
            data = self._unwritten + data
            end = data.rfind(b"\n") + 1
            try:
                if end:
                    self._recording.write(data[:end])
                    self._recording.flush()
            except OSError as error:
                self._recording = None
                self.not_recorded = error.strerror or str(error)
            self._unwritten = data[end:]

    def _track(self, events: Iterable[AnyEvent]) -> None:
        for event in events:
            self._begun = True
            if isinstance(event, RunStarted):
                self._going = True
            elif isinstance(event, StreamClosed):
                self._closed = True
                LOG.debug("stream closed: %s, status %s", event.outcome, event.status)
                by_itself = event.outcome is Outcome.BROKEN and event.status is not None
                self._finished = event.outcome is Outcome.FINISHED or by_itself
            self._last = max(self._last, getattr(event, "t", 0))

    def _last_words(self) -> Iterator[AnyEvent]:
        """Yield the end of a stream that the observer did not finish."""
        if self._deadline is not None:
            yield StreamClosed(self._last, Outcome.INTERRUPTED, "it was interrupted")
            return
        ended = self._await_end(STOP_S)
        self._kill_group()
        how = processes.how_it_ended(self.observer.wait()) if ended else "it did not answer"
        LOG.debug("the observer's stream ended early: %s", how)
        yield ProcessDied(self._last, "observer", self.observer.pid, how)
        yield StreamClosed(self._last, Outcome.BROKEN, f"the observer died ({how})")

    def kill(self) -> None:
        """Kill whatever is left of the run; its events say so.

        The observer first gets a moment to end the program, or processes of the workload that left the process group.
        """
        with ignoring(OSError):
            self._lifeline.close()
        if self._spared is None:
            self._await_end(STOP_S)
            self._kill_group()
        else:
            with ignoring(subprocess.TimeoutExpired):
                self.observer.wait(processes.GRACE_S + processes.KILL_S)
            self.observer.kill()

    def _await_end(self, seconds: float) -> bool:
        """Wait for the observer to end, for at most `seconds`. Return whether it has. It is not reaped."""
        deadline = time.monotonic() + seconds
        while self.observer.returncode is None and not _has_ended(self.observer):
            if time.monotonic() > deadline:
                return False
            time.sleep(_PAUSE_S)
        return True

    def _kill_group(self) -> None:
        """Kill the process group of a workload. Its id is safe to use until the leader is reaped."""
        if self._spared is None and self.observer.returncode is None:
            with ignoring(ProcessLookupError, PermissionError):  # macOS raises the latter if all are zombies
                os.killpg(self.observer.pid, signal.SIGKILL)

    def close(self) -> None:
        """End whatever is left of the run."""
        if self._finished and self._spared is not None:
            # Before the observer ends: what the program leaves running is not ours to end or reap.
            processes.adopt_orphans(False)
        self.kill()
        self.observer.wait()
        if self._spared is not None and not self._finished:
            processes.end_children(self._spared)
            processes.adopt_orphans(False)
        with ignoring(OSError):
            self._lifeline.close()
        self._stream.close()
        shutil.rmtree(self._scratch, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _has_ended(process: "subprocess.Popen[bytes]") -> bool:
    """Return whether a process has ended, without reaping it, so that its pid is not reused."""
    if not hasattr(os, "waitid"):  # as on macOS before CPython 3.13
        return process.poll() is not None
    try:
        return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:  # another thread has just reaped it
        return True
