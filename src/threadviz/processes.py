"""The processes that come from this one: those that it has started, and those that came down to it."""

import os
import signal
import sys
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

GRACE_S = 1.0
"""How long processes that are told to end may take to do so (s)."""

KILL_S = 5.0
"""How long it is waited for those that were killed (s): they end at once, unless the system is in their way."""

HELPERS: set[int] = set()
"""Children that this process has started for its own purposes, and sees to itself."""

_PAUSE_S = 0.005

_PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans(yes: bool) -> None:
    """Have whatever descends from this process become its child when its own parent ends, or no more (prctl(2)).

    Only Linux can do that; elsewhere, nothing happens.
    """
    if sys.platform == "linux":
        import ctypes  # takes a while, and most runs do without

        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, int(yes), 0, 0, 0)


def children() -> set[int]:
    """Return the ids of the children of this process, those that have ended and were not collected included."""
    pids: set[int] = set()
    files = list(Path("/proc/self/task").glob("*/children"))
    if not files:
        import psutil

        return {child.pid for child in psutil.Process().children()}
    for file in files:
        with suppress(OSError):  # a thread that has ended meanwhile
            pids.update(map(int, file.read_text().split()))
    return pids


def keep_ended_children() -> bool:
    """Have the system keep what it knows of children that have ended until it is asked for, and tell if it did not.

    It does not where this process was started with SIGCHLD ignored, as a shell or a supervisor may do (sigaction(2)).
    """
    return signal.signal(signal.SIGCHLD, signal.SIG_DFL) is signal.SIG_IGN


def collect(pids: Collection[int]) -> dict[int, int | None]:
    """Collect those of these children that have ended, and return how, as `subprocess` gives it.

    That is None for one that somebody else has collected.
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
    """End all children of this process but `spare`, and return how they ended, as `subprocess` gives it.

    They are told by SIGTERM, and what is left GRACE_S later is killed. Where orphans are adopted, all that descends
    from them comes down to this process and is ended too. A child keeps its number until it is collected, which
    happens only here: so nobody else is hit.
    """
    ended: dict[int, int | None] = {}
    told: set[int] = set()
    deadline = time.monotonic() + GRACE_S
    while (left := _left(spare, ended)) and time.monotonic() < deadline:
        for pid in left - told:
            _send(pid, signal.SIGTERM)
            _send(pid, signal.SIGCONT)  # who is stopped could not take it
        told |= left
        time.sleep(_PAUSE_S)
    deadline = time.monotonic() + KILL_S
    while (left := _left(spare, ended)) and time.monotonic() < deadline:
        for pid in left:
            _send(pid, signal.SIGKILL)
        time.sleep(_PAUSE_S)
    return ended


def _left(spare: Collection[int], ended: dict[int, int | None]) -> set[int]:
    """Return the children that have not ended; those that have are entered in `ended`."""
    left = children().difference(spare)
    ended.update(collect(left))
    return left.difference(ended)


def _send(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):  # the latter of one that has taken other rights
        os.kill(pid, number)


# What is to be known of processes by those who start them: what they inherit, which come from them, how they end.


# How a process ended, in words.


def how_it_ended(status: int) -> str:
    """Return, as a clause, what an exit status as `subprocess` gives it means."""
    if status >= 0:
        return f"exit status {status}"
    try:
        return f"killed by {signal.Signals(-status).name}"
    except ValueError:  # a real-time signal has no name there
        return f"killed by signal {-status}"


# What a program inherits from whoever starts it, and is to get as if threadviz did not stand in between.

STANDARD = 3
"""Descriptors below this are standard input, output and error."""

_COERCED = ("C.UTF-8", "C.utf8", "UTF-8")
"""What Python makes of the locale C, where it is there (CPython, Python/pylifecycle.c)."""


def descriptors() -> set[int]:
    """Return the descriptors beyond the standard ones that this process has inherited, such as `3<FILE` makes.

    Those that Python has opened are not inheritable (PEP 446).
    """
    found = set()
    for folder in ("/proc/self/fd", "/dev/fd"):
        with suppress(OSError):
            for name in os.listdir(folder):
                with suppress(OSError):  # the one that has listed them is closed by now
                    if int(name) >= STANDARD and os.get_inheritable(int(name)):
                        found.add(int(name))
            break
    return found


def environment() -> dict[str, str]:
    """Return the environment, without what this Python has put into it by itself at its start (PEP 538)."""
    variables = dict(os.environ)
    with suppress(OSError):
        before = Path("/proc/self/environ").read_bytes().split(b"\0")
        if variables.get("LC_CTYPE") in _COERCED and not any(
            each.startswith(b"LC_CTYPE=") for each in before
        ):
            del variables["LC_CTYPE"]
    return variables


# The signals that are for the program, whoever of those above it they are sent to.

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
