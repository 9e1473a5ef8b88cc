import pytest
from hypothesis import given
from hypothesis import strategies as st

from threadviz.tui.runs import terminal as output
from threadviz.tui.runs.terminal import MAX_LENGTH, TerminalText

ESCAPES = [
    "\x1b[31m",
    "\x1b[0m",
    "\x1b]0;title\x07",
    "\x1bP1;2|data\x1b\\",
    "\x1b(B",
    "\x1b=",
    "\x1b[?25l",
    "\x1b[2J",
]


def shown(data: bytes) -> list[str]:
    """Return the lines after all of it was fed at once."""
    printed = TerminalText()
    printed.feed(data)
    return printed.lines()


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (b"", []),
        (b"one\r\ntwo", ["one", "two"]),
        (b"\n\nx\n", ["", "", "x"]),
        ("grüße 线程\n".encode(), ["grüße 线程"]),
        (b"10 %\r20 %\r100 %\n", ["100 %"]),
        (b"long word\rshort\n", ["shortword"]),
        (b"long word\rshort\x1b[K\n", ["short"]),
        (b"word\x1b[2K\rnew\n", ["new"]),
        (b"word\x1b[2D\x1b[1K\n", ["   d"]),
        (b"abc\b\bX\n", ["aXc"]),
        (b"\b\bx\n", ["x"]),
        (b"a\tb\tc\n", ["a       b       c"]),
        (b"x\x1b[10Gy\x1b[3Cz\n", ["x        y   z"]),
        (b"\x1b[1;31mred\x1b[0m plain\n", ["red plain"]),
        (b"\x1b]8;;http://x.example\x07link\x1b]8;;\x1b\\ after\n", ["link after"]),
        (b"bell\x07 and nul\x00\n", ["bell and nul"]),
        (b"\xff\xfe bad\n", ["\ufffd\ufffd bad"]),
        ("turned \u202e round\n".encode(), ["turned \\u202e round"]),
        ("\x9b31mc1\n".encode(), ["31mc1"]),
        (b"\x1b\x1b[31mx\n", ["x"]),
        (b"\x1b]no end\x18text\n", ["text"]),
    ],
)
def test_what_a_terminal_would_show(data: bytes, lines: list[str]) -> None:
    """Each line is as on a terminal, without colours, and safe to print."""
    assert shown(data) == lines


@given(
    st.lists(
        st.one_of(st.sampled_from([*ESCAPES, "\r", "\n", "\b", "\t", "é", "线"]), st.text(max_size=10)),
        max_size=30,
    ),
    st.lists(st.integers(1, 7), min_size=1, max_size=20),
)
def test_it_may_be_cut_anywhere(pieces: list[str], sizes: list[int]) -> None:
    """In the middle of a character or a sequence: the lines are the same, and printable."""
    data = "".join(pieces).encode(errors="replace")
    printed, at = TerminalText(), 0
    while at < len(data):
        for size in sizes:
            printed.feed(data[at : at + size])
            at += size
    assert printed.lines() == shown(data)
    assert all(line.isprintable() for line in printed.lines())


@given(st.lists(st.sampled_from(ESCAPES), max_size=10), st.text(st.characters(categories=["L", "N", "Zs"])))
def test_sequences_leave_nothing_in_the_text(escapes: list[str], text: str) -> None:
    """Wherever they are."""
    data = text.join([*escapes, ""]).encode()
    assert "".join(shown(data)) == "".join(shown((text * len(escapes)).encode()))


def test_the_last_lines_are_kept_and_the_others_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """There are limits to their number and to their length."""
    monkeypatch.setattr(output, "MAX_LINES", 3)
    printed = TerminalText()
    printed.feed(b"".join(b"%d\n" % each for each in range(10)))
    assert (printed.lines(), printed.dropped) == (["7", "8", "9"], 7)
    monkeypatch.setattr(output, "MAX_CHARS", 10)
    printed.feed(b"123456\nabcdef\n")
    assert (printed.lines(), printed.dropped) == (["abcdef"], 11)


def test_the_length_of_a_line_is_limited() -> None:
    """The characters beyond the limit are counted."""
    printed = TerminalText()
    for _ in range(100):
        printed.feed(b"x" * 1000)
    assert printed.lines() == ["x" * MAX_LENGTH]
    assert printed.cut == 100_000 - MAX_LENGTH


def test_the_length_of_a_control_string_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else nothing would be shown after an unfinished one."""
    monkeypatch.setattr(output, "_MAX_STRING", 1000)
    printed = TerminalText()
    printed.feed(b"\x1b]" + b"x" * 2000)
    printed.feed(b"words\n")
    assert printed.lines() == ["words"]


def test_changes_are_counted() -> None:
    """The number grows with each chunk."""
    printed = TerminalText()
    before = printed.changes
    printed.feed(b"x")
    assert printed.changes > before
