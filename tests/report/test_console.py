import os
import pty
from collections.abc import Iterator
from typing import TextIO

import pytest

from threadviz.report.console import MAX_WIDTH, MIN_WIDTH, PIPED_WIDTH, ReportConsole


@pytest.fixture
def terminal() -> Iterator[TextIO]:
    """A terminal that is 120 characters wide, with UTF-8."""
    master, slave = pty.openpty()
    with os.fdopen(master, "rb"), os.fdopen(slave, "w", encoding="utf-8") as file:
        import termios

        termios.tcsetwinsize(file.fileno(), (40, 120))
        yield file


def test_a_terminal_is_not_plain(terminal: TextIO) -> None:
    """It gets colours, blocks, and its own width."""
    assert ReportConsole.of(terminal, {"TERM": "xterm"}) == ReportConsole(120, plain=False)


@pytest.mark.parametrize("environ", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_a_terminal_may_be_plain_by_wish(terminal: TextIO, environ: dict[str, str]) -> None:
    """NO_COLOR and a dumb terminal keep their width."""
    assert ReportConsole.of(terminal, environ) == ReportConsole(120, plain=True)


def test_an_empty_no_color_is_none(terminal: TextIO) -> None:
    """As no-color.org has it."""
    assert not ReportConsole.of(terminal, {"NO_COLOR": ""}).plain


def test_a_terminal_without_utf_8_is_plain(terminal: TextIO) -> None:
    """Blocks can't be written there."""
    with os.fdopen(os.dup(terminal.fileno()), "w", encoding="latin-1") as file:
        assert ReportConsole.of(file, {}).plain


def test_no_terminal_is_narrower_than_a_report(terminal: TextIO) -> None:
    """A report is laid out for 80 characters, however few there are."""
    import termios

    termios.tcsetwinsize(terminal.fileno(), (24, 30))
    assert ReportConsole.of(terminal, {}).width == MIN_WIDTH


def test_what_is_piped_is_plain() -> None:
    """A file or pipe has no width of its own, and no colours."""
    with open(os.devnull, "w") as file:  # noqa: PTH123
        assert ReportConsole.of(file, {}) == ReportConsole(PIPED_WIDTH, plain=True)


@pytest.mark.parametrize(
    ("columns", "width"),
    [("120", 120), ("40", MIN_WIDTH), ("9" * 9, MAX_WIDTH), ("", PIPED_WIDTH), ("-3", PIPED_WIDTH)],
)
def test_columns_says_how_wide_what_is_piped_may_be(columns: str, width: int) -> None:
    """Within limits; what is no number is no wish."""
    with open(os.devnull, "w") as file:  # noqa: PTH123
        assert ReportConsole.of(file, {"COLUMNS": columns}).width == width
