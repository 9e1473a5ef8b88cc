"""The terminal that a program gets whose output is shown in the app."""

import os
import pty
import select
import termios
from contextlib import suppress
from threading import Thread
from typing import Self

from threadviz.tui.runs.ansi import TerminalText

_READ_BYTES = 16 * 1024


class ProgramTerminal:
    """A pseudo-terminal of `columns` times `rows`; what is printed on it is in `printed`. A context manager.

    Nobody types on it: `unfed` is whether the program's standard input is empty, because the app has the terminal. It
    is nobody's controlling terminal, so that a program that asks for a password there is told that there is no such
    thing, and does not wait for ever. Raises OSError.
    """

    def __init__(self, columns: int, rows: int, *, unfed: bool = False) -> None:
        self.printed = TerminalText(unfed=unfed)
        self._wake, self._waker = os.pipe()
        self._master, self.descriptor = pty.openpty()
        termios.tcsetwinsize(self.descriptor, (rows, columns))
        self._thread = Thread(target=self._read, name="output", daemon=True)
        self._thread.start()

    def _read(self) -> None:
        """Take what is printed until this is closed. It is never ended from the other side, which is open here."""
        while True:
            readable, _, _ = select.select([self._master, self._wake], [], [])
            if self._master in readable:
                self.printed.feed(os.read(self._master, _READ_BYTES))
            elif readable:
                return

    def close(self) -> None:
        """Take what was printed, and close it."""
        os.close(self._waker)
        self._thread.join()
        for descriptor in (self._wake, self._master, self.descriptor):
            with suppress(OSError):
                os.close(descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
