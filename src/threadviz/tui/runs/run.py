"""One run as the app has it."""

import re
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from threading import Event, Thread
from time import monotonic_ns
from typing import Self

from threadviz.launcher import LaunchedRun, RecordingError
from threadviz.protocol.codec import StreamError
from threadviz.protocol.events import AnyEvent, Header, TargetKind
from threadviz.protocol.requests import Request, RunRequest
from threadviz.recordings.writer import Kept, RecordingFile, SaveError
from threadviz.run_follower import RunFollower
from threadviz.timeline import Timeline
from threadviz.tui.runs.ansi import TerminalText

# Reads a run's events while the app draws.

MAX_WAITING = 20_000
"""So many events may wait to be taken. Then reading waits, and in the end the observer, which keeps what it saw."""


class Reader:
    """Takes a launched run over: reads it to its end in a thread of its own, and leaves nothing of it then.

    All methods are for one and the same other thread.
    """

    def __init__(self, launch: LaunchedRun) -> None:
        self.error: StreamError | OSError | None = None
        self._launch = launch
        self._waiting: deque[AnyEvent] = deque()
        self._room = Event()
        self._closing = False
        self._thread = Thread(target=self._read, name="reader", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """How many events wait to be taken."""
        return len(self._waiting)

    @property
    def ended(self) -> bool:
        """Whether no more will come than what waits, and nothing of the run is left. `error` says if it had to be."""
        return not self._thread.is_alive()

    def next(self) -> AnyEvent | None:
        """The next event that has come, if one has."""
        if not self._waiting:
            return None
        event = self._waiting.popleft()
        if len(self._waiting) <= MAX_WAITING // 2 and not self._room.is_set():
            self._room.set()
        return event

    def stop(self) -> None:
        """Have the run end. Does not wait for it: what is still said of it will come."""
        self._launch.stop()

    def wait(self, seconds: float) -> None:
        """Wait until no more will come, for so long at most."""
        self._thread.join(seconds)

    def close(self) -> None:
        """End the run at once, and the thread with it."""
        self._closing = True
        if not self.ended:
            self._launch.stop()  # so that nothing is waited for that may be said of its death
            self._launch.kill()
            self._room.set()
        self._thread.join()

    def _read(self) -> None:
        with self._launch as launch:
            try:
                for event in _events(launch):
                    self._waiting.append(event)
                    while len(self._waiting) >= MAX_WAITING and not self._closing:
                        self._await_room()
                    if self._closing:
                        return
            except (StreamError, OSError) as error:
                self.error = error

    def _await_room(self) -> None:
        self._room.clear()
        # An event that was taken just before left the room set in vain, so look again.
        if len(self._waiting) >= MAX_WAITING and not self._closing:
            self._room.wait()


def _events(launch: LaunchedRun) -> Iterator[AnyEvent]:
    """Yield the run's events to its end, even where what is kept of it can't be written any further."""
    try:
        yield from launch.events()
    except RecordingError:  # told to whoever wants to save it
        yield from launch.events()


# What is kept of a run while it goes on.


class Recorder:
    """Takes a run's stream twice: to be saved when somebody wants to, and into a file that was asked for.

    What can't be kept is told to who wants to save it. `failure` is a clause on why the file can't be written any
    further; nothing where it can.
    """

    def __init__(self, kept: Kept, file: RecordingFile) -> None:
        self.failure = ""
        self._kept = kept
        self._file = file

    def write(self, data: bytes, /) -> None:
        """Take this as well."""
        with suppress(OSError):
            self._kept.write(data)
        if not self.failure:
            try:
                self._file.write(data)
                self._file.flush()
            except OSError as error:
                self.failure = error.strerror or str(error)

    def flush(self) -> None:
        """Nothing: all is where it is to stay."""

    def close(self) -> None:
        """End the file."""
        try:
            self._file.close()
        except OSError as error:
            self.failure = self.failure or error.strerror or str(error)


_NAME_LENGTH = 60
"""Of what was run, no more characters than these stand in the name of a file."""

_BUDGET_NS = 10_000_000
_PAUSE_S = 0.01


class Run:
    """A run that goes on, or one that is over. `request` is what was asked for, None where that is not known.

    Its timeline changes only while `drain` is called, which is for the thread that draws.
    """

    def __init__(
        self,
        request: Request | None,
        following: RunFollower,
        reader: Reader | None,
        kept: Kept | None = None,
        recorder: Recorder | None = None,
    ) -> None:
        self.request = request
        self.stopped = False
        self.output: TerminalText | None = None
        """What the program has printed, where that comes here."""
        self._following = following
        self._reader = reader
        self._kept = kept
        self._recorder = recorder
        self._unrecorded = False

    @classmethod
    def start(cls, request: Request, record: RecordingFile | None = None) -> Self:
        """Start it. One that can't be started is over, and its trouble says why.

        `record` is a file that gets its stream as it comes, and is closed when it is over.
        """
        following = RunFollower()
        try:
            kept = Kept()
            recorder = None if record is None else Recorder(kept, record)
            reader = Reader(LaunchedRun(request, recorder or kept))
        except OSError as error:
            following.not_started(error)
            if record is not None:
                record.close()
            return cls(request, following, None)
        return cls(request, following, reader, kept, recorder)

    @classmethod
    def of(cls, timeline: Timeline, trouble: str = "") -> Self:
        """Return one that is over, such as a recording's. Raises StreamError for a timeline without a header."""
        following = RunFollower(timeline, trouble)
        if not following.begun:
            raise StreamError("the stream is empty")
        return cls(None, following, None)

    @property
    def timeline(self) -> Timeline:
        """What is known of it."""
        return self._following.timeline

    @property
    def trouble(self) -> str:
        """What has gone wrong with it so far, as a sentence without its full stop; nothing where nothing has."""
        return self._following.trouble

    @property
    def begun(self) -> bool:
        """Whether its timeline has a header."""
        return self._following.begun

    @property
    def over(self) -> bool:
        """Whether no more of it will come, and no process of it is left."""
        return self._reader is None

    @property
    def stopping(self) -> bool:
        """Whether it was told to stop, and is not over yet."""
        return self.stopped and not self.over

    @property
    def mode(self) -> str:
        """Its mode's name."""
        return self._what.mode

    @property
    def workload(self) -> str:
        """Its workload's name, or what the program or the process is called."""
        return self._what.workload

    @property
    def of_workload(self) -> bool:
        """Whether it is a workload that is run."""
        if self.request is not None:
            return isinstance(self.request, RunRequest)
        return self.timeline.header.watches is TargetKind.WORKLOAD

    @property
    def _what(self) -> Header | Request:
        """Who knows what it is called: of a process that only its header tells."""
        return self.request if self.request is not None and not self.begun else self.timeline.header

    @property
    def title(self) -> str:
        """What it is, in two words, such as 'fetch, threads'."""
        return f"{self.workload}, {self.mode}"

    def drain(self, budget_ns: int) -> bool:
        """Put what has come into the timeline, for about `budget_ns` (ns) at most. Tells whether anything changed."""
        reader = self._reader
        if reader is None:
            return False
        ended = reader.ended  # asked first: all that it read is there to be taken then
        try:
            changed = self._take(reader, monotonic_ns() + budget_ns)
            changed = self._tell_of_recording() or changed
            if not ended or reader.waiting:
                return changed
            if reader.error is not None:
                raise reader.error
        except StreamError as error:
            self._following.impossible(error)
        except OSError as error:
            self._following.not_read(error)
        self.close()
        return True

    def file_name(self, now: datetime) -> str:
        """What to call its recording, saved at `now`, where nobody says otherwise."""
        name = re.sub(r"[^\w.]+", "-", self.workload)[:_NAME_LENGTH].strip("-.")
        return f"threadviz-{name}-{self.mode}-{now:%Y%m%d-%H%M%S}.jsonl.gz"

    def save(self, path: Path, *, over: bool = False) -> None:
        """Write its recording into the file `path`, as far as it has come; packed with gzip if that ends in '.gz'.

        Raises FileExistsError where there is such a file, unless it is to be written `over`; OSError where it can't be
        written; and SaveError where there is nothing to save. Of a run of an hour it may take a second.
        """
        if self._kept is None:
            raise SaveError("it was not run in this sitting")
        self._kept.save(path, over=over)

    def stop(self) -> None:
        """Have it end. What was measured until then is still told, soon; this does not wait for it."""
        if self._reader is not None:
            self.stopped = True
            self._reader.stop()

    def finish(self) -> None:
        """Have it end, and take its last word: that may take as long as a run has to say it."""
        self.stop()
        while self._reader is not None:
            self._reader.wait(_PAUSE_S)
            self.drain(_BUDGET_NS)

    def close(self) -> None:
        """End all of it now. What had come of it until then stays."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None
        if self._recorder is not None:
            self._recorder.close()
            self._tell_of_recording()
            self._recorder = None

    def _tell_of_recording(self) -> bool:
        """Say, once, that it is not recorded any further. Tells whether that is new."""
        if self._recorder is None or not self._recorder.failure or self._unrecorded:
            return False
        self._unrecorded = True
        self._following.not_recorded(RecordingError(self._recorder.failure))
        return True

    def _take(self, reader: Reader, deadline: int) -> bool:
        """Take what has come, one event at the least, and tell whether there was any."""
        taken = False
        while (event := reader.next()) is not None:
            self._following.take(event)
            taken = True
            if monotonic_ns() >= deadline:
                break
        return taken
