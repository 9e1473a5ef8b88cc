import os
import subprocess
import sys

from tests.mock_server.running import wait_until
from threadviz.tui.runs.terminal import ProgramTerminal


def test_output_is_read_at_once_and_completely() -> None:
    """The program has a terminal of the given size; the last output is there when it is closed."""
    script = "import os, sys; print(os.get_terminal_size()); sys.stderr.write('words\\n'); input()"
    with ProgramTerminal(77, 22) as terminal:
        with subprocess.Popen(
            [sys.executable, "-c", script],
            stdin=subprocess.PIPE,
            stdout=terminal.descriptor,
            stderr=terminal.descriptor,
        ) as program:
            wait_until(lambda: len(terminal.output.lines()) == 2)
            program.communicate(b"\n", timeout=30)
        os.write(terminal.descriptor, b"last")
    assert terminal.output.lines() == ["os.terminal_size(columns=77, lines=22)", "words", "last"]
