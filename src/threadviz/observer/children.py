"""The processes that the observer starts: the stand-in site and the subject."""

import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from threadviz.events import Begin, Ended, Finished, Started, Submitted
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


def how_it_ended(status: int) -> str:
    """Return, as a clause, what an exit status as `subprocess` gives it means."""
    return f"killed by {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"


class StandInSite:
    """The stand-in site, serving `sites`; `urls` are where, in their order. Raises StartError."""

    def __init__(self, sites: Sequence[Site]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "threadviz.site"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(msgspec.json.encode(sites) + b"\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise StartError(f"the stand-in site did not start ({how_it_ended(self.process.wait())})")
        self.urls = msgspec.json.decode(answer, type=tuple[str, ...])


class Subject:
    """The watched process, and the named pipe in folder `scratch` through which it speaks."""

    def __init__(self, scratch: Path) -> None:
        self.events = scratch / "events"
        self._words = scratch / "words"
        os.mkfifo(self.events, 0o600)
        # Open for writing too, so that the pipe never looks ended: workers come and go.
        self.pipe = os.open(self.events, os.O_RDWR | os.O_NONBLOCK)
        if hasattr(fcntl, "F_SETPIPE_SZ"):
            fcntl.fcntl(self.pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        self._lines = LineSplitter()
        self._decoder = msgspec.json.Decoder(Said)
        with self._words.open("wb") as words:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "threadviz.subject"],
                stdin=subprocess.PIPE,
                stdout=words,
                stderr=words,
            )

    def order(self, order: SubjectOrder) -> None:
        """Tell it what to run; it answers Ready."""
        self._write(msgspec.json.encode(order))

    def go(self) -> None:
        """Let it begin."""
        self._write(b"")

    def _write(self, line: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + b"\n")
        self.process.stdin.flush()

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
