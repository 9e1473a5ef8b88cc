"""Recordings to load, for tests."""

import os
from collections.abc import Iterable
from pathlib import Path

from tests.protocol.header import HEADER
from threadviz.protocol.codec import encode
from threadviz.protocol.events import AnyEvent, Event, LaneStarted, RunStarted
from threadviz.recordings.reader import Loaded, load

DATA = Path(__file__).parents[1] / "data"

SOUND: list[AnyEvent] = [HEADER, LaneStarted(0, 0, 1, 1, "python", "subject"), RunStarted(0, 1, 1)]
"""What a recording begins with, of which there is something to show."""


def written(path: Path, data: bytes | Iterable[Event]) -> Path:
    """Write a recording, and return its path."""
    path.write_bytes(data if isinstance(data, bytes) else b"".join(map(encode, data)))
    return path


def loaded(path: Path, data: bytes | Iterable[Event]) -> Loaded:
    """Write a recording and load it."""
    return load(written(path, data))


def descriptors() -> int:
    """How many files this process has open."""
    return len(os.listdir("/proc/self/fd"))
