"""The debug log: what it holds, what it leaves out, and that it is no danger to anything."""

import os
import stat
import sys
from pathlib import Path

import pytest

from tests.cli.command import threadviz

PROGRAM = "import os, sys; print('THREADVIZ_DEBUG' in os.environ, sys.argv[1])"


def test_viewer_and_observer_log_into_one_new_private_file(tmp_path: Path) -> None:
    """Each line says when, by whom and what."""
    log = tmp_path / "debug.log"
    done = threadviz("--debug", str(log), "run", "primes", "--mode", "blocking", "--tasks", "1")
    assert (done.returncode, done.stderr) == (0, "")
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    lines = log.read_text().splitlines()
    assert {line.split(" ", 3)[1] for line in lines} == {"viewer", "observer"}
    assert all(float(line.split(" ", 1)[0]) > 0 for line in lines)
    assert lines[-1].endswith("exit status 0")


def test_a_file_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    """It is refused with one sentence, whether an option or a variable names it."""
    log = tmp_path / "debug.log"
    log.write_text("mine")
    done = threadviz("--debug", str(log), "list")
    assert done.returncode == 2
    assert done.stderr.startswith(f"threadviz: the debug log {str(log)!r} can't be created (File exists)")
    assert threadviz("list", THREADVIZ_DEBUG=str(log)).returncode == 2
    assert log.read_text() == "mine"


@pytest.mark.skipif(sys.platform != "linux", reason="exec needs /proc")
def test_a_program_knows_nothing_of_the_log_and_the_log_little_of_the_program(tmp_path: Path) -> None:
    """The variable is not passed on, and arguments may be secrets."""
    log, script = tmp_path / "debug.log", tmp_path / "program.py"
    script.write_text(PROGRAM)
    done = threadviz("exec", "--headless", str(script), "s3cret", THREADVIZ_DEBUG=str(log))
    assert done.stdout == "False s3cret\n"
    assert "s3cret" not in log.read_text()
    assert f"{os.sep}program.py" not in log.read_text()
