import os
import pty
import re
import subprocess
import termios
from threading import Thread

import pytest

from tests.cli.command import FETCH, LIMIT_S, command, environment


class Terminal:
    """A terminal that keeps what is written to it."""

    def __init__(self, columns: int) -> None:
        self._master, self.slave = pty.openpty()
        termios.tcsetwinsize(self.slave, (50, columns))
        self._shown = b""
        self._reader = Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        try:
            while chunk := os.read(self._master, 65536):
                self._shown += chunk
        except OSError:  # EIO: nobody has it open any more
            return

    def close(self) -> str:
        """What was shown, once everybody who writes is gone."""
        os.close(self.slave)
        self._reader.join(LIMIT_S)
        os.close(self._master)
        return self._shown.decode()


@pytest.fixture
def terminals() -> list[Terminal]:
    """Two terminals, 90 characters wide."""
    return [Terminal(90), Terminal(90)]


def shown(terminals: list[Terminal], *args: str, **variables: str) -> tuple[str, str]:
    """What the command shows on the one as stdout, on the other as stderr."""
    out, err = terminals
    try:
        done = subprocess.run(
            command(*args),
            stdin=subprocess.DEVNULL,
            stdout=out.slave,
            stderr=err.slave,
            env=environment(**variables),
            timeout=LIMIT_S,
        )
    finally:
        texts = out.close(), err.close()
    assert done.returncode == 0
    return texts


def test_a_terminal_gets_colours_and_a_progress_bar(terminals: list[Terminal]) -> None:
    """The report on stdout with blocks and colours, the bar on stderr, gone at the end."""
    out, err = shown(terminals, "run", *FETCH, "--mode", "blocking", TERM="xterm-256color")
    assert "\x1b[1;31m▚" in out
    plain = re.sub(r"\x1b\[[0-9;]*m", "", out)
    assert all(len(line) <= 90 for line in plain.split("\r\n"))
    assert re.search(r"fetch, blocking .*[0-4] of 4 tasks", re.sub(r"\x1b\[[0-9;]*m", "", err))
    assert err.rstrip().endswith("\x1b[2K")
    drawn_without_cursor = err.partition("\x1b[?25l")[2].partition("\x1b[?25h")[0]
    assert "fetch" not in drawn_without_cursor  # or a command that is killed would leave none


def test_no_color_is_heeded(terminals: list[Terminal]) -> None:
    """Under NO_COLOR the report has no escape and no block in it."""
    out, _ = shown(terminals, "run", *FETCH, "--mode", "blocking", TERM="xterm-256color", NO_COLOR="1")
    assert out.isascii()
    assert "\x1b" not in out
    assert "XXXX" in out


def test_a_dumb_terminal_gets_no_bar(terminals: list[Terminal]) -> None:
    """It could not take it away again."""
    out, err = shown(terminals, "run", *FETCH, "--mode", "blocking", TERM="dumb")
    assert err == ""
    assert "\x1b" not in out
