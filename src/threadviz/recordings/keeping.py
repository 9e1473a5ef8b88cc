"""A recording that is kept while the app is open, in case somebody wants to save it."""

import errno
import os
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import IO
from weakref import finalize

from threadviz.recordings.unpacking import GZIP
from threadviz.recordings.writing import Packer, is_packed
from threadviz.stream import READ_SIZE
from threadviz.whole_file import finish, unfinished


class SaveError(Exception):
    """There is nothing that could be saved; the text is a clause that says why."""


class Kept:
    """A recording in a file without a name, packed: gone when nobody has this object any more, or the process ends.

    Raises OSError where there is no place for it. It may be saved by one thread while another one writes it.
    """

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(prefix="threadviz-")  # noqa: SIM115 - closed as the next line says
        finalize(self, _close, self._file)
        self._lock = Lock()
        self._packer = Packer(self._file)
        self._whole = 0
        self._failure = ""

    def write(self, data: bytes, /) -> None:
        """Write this as well. Raises OSError; what comes after that is not kept."""
        with self._lock:
            if self._failure:
                return
            try:
                self._packer.write(data)
                self._file.flush()
            except OSError as error:
                self._failure = error.strerror or str(error)
                raise
            self._whole = self._file.tell()

    def flush(self) -> None:
        """Nothing: it does not outlive the process."""

    def save(self, path: Path, *, over: bool = False) -> None:
        """Write what was recorded until now into the file `path`, whole or not at all; packed if it ends in '.gz'.

        Raises FileExistsError where it exists, unless it is to be written over, OSError where it can't be written, and
        SaveError where there is nothing to save.
        """
        with self._lock:
            if self._failure:
                raise SaveError(f"it could not be recorded ({self._failure})")
            if not self._whole:
                raise SaveError("nothing of it was recorded yet")
            size, end = self._whole, self._packer.end()
        path = path.resolve()  # what a link points to is written, and not the link
        if path.exists() and not path.is_file():
            raise OSError(errno.EINVAL, "it is no file", str(path))
        packed = self._packed(size, end)
        with unfinished(path) as part:
            with part.open("xb") as file:
                file.writelines(packed if is_packed(path) else _unpacked(packed))
            finish(part, path, over)

    def _packed(self, size: int, end: bytes) -> Iterator[bytes]:
        for offset in range(0, size, READ_SIZE):
            yield os.pread(self._file.fileno(), min(READ_SIZE, size - offset), offset)
        yield end


def _unpacked(packed: Iterable[bytes]) -> Iterator[bytes]:
    unpacker = zlib.decompressobj(GZIP)
    return (unpacker.decompress(chunk) for chunk in packed)


def _close(file: IO[bytes]) -> None:
    with suppress(OSError):  # what could not be written, nobody can read any more
        file.close()
