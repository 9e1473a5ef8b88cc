"""The probes on real processes whose threads do what is known."""

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest

from tests.mock_server.running import wait_until
from threadviz.observer.io import RunClock
from threadviz.observer.probes.base import Probe, ProcessKind, in_program
from threadviz.observer.probes.choose import choose_probe
from threadviz.observer.probes.linux import LinuxProbe, reason_against
from threadviz.observer.probes.portable import PortableProbe
from threadviz.observer.system import process_arguments
from threadviz.protocol.events import State

LATE_NS = 50_000_000
WAITS = {State.IO, State.LOCK, State.SLEEP}

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="the Linux probe reads /proc")

SLEEPER = "import time; time.sleep(1000)"
READER = "import socket; pair = socket.socketpair(); pair[0].recv(1)"
LOCKED = "import threading; lock = threading.Lock(); lock.acquire(); lock.acquire()"
EVENT = "import threading; threading.Event().wait(1000)"
QUEUE = "import queue; queue.SimpleQueue().get()"
CHILD = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(1000)'])"
SPIN = "while True: sum(range(1000))"


def in_threads(*bodies: str) -> str:
    """Return a program that runs each body in a thread of its own, and whose main thread sleeps."""
    lines = [f"threading.Thread(target=exec, args=({body!r}, {{}}), daemon=True).start()" for body in bodies]
    return "\n".join(["import threading, time", *lines, "print(flush=True)", "time.sleep(1000)"])


@contextmanager
def program(source: str) -> Iterator[int]:
    """Run a program that prints a line when it is ready, and yield its process id."""
    command = [sys.executable, "-c", source]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            process.stdout.readline()
            yield process.pid
        finally:
            process.kill()


def watch(probe: Probe, clock: RunClock, seconds: float = 0.5, waiters: int = 0) -> list[Counter[State]]:
    """Return what each thread has done in so many seconds, in ns by state.

    The first `waiters` of them are given the time to come to their wait before.
    """
    probe.begin()
    probe.look(clock(), LATE_NS)
    limit = time.monotonic() + 20
    while not all(thread.accounting.present.state in WAITS for thread in probe.threads[:waiters]):
        assert time.monotonic() < limit, "a thread did not come to its wait"
        probe.look(clock(), LATE_NS)
    for thread in probe.threads:
        thread.accounting.drain()
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        probe.look(clock(), LATE_NS)
        time.sleep(0.002)
    totals = []
    for thread in probe.threads:
        thread.accounting.end(clock())
        total: Counter[State] = Counter()
        for span in thread.accounting.drain()[1]:
            total[span.state] += span.ns
        totals.append(total)
    return totals


def mostly(totals: Counter[State]) -> State:
    """Return the state that had the most of the time."""
    return totals.most_common(1)[0][0]


@linux_only
@pytest.mark.parametrize(
    ("body", "state"),
    [
        (SLEEPER, State.SLEEP),
        (READER, State.IO),
        (LOCKED, State.LOCK),
        (EVENT, State.LOCK),
        (QUEUE, State.LOCK),
    ],
)
def test_a_thread_that_waits_is_seen_to_wait_for_what_it_does(body: str, state: State) -> None:
    """The main thread sleeps; the other one waits, and not for the GIL, though another thread spins."""
    with program(in_threads(body, SPIN)) as pid:
        clock = RunClock()
        main, waiter, _ = watch(LinuxProbe(pid, clock), clock, waiters=2)
    assert mostly(main) is State.SLEEP
    assert mostly(waiter) is state
    assert waiter[State.GIL] == main[State.GIL] == 0


@linux_only
def test_threads_that_spin_wait_for_the_gil_in_turn() -> None:
    """Each of three runs some of the time, and waits for the GIL and for nothing else."""
    with program(in_threads(SPIN, SPIN, SPIN)) as pid:
        clock = RunClock()
        _, *spinners = watch(LinuxProbe(pid, clock), clock, 1.0, waiters=1)
    assert len(spinners) == 3
    for spinner in spinners:
        assert spinner[State.RUNNING] > 0
        assert spinner[State.GIL] > 0
        assert spinner[State.LOCK] == spinner[State.IO] == spinner[State.SLEEP] == 0


@linux_only
def test_processes_and_threads_are_followed_as_they_come_and_go() -> None:
    """A child that is started in mid-run is a lane, and one that is gone has ended."""
    source = (
        "import subprocess, sys, threading; print(flush=True); sys.stdin.readline()\n"
        "thread = threading.Thread(target=sys.stdin.readline); thread.start()\n"
        "child = subprocess.Popen([sys.executable, '-c', 'input()'], stdin=subprocess.PIPE)\n"
        "thread.join(); child.communicate(); sys.stdin.readline()"
    )
    command = [sys.executable, "-c", source]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            assert process.stdin is not None and process.stdout is not None
            process.stdout.readline()
            clock = RunClock()
            probe = LinuxProbe(process.pid, clock)
            probe.begin()

            def look_until_there_are(threads: int) -> set[tuple[bool, ProcessKind]]:
                limit = time.monotonic() + 20
                while len(probe.threads) != threads:
                    assert time.monotonic() < limit, f"{len(probe.threads)} threads, not {threads}"
                    probe.look(clock(), LATE_NS)
                    time.sleep(0.002)
                return {(thread.pid == process.pid, thread.owner.kind) for thread in probe.threads}

            look_until_there_are(1)
            print(file=process.stdin, flush=True)
            kinds = look_until_there_are(3)
            assert kinds == {(True, ProcessKind.SUBJECT), (False, ProcessKind.WORKER)}
            print(file=process.stdin, flush=True)
            look_until_there_are(1)
            new, gone = probe.take_changes()
            assert len(new) == 3 and len(gone) == 2
            assert all(thread.ended is not None and thread.ended > thread.started for thread in gone)
            process.kill()
            look_until_there_are(0)
        finally:
            process.kill()


@linux_only
def test_what_happened_before_the_origin_does_not_count() -> None:
    """A child that has run for a while when its books begin has run for no longer than they are kept."""
    child = in_threads(SPIN).replace("time.sleep(1000)", "input()")  # until its parent is gone
    source = (
        "import subprocess, sys\n"
        f"child = subprocess.Popen([sys.executable, '-c', {child!r}], stdin=-1, stdout=-1, stderr=-3)\n"
        "child.stdout.readline(); print(flush=True); child.wait()"
    )
    with program(source) as pid:
        clock = RunClock()
        probe = LinuxProbe(pid, clock)
        wait_until(lambda: psutil.Process(pid).children()[0].cpu_times().user > 0.2)
        totals = watch(probe, clock, 0.1)
        assert len(totals) == 3
        until = clock()
    assert all(sum(states.values()) <= until for states in totals)
    assert all(states[State.RUNNING] + states[State.READY] <= until for states in totals)


def test_the_portable_probe_tells_running_from_waiting() -> None:
    """A thread that spins runs; one that sleeps waits, and it is not said for what."""
    with program(in_threads(SLEEPER, SPIN)) as pid:
        clock = RunClock()
        totals = watch(PortableProbe(pid, clock), clock, 1.0)
    main, sleeper, spinner = totals
    assert mostly(main) is State.WAITING
    assert mostly(sleeper) is State.WAITING
    assert spinner[State.RUNNING] > 5 * max(main[State.RUNNING], sleeper[State.RUNNING])
    assert {state for each in totals for state in each} <= {
        State.RUNNING,
        State.WAITING,
        State.UNKNOWN,
    }


@linux_only
def test_the_linux_probe_is_taken_where_it_works_and_the_portable_one_on_request() -> None:
    """What stands in for another says so."""
    with program(in_threads()) as pid:
        clock = RunClock()
        assert reason_against(pid) == ""
        assert choose_probe(pid, "auto", clock).info.name == "linux"
        asked = choose_probe(pid, "portable", clock).info
    assert asked.name == "portable"
    assert "what a thread waits for" in asked.cannot
    assert "stands in" in PortableProbe(1, clock, instead="/proc is not there").info.cannot


@pytest.mark.parametrize(
    ("command", "parent", "kind"),
    [
        ("python -c from multiprocessing.resource_tracker import main", "subject", "resource tracker"),
        ("python -c from multiprocessing.forkserver import main", "subject", "fork server"),
        ("python -c from multiprocessing.forkserver import main", "fork server", "worker"),
        ("python -c from multiprocessing.spawn import spawn_main", "subject", "worker"),
        ("python -m threadviz.subject", "subject", "worker"),
    ],
)
def test_the_processes_of_multiprocessing_are_told_apart(command: str, parent: str, kind: str) -> None:
    """By the command line, and by who started it."""
    assert in_program(command, ProcessKind(parent), "").value == kind


@linux_only
def test_what_a_process_is_is_asked_once_for_all_of_its_new_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many have come."""
    asked = Counter[int]()

    def arguments(pid: int) -> list[str]:
        asked[pid] += 1
        return process_arguments(pid)

    monkeypatch.setattr("threadviz.observer.probes.linux.process_arguments", arguments)
    child = in_threads(*["import time; time.sleep(1000)"] * 20)
    with program(f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])") as pid:
        clock = RunClock()
        probe = LinuxProbe(pid, clock)
        probe.begin()
        try:
            new, _ = probe.take_changes()
        finally:
            probe.close()
            for each in psutil.Process(pid).children():
                each.kill()
    (of_child,) = {thread.pid for thread in new} - {pid}
    assert len(new) == 22
    assert asked[of_child] == 1
