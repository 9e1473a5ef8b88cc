"""What is reported of processes."""

import os
import platform
import sys
from pathlib import Path

import pytest

from tests.observer.sampling import SampledProcess, sampling, started
from threadviz.observer.collectors.processes import ProcessCollector
from threadviz.observer.cpython import detect as program
from threadviz.observer.cpython.detect import Interpreter
from threadviz.observer.probes.base import Probe
from threadviz.observer.probes.linux import LinuxProbe
from threadviz.observer.probes.portable import PortableProbe
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


Kind = type[LinuxProbe] | type[PortableProbe]


def collector_for(probe: Probe) -> ProcessCollector:
    """Return the collector for a probe."""
    return ProcessCollector(tells_holders=isinstance(probe, LinuxProbe))


def reports(seen: SampledProcess, pid: int) -> list[ProcessSeen]:
    """Return what was reported of a process."""
    return [event for event in seen.events if isinstance(event, ProcessSeen) and event.pid == pid]


@pytest.mark.parametrize("kind", [PortableProbe, LinuxProbe])
def test_a_process_and_its_child_are_reported(kind: Kind) -> None:
    """With their parents, what they run, and on which Python, but without their arguments."""
    with started(PARENT, SECRET) as (process, child), sampling(process.pid, collector_for, kind) as seen:
        seen.sample_until(lambda: any(event.name == "cat" for event in reports(seen, child)))
        assert process.stdin is not None
        process.stdin.write(b"\n")
        process.stdin.flush()
        seen.sample_until(lambda: not seen.probe.threads)
        (first,), last = reports(seen, process.pid), reports(seen, child)[-1]
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


@pytest.mark.parametrize("kind", [PortableProbe, LinuxProbe])
@pytest.mark.parametrize(
    ("source", "name", "is_python"), [(CHANGES, "sleep", False), (CHANGES_LITTLE, "code", True)]
)
def test_a_process_that_runs_another_program_is_reported_again(
    kind: Kind, source: str, name: str, is_python: bool
) -> None:
    """Also if that is the same Python."""
    with started(source) as (process, _), sampling(process.pid, collector_for, kind) as seen:
        seen.sample_until(lambda: bool(reports(seen, process.pid)))
        assert process.stdin is not None
        process.stdin.write(b"\n")
        process.stdin.flush()
        seen.sample_until(lambda: reports(seen, process.pid)[-1].name == name)
        seen.sample_until(lambda: bool(reports(seen, process.pid)[-1].python) is is_python)


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
def test_what_can_not_be_observed_is_reported(
    monkeypatch: pytest.MonkeyPatch, version: str, gil: bool, clause: str
) -> None:
    """It depends on the Python: without a GIL, nothing is missed."""
    monkeypatch.setattr(program, "interpreter_of", lambda pid: Interpreter(version, gil, (), runtime=1))
    with started(PARENT) as (process, _), sampling(process.pid, collector_for) as seen:
        seen.sample_until(lambda: bool(reports(seen, process.pid)))
        (event,) = reports(seen, process.pid)
        assert process.stdin is not None
        process.stdin.write(b"\n")
        process.stdin.flush()
        seen.sample_until(lambda: not seen.probe.threads)
    assert event.python == version
    assert clause in event.cannot
    assert bool(event.cannot) is bool(clause)


def test_a_python_that_is_loaded_later_is_reported_then(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a program that loads it when needed. The observer looks for it less and less often, but does find it."""
    found: list[Interpreter | None] = [None]
    monkeypatch.setattr(program, "interpreter_of", lambda pid: found[0])
    with started(PARENT) as (process, _), sampling(process.pid, collector_for, PortableProbe) as seen:
        seen.sample_until(lambda: bool(reports(seen, process.pid)))
        assert [event.python for event in reports(seen, process.pid)] == [""]
        found[0] = Interpreter("3.14.8", True, ())
        seen.sample_until(lambda: len(reports(seen, process.pid)) == 2)
        assert reports(seen, process.pid)[-1].python == "3.14.8"
        process.communicate(b"\n")
