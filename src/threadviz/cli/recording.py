"""The file that a run is recorded in."""

from pathlib import Path

from threadviz.cli.exits import CommandError
from threadviz.recordings.writing import RecordingFile


def open_recording(path: Path) -> RecordingFile:
    """Open `path` for a recording. Raises CommandError, also where it is a file already."""
    try:
        return RecordingFile(path)
    except FileExistsError as error:
        raise CommandError(
            f"the recording {str(path)!r} exists already: give another name, or remove it"
        ) from error
    except OSError as error:
        raise CommandError(
            f"the recording {str(path)!r} can't be written ({error.strerror}):"
            " give the path of a file in a folder of yours"
        ) from error
