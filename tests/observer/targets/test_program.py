"""A program as a child of this process."""

import os
import signal
import sys
from collections.abc import Iterator

import pytest

from tests.mock_server.running import wait_until
from threadviz.observer.targets.program import Child


@pytest.fixture
def ignoring() -> Iterator[None]:
    """SIGCHLD is ignored, as whoever starts a process may leave it."""
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGCHLD, before)


def started(source: str) -> Child:
    """Start a Python program."""
    streams = [os.dup(descriptor) for descriptor in (0, 1, 2)]
    words = [os.fsencode(each) for each in (sys.executable, "-c", source)]
    child = Child(words, os.environ, streams, (), foreground=False)
    child.go()
    return child


@pytest.mark.usefixtures("ignoring")
def test_an_end_is_seen_where_the_ends_of_children_were_ignored() -> None:
    """And the program ignores them, as it would have done alone."""
    child = started("import signal, sys; sys.exit(signal.getsignal(signal.SIGCHLD) is signal.SIG_IGN and 7)")
    wait_until(lambda: child.over)
    assert child.status == 7


def test_an_end_that_somebody_else_has_collected_is_one() -> None:
    """Of which it is not known how it was."""
    child = started("raise SystemExit(7)")
    assert os.waitpid(child.pid, 0) == (child.pid, 7 << 8)
    assert child.over and child.status is None
    child.send(signal.SIGTERM)  # which must not come to whoever has its number
