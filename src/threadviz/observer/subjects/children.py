"""The processes that the observer starts: the stand-in site and the subject."""

import os
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

import msgspec

from threadviz.events import Begin, Ended, Finished, Started, Submitted
from threadviz.observer.pipe import NamedPipe
from threadviz.observer.subjects.printed import Printed
from threadviz.processes.endings import how_it_ended
from threadviz.request import PYTHON
from threadviz.site.sets import Site
from threadviz.subject.order import Ready, Refused, SubjectOrder

Told = Begin | Submitted | Started | Finished | Ended

Said = Ready | Refused | Told


class StartError(Exception):
    """A process of the run did not come up; the text is a clause that says which, and how."""


class RefusedError(StartError):
    """Somebody's own function can't be called; the text is a sentence without its full stop.

    `traceback` is that of their code, in lines, where it is that which failed.
    """

    def __init__(self, why: str, traceback: str) -> None:
        super().__init__(why)
        self.traceback = traceback


def _tell(process: "subprocess.Popen[bytes]", line: bytes) -> None:
    """Write a line to the standard input of a process; of one that is dead already, its status tells."""
    assert process.stdin is not None
    with suppress(BrokenPipeError):
        process.stdin.write(line + b"\n")
        process.stdin.flush()


class StandInSite:
    """The stand-in site, which is to serve `sites`."""

    def __init__(self, sites: Sequence[Site]) -> None:
        answers, into = os.pipe()
        self.answers: IO[bytes] = os.fdopen(answers, "rb")
        """What it says: one line, with the addresses that it serves at."""
        try:
            self.process = subprocess.Popen(
                [*PYTHON, "threadviz.site", str(into)],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(into,),
            )
        finally:
            os.close(into)
        _tell(self.process, msgspec.json.encode(sites))

    def urls(self) -> tuple[str, ...]:
        """Return where it serves the sites, in their order. Blocks until it has said so. Raises StartError."""
        answer = self.answers.readline()
        if not answer:
            raise StartError(f"the stand-in site ended: {how_it_ended(self.process.wait())}")
        return msgspec.json.decode(answer, type=tuple[str, ...])


class Subject:
    """The watched process, and the named pipe in folder `scratch` through which it speaks.

    What it prints goes to the file `output`, where somebody wants it.
    """

    def __init__(self, scratch: Path, output: str = "") -> None:
        self.pipe = NamedPipe(scratch / "events")
        self.printed = Printed(Path(output) if output else scratch / "printed")
        self._decoder = msgspec.json.Decoder(Said)
        self.process = subprocess.Popen(
            [*PYTHON, "threadviz.subject"],
            stdin=subprocess.PIPE,
            stdout=self.printed.descriptor,
            stderr=self.printed.descriptor,
        )

    def order(self, order: SubjectOrder) -> None:
        """Tell it what to run; it answers Ready."""
        _tell(self.process, msgspec.json.encode(order))

    def go(self) -> None:
        """Let it begin."""
        _tell(self.process, b"")

    def said(self) -> list[Said]:
        """Return what it and its workers have said since the last call; times are of `time.monotonic_ns()`."""
        return [self._decoder.decode(line) for line in self.pipe.lines()]
