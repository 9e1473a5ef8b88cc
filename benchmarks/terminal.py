"""A command in a real pseudo-terminal: what it writes is read at once, and noted with the moment."""

import fcntl
import os
import pty
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Sequence
from pathlib import Path
from threading import Condition, Thread
from types import TracebackType
from typing import NamedTuple, Self

CHECKOUT = Path(__file__).parents[1]


class Size(NamedTuple):
    """Of a terminal, in characters."""

    columns: int
    lines: int

    def __str__(self) -> str:
        """As in '80x24'."""
        return f"{self.columns}x{self.lines}"


class Written(NamedTuple):
    """What came at `t`, on the clock of `time.monotonic_ns()`."""

    t: int
    data: bytes


class Terminal:
    """A context manager: when it is left, the command is no more. `pass_fds` are for the command too."""

    def __init__(self, command: Sequence[str], size: Size, pass_fds: Sequence[int] = ()) -> None:
        self.written: list[Written] = []
        self._came = Condition()
        self._ended = False
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", size.lines, size.columns, 0, 0))
        self.started = time.monotonic_ns()
        self.process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=CHECKOUT,
            env=_environment(),
            start_new_session=True,
            pass_fds=pass_fds,
        )
        os.close(slave)
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    def press(self, keys: bytes) -> int:
        """Write `keys`, and return when (ns)."""
        t = time.monotonic_ns()
        os.write(self._master, keys)
        return t

    def bytes_within(self, since: int, until: int) -> int:
        """How many bytes came from `since` to `until` (ns)."""
        return sum(len(each.data) for each in self.written if since <= each.t < until)

    def wait_for(self, text: bytes, since: int, timeout_s: float) -> int:
        """Wait until `text` is in what came after `since` (ns), and return when that was. Raises TimeoutError.

        An empty text is in whatever comes.
        """
        deadline = time.monotonic() + timeout_s
        seen = b""
        index = 0
        while True:
            with self._came:
                while len(self.written) <= index:
                    left = deadline - time.monotonic()
                    if left <= 0 or self._ended:
                        raise TimeoutError(f"{text!r} did not come within {timeout_s} s: {seen[-300:]!r}")
                    self._came.wait(left)
            each = self.written[index]
            index += 1
            if each.t > since:
                seen += each.data
                if text in seen:
                    return each.t

    def wait_for_quiet(self, quiet_s: float, timeout_s: float) -> None:
        """Wait until nothing has come for so long. Raises TimeoutError."""
        deadline = time.monotonic() + timeout_s
        with self._came:
            while self._came.wait(quiet_s):
                if time.monotonic() > deadline:
                    raise TimeoutError(f"it was not quiet for {quiet_s} s within {timeout_s} s")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)  # the app takes leave, and ends its run
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self._reader.join()
        os.close(self._master)

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._master, 65536)
            except OSError:  # nobody has the other end any more
                data = b""
            with self._came:
                self._ended = not data
                if data:
                    self.written.append(Written(time.monotonic_ns(), data))
                self._came.notify_all()
            if not data:
                return


def _environment() -> dict[str, str]:
    """Return the environment for what runs in the terminal: with nothing in it of another one."""
    others = {"COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR"}
    ours = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
    return {name: value for name, value in os.environ.items() if name not in others} | ours
