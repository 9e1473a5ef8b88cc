"""A run in the app: it is read in a thread, applied to its timeline by the app, and kept to be saved."""

import re
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from time import monotonic_ns
from typing import Self

from threadviz.debug_log import ignoring
from threadviz.launcher import LaunchedRun
from threadviz.protocol.codec import StreamError
from threadviz.protocol.events import AnyEvent, Header, TargetKind
from threadviz.protocol.requests import Request, RunRequest
from threadviz.recordings.writer import Kept, RecordingFile, SaveError
from threadviz.run_follower import RunFollower
from threadviz.timeline import Timeline
from threadviz.tui.runs.terminal import TerminalText

MAX_WAITING = 20_000
"""The number of events that may wait to be taken. Then reading waits, and in the end the observer, which keeps them."""

_NAME_LENGTH = 60
"""The number of characters of the workload in the name of a file."""

_FINISH_BUDGET_NS = 10_000_000
_FINISH_PAUSE_S = 0.01
_CLOSE_PAUSE_S = 0.001


class Reader(Thread):
    """A thread that owns a launched run and reads it to its end; then nothing of it is left.

    `events` are those that wait to be taken, by one other thread; `error` tells if reading failed.
    """

    def __init__(self, launch: LaunchedRun) -> None:
        super().__init__(name="reader", daemon=True)
        self.error: StreamError | OSError | None = None
        self.events = Queue[AnyEvent](MAX_WAITING)
        self._launch = launch
        self._closing = False
        self.start()

    def run(self) -> None:
        with self._launch as launch:
            try:
                for event in launch.events():
                    self.events.put(event)
                    if self._closing:
                        return
            except (StreamError, OSError) as error:
                self.error = error

    def stop(self) -> None:
        """Have the run end, without waiting for it: its last events will come."""
        self._launch.stop()

    def close(self) -> None:
        """End the run at once, and the thread with it."""
        self._closing = True
        if self.is_alive():
            self._launch.stop()  # so that it does not wait for events about the death of its processes
            self._launch.kill()
        while self.is_alive():
            with suppress(Empty):
                self.events.get_nowait()  # the thread may wait for room
            self.join(_CLOSE_PAUSE_S)


class Recorder:
    """Writes a run's stream twice: where it is `kept` to be saved, and into the file that the user asked for, if any.

    `failure` is a clause on why the file can't be written any further; empty if it can. Raises OSError if there is no
    room to keep anything.
    """

    def __init__(self, file: RecordingFile | None) -> None:
        self.failure = ""
        self.kept = Kept()
        self._file = file

    def write(self, data: bytes, /) -> None:
        """Write more of the stream."""
        with ignoring(OSError):  # `kept` reports it when the run is to be saved
            self.kept.write(data)
        if self._file is not None and not self.failure:
            try:
                self._file.write(data)
                self._file.flush()
            except OSError as error:
                self.failure = error.strerror or str(error)

    def flush(self) -> None:
        """Do nothing: everything is flushed as it is written."""

    def close(self) -> None:
        """Close the file."""
        try:
            if self._file is not None:
                self._file.close()
        except OSError as error:
            self.failure = self.failure or error.strerror or str(error)


class Run(RunFollower):
    """A run that goes on, or one that is over. `request` is None if it is not known; `output` is a program's output.

    `stopped` is whether it was told to stop. Its timeline changes only in `drain`, which the thread that draws calls.
    """

    def __init__(
        self, request: Request | None = None, timeline: Timeline | None = None, failure: str = ""
    ) -> None:
        super().__init__(timeline, failure)
        self.request = request
        self.stopped = False
        self.output: TerminalText | None = None
        self._reader: Reader | None = None
        self._recorder: Recorder | None = None
        self._recording_failed = False

    @classmethod
    def start(cls, request: Request, record: RecordingFile | None = None) -> Self:
        """Start a run. If it can't be started it is over, and its trouble says why.

        `record` is a file that gets the stream as it comes. The run closes it.
        """
        run = cls(request)
        try:
            recorder = Recorder(record)
            run._reader, run._recorder = Reader(LaunchedRun(request, recorder)), recorder
        except OSError as error:
            run.not_started(error)
            if record is not None:
                record.close()
        return run

    @classmethod
    def of(cls, timeline: Timeline, trouble: str = "") -> Self:
        """Return a run that is over, such as a recording. Raises StreamError if the timeline has no header."""
        if not timeline.begun:
            raise StreamError("the stream is empty")
        return cls(None, timeline, trouble)

    @property
    def over(self) -> bool:
        """Whether no more events will come, and no process of it is left."""
        return self._reader is None

    @property
    def mode(self) -> str:
        """The name of its mode."""
        return self._names.mode

    @property
    def workload(self) -> str:
        """The name of its workload, program or process."""
        return self._names.workload

    @property
    def is_workload(self) -> bool:
        """Whether it runs a workload."""
        if self.request is not None:
            return isinstance(self.request, RunRequest)
        return self.timeline.header.watches is TargetKind.WORKLOAD

    @property
    def _names(self) -> Header | Request:
        # The header knows the name of a process that is attached to; the request knows only its number.
        return self.request if self.request is not None and not self.timeline.begun else self.timeline.header

    @property
    def title(self) -> str:
        """Its workload and mode, such as 'fetch, threads'."""
        return f"{self.workload}, {self.mode}"

    def drain(self, budget_ns: int) -> bool:
        """Apply new events to the timeline, for about `budget_ns` (ns) at most. Returns whether anything changed."""
        reader, deadline = self._reader, monotonic_ns() + budget_ns
        if reader is None:
            return False
        ended = not reader.is_alive()  # before the events are taken: if it has ended, all of them are there
        changed = False
        try:
            while not reader.events.empty():
                self.take(reader.events.get())
                changed = True
                if monotonic_ns() >= deadline:
                    break
            changed = self._check_recording() or changed
            if not ended or not reader.events.empty():
                return changed
            if reader.error is not None:
                raise reader.error
        except StreamError as error:
            self.impossible(error)
        except OSError as error:
            self.not_read(error)
        self.close()
        return True

    def file_name(self, now: datetime) -> str:
        """Return the default name for its recording, saved at `now`."""
        name = re.sub(r"[^\w.]+", "-", self.workload)[:_NAME_LENGTH].strip("-.")
        return f"threadviz-{name}-{self.mode}-{now:%Y%m%d-%H%M%S}.jsonl.gz"

    def save(self, path: Path, *, over: bool = False) -> None:
        """Write its recording so far into the file `path`, compressed with gzip if that ends in '.gz'.

        Raises FileExistsError if the file exists, unless it is to be written `over`; OSError if it can't be written;
        and SaveError if there is nothing to save. For a run of an hour it may take a second.
        """
        if self._recorder is None:
            raise SaveError("it was not run in this session")
        self._recorder.kept.save(path, over=over)

    def stop(self) -> None:
        """Have it end, without waiting for it: what was measured until then will come soon."""
        if self._reader is not None:
            self.stopped = True
            self._reader.stop()

    def finish(self) -> None:
        """Have it end, and wait for its last events."""
        self.stop()
        while self._reader is not None:
            self._reader.join(_FINISH_PAUSE_S)
            self.drain(_FINISH_BUDGET_NS)

    def close(self) -> None:
        """End it at once, with all its processes. The events that were applied until then stay."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None
            if self._recorder is not None:
                self._recorder.close()
                self._check_recording()

    def _check_recording(self) -> bool:
        """Report once that the recording failed; return whether that is new."""
        if self._recorder is None or not self._recorder.failure or self._recording_failed:
            return False
        self._recording_failed = True
        self.not_recorded(self._recorder.failure)
        return True
