"""The signals that are for the program, whoever of those above it they are sent to."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

_NAMES = ("SIGINT", "SIGQUIT", "SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2")

PASSED_ON = tuple(getattr(signal, name) for name in _NAMES if hasattr(signal, name))
"""What a shell, a supervisor or a person sends. Others are for the system to send, or stop all who share a terminal."""


def taken() -> set[signal.Signals]:
    """Return those that this process does not ignore: who ignores one has its children ignore it too."""
    return {number for number in PASSED_ON if signal.getsignal(number) is not signal.SIG_IGN}


@contextmanager
def held_back() -> Iterator[None]:
    """Hold them back while this is entered. A process that is started meanwhile holds them back until it says more."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, PASSED_ON)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
