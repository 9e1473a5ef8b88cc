"""Child processes: which there are, what they inherit, how they are ended, and how they ended."""

import os
import signal
import sys
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from threadviz.debug_log import VARIABLE, ignoring

GRACE_S = 1.0
"""How long (s) processes may take to end after SIGTERM."""

KILL_S = 5.0
"""How long (s) to wait for killed processes. They end at once unless the system is in their way."""

HELPERS: set[int] = set()
"""Children that this process started for its own purposes and ends itself."""

_PAUSE_S = 0.005

_PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans(yes: bool) -> None:
    """Become the parent of descendants whose parent ends (prctl(2), PR_SET_CHILD_SUBREAPER), or stop that.

    Only Linux can do that; elsewhere nothing happens.
    """
    if sys.platform == "linux":
        import ctypes  # slow, and most runs do not need it

        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, int(yes), 0, 0, 0)


def children() -> set[int]:
    """Return the pids of this process's children, ended ones that were not reaped included."""
    pids: set[int] = set()
    files = list(Path("/proc/self/task").glob("*/children"))
    if not files:
        import psutil

        return {child.pid for child in psutil.Process().children()}
    for file in files:
        with ignoring(OSError):  # the thread has just ended
            pids.update(map(int, file.read_text().split()))
    return pids


def keep_ended_children() -> bool:
    """Make the system keep ended children until they are reaped. Return whether it did not before.

    It does not if this process was started with SIGCHLD ignored, as a supervisor may do (sigaction(2)).
    """
    return signal.signal(signal.SIGCHLD, signal.SIG_DFL) is signal.SIG_IGN


def collect(pids: Collection[int]) -> dict[int, int | None]:
    """Reap those of these children that have ended. Return their statuses, as `subprocess` gives them.

    The status is None for a child that somebody else has reaped.
    """
    ended: dict[int, int | None] = {}
    for pid in pids:
        try:
            collected, status = os.waitpid(pid, os.WNOHANG)
        except ChildProcessError:
            ended[pid] = None
        else:
            if collected:
                ended[pid] = os.waitstatus_to_exitcode(status)
    return ended


def end_children(spare: Collection[int] = ()) -> dict[int, int | None]:
    """End all children of this process except `spare`. Return their statuses, as `subprocess` gives them.

    They get SIGTERM, and SIGKILL after GRACE_S. If orphans are adopted, all their descendants become children of this
    process and are ended too. A child keeps its pid until it is reaped, which only happens here, so no other process
    is hit.
    """
    ended: dict[int, int | None] = {}
    asked: set[int] = set()
    patience = time.monotonic() + GRACE_S
    while (left := _left(spare, ended)) and time.monotonic() < patience + KILL_S:
        if time.monotonic() < patience:
            for pid in left - asked:
                _send(pid, signal.SIGTERM)
                _send(pid, signal.SIGCONT)  # a stopped process would not see SIGTERM
            asked |= left
        else:
            for pid in left:
                _send(pid, signal.SIGKILL)
        time.sleep(_PAUSE_S)
    return ended


def _left(spare: Collection[int], ended: dict[int, int | None]) -> set[int]:
    """Return the children that have not ended; add those that have to `ended`."""
    left = children().difference(spare)
    ended.update(collect(left))
    return left.difference(ended)


def _send(pid: int, number: signal.Signals) -> None:
    with ignoring(ProcessLookupError, PermissionError):  # the latter if it has changed its user
        os.kill(pid, number)


def how_it_ended(status: int) -> str:
    """Return a clause for a status as `subprocess` gives it."""
    if status >= 0:
        return f"exit status {status}"
    try:
        return f"killed by {signal.Signals(-status).name}"
    except ValueError:  # real-time signals have no names
        return f"killed by signal {-status}"


STANDARD = 3
"""Descriptors below this are stdin, stdout and stderr."""

_COERCED = ("C.UTF-8", "C.utf8", "UTF-8")
"""What Python replaces the locale C with (CPython, Python/pylifecycle.c)."""


def descriptors() -> set[int]:
    """Return the non-standard descriptors that this process has inherited, for example from `3<FILE` in a shell.

    Descriptors that Python opens are not inheritable (PEP 446).
    """
    found = set()
    folder = "/proc/self/fd" if sys.platform == "linux" else "/dev/fd"
    for number in map(int, os.listdir(folder)):
        with ignoring(OSError):  # the descriptor of the listing itself is closed by now
            if number >= STANDARD and os.get_inheritable(number):
                found.add(number)
    return found


def environment() -> dict[str, str]:
    """Return the environment for other processes.

    It lacks what Python added at its start (PEP 538), and threadviz's own variable for the debug log.
    """
    variables = dict(os.environ)
    variables.pop(VARIABLE, None)
    with ignoring(OSError):
        before = b"\0" + Path("/proc/self/environ").read_bytes()
        if variables.get("LC_CTYPE") in _COERCED and b"\0LC_CTYPE=" not in before:
            del variables["LC_CTYPE"]
    return variables


PASSED_ON = (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)
"""The signals that shells, supervisors and people send. The system sends others, or they stop a whole terminal."""


def forwarded_signals() -> set[signal.Signals]:
    """Return the signals to pass on: those that this process, and so its children, do not ignore."""
    return {number for number in PASSED_ON if signal.getsignal(number) is not signal.SIG_IGN}


@contextmanager
def signals_blocked() -> Iterator[None]:
    """Block these signals. A process that is started meanwhile inherits that, and unblocks them itself."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, PASSED_ON)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
