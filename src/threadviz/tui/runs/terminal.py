"""The terminal of a program that runs in the app, and its output as lines that are safe to show."""

import codecs
import os
import pty
import re
import select
import termios
from collections import deque
from threading import Lock, Thread
from typing import Self

from threadviz.debug_log import ignoring
from threadviz.text import printable

MAX_LINES = 10_000
MAX_CHARS = 2_000_000
"""The number of lines, and of their characters, that are kept: the latest ones."""

MAX_LENGTH = 4000
"""The number of characters of a line that are kept."""

_MAX_STRING = 2**20
"""An unfinished control string ends after so many characters: nobody means one as long as that."""

_TAB = 8

_TOKEN = re.compile(
    r"(?P<text>[^\x00-\x1f\x7f-\x9f]+)"
    r"|\x1b\[(?P<numbers>[0-?]*)[ -/]*(?P<final>[@-~])"
    r"|(?P<string>\x1b[PX^_\]])"
    r"|\x1b[ -/]*[0-~]"
    r"|(?P<control>.)",
    re.DOTALL,
)
"""A token of a terminal's input (ECMA-48): text, a control sequence, the start of a control string, another escape
sequence, or a control character."""

_UNFINISHED = re.compile(r"\x1b(?:\[[0-?]{0,100}[ -/]{0,10}|[ -/]{0,10})\Z")
"""An escape sequence that is cut off at the end of a chunk."""

_STRING_END = re.compile(r"[\x07\x18\x1a\x9c]|\x1b\\")


class TerminalText:
    """The last lines of output for a terminal. One thread may feed it while another one reads.

    Control sequences that move the cursor within the line are obeyed, and text overwrites what is there. All others,
    such as colours, are left out. `unfed` tells whether the program's standard input is empty, because the app has the
    terminal. `changes` counts the chunks of output, `dropped` the lines at the start that are not kept any more, and
    `cut` the characters that were left out at the ends of lines that were too long.
    """

    def __init__(self, *, unfed: bool = False) -> None:
        self.unfed = unfed
        self.changes = self.dropped = self.cut = 0
        self._lock = Lock()
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._unfinished = ""
        self._skipped_chars: int | None = None
        self._lines: deque[str] = deque()
        self._chars = 0
        self._line = ""
        self._column = 0

    def lines(self) -> list[str]:
        """Return the lines that are kept, and the unfinished one unless it is empty."""
        with self._lock:
            return [*self._lines, printable(self._line)] if self._line else [*self._lines]

    def feed(self, data: bytes) -> None:
        """Take a chunk of output, which may end anywhere."""
        with self._lock:
            self.changes += 1
            text = self._unfinished + self._decoder.decode(data)
            self._unfinished = ""
            at = 0
            while at < len(text):
                if self._skipped_chars is not None:
                    at = self._skip(text, at)
                elif (unfinished := _UNFINISHED.match(text, at)) is not None:
                    self._unfinished = unfinished[0]
                    return
                else:
                    token = _TOKEN.match(text, at)
                    assert token is not None
                    self._take(token)
                    at = token.end()

    def _skip(self, text: str, at: int) -> int:
        """Skip a control string, such as the title of a window; return where to go on."""
        assert self._skipped_chars is not None
        end = _STRING_END.search(text, at)
        if end is not None:
            self._skipped_chars = None
            return end.end()
        whole = len(text) - text.endswith("\x1b")
        self._unfinished = text[whole:]
        self._skipped_chars += whole - at
        if self._skipped_chars > _MAX_STRING:
            self._skipped_chars = None
        return len(text)

    def _take(self, token: re.Match[str]) -> None:
        if token["text"] is not None:
            self._put(token["text"])
        elif token["control"] is not None:
            self._control(token["control"])
        elif token["string"] is not None:
            self._skipped_chars = 0
        elif token["final"] is not None:
            self._move(token["final"], token["numbers"])

    def _put(self, text: str) -> None:
        column = self._column
        room = max(0, MAX_LENGTH - column)
        self.cut += max(0, len(text) - room)
        text = text[:room]
        self._column += len(text)
        if column == len(self._line):
            self._line += text
        else:
            before = self._line[:column].ljust(column)
            self._line = before + text + self._line[column + len(text) :]

    def _control(self, control: str) -> None:
        if control in "\n\v\f":
            self._end_line()
        elif control == "\r":
            self._column = 0
        elif control == "\b":
            self._column = max(0, self._column - 1)
        elif control == "\t":
            self._move_to(self._column // _TAB * _TAB + _TAB)

    def _move(self, final: str, numbers: str) -> None:
        """Obey a control sequence if it is about the line."""
        first = numbers.partition(";")[0]
        number = int(first[:4]) if first.isdecimal() else 0
        if final == "K":
            rest = "" if number != 1 else self._line[self._column + 1 :].rjust(len(self._line))
            self._line = rest if number else self._line[: self._column]
        elif final == "G":
            self._move_to(number - 1)
        elif final == "C":
            self._move_to(self._column + max(1, number))
        elif final == "D":
            self._move_to(self._column - max(1, number))

    def _move_to(self, column: int) -> None:
        self._column = min(max(0, column), MAX_LENGTH)

    def _end_line(self) -> None:
        line = printable(self._line)
        self._line, self._column = "", 0
        self._lines.append(line)
        self._chars += len(line)
        while len(self._lines) > MAX_LINES or self._chars > MAX_CHARS:
            self._chars -= len(self._lines.popleft())
            self.dropped += 1


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
