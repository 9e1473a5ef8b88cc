import re

from tests.cli.command import threadviz
from threadviz import __version__
from threadviz.mock_server.config import load
from threadviz.modes import MODES
from threadviz.workloads import WORKLOADS


def test_list_shows_what_there_is() -> None:
    """Every workload, mode and set has a line that begins with its name; then comes the probe."""
    done = threadviz("list")
    assert (done.returncode, done.stderr) == (0, "")
    names = [line.split(" ")[0] for line in done.stdout.split("\n") if line[:1].isalpha()]
    expected = ["workload", *WORKLOADS, "mode", *MODES, "set", *load(None), "probe"]
    assert names[: len(expected)] == expected
    assert names[len(expected)] in {"linux", "portable"}
    assert re.search("^--call .*a function of yours", done.stdout, re.MULTILINE)
    assert "  tells " in done.stdout
    assert " % of a core" in done.stdout
    assert re.search("^(--probe )?portable .*\n  tells .*\n  can't tell ", done.stdout, re.MULTILINE)


def test_the_version_is_told() -> None:
    """With --version."""
    done = threadviz("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"threadviz {__version__}\n", "")


def test_the_commands_are_told() -> None:
    """With --help, on stdout, for that is what was asked for."""
    done = threadviz("--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert all(f"\n  {command} " in done.stdout for command in ("run", "compare", "list"))
