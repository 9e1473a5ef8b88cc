"""The terminal of a program whose output is shown in the app."""

import os
import pty
import select
import termios
from threading import Thread
from typing import Self

from threadviz.debug_log import ignoring
from threadviz.tui.runs.ansi import TerminalText

_READ_BYTES = 16 * 1024


class ProgramTerminal:
    """A pseudo-terminal of `columns` and `rows`; `output` is what is printed on it. A context manager.

    Nobody types on it: `unfed` tells whether the program's standard input is empty, because the app has the user's
    terminal. It is not a controlling terminal, so that a program that asks for a password there fails instead of
    waiting for ever. Raises OSError.
    """

    def __init__(self, columns: int, rows: int, *, unfed: bool = False) -> None:
        self.output = TerminalText(unfed=unfed)
        self._wake, self._waker = os.pipe()
        self._master, self.descriptor = pty.openpty()
        termios.tcsetwinsize(self.descriptor, (rows, columns))
        self._thread = Thread(target=self._read, name="output", daemon=True)
        self._thread.start()

    def _read(self) -> None:
        """Read until it is closed. There is no end of file, since the other side is open in this process too."""
        while True:
            readable, _, _ = select.select([self._master, self._wake], [], [])
            if self._master in readable:
                self.output.feed(os.read(self._master, _READ_BYTES))
            elif readable:
                return

    def close(self) -> None:
        """Read what was printed, and close it."""
        os.close(self._waker)
        self._thread.join()
        for descriptor in (self._wake, self._master, self.descriptor):
            with ignoring(OSError):
                os.close(descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
