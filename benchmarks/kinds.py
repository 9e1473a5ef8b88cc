"""What the threads of `ground_truth.py` can do, and what each then knows of itself."""

from __future__ import annotations

import hashlib
import os
import random
import select
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from queue import Queue, SimpleQueue
from typing import Any

HAS_GIL = bool(getattr(sys, "_is_gil_enabled", lambda: True)())

ENOUGH_S = 3600.0

WARM_UP_NS = 50_000_000
"""How long before the window the threads that compute begin with it, and go on after it (ns): so that its edges are
moments like others."""

STAMP_NS = 50_000
"""Within how long (ns) a thread must have read its clocks, for them to be of one moment."""

BUFFER = bytes(4 * 2**20)


class Window:
    """From when until when the truth is asked for (ns)."""

    def __init__(self, opens: int, closes: int) -> None:
        self.opens = opens
        self.closes = closes

    def await_warm_up(self) -> None:
        """Sleep until shortly before it opens: beside threads that compute, starting further ones takes long."""
        time.sleep(max(0.0, (self.opens - WARM_UP_NS - time.monotonic_ns()) / 1e9))

    def rest_s(self) -> float:
        """Return how long it is until it has surely closed (s)."""
        return (self.closes - time.monotonic_ns()) / 1e9 + 0.05


class Clocks:
    """The calling thread's own clocks."""

    def __init__(self) -> None:
        self._schedstat = os.open("/proc/thread-self/schedstat", os.O_RDONLY)

    def read(self) -> tuple[int, int, int]:
        """Return the time, the CPU time and the time waiting for a core, in ns, all of one moment."""
        while True:
            ready = int(os.pread(self._schedstat, 64, 0).split()[1])
            now, cpu = time.monotonic_ns(), time.thread_time_ns()
            if time.monotonic_ns() - now < STAMP_NS:
                return now, cpu, ready

    def close(self) -> None:
        """Close the file."""
        os.close(self._schedstat)


# What waits. Each is made for a window, and is a pair: what to call, and what ends the call.

Wait = tuple[Callable[[], Any], Callable[[], Any]]


def _sleep(window: Window) -> Wait:
    return lambda: time.sleep(window.rest_s()), lambda: None


def _select_timer(window: Window) -> Wait:
    return lambda: select.select([], [], [], window.rest_s()), lambda: None


def _recv(_: Window, timeout: float | None = None) -> Wait:
    silent, other = socket.socketpair()
    silent.settimeout(timeout)
    return lambda: silent.recv(1), lambda: other.send(b".")


def _lock(_: Window) -> Wait:
    lock = threading.Lock()
    lock.acquire()
    return lock.acquire, lock.release


def _event(_: Window, timeout: float | None = None) -> Wait:
    event = threading.Event()
    return lambda: event.wait(timeout), event.set


def _queue(queue: SimpleQueue[None] | Queue[None]) -> Wait:
    return queue.get, lambda: queue.put(None)


WAITS: dict[str, tuple[str, Callable[[Window], Wait]]] = {
    "time.sleep": ("sleep", _sleep),
    "select, no files": ("sleep", _select_timer),
    "recv": ("io", _recv),
    "recv, timeout": ("io", lambda window: _recv(window, ENOUGH_S)),
    "Lock": ("lock", _lock),
    "Event": ("lock", _event),
    "Event, timeout": ("lock", lambda window: _event(window, ENOUGH_S)),
    "SimpleQueue": ("lock", lambda _: _queue(SimpleQueue())),
    "Queue": ("lock", lambda _: _queue(Queue())),
}

# What computes: it goes on and on, and reads its clocks at the edges of the window.


def _spin() -> None:
    for _ in range(2000):
        pass


def _hash() -> None:
    hashlib.sha256(BUFFER)


COMPUTES = {"spins": _spin, "spins alone": _spin, "hashes": _hash}


def compute(kind: str, window: Window) -> dict[str, Any]:
    """Compute until shortly after the window has closed; return {since, until, states}, all in ns."""
    step, clocks = COMPUTES[kind], Clocks()
    window.await_warm_up()
    while time.monotonic_ns() < window.opens:
        step()
    since, cpu_before, ready_before = clocks.read()
    while time.monotonic_ns() < window.closes:
        step()
    until, cpu, ready = clocks.read()
    while time.monotonic_ns() < window.closes + WARM_UP_NS:
        step()
    clocks.close()
    running, ready = cpu - cpu_before, ready - ready_before
    waiting = until - since - running
    if kind == "spins alone" or not HAS_GIL:
        states = {"running": running, "ready": waiting}  # there is nothing else that it could wait for
    else:
        states = {"running": running, "ready": ready, "gil": waiting - ready}
    return {"since": since, "until": until, "states": states}


# What changes: it does one thing after the other, each for a while, and keeps account.

CHANGES = {"changes": "sleep lock io gil", "reads and computes": "io gil"}
"""What each of these kinds waits for in turn: `gil` while it computes."""


def change(kind: str, window: Window) -> dict[str, Any]:
    """Wait and compute in turn until the window has closed; return {since, until, states}, all in ns.

    The account is right for a thread that is the only one of its process that computes: it says of a wait that it was
    all for what it was begun for, and not for the GIL in the end.
    """
    lock, (silent, other), chance = (
        threading.Lock(),
        socket.socketpair(),
        random.Random(threading.get_ident()),
    )
    lock.acquire()

    def spin(seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            _spin()

    steps: dict[str, Callable[[float], Any]] = {
        "sleep": time.sleep,
        "lock": lambda seconds: lock.acquire(timeout=seconds),
        "io": lambda seconds: select.select([silent], [], [], seconds),
        "gil": spin,  # which is the one thing that it could wait for meanwhile
    }
    turns = CHANGES[kind].split()
    clocks = Clocks()
    states = Counter[str]()
    window.await_warm_up()
    since, cpu_before, ready_before = clocks.read()
    before = since
    while before < window.closes:
        state = chance.choice(turns)
        steps[state](chance.uniform(0.003, 0.05))
        now, cpu, ready = clocks.read()
        waiting = now - before - (cpu - cpu_before) - (ready - ready_before)
        states.update({"running": cpu - cpu_before, "ready": ready - ready_before})
        states[state] += waiting
        before, cpu_before, ready_before = now, cpu, ready
    clocks.close()
    silent.close()
    other.close()
    return {"since": since, "until": before, "states": states}
