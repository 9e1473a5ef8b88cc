"""The processes that the observer starts: the stand-in site and the subject."""

import os
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

import msgspec

from threadviz.endings import how_it_ended
from threadviz.events import Begin, Ended, Finished, Started, Submitted
from threadviz.request import PYTHON
from threadviz.site.sets import Site
from threadviz.stream import READ_SIZE, LineSplitter
from threadviz.subject.order import Ready, SubjectOrder

Told = Begin | Submitted | Started | Finished | Ended

Said = Ready | Told

_PIPE_BYTES = 2**20
"""Room for what is said between two readings: some ten thousand events."""

_LAST_WORDS_BYTES = 4096


class StartError(Exception):
    """A process of the run did not come up; the text is a clause that says which, and how."""


def _tell(process: "subprocess.Popen[bytes]", line: bytes) -> None:
    """Write a line to the standard input of a process; of one that is dead already, its status tells."""
    assert process.stdin is not None
    with suppress(BrokenPipeError):
        process.stdin.write(line + b"\n")
        process.stdin.flush()


class StandInSite:
    """The stand-in site, which is to serve `sites`."""

    def __init__(self, sites: Sequence[Site]) -> None:
        self.process = subprocess.Popen(
            [*PYTHON, "threadviz.site"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        _tell(self.process, msgspec.json.encode(sites))

    @property
    def answers(self) -> IO[bytes]:
        """What it says: one line, with the addresses that it serves at."""
        assert self.process.stdout is not None
        return self.process.stdout

    def urls(self) -> tuple[str, ...]:
        """Return where it serves the sites, in their order. Blocks until it has said so. Raises StartError."""
        answer = self.answers.readline()
        if not answer:
            raise StartError(f"the stand-in site ended: {how_it_ended(self.process.wait())}")
        return msgspec.json.decode(answer, type=tuple[str, ...])


class Subject:
    """The watched process, and the named pipe in folder `scratch` through which it speaks."""

    def __init__(self, scratch: Path) -> None:
        self.events = scratch / "events"
        self._words = scratch / "words"
        os.mkfifo(self.events, 0o600)
        # Open for writing too, so that the pipe never looks ended: workers come and go.
        self.pipe = os.open(self.events, os.O_RDWR | os.O_NONBLOCK)
        with suppress(AttributeError, OSError):  # of Linux only, and only as far as the system allows it
            import fcntl

            fcntl.fcntl(self.pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        self._lines = LineSplitter()
        self._decoder = msgspec.json.Decoder(Said)
        with self._words.open("wb") as words:
            self.process = subprocess.Popen(
                [*PYTHON, "threadviz.subject"],
                stdin=subprocess.PIPE,
                stdout=words,
                stderr=words,
            )

    def order(self, order: SubjectOrder) -> None:
        """Tell it what to run; it answers Ready."""
        _tell(self.process, msgspec.json.encode(order))

    def go(self) -> None:
        """Let it begin."""
        _tell(self.process, b"")

    def said(self) -> list[Said]:
        """Return what it and its workers have said since the last call; times are of `time.monotonic_ns()`."""
        lines: list[bytes] = []
        try:
            while chunk := os.read(self.pipe, READ_SIZE):
                lines += self._lines.feed(chunk)
        except BlockingIOError:
            return [self._decoder.decode(line) for line in lines]
        return []

    def last_words(self) -> str:
        """Return the last line that it wrote to its standard error, if any."""
        with self._words.open("rb") as words:
            words.seek(max(0, words.seek(0, os.SEEK_END) - _LAST_WORDS_BYTES))
            lines = words.read().decode(errors="replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "")
