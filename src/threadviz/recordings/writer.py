"""Writes a recording into a new file, compressed with gzip if its name says so."""

import errno
import os
import stat
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from threading import Lock
from typing import IO, BinaryIO
from weakref import finalize

from threadviz.atomic_write import finish, unfinished
from threadviz.debug_log import ignoring
from threadviz.protocol.codec import READ_SIZE, Sink
from threadviz.recordings.reader import GZIP

PACKED_SUFFIX = ".gz"


def is_packed(path: Path) -> bool:
    """Return whether a recording of this name is compressed with gzip."""
    return path.suffix.lower() == PACKED_SUFFIX


class Packer:
    """Compresses with gzip what is written, into `sink`."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._packer = zlib.compressobj(wbits=GZIP)

    def write(self, data: bytes, /) -> None:
        self._sink.write(self._packer.compress(data))

    def flush(self) -> None:
        """Make all that was written readable, whatever follows. Each call adds a few bytes."""
        self._sink.write(self._packer.flush(zlib.Z_SYNC_FLUSH))
        self._sink.flush()

    def end(self) -> bytes:
        """Return the bytes that would end it here. More can be written nevertheless."""
        return self._packer.copy().flush()


class RecordingFile:
    """A recording that is being written into `path`, a new file or a device.

    Raises FileExistsError if the file exists, and OSError if it can't be written. `close` removes a file into which
    nothing was written: it would only be in the way of the next.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = open_new(path)
        self._packer = Packer(self._file) if is_packed(path) else None
        self._empty = True

    def write(self, data: bytes, /) -> None:
        self._empty = False
        (self._packer or self._file).write(data)

    def flush(self) -> None:
        """Make all that was written outlive this process."""
        if not self._empty:
            (self._packer or self._file).flush()

    def close(self) -> None:
        """Close the file. Raises OSError if its end can't be written; it is closed then as well."""
        with self._file:
            if not self._empty:
                self._file.write(self._packer.end() if self._packer else b"")
            elif stat.S_ISREG(os.fstat(self._file.fileno()).st_mode):
                self._path.unlink(missing_ok=True)


def open_new(path: Path) -> BinaryIO:
    """Open a new file for writing, or something that is no file, such as a device.

    Raises FileExistsError if the file exists, and OSError if it can't be written.
    """
    return open(path, "wb", opener=_open)


def _open(path: str, flags: int) -> int:
    if not os.path.lexists(path):
        return os.open(path, flags | os.O_EXCL, 0o666)
    if Path(path).is_file():
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path)
    # Without blocking: a named pipe that nobody reads is an error then.
    descriptor = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
    os.set_blocking(descriptor, True)
    return descriptor


# A recording that is kept while the app is open, so that it can be saved.


class SaveError(Exception):
    """Nothing could be saved. The text is a clause that says why."""


class Kept:
    """A compressed recording in a file without a name, which goes with this object or with the process.

    Raises OSError if there is no room for it. One thread may save it while another one writes it.
    """

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(prefix="threadviz-")  # noqa: SIM115 - closed as the next line says
        finalize(self, _close, self._file)
        self._lock = Lock()
        self._packer = Packer(self._file)
        self._whole = 0
        self._failure = ""

    def write(self, data: bytes, /) -> None:
        """Write more of the stream. Raises OSError; nothing more is kept after that."""
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
        """Do nothing: it does not outlive the process."""

    def save(self, path: Path, *, over: bool = False) -> None:
        """Write what was recorded so far into the file `path`, whole or not at all; compressed if it ends in '.gz'.

        Raises FileExistsError if it exists, unless it may be written `over`; OSError if it can't be written; SaveError
        if there is nothing to save.
        """
        with self._lock:
            if self._failure:
                raise SaveError(f"it could not be recorded ({self._failure})")
            if not self._whole:
                raise SaveError("nothing of it was recorded yet")
            size, end = self._whole, self._packer.end()
        path = path.resolve()  # of a link, the file that it points to is written
        if path.exists() and not path.is_file():
            raise OSError(errno.EINVAL, "it is no file", str(path))
        data = self._content(size, end)
        if not is_packed(path):
            data = map(zlib.decompressobj(GZIP).decompress, data)
        with unfinished(path) as part:
            with part.open("xb") as file:
                file.writelines(data)
            finish(part, path, over)

    def _content(self, size: int, end: bytes) -> Iterator[bytes]:
        for offset in range(0, size, READ_SIZE):
            yield os.pread(self._file.fileno(), min(READ_SIZE, size - offset), offset)
        yield end


def _close(file: IO[bytes]) -> None:
    with ignoring(OSError):  # what could not be written is of no use to anybody any more
        file.close()
