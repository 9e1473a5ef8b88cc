"""The command on runs that do not end by themselves."""

import sys

from tests.cli.command import SITES

_ENDLESS = f"""
import pathlib
from threadviz import run_options
load = run_options.load
run_options.load = lambda path: load(pathlib.Path({SITES!r}))
run_options.DEFAULT_SET = "slow"
run_options.DEFAULT_TIMEOUT_S = 600.0
"""

_MAIN = """
from threadviz.cli.main import main
main()
"""


def endless(setup: str = "") -> list[str]:
    """Return the command without arguments, on a set of slow sites; `setup` is executed first."""
    return [sys.executable, "-c", _ENDLESS + setup + _MAIN]
