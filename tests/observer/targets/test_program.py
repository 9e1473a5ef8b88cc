"""A program as a child of this process."""

import os
import signal
import sys
from collections.abc import Iterator

import pytest

from tests.mock_server.running import wait_until
from threadviz.observer.targets.program import Program
from threadviz.protocol.requests import ExecRequest


@pytest.fixture
def ignoring() -> Iterator[None]:
    """Ignore SIGCHLD, as the parent of a process may do."""
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGCHLD, before)


@pytest.fixture(autouse=True)
def inheriting_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hand on none of what the tests themselves have inherited, which would be closed here."""
    monkeypatch.setattr("threadviz.processes.descriptors", set)


@pytest.fixture
def lifeline() -> Iterator[int]:
    """A lifeline that stays open."""
    ours, theirs = os.pipe()
    yield ours
    os.close(ours)
    os.close(theirs)


def started(source: str, lifeline: int) -> Program:
    """Start a Python program."""
    stdin, stdout, stderr = (os.dup(descriptor) for descriptor in (0, 1, 2))
    command = tuple(os.fsencode(each) for each in (sys.executable, "-c", source))
    request = ExecRequest(command=command, workload="program", stdin=stdin, stdout=stdout, stderr=stderr)
    program = Program(request, os.environ, lifeline)
    program.start()
    return program


@pytest.mark.usefixtures("ignoring")
def test_the_end_is_seen_where_sigchld_was_ignored(lifeline: int) -> None:
    """The program ignores it, as it would without threadviz."""
    child = started(
        "import signal, sys; sys.exit(signal.getsignal(signal.SIGCHLD) is signal.SIG_IGN and 7)", lifeline
    )
    wait_until(lambda: child.ended)
    assert child.status == 7


def test_the_end_is_seen_where_the_program_was_collected_elsewhere(lifeline: int) -> None:
    """The status is not known then."""
    child = started("raise SystemExit(7)", lifeline)
    assert os.waitpid(child.pid, 0) == (child.pid, 7 << 8)
    assert child.ended and child.status is None
    child.send(signal.SIGTERM)  # which must not reach the next process with its number
