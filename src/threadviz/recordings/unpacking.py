"""The bytes of a file, in chunks of bounded size, unpacked where gzip has packed them."""

import errno
import os
import stat
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from threadviz.stream import READ_SIZE, StreamError

GZIP_MAGIC = b"\x1f\x8b"
"""What every file begins with that gzip has packed."""

GZIP = 31
"""zlib's `wbits` for that form (see `zlib.decompressobj`)."""

MAX_RATIO = 50
"""No recording is packed any closer: those of real runs become 4 to 8 times as large."""

UNPACKED_FREELY = 64 * 2**20
"""So many bytes may come of a file, however small it is."""


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Yield the file, open for reading. Raises OSError, at once, also for what is no file, such as a named pipe."""
    # What is no file could be waited for without end: the first byte of a pipe, the last of a device.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    try:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            raise OSError(
                errno.EINVAL, "it is a folder" if stat.S_ISDIR(mode) else "it is a pipe or a device"
            )
        with open(descriptor, "rb", buffering=0, closefd=False) as file:
            yield file
    finally:
        os.close(descriptor)


def chunks(file: BinaryIO, progress: Callable[[float], None]) -> Iterator[bytes]:
    """Yield what is in the file now, unpacked, in chunks of about READ_SIZE bytes at most; tell `progress` the share.

    Packed bytes that were cut off end where they were cut. Raises StreamError where they are damaged, or become more
    than any recording does, once all that came before was yielded.
    """
    size = os.fstat(file.fileno()).st_size
    packed = _read(file, size, progress)
    first = next(packed, b"")
    if first.startswith(GZIP_MAGIC):
        yield from _unpacked(first, packed, max(UNPACKED_FREELY, MAX_RATIO * size))
    else:
        yield first
        yield from packed


def _read(file: BinaryIO, size: int, progress: Callable[[float], None]) -> Iterator[bytes]:
    """Yield the first `size` bytes: the file may grow meanwhile, as long as its run goes on."""
    left = size
    while left and (chunk := file.read(min(left, READ_SIZE))):
        left -= len(chunk)
        yield chunk
        progress(1 - left / size)


def _unpacked(first: bytes, rest: Iterator[bytes], most: int) -> Iterator[bytes]:
    unpacker = zlib.decompressobj(GZIP)
    packed = first
    while packed or (packed := next(rest, b"")):
        if unpacker.eof:  # and yet there is more: several were put one after the other
            packed = packed.lstrip(b"\0")
            if not packed:
                continue
            unpacker = zlib.decompressobj(GZIP)
        try:
            chunk = unpacker.decompress(packed, READ_SIZE)
        except zlib.error as error:
            raise StreamError("what is packed is damaged") from error
        packed = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
        yield chunk
        most -= len(chunk)
        if most < 0:
            raise StreamError(f"it becomes more than {MAX_RATIO} times its size when it is unpacked")
    if not unpacker.eof:
        yield unpacker.flush(READ_SIZE)
