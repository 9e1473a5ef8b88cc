"""A run in the app: it is read in a thread, applied to its timeline by the app, and kept to be saved."""

import re
from collections import deque
from datetime import datetime
from pathlib import Path
from threading import Event, Thread
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
from threadviz.tui.runs.ansi import TerminalText

MAX_WAITING = 20_000
"""The number of events that may wait to be taken. Then reading waits, and in the end the observer, which keeps them."""

_NAME_LENGTH = 60
"""The number of characters of the workload in the name of a file."""

_FINISH_BUDGET_NS = 10_000_000
_FINISH_PAUSE_S = 0.01


class Reader:
    """Owns a launched run: a thread reads it to its end, and then nothing of it is left.

    All methods are to be called by one and the same other thread.
    """

    def __init__(self, launch: LaunchedRun) -> None:
        self.error: StreamError | OSError | None = None
        self._launch = launch
        self._events: deque[AnyEvent] = deque()
        self._has_room = Event()
        self._closing = False
        self._thread = Thread(target=self._read, name="reader", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """The number of events that wait to be taken."""
        return len(self._events)

    @property
    def ended(self) -> bool:
        """Whether no more events will come, and nothing of the run is left; `error` tells if reading failed."""
        return not self._thread.is_alive()

    def next(self) -> AnyEvent | None:
        """Return the next event; None if none has come yet."""
        if not self._events:
            return None
        event = self._events.popleft()
        if len(self._events) <= MAX_WAITING // 2 and not self._has_room.is_set():
            self._has_room.set()
        return event

    def stop(self) -> None:
        """Have the run end, without waiting for it: its last events will come."""
        self._launch.stop()

    def wait(self, seconds: float) -> None:
        """Wait until no more events will come, for so many seconds at most."""
        self._thread.join(seconds)

    def close(self) -> None:
        """End the run at once, and the thread with it."""
        self._closing = True
        if not self.ended:
            self._launch.stop()  # so that it does not wait for events about the death of its processes
            self._launch.kill()
            self._has_room.set()
        self._thread.join()

    def _read(self) -> None:
        with self._launch as launch:
            try:
                for event in launch.events():
                    self._events.append(event)
                    while len(self._events) >= MAX_WAITING and not self._closing:
                        self._wait_for_room()
                    if self._closing:
                        return
            except (StreamError, OSError) as error:
                self.error = error

    def _wait_for_room(self) -> None:
        self._has_room.clear()
        # An event that was taken just before has set it in vain, so check again.
        if len(self._events) >= MAX_WAITING and not self._closing:
            self._has_room.wait()


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


class Run:
    """A run that goes on, or one that is over. `request` is None if it is not known; `output` is a program's output.

    Its timeline changes only in `drain`, which the thread that draws calls.
    """

    def __init__(
        self,
        request: Request | None,
        follower: RunFollower,
        reader: Reader | None,
        recorder: Recorder | None = None,
    ) -> None:
        self.request = request
        self.timeline = follower.timeline
        self.stopped = False
        self.output: TerminalText | None = None
        self._follower = follower
        self._reader = reader
        self._recorder = recorder
        self._recording_failed = False

    @classmethod
    def start(cls, request: Request, record: RecordingFile | None = None) -> Self:
        """Start a run. If it can't be started it is over, and its trouble says why.

        `record` is a file that gets the stream as it comes. The run closes it.
        """
        follower = RunFollower()
        try:
            recorder = Recorder(record)
            reader = Reader(LaunchedRun(request, recorder))
        except OSError as error:
            follower.not_started(error)
            if record is not None:
                record.close()
            return cls(request, follower, None)
        return cls(request, follower, reader, recorder)

    @classmethod
    def of(cls, timeline: Timeline, trouble: str = "") -> Self:
        """Return a run that is over, such as a recording. Raises StreamError if the timeline has no header."""
        follower = RunFollower(timeline, trouble)
        if not follower.timeline.begun:
            raise StreamError("the stream is empty")
        return cls(None, follower, None)

    @property
    def trouble(self) -> str:
        """What has gone wrong so far, as a sentence without its full stop; empty if nothing has."""
        return self._follower.trouble

    @property
    def begun(self) -> bool:
        """Whether its timeline has a header."""
        return self.timeline.begun

    @property
    def over(self) -> bool:
        """Whether no more events will come, and no process of it is left."""
        return self._reader is None

    @property
    def stopping(self) -> bool:
        """Whether it was told to stop and is not over yet."""
        return self.stopped and not self.over

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
        return self.request if self.request is not None and not self.begun else self.timeline.header

    @property
    def title(self) -> str:
        """Its workload and mode, such as 'fetch, threads'."""
        return f"{self.workload}, {self.mode}"

    def drain(self, budget_ns: int) -> bool:
        """Apply new events to the timeline, for about `budget_ns` (ns) at most. Returns whether anything changed."""
        reader = self._reader
        if reader is None:
            return False
        ended = reader.ended  # before the events are taken: if it has ended, all of them are there
        try:
            changed = self._take(reader, monotonic_ns() + budget_ns)
            changed = self._check_recording() or changed
            if not ended or reader.waiting:
                return changed
            if reader.error is not None:
                raise reader.error
        except StreamError as error:
            self._follower.impossible(error)
        except OSError as error:
            self._follower.not_read(error)
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
            self._reader.wait(_FINISH_PAUSE_S)
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
        self._follower.not_recorded(self._recorder.failure)
        return True

    def _take(self, reader: Reader, deadline: int) -> bool:
        """Apply at least one of the events that have come; return whether there were any."""
        taken = False
        while (event := reader.next()) is not None:
            self._follower.take(event)
            taken = True
            if monotonic_ns() >= deadline:
                break
        return taken
