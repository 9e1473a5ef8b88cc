import subprocess
import sys

import pytest

from tests.cli.command import LIMIT_S

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")

PROGRAM = """
import os, signal
from threadviz.observer.targets.program import ReceivedSignals
received = ReceivedSignals()
INT, USR1 = signal.SIGINT, signal.SIGUSR1
print(received.take(INT))
for number in (INT, USR1, INT):
    os.kill(os.getpid(), number)
print([received.take(INT) for _ in range(3)], [received.take(USR1) for _ in range(2)])
"""


def test_a_signal_accounts_for_one_message() -> None:
    """A second message on it means that the viewer alone has received it again."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, encoding="utf-8", timeout=LIMIT_S
    )
    assert done.stdout.splitlines() == ["False", "[True, True, False] [True, False]"], done.stderr
