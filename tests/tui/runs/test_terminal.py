import os
import subprocess
import sys

from tests.mock_server.running import wait_until
from threadviz.tui.runs.terminal import ProgramTerminal


def test_what_a_program_prints_comes_at_once_and_whole() -> None:
    """To what it takes for a terminal of that size; the last words are there when it is closed."""
    script = "import os, sys; print(os.get_terminal_size()); sys.stderr.write('words\\n'); input()"
    with ProgramTerminal(77, 22) as terminal:
        with subprocess.Popen(
            [sys.executable, "-c", script],
            stdin=subprocess.PIPE,
            stdout=terminal.descriptor,
            stderr=terminal.descriptor,
        ) as program:
            wait_until(lambda: len(terminal.printed.lines()) == 2)
            program.communicate(b"\n", timeout=30)
        os.write(terminal.descriptor, b"last")
    assert terminal.printed.lines() == ["os.terminal_size(columns=77, lines=22)", "words", "last"]
