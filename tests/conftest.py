"""What holds for all tests."""

import os
import signal
import sys
from collections.abc import Iterator
from multiprocessing import forkserver, resource_tracker

import pytest
from hypothesis import HealthCheck, settings

# Byte code is kept even if PYTHONDONTWRITEBYTECODE is set. Otherwise each of a thousand processes compiles threadviz
# anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# The same examples at every run, and no limit on time: a busy machine is no failure.
settings.register_profile(
    "house", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("house")

# Who starts the tests in the background, or by nohup, has them ignore these, and so all that they start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
for _number in (signal.SIGHUP, signal.SIGQUIT, signal.SIGTERM):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, signal.SIG_DFL)


@pytest.fixture
def no_servers_left() -> Iterator[None]:
    """End what `multiprocessing` has started and would keep for as long as this process is there."""
    yield
    forkserver._forkserver._stop()  # type: ignore[attr-defined]
    resource_tracker._resource_tracker._stop()  # type: ignore[attr-defined]
