"""The subject as a process, in an interpreter that has the standard library and nothing else."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import threadviz
from threadviz.mock_server.sites import Site
from threadviz.modes import MODES
from threadviz.observer.messages import (
    AnyMessage,
    MessagePipe,
    ReportedFinish,
    ReportedStart,
    ReportedSubmission,
    SubjectReady,
    SubjectRefused,
)
from threadviz.observer.targets.workload import encode_order
from threadviz.protocol.events import RunEnded, RunStarted
from threadviz.protocol.requests import RunRequest, UserFunction
from threadviz.protocol.subject import CallItem

LIMIT_S = 30
SOURCE = Path(threadviz.__file__).parents[1]

BARE = """
import sys
sys.path.append(sys.argv.pop())
try:
    import msgspec
except ImportError:
    import runpy
    runpy.run_module("threadviz.subject", run_name="__main__")
else:
    sys.exit("there is more than the standard library")
"""
"""Runs the subject with only the standard library and threadviz's own source."""


@pytest.fixture
def pipe(tmp_path: Path) -> Iterator[MessagePipe]:
    """The pipe as the observer has it."""
    pipe = MessagePipe(tmp_path / "events")
    yield pipe
    pipe.close()


def run(request: RunRequest, urls: list[str], pipe: MessagePipe) -> list[AnyMessage]:
    """Run the subject to its end, and return what it has reported."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", BARE, str(SOURCE)],
        input=encode_order(request, urls, pipe.path) + b"\n\n\n",
        capture_output=True,
        timeout=LIMIT_S,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    return pipe.read()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("workload", ["primes", "digest", "fetch", "mixed"])
def test_the_standard_library_is_enough(workload: str, mode: str, pipe: MessagePipe) -> None:
    """For every workload under every mode; that nobody answers at an address is a task that failed."""
    sites = tuple(Site(f"http://{name}.example/", 0, 0, name) for name in ("nobody", "other"))
    request = RunRequest(workload=workload, mode=mode, workers=2, tasks=2, sites=sites, timeout_s=5)
    ready, begin, *tasks, end = run(request, ["http://127.0.0.1:1/", "gopher://127.0.0.1/"], pipe)
    assert ready == SubjectReady(2)
    assert isinstance(begin, RunStarted) and isinstance(end, RunEnded) and end.error is None
    for kind in (ReportedSubmission, ReportedStart, ReportedFinish):
        assert sorted(each.task for each in tasks if isinstance(each, kind)) == ["0", "1"]
    fetches = workload in ("fetch", "mixed")
    assert all((each.error is not None) == fetches for each in tasks if isinstance(each, ReportedFinish))


@pytest.mark.parametrize("mode", MODES)
def test_a_user_function_needs_no_more(mode: str, pipe: MessagePipe, tmp_path: Path) -> None:
    """It returns, or raises, and where it raises there is a traceback."""
    (tmp_path / "functions.py").write_text("def half(number, by=2):\n    return number / by\n")
    items = (CallItem("one", (1,)), CallItem("two", (1,), {"by": 0}))
    messages = run(user_request(mode, tmp_path, "functions:half", items), [], pipe)
    finished = {each.task: each for each in messages if isinstance(each, ReportedFinish)}
    assert (finished["0"].result, finished["0"].error) == ("0.5", None)
    assert finished["1"].error == "ZeroDivisionError: division by zero"
    assert '  File "functions.py", line 2, in half' in finished["1"].traceback.split("\n")


def test_a_refusal_fits_into_a_line(pipe: MessagePipe, tmp_path: Path) -> None:
    """With the end of a traceback, however long it is."""
    functions = (f"def f{n}():\n    f{n + 1}() or {'g' * 250}\n" for n in range(15))
    (tmp_path / "fails.py").write_text("".join(functions) + "f0()\n")
    (refused,) = run(user_request("threads", tmp_path, "fails:f", ()), [], pipe)
    assert isinstance(refused, SubjectRefused) and refused.why.startswith(
        "importing 'fails' failed: NameError"
    )
    first, *_, last = refused.traceback.split("\n")
    assert first.endswith(" more lines)") and last.startswith("NameError: name 'f15'")


def user_request(mode: str, folder: Path, function: str, items: tuple[CallItem, ...]) -> RunRequest:
    """A request to call a user function."""
    calling = UserFunction(function=function, folder=str(folder), items=items)
    return RunRequest(workload=function, mode=mode, workers=2, timeout_s=5, calling=calling)
