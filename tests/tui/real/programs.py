"""The command on runs that are not over before somebody ends them."""

import sys

from tests.cli.command import SITES

_ENDLESS = f"""
import pathlib
from threadviz import ask
load = ask.load
ask.load = lambda path: load(pathlib.Path({SITES!r}))
ask.DEFAULT_SET = "slow"
ask.DEFAULT_TIMEOUT_S = 600.0
"""

_MAIN = """
from threadviz.cli.main import main
main()
"""


def endless(before: str = "") -> list[str]:
    """The command without arguments, but on the set of sites that nobody waits for; `before` is done before."""
    return [sys.executable, "-c", _ENDLESS + before + _MAIN]
