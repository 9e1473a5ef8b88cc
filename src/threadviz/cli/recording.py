"""The file that a run is recorded in."""

import os
from pathlib import Path
from typing import BinaryIO

from threadviz.cli.exits import CommandError


def open_recording(path: Path) -> BinaryIO:
    """Open `path` for a recording. Raises CommandError, also where it is a file already."""
    if path.is_file():
        raise CommandError(f"the recording {str(path)!r} exists already: give another name, or remove it")
    try:
        return open(path, "wb", opener=_open)
    except OSError as error:
        raise CommandError(
            f"the recording {str(path)!r} can't be written ({error.strerror}):"
            " give the path of a file in a folder of yours"
        ) from error


def _open(path: str, flags: int) -> int:
    """Open without waiting: a named pipe that nobody reads is an error then, and not a command that hangs."""
    no_wait = getattr(os, "O_NONBLOCK", 0)
    descriptor = os.open(path, flags | no_wait, 0o666)
    if no_wait:
        os.set_blocking(descriptor, True)
    return descriptor
