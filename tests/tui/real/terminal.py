"""A terminal for tests: a pseudo-terminal that runs a command, and a screen that shows its output."""

import os
import pty
import select
import subprocess
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TypeVar

import pyte

from tests.cli.command import LIMIT_S, descendants, end, environment

T = TypeVar("T")

# The shell makes the terminal its controlling terminal, and that of the command that it executes: with the signals and
# the hang-up of a terminal.
_IN_TERMINAL = ("/bin/sh", "-c", 'exec "$@" <>"$0" >&0 2>&0')


class Terminal:
    """A terminal of `columns` and `rows` in which `command` runs. `output` has all of its output, in bytes."""

    def __init__(self, command: list[str], columns: int, rows: int, **variables: str) -> None:
        self.output = b""
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._master, self._slave = pty.openpty()
        termios.tcsetwinsize(self._slave, (rows, columns))
        self._before = termios.tcgetattr(self._slave)
        self.process = subprocess.Popen(
            [*_IN_TERMINAL, os.ttyname(self._slave), *command],
            env=environment(TERM="xterm-256color", COLORTERM="truecolor", **variables),
            start_new_session=True,
        )

    @property
    def text(self) -> str:
        """The text on the screen."""
        return "\n".join(self._screen.display)

    @property
    def all_output(self) -> str:
        """All output so far, as text."""
        return self.output.decode(errors="replace")

    @property
    def restored(self) -> bool:
        """Whether all modes are as before the command: those of the line, and those set by control sequences."""
        switched = {
            "?1049": "l",
            "?25": "h",
            "?1000": "l",
            "?1003": "l",
            "?1006": "l",
            "?2004": "l",
            "?7": "h",
        }
        return termios.tcgetattr(self._slave) == self._before and all(
            self.output.rfind(f"\x1b[{mode}{state}".encode())
            > self.output.rfind(f"\x1b[{mode}{'h' if state == 'l' else 'l'}".encode())
            for mode, state in switched.items()
        )

    def wait_until(self, condition: Callable[[], T | None]) -> T:
        """Read output until `condition` returns something true, and return that. Fails if the command ends before."""
        deadline = time.monotonic() + LIMIT_S
        while not (found := condition()):
            ended = self.process.poll() is not None
            assert (self._show() or not ended) and time.monotonic() < deadline, (
                f"this never came true; the screen shows\n{self.text}"
            )
        return found

    def wait_for(self, *words: str) -> None:
        """Read output until all these words are on the screen."""
        self.wait_until(lambda: all(each in self.text for each in words))

    def wait_for_end(self) -> int:
        """Read output until the command has ended, and return its exit status."""
        deadline = time.monotonic() + LIMIT_S
        while self._show() or self.process.poll() is None:
            assert time.monotonic() < deadline, f"the command does not end; the screen shows\n{self.text}"
        return self.process.returncode

    def press(self, keys: str) -> None:
        """Type these keys."""
        os.write(self._master, keys.encode())

    def resize(self, columns: int, rows: int) -> None:
        """Change the size; the command gets a signal."""
        self._screen.resize(rows, columns)
        termios.tcsetwinsize(self._slave, (rows, columns))

    def hang_up(self) -> None:
        """Close it, as if its window were closed."""
        os.close(self._master)
        self._master = -1

    def close(self) -> None:
        """End the command, and all processes that it has started."""
        for left in descendants(self.process.pid):
            end(left)
        self.process.kill()
        self.process.wait()
        os.close(self._slave)
        with suppress(OSError):
            os.close(self._master)

    def _show(self) -> bool:
        """Read output that comes within a moment, and return whether there was any."""
        if not select.select([self._master], [], [], 0.02)[0]:
            return False
        chunk = os.read(self._master, 65536)
        self.output += chunk
        self._stream.feed(chunk)
        return True


@contextmanager
def in_terminal(
    command: list[str], columns: int = 100, rows: int = 24, **variables: str
) -> Iterator[Terminal]:
    """Yield a terminal with the command, which is ended with its run afterwards."""
    terminal = Terminal(command, columns, rows, **variables)
    try:
        yield terminal
    finally:
        terminal.close()
