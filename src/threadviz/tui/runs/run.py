"""One run as the app has it."""

from datetime import datetime
from pathlib import Path
from time import monotonic_ns
from typing import Self

from threadviz.following import Following
from threadviz.launch import Launch
from threadviz.recordings.keeping import Kept, SaveError
from threadviz.request import RunRequest
from threadviz.stream import StreamError
from threadviz.timeline import Timeline
from threadviz.tui.runs.reader import Reader


class Run:
    """A run that goes on, or one that is over. `request` is what was asked for, None where that is not known.

    Its timeline changes only while `drain` is called, which is for the thread that draws.
    """

    def __init__(
        self,
        request: RunRequest | None,
        following: Following,
        reader: Reader | None,
        kept: Kept | None = None,
    ) -> None:
        self.request = request
        self.stopped = False
        self._following = following
        self._reader = reader
        self._kept = kept

    @classmethod
    def start(cls, request: RunRequest) -> Self:
        """Start it. One that can't be started is over, and its trouble says why."""
        following = Following()
        try:
            kept = Kept()
            reader = Reader(Launch(request, kept))
        except OSError as error:
            following.not_started(error)
            return cls(request, following, None)
        return cls(request, following, reader, kept)

    @classmethod
    def of(cls, timeline: Timeline, trouble: str = "") -> Self:
        """Return one that is over, such as a recording's. Raises StreamError for a timeline without a header."""
        following = Following(timeline, trouble)
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
        return self.request.mode if self.request else self.timeline.header.mode

    @property
    def workload(self) -> str:
        """Its workload's name."""
        return self.request.workload if self.request else self.timeline.header.workload

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
            if not ended or reader.waiting:
                return changed
            if reader.error is not None:
                raise reader.error
        except StreamError as error:
            self._following.not_believed(error)
        except OSError as error:
            self._following.not_read(error)
        self.close()
        return True

    def file_name(self, now: datetime) -> str:
        """What to call its recording, saved at `now`, where nobody says otherwise."""
        return f"threadviz-{self.workload}-{self.mode}-{now:%Y%m%d-%H%M%S}.jsonl.gz"

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

    def close(self) -> None:
        """End all of it now. What had come of it until then stays."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def _take(self, reader: Reader, deadline: int) -> bool:
        """Take what has come, one event at the least, and tell whether there was any."""
        taken = False
        while (event := reader.next()) is not None:
            self._following.take(event)
            taken = True
            if monotonic_ns() >= deadline:
                break
        return taken
