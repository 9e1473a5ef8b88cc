"""Stack samples of real programs, by the real py-spy."""

import functools
import sys
from pathlib import Path

import psutil
import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the Linux probe is looked through")
if sys.platform == "linux":
    from tests.observer.sampling import SampledProcess, sampling, started
    from threadviz.observer.collectors import stacks
    from threadviz.observer.collectors import stacks as pyspy
    from threadviz.observer.collectors.stacks import MISSING, StackCollector, find_py_spy
    from threadviz.protocol.events import NameSource, StackSample, StackSampling, ThreadNamed

needs_py_spy = pytest.mark.skipif(
    sys.platform != "linux" or find_py_spy() is None, reason="py-spy is not installed"
)

PROGRAM = """
import json, os, socket, sys, threading
def receive(sock):
    sock.recv(1)
    parse(sock)
def parse(sock):
    json.load(sock.makefile())
ours, theirs = socket.socketpair()
thread = threading.Thread(target=receive, args=(ours,), name="receiver of mail")
thread.start()
print(json.dumps(thread.native_id), flush=True)
sys.stdin.readline()
theirs.send(b"x")
sys.stdin.readline()
"""

SHELL = "import json, os; print(json.dumps(0), flush=True); os.execvp('sleep', ['sleep', '1000'])"


def locations(sampled: "SampledProcess", tid: int) -> list[str]:
    """Return the locations of a thread, in order."""
    return [
        each.function
        for each in sampled.events
        if isinstance(each, StackSample) and sampled.tids[each.lane] == tid
    ]


def last_cost(sampled: "SampledProcess") -> "StackSampling":
    """Return the last report on the cost."""
    return next(each for each in reversed(sampled.events) if isinstance(each, StackSampling))


@pytest.fixture
def without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have each process sampled again at once."""
    monkeypatch.setattr(stacks, "INTERVAL_NS", 10_000_000)
    monkeypatch.setattr(stacks, "START_NS", 0)
    monkeypatch.setattr(stacks, "RETRY_NS", 1_000)


def script(folder: Path, *lines: str) -> str:
    """Return the path of a shell script that stands in for py-spy."""
    path = folder / "py-spy"
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    path.chmod(0o755)
    return str(path)


@needs_py_spy
def test_lanes_get_names_and_locations() -> None:
    """A location is reported again when it has changed, a name once, and also the cost."""
    with started(PROGRAM) as (program, tid):
        assert program.stdin is not None
        with sampling(program.pid, functools.partial(StackCollector, program=find_py_spy())) as sampled:
            sampled.sample_until(lambda: bool(locations(sampled, tid)))
            program.stdin.write(b"\n")
            program.stdin.flush()
            sampled.sample_until(lambda: len(locations(sampled, tid)) == 2)
            sampled.sample_until(lambda: last_cost(sampled).dumps >= 2)
            first, second = locations(sampled, tid)
            names = {
                sampled.tids[each.lane]: each for each in sampled.events if isinstance(each, ThreadNamed)
            }
            assert len(names) == sum(isinstance(each, ThreadNamed) for each in sampled.events)
    assert first == "receive (<string>:4)"
    assert second.startswith("parse (<string>:7) > ") and "socket.py" in second
    assert (names[tid].name, names[tid].by) == ("receiver of mail", NameSource.STACKS)
    assert names[program.pid].name == "MainThread"
    assert last_cost(sampled).cpu_ns > 0 and last_cost(sampled).failed == 0 and last_cost(sampled).why == ""


@needs_py_spy
@pytest.mark.usefixtures("without_pauses")
def test_another_program_is_given_up() -> None:
    """After some attempts, with the reason. py-spy is not started again then."""
    with (
        started(SHELL) as (program, _),
        sampling(program.pid, functools.partial(StackCollector, program=find_py_spy())) as sampled,
    ):
        sampled.sample_until(
            lambda: any(isinstance(each, StackSampling) and each.why for each in sampled.events)
        )
        cost = last_cost(sampled)
        for _ in range(50):
            sampled.sample()
    assert cost.failed >= stacks.MAX_FAILURES
    assert cost.why.startswith("it did not work, and was given up: ")
    assert last_cost(sampled) == cost
    assert not any(isinstance(each, ThreadNamed | StackSample) for each in sampled.events)


def test_a_missing_py_spy_is_reported_at_once() -> None:
    """And only once."""
    with (
        started(PROGRAM) as (program, _),
        sampling(program.pid, functools.partial(StackCollector, program=None)) as sampled,
    ):
        for _ in range(50):
            sampled.sample()
    assert [each.why for each in sampled.events if isinstance(each, StackSampling)] == [MISSING]


@pytest.mark.usefixtures("without_pauses")
@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (
            [
                "echo 'Error: no such luck' >&2",
                "echo >&2",
                "echo '    0: it rains (os error 5)' >&2",
                "exit 1",
            ],
            "no such luck (it rains (os error 5))",
        ),
        (["exit 3"], "it ended with status 3"),
        (["echo '[{]'"], "what it printed can't be read"),
        (["kill -9 $$"], "it ended with status -9"),
    ],
)
def test_the_failure_of_py_spy_is_reported_in_a_few_words(tmp_path: Path, lines: list[str], why: str) -> None:
    """In py-spy's own words, where there are any."""
    reader = functools.partial(StackCollector, program=script(tmp_path, *lines))
    with started(PROGRAM) as (program, _), sampling(program.pid, reader) as sampled:
        sampled.sample_until(
            lambda: any(isinstance(each, StackSampling) and each.why for each in sampled.events)
        )
    assert last_cost(sampled).why == f"it did not work, and was given up: {why}"
    assert last_cost(sampled).failed == last_cost(sampled).dumps == stacks.MAX_FAILURES


@pytest.mark.usefixtures("without_pauses")
def test_a_py_spy_that_can_not_be_started_has_failed(tmp_path: Path) -> None:
    """Such as a file that is not there."""
    reader = functools.partial(StackCollector, program=str(tmp_path / "none"))
    with started(PROGRAM) as (program, _), sampling(program.pid, reader) as sampled:
        sampled.sample_until(
            lambda: any(isinstance(each, StackSampling) and each.why for each in sampled.events)
        )
    assert last_cost(sampled).why.endswith("No such file or directory")


def test_a_py_spy_that_takes_too_long_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And counts as failed."""
    monkeypatch.setattr(pyspy, "LIMIT_NS", 1_000_000)
    monkeypatch.setattr(stacks, "REPORT_NS", 0)
    reader = functools.partial(StackCollector, program=script(tmp_path, "exec sleep 1000"))
    with started(PROGRAM) as (program, _), sampling(program.pid, reader) as sampled:
        sampled.sample_until(
            lambda: any(isinstance(each, StackSampling) and each.failed for each in sampled.events)
        )


def test_closing_ends_py_spy(tmp_path: Path) -> None:
    """While it is at work."""
    reader = functools.partial(StackCollector, program=script(tmp_path, "exec sleep 1000"))
    here = psutil.Process()
    with started(PROGRAM) as (program, _):
        before = here.children()  # those that other tests' modules keep, too
        with sampling(program.pid, reader) as sampled:
            sampled.sample_until(lambda: len(here.children()) > len(before))
        assert program.pid in [child.pid for child in before] and here.children() == before


@pytest.mark.parametrize("beside", [True, False])
def test_py_spy_is_searched_beside_this_python_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, beside: bool
) -> None:
    """Then on the search path. It may be nowhere."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "elsewhere").mkdir()
    found = script(tmp_path / ("bin" if beside else "elsewhere"))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bin" / "python"))
    monkeypatch.setenv("PATH", str(tmp_path / "elsewhere"))
    assert find_py_spy() == found
    Path(found).unlink()
    assert find_py_spy() is None
