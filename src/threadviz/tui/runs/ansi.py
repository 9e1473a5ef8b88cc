"""What a program has printed, as lines that are safe to show."""

import codecs
import re
from collections import deque
from threading import Lock

from threadviz.text import printable

MAX_LINES = 10_000
MAX_CHARS = 2_000_000
"""So many lines, and characters of them, are kept: the latest."""

MAX_LENGTH = 4000
"""What a line has beyond so many characters is left out."""

_MAX_STRING = 2**20
"""An unfinished control string is taken for text after so many characters: nobody means one as long as that."""

_TAB = 8

_PIECE = re.compile(
    r"(?P<text>[^\x00-\x1f\x7f-\x9f]+)"
    r"|\x1b\[(?P<numbers>[0-?]*)[ -/]*(?P<final>[@-~])"
    r"|(?P<string>\x1b[PX^_\]])"
    r"|\x1b[ -/]*[0-~]"
    r"|(?P<control>.)",
    re.DOTALL,
)
"""A piece of what goes to a terminal (ECMA-48): text, a control sequence, the begin of a control string, another escape
sequence, or a control character."""

_UNFINISHED = re.compile(r"\x1b(?:\[[0-?]{0,100}[ -/]{0,10}|[ -/]{0,10})\Z")
"""The begin of an escape sequence at the end of what has come."""

_STRING_END = re.compile(r"[\x07\x18\x1a\x9c]|\x1b\\")


class TerminalText:
    """The last lines that came as `bytes` for a terminal. One thread may feed it while another reads.

    What moves along the line does so, and overwrites; colours, and what moves elsewhere, are left out. `unfed` is
    whether the program has nothing to read on its standard input, because who shows it has the terminal.
    """

    def __init__(self, *, unfed: bool = False) -> None:
        self.unfed = unfed
        self._lock = Lock()
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest = ""
        self._skipped: int | None = None
        self._lines: deque[str] = deque()
        self._chars = 0
        self._line = ""
        self._column = 0
        self._changes = self._dropped = self._cut = 0

    @property
    def changes(self) -> int:
        """A number that grows whenever something has come."""
        return self._changes

    @property
    def dropped(self) -> int:
        """How many lines are not kept any more: the first ones."""
        return self._dropped

    @property
    def cut(self) -> int:
        """How many characters were left out, at the ends of lines that were too long."""
        return self._cut

    def lines(self) -> list[str]:
        """Return the lines that are kept, and the one that has not ended, if there is something in it."""
        with self._lock:
            return [*self._lines, printable(self._line)] if self._line else [*self._lines]

    def feed(self, data: bytes) -> None:
        """Take what has come; it may be cut anywhere."""
        with self._lock:
            self._changes += 1
            text = self._rest + self._decoder.decode(data)
            self._rest = ""
            at = 0
            while at < len(text):
                if self._skipped is not None:
                    at = self._skip(text, at)
                elif (unfinished := _UNFINISHED.match(text, at)) is not None:
                    self._rest = unfinished[0]
                    return
                else:
                    piece = _PIECE.match(text, at)
                    assert piece is not None
                    self._take(piece)
                    at = piece.end()

    def _skip(self, text: str, at: int) -> int:
        """Pass over a control string, such as the title of a window; return where to go on."""
        assert self._skipped is not None
        end = _STRING_END.search(text, at)
        if end is not None:
            self._skipped = None
            return end.end()
        whole = len(text) - text.endswith("\x1b")
        self._rest = text[whole:]
        self._skipped += whole - at
        if self._skipped > _MAX_STRING:
            self._skipped = None
        return len(text)

    def _take(self, piece: re.Match[str]) -> None:
        if piece["text"] is not None:
            self._put(piece["text"])
        elif piece["control"] is not None:
            self._obey(piece["control"])
        elif piece["string"] is not None:
            self._skipped = 0
        elif piece["final"] is not None:
            self._move(piece["final"], piece["numbers"])

    def _put(self, text: str) -> None:
        column = self._column
        room = max(0, MAX_LENGTH - column)
        self._cut += max(0, len(text) - room)
        text = text[:room]
        self._column += len(text)
        if column == len(self._line):
            self._line += text
        else:
            before = self._line[:column].ljust(column)
            self._line = before + text + self._line[column + len(text) :]

    def _obey(self, control: str) -> None:
        if control in "\n\v\f":
            self._end_line()
        elif control == "\r":
            self._column = 0
        elif control == "\b":
            self._column = max(0, self._column - 1)
        elif control == "\t":
            self._go_to(self._column // _TAB * _TAB + _TAB)

    def _move(self, final: str, numbers: str) -> None:
        """Do what a control sequence asks for, where it is about the line."""
        first = numbers.partition(";")[0]
        number = int(first[:4]) if first.isdecimal() else 0
        if final == "K":
            rest = "" if number != 1 else self._line[self._column + 1 :].rjust(len(self._line))
            self._line = rest if number else self._line[: self._column]
        elif final == "G":
            self._go_to(number - 1)
        elif final == "C":
            self._go_to(self._column + max(1, number))
        elif final == "D":
            self._go_to(self._column - max(1, number))

    def _go_to(self, column: int) -> None:
        self._column = min(max(0, column), MAX_LENGTH)

    def _end_line(self) -> None:
        line = printable(self._line)
        self._line, self._column = "", 0
        self._lines.append(line)
        self._chars += len(line)
        while len(self._lines) > MAX_LINES or self._chars > MAX_CHARS:
            self._chars -= len(self._lines.popleft())
            self._dropped += 1
