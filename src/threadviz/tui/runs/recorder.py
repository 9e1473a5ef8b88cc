"""What is kept of a run while it goes on."""

from contextlib import suppress

from threadviz.recordings.keeping import Kept
from threadviz.recordings.writing import RecordingFile


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
