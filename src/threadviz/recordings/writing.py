"""Writes a recording into a new file, packed with gzip where its name says so."""

import errno
import os
import stat
import zlib
from pathlib import Path
from typing import BinaryIO

from threadviz.recordings.unpacking import GZIP
from threadviz.stream import Sink

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
