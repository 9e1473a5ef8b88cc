import subprocess
import sys

import pytest

from tests.cli.command import LIMIT_S

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")

HEARING = """
import os, signal
from threadviz.observer.targets.program import Hearing
hearing = Hearing()
INT, USR1 = signal.SIGINT, signal.SIGUSR1
print(hearing.heard(INT))
for number in (INT, USR1, INT):
    os.kill(os.getpid(), number)
print([hearing.heard(INT) for _ in range(3)], [hearing.heard(USR1) for _ in range(2)])
"""


def test_a_signal_accounts_for_one_notice() -> None:
    """What comes a second time without it was sent to somebody else alone."""
    done = subprocess.run(
        [sys.executable, "-c", HEARING], capture_output=True, encoding="utf-8", timeout=LIMIT_S
    )
    assert done.stdout.splitlines() == ["False", "[True, True, False] [True, False]"], done.stderr
