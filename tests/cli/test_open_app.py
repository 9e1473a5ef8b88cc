import subprocess
import sys

import pytest

from tests.cli.command import command, threadviz
from tests.tui.real.terminal import in_terminal


@pytest.mark.parametrize("args", [(), ("--ascii",), ("--ascii", "--ascii")])
def test_the_app_is_not_opened_where_there_is_no_terminal(args: tuple[str, ...]) -> None:
    """A sentence says what there is instead."""
    done = threadviz(*args)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("threadviz: the app needs a terminal, and std")
    assert done.stderr.endswith("see threadviz run --help.\n")


@pytest.mark.parametrize(
    ("redirection", "which"),
    [("</dev/null", "stdin"), (">/dev/null", "stdout"), ("<&-", "stdin"), (">&-", "stdout")],
)
def test_the_app_needs_all_of_a_terminal(redirection: str, which: str) -> None:
    """What it draws and what is typed go to and from the same."""
    with in_terminal(["/bin/sh", "-c", f'"$@" {redirection}', "sh", *command()], 120, 5) as terminal:
        assert terminal.wait_for_end() == 2
        assert f"threadviz: the app needs a terminal, and {which} is none" in terminal.text


def test_a_run_is_started_before_what_is_slow_to_import() -> None:
    """The app's first lanes would come later by as long."""
    code = "import sys, threadviz.cli.main, threadviz.cli.app; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
    assert not {"asyncio", "click", "psutil", "rich", "textual"} & set(done.stdout.split())
