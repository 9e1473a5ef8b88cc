"""A process that knows what its threads do: the subject of `truth.py`.

`python -m benchmarks.ground_truth GROUPS` with a JSON array of arrays of kinds: the threads of this process, and those
of further processes that it starts. It needs nothing but the standard library of CPython 3.9 or newer, so that any
interpreter can be the subject. In turn it writes a line {version, gil}, reads one {opens, closes}, a window in ns
of `time.monotonic_ns()`, starts its threads, reads a line that says that the window is over, and writes one with
an account of every thread, or an empty one where they were not there in time.

Some threads do one thing from before the window until after it: their truth is known by construction. The others
read their own clocks as their window begins and as it ends: CPU time from `time.thread_time_ns()`, and the time
waiting for a core from their own schedstat, for which there is no other source without root.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from typing import Any

from benchmarks.kinds import CHANGES, HAS_GIL, WAITS, Window, change, compute

SETTLED_NS = 100_000_000
"""How long before the window a waiting thread must be there (ns), to be surely in its wait as it opens."""


class Known(threading.Thread):
    """A thread of a kind; `account` is what it knows of itself in the end."""

    def __init__(self, kind: str, window: Window) -> None:
        super().__init__()
        self.account: dict[str, Any] = {"kind": kind, "pid": os.getpid()}
        self._window = window
        if kind in WAITS:
            self._state, make = WAITS[kind]
            self._call, self.let_go = make(window)
        else:
            self.let_go = lambda: None

    def run(self) -> None:
        """Do what the kind is for."""
        born = time.monotonic_ns()
        kind, window = self.account["kind"], self._window
        if kind in WAITS:
            self._call()
            self.account.update(account_of(self._state, window))
        else:
            self.account.update(change(kind, window) if kind in CHANGES else compute(kind, window))
        self.account.update(tid=self.native_id, born=born, died=time.monotonic_ns())

    def was_late(self) -> bool:
        """Tell whether it may not have been in its wait as the window opened."""
        return bool(self.account["born"] > self._window.opens - SETTLED_NS)


def account_of(state: str, window: Window) -> dict[str, Any]:
    """Return the account of a thread that is in one state for the whole window."""
    return {"since": window.opens, "until": window.closes, "states": {state: window.closes - window.opens}}


def run(kinds: list[str], window: Window) -> list[dict[str, Any]]:
    """Have threads of these kinds, wait for the word that the window is over, and return all accounts.

    There are none where a thread may not have been there as the window opened, on a machine that is too busy.
    """
    threads = [Known(kind, window) for kind in kinds]
    for thread in threads:
        thread.start()
    sys.stdin.buffer.readline()
    if time.monotonic_ns() < window.closes:
        raise SystemExit("the word came before the window had closed")
    for thread in threads:
        thread.let_go()
        thread.join()
    if any(map(Known.was_late, threads)):
        return []
    main = {"kind": "main, reads a pipe", "pid": os.getpid(), "tid": threading.get_native_id()}
    return [{**main, **account_of("io", window)}, *(thread.account for thread in threads)]


def tell(child: subprocess.Popen[bytes], line: bytes) -> None:
    """Write a line to a process that was started."""
    assert child.stdin is not None
    child.stdin.write(line)
    child.stdin.flush()


def heard(child: subprocess.Popen[bytes]) -> bytes:
    """Return the next line of a process that was started."""
    assert child.stdout is not None
    return child.stdout.readline()


def say(what: Any) -> None:
    """Write a line."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Be the subject."""
    kinds, *others = json.loads(sys.argv[1])
    children = [
        subprocess.Popen(
            [sys.executable, "-m", "benchmarks.ground_truth", json.dumps([group])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for group in others
    ]
    for child in children:
        heard(child)
    say({"version": sys.version.split()[0], "gil": HAS_GIL})
    line = sys.stdin.buffer.readline()
    for child in children:
        tell(child, line)
    accounts = [run(kinds, Window(**json.loads(line)))]
    for child in children:
        tell(child, b"\n")
        accounts.append(json.loads(heard(child)))
    say([account for process in accounts for account in process] if all(accounts) else [])
    sys.stdin.buffer.readline()


if __name__ == "__main__":
    main()
