"""What is told of processes."""

import os
import platform
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.observer.sampling import Looking, looking, started
from threadviz.observer.collectors.processes import ProcessCollector
from threadviz.observer.cpython import detect as program
from threadviz.observer.cpython.detect import Interpreter
from threadviz.observer.probes.linux import LinuxProbe
from threadviz.observer.system import has_gil
from threadviz.protocol.events import ProcessSeen

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the Linux probe reads /proc")

SECRET = "hunter2"

BEGIN = "import json, os, sys, time\ndef say(what): print(json.dumps(what), flush=True)\n"

PARENT = (
    BEGIN
    + """
import subprocess
child = subprocess.Popen(["cat"], stdin=subprocess.PIPE)  # ends with us
say(child.pid)
sys.stdin.readline()
"""
)

CHANGES = BEGIN + "say(os.getpid()); sys.stdin.readline(); os.execlp('sleep', 'sleep', '1000')"

CHANGES_LITTLE = (
    BEGIN
    + """
if len(sys.argv) < 3:
    say(os.getpid())
    sys.stdin.readline()
    os.execl(sys.executable, sys.executable, '-m', 'code')
"""
)


def by_itself(probe: LinuxProbe) -> ProcessCollector:
    """Return the teller as it is where no probe knows what a process runs."""
    return ProcessCollector()


def with_the_probe(probe: LinuxProbe) -> ProcessCollector:
    """Return the teller as it is with the Linux probe."""
    return ProcessCollector(probe.program_of)


def told(seen: Looking, pid: int) -> list[ProcessSeen]:
    """Return what was told of a process."""
    return [event for event in seen.events if isinstance(event, ProcessSeen) and event.pid == pid]


@pytest.mark.parametrize("collector", [by_itself, with_the_probe])
def test_a_process_and_its_child_are_told_of(collector: Callable[[LinuxProbe], ProcessCollector]) -> None:
    """Who started them, what they run, and on which Python; of the arguments, nothing."""
    with started(PARENT, SECRET) as (process, child), looking(process.pid, collector) as seen:
        seen.until(lambda: any(event.name == "cat" for event in told(seen, child)))
        assert process.stdin is not None
        process.stdin.write(b"\n")
        process.stdin.flush()
        seen.until(lambda: not seen.probe.threads)
        (first,), last = told(seen, process.pid), told(seen, child)[-1]
    version = platform.python_version().removesuffix("+")
    assert (first.parent, first.name) == (os.getpid(), f"{Path(sys.executable).name} -c")
    assert (first.python, first.gil) == (version, has_gil())
    assert (last.parent, last.name, last.python, last.gil, last.cannot) == (
        process.pid,
        "cat",
        "",
        None,
        "",
    )
    assert not any(SECRET in str(event) for event in seen.events)


@pytest.mark.parametrize("collector", [by_itself, with_the_probe])
@pytest.mark.parametrize(
    ("source", "name", "is_python"), [(CHANGES, "sleep", False), (CHANGES_LITTLE, "code", True)]
)
def test_a_process_that_runs_another_program_is_told_of_again(
    collector: Callable[[LinuxProbe], ProcessCollector], source: str, name: str, is_python: bool
) -> None:
    """Also where that is the same Python once more."""
    with started(source) as (process, _), looking(process.pid, collector) as seen:
        seen.until(lambda: bool(told(seen, process.pid)))
        assert process.stdin is not None
        process.stdin.write(b"\n")
        process.stdin.flush()
        seen.until(lambda: told(seen, process.pid)[-1].name == name)
        seen.until(lambda: bool(told(seen, process.pid)[-1].python) is is_python)


@pytest.mark.parametrize(
    ("version", "gil", "clause"),
    [
        (
            "3.11.7",
            True,
            "who holds the GIL can be read from CPython 3.13 on; this is 3.11, where it is told only",
        ),
        ("3.12.1", True, "waits for a sub-interpreter's own GIL"),
        ("3.16.0", True, "this version's structures are not known"),
        ("3.14.0", False, ""),
    ],
)
def test_what_can_not_be_told_is_said(
    monkeypatch: pytest.MonkeyPatch, version: str, gil: bool, clause: str
) -> None:
    """It depends on the Python: without a GIL there is nothing that could be missed."""
    monkeypatch.setattr(program, "interpreter_of", lambda pid: Interpreter(version, gil, (), runtime=1))
    with started(PARENT) as (process, _), looking(process.pid, with_the_probe) as seen:
        seen.until(lambda: bool(told(seen, process.pid)))
        (event,) = told(seen, process.pid)
        assert process.stdin is not None
        process.stdin.write(b"\n")
        process.stdin.flush()
        seen.until(lambda: not seen.probe.threads)
    assert event.python == version
    assert clause in event.cannot
    assert bool(event.cannot) is bool(clause)


def test_a_python_that_comes_later_is_told_of_when_it_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a program that loads it when it is needed; it is asked for more and more seldom, and not in vain."""
    found: list[Interpreter | None] = [None]
    monkeypatch.setattr(program, "interpreter_of", lambda pid: found[0])
    with started(PARENT) as (process, _), looking(process.pid, by_itself) as seen:
        seen.until(lambda: bool(told(seen, process.pid)))
        assert [event.python for event in told(seen, process.pid)] == [""]
        found[0] = Interpreter("3.14.8", True, ())
        seen.until(lambda: len(told(seen, process.pid)) == 2)
        assert told(seen, process.pid)[-1].python == "3.14.8"
        process.communicate(b"\n")
