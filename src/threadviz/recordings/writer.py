"""Writes a recording into a new file, packed with gzip where its name says so."""

import errno
import os
import stat
import tempfile
import zlib
from collections.abc import Iterable, Iterator
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
    """Whether a recording of this name is packed with gzip."""
    return path.suffix.lower() == PACKED_SUFFIX


class Packer:
    """Packs what is written, with gzip, into `sink`."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._packer = zlib.compressobj(wbits=GZIP)

    def write(self, data: bytes, /) -> None:
        """Pack this as well."""
        self._sink.write(self._packer.compress(data))

    def flush(self) -> None:
        """Let all that was written be unpacked, whatever comes after it: a few bytes more each time."""
        self._sink.write(self._packer.flush(zlib.Z_SYNC_FLUSH))
        self._sink.flush()

    def end(self) -> bytes:
        """What is still to be written if it ends here; it may go on nevertheless."""
        return self._packer.copy().flush()


class RecordingFile:
    """A recording that is being written into the file `path`, which is a new one, or a device.

    Raises FileExistsError where it is a file already, and OSError where it can't be written. A file into which nothing
    was written is taken away when this is closed: it would only be in the way of the next.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = open_new(path)
        self._sink: Sink = self._file
        self._packer: Packer | None = None
        if is_packed(path):
            self._sink = self._packer = Packer(self._file)
        self._empty = True

    def write(self, data: bytes, /) -> None:
        """Write this as well."""
        self._empty = False
        self._sink.write(data)

    def flush(self) -> None:
        """Have all that was written outlive this process."""
        if not self._empty:
            self._sink.flush()

    def close(self) -> None:
        """End it. Raises OSError where that can't be written; it is closed then as well."""
        with self._file:
            if self._empty:
                if stat.S_ISREG(os.fstat(self._file.fileno()).st_mode):
                    self._path.unlink(missing_ok=True)
            elif self._packer is not None:
                self._file.write(self._packer.end())


def open_new(path: Path) -> BinaryIO:
    """Open a file for writing that is not there yet, or something that is no file, such as a device.

    Raises FileExistsError where it is a file, and OSError where it can't be written.
    """
    return open(path, "wb", opener=_open)


def _open(path: str, flags: int) -> int:
    if not os.path.lexists(path):
        return os.open(path, flags | os.O_EXCL, 0o666)
    if Path(path).is_file():
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path)
    # Without waiting: a named pipe that nobody reads is an error then, and nothing that hangs.
    no_wait = getattr(os, "O_NONBLOCK", 0)
    descriptor = os.open(path, os.O_WRONLY | no_wait)
    if no_wait:
        os.set_blocking(descriptor, True)
    return descriptor


# A recording that is kept while the app is open, in case somebody wants to save it.


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
    with ignoring(OSError):  # what could not be written, nobody can read any more
        file.close()
