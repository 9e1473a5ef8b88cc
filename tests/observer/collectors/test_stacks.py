"""What py-spy tells of lanes: of real programs, by the real py-spy."""

import functools
import sys
from pathlib import Path

import psutil
import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the Linux probe is looked through")
if sys.platform == "linux":
    from tests.observer.sampling import Looking, looking, started
    from threadviz.observer.collectors import stacks
    from threadviz.observer.collectors import stacks as pyspy
    from threadviz.observer.collectors.stacks import MISSING, StackReader, find_py_spy
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


def functions(look: "Looking", tid: int) -> list[str]:
    """Return where a thread was seen, in order."""
    return [
        each.function for each in look.events if isinstance(each, StackSample) and look.tids[each.lane] == tid
    ]


def account(look: "Looking") -> "StackSampling":
    """Return the last that was told of the cost."""
    return next(each for each in reversed(look.events) if isinstance(each, StackSampling))


@pytest.fixture
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have it try again and again at once."""
    monkeypatch.setattr(stacks, "EVERY_NS", 10_000_000)
    monkeypatch.setattr(stacks, "START_NS", 0)
    monkeypatch.setattr(stacks, "PATIENCE_NS", 1_000)


def script(folder: Path, *lines: str) -> str:
    """Return the path of a program that stands in for py-spy where that fails in its way."""
    path = folder / "py-spy"
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    path.chmod(0o755)
    return str(path)


@needs_py_spy
def test_lanes_get_their_threads_names_and_the_functions_that_they_are_in() -> None:
    """A function is told again when it is another, and a name once; what it cost is said."""
    with started(PROGRAM) as (program, tid):
        assert program.stdin is not None
        with looking(program.pid, functools.partial(StackReader, program=find_py_spy())) as look:
            look.until(lambda: bool(functions(look, tid)))
            program.stdin.write(b"\n")
            program.stdin.flush()
            look.until(lambda: len(functions(look, tid)) == 2)
            look.until(lambda: account(look).dumps >= 2)
            first, second = functions(look, tid)
            names = {look.tids[each.lane]: each for each in look.events if isinstance(each, ThreadNamed)}
            assert len(names) == sum(isinstance(each, ThreadNamed) for each in look.events)
    assert first == "receive (<string>:4)"
    assert second.startswith("parse (<string>:7) > ") and "socket.py" in second
    assert (names[tid].name, names[tid].by) == ("receiver of mail", NameSource.STACKS)
    assert names[program.pid].name == "MainThread"
    assert account(look).cpu_ns > 0 and account(look).failed == 0 and account(look).why == ""


@needs_py_spy
@pytest.mark.usefixtures("in_a_hurry")
def test_a_process_that_is_no_python_is_given_up() -> None:
    """After some attempts, and why is said; then nothing more is started."""
    with (
        started(SHELL) as (program, _),
        looking(program.pid, functools.partial(StackReader, program=find_py_spy())) as look,
    ):
        look.until(lambda: any(isinstance(each, StackSampling) and each.why for each in look.events))
        told = account(look)
        for _ in range(50):
            look.once()
    assert told.failed >= stacks.FAILURES
    assert told.why.startswith("it did not work, and was given up: ")
    assert account(look) == told
    assert not any(isinstance(each, ThreadNamed | StackSample) for each in look.events)


def test_without_py_spy_that_is_said_at_once() -> None:
    """And once."""
    with (
        started(PROGRAM) as (program, _),
        looking(program.pid, functools.partial(StackReader, program=None)) as look,
    ):
        for _ in range(50):
            look.once()
    assert [each.why for each in look.events if isinstance(each, StackSampling)] == [MISSING]


@pytest.mark.usefixtures("in_a_hurry")
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
def test_how_py_spy_fails_is_said_in_a_few_words(tmp_path: Path, lines: list[str], why: str) -> None:
    """Its own, where it has any."""
    reader = functools.partial(StackReader, program=script(tmp_path, *lines))
    with started(PROGRAM) as (program, _), looking(program.pid, reader) as look:
        look.until(lambda: any(isinstance(each, StackSampling) and each.why for each in look.events))
    assert account(look).why == f"it did not work, and was given up: {why}"
    assert account(look).failed == account(look).dumps == stacks.FAILURES


@pytest.mark.usefixtures("in_a_hurry")
def test_what_can_not_be_started_has_failed(tmp_path: Path) -> None:
    """As a file that is no program."""
    reader = functools.partial(StackReader, program=str(tmp_path / "none"))
    with started(PROGRAM) as (program, _), looking(program.pid, reader) as look:
        look.until(lambda: any(isinstance(each, StackSampling) and each.why for each in look.events))
    assert account(look).why.endswith("No such file or directory")


def test_one_that_takes_too_long_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And counts as failed."""
    monkeypatch.setattr(pyspy, "LIMIT_NS", 1_000_000)
    monkeypatch.setattr(stacks, "TELL_NS", 0)
    reader = functools.partial(StackReader, program=script(tmp_path, "exec sleep 1000"))
    with started(PROGRAM) as (program, _), looking(program.pid, reader) as look:
        look.until(lambda: any(isinstance(each, StackSampling) and each.failed for each in look.events))


def test_when_nobody_looks_any_more_none_is_left(tmp_path: Path) -> None:
    """One that is at work is ended."""
    reader = functools.partial(StackReader, program=script(tmp_path, "exec sleep 1000"))
    here = psutil.Process()
    with started(PROGRAM) as (program, _):
        before = here.children()  # those that other tests' modules keep, too
        with looking(program.pid, reader) as look:
            look.until(lambda: len(here.children()) > len(before))
        assert program.pid in [child.pid for child in before] and here.children() == before


@pytest.mark.parametrize("beside", [True, False])
def test_py_spy_is_looked_for_beside_this_python_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, beside: bool
) -> None:
    """Then on the path; it may be nowhere."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "elsewhere").mkdir()
    found = script(tmp_path / ("bin" if beside else "elsewhere"))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bin" / "python"))
    monkeypatch.setenv("PATH", str(tmp_path / "elsewhere"))
    assert find_py_spy() == found
    Path(found).unlink()
    assert find_py_spy() is None
