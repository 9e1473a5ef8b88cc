"""One run of `ground_truth.py`, watched as `threadviz exec` and `attach` do: by an observer in its own process."""

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Any

from benchmarks.runs import CHECKOUT
from benchmarks.watching import AFTER_NS, LEADS_NS, Observation
from threadviz.launcher import LaunchedRun
from threadviz.protocol.events import AnyEvent, ObserverTick, RunStarted
from threadviz.protocol.requests import AttachRequest, ExecRequest, Request
from threadviz.timeline import Timeline

WAIT_S = 60.0
"""For how long the observer is waited for at most (s)."""

Beside = Callable[[int, int], None]
"""What is done meanwhile: it gets the first process's id, and when the window opens (ns)."""


class Onlooker:
    """Takes what the observer tells, as it comes, until it has closed.

    `origin` is when it began to look (ns), `pid` the process at which it does, the first of its tree.
    """

    def __init__(self, request: Request) -> None:
        self._launch = LaunchedRun(request)
        self._begun = threading.Event()
        self.origin = self.pid = 0
        self.events: list[AnyEvent] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        for event in self._launch.events():
            self.events.append(event)
            if isinstance(event, RunStarted):
                # As good as when it was told, which is right after it was.
                self.origin, self.pid = time.monotonic_ns(), event.pid
                self._begun.set()
        self._begun.set()

    def await_begin(self) -> None:
        """Wait until it looks. Raises RuntimeError where it never does."""
        if not self._begun.wait(WAIT_S) or not self.origin:
            raise RuntimeError(f"the observer does not look: {self.events}")

    def stop(self) -> None:
        """Have it look no more, and take its last word."""
        self._launch.stop()
        self._reader.join(WAIT_S)

    def __enter__(self) -> "Onlooker":
        return self

    def __exit__(self, *_: object) -> None:
        self._launch.stop()
        self._launch.close()
        self._reader.join(WAIT_S)


class Threads:
    """The other end of `ground_truth.py`."""

    def __init__(self, to: IO[bytes], out: IO[bytes]) -> None:
        self._to = to
        self._from = out

    def say(self, what: Any) -> None:
        """Write a line to it."""
        self._to.write(json.dumps(what).encode() + b"\n")
        self._to.flush()

    def hear(self) -> Any:
        """Return what it says next. Raises RuntimeError where it says nothing any more."""
        line = self._from.readline()
        if not line:
            raise RuntimeError("the threads could not do as they should: see above")
        return json.loads(line)


@contextmanager
def _executed(command: tuple[str, ...]) -> Iterator[tuple[Threads, Onlooker]]:
    """Start it as a program that is looked on at from its first step."""
    theirs_in, to = os.pipe()
    out, theirs_out = os.pipe()
    request = ExecRequest(
        command=tuple(map(os.fsencode, command)),
        workload="known",
        stdin=theirs_in,
        stdout=theirs_out,
        stderr=2,
    )
    with open(to, "wb") as writing, open(out, "rb") as reading:  # noqa: PTH123 - they have no paths
        try:
            onlooker = Onlooker(request)
        finally:
            os.close(theirs_in)
            os.close(theirs_out)
        with onlooker:
            onlooker.await_begin()
            yield Threads(writing, reading), onlooker


@contextmanager
def _attached(command: tuple[str, ...]) -> Iterator[tuple[Threads, Onlooker]]:
    """Look on at it when it runs already."""
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=CHECKOUT, start_new_session=True
    ) as subject:
        try:
            assert subject.stdin is not None and subject.stdout is not None
            with Onlooker(AttachRequest(pid=subject.pid)) as onlooker:
                onlooker.await_begin()
                yield Threads(subject.stdin, subject.stdout), onlooker
        finally:
            os.killpg(subject.pid, signal.SIGKILL)


WAYS = {"exec": _executed, "attach": _attached}


def observe_from_outside(
    way: str, python: str, groups: list[list[str]], seconds: float, beside: Beside | None = None
) -> Observation:
    """Watch threads of known kinds by a way, one process for each group, for a window of so many seconds.

    Raises RuntimeError where they could not do as they should.
    """
    command = (python, "-m", "benchmarks.ground_truth", json.dumps(groups))
    for lead_ns in LEADS_NS:
        with WAYS[way](command) as (threads, onlooker):
            about = threads.hear()
            opens = time.monotonic_ns() + lead_ns
            closes = opens + int(seconds * 1e9)
            threads.say({"opens": opens, "closes": closes})
            if beside is not None:
                beside(onlooker.pid, opens)
            time.sleep(max(0.0, (closes + AFTER_NS - time.monotonic_ns()) / 1e9))
            threads.say(None)
            accounts = threads.hear()
            onlooker.stop()
        if accounts:
            return _observation(onlooker, accounts, about["version"])
    raise RuntimeError("the machine is too busy: threads were not there in time")


def _observation(onlooker: Onlooker, accounts: list[dict[str, Any]], python: str) -> Observation:
    timeline = Timeline()
    timeline.extend(onlooker.events)
    ticks = [event for event in onlooker.events if isinstance(event, ObserverTick)]
    origin = onlooker.origin
    return Observation(timeline, ticks, accounts, lambda t: max(0, t - origin), python)
