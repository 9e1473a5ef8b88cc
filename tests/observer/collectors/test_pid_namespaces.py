import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.cli.command import LIMIT_S, await_that
from tests.cli.executed import executing, script
from threadviz.observer.collectors.pid_namespaces import NOBODY, PidNamespaces
from threadviz.observer.probes.accounting import ThreadAccounting
from threadviz.observer.probes.base import ObservedProcess, ObservedThread, ProcessKind
from threadviz.recordings.reader import load

UNSHARE = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc")


def _can_unshare() -> bool:
    try:
        return subprocess.run([*UNSHARE, "true"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


needs_namespaces = pytest.mark.skipif(not _can_unshare(), reason="no PID namespace can be made here")

THREADED = """
import sys, threading
from concurrent.futures import ThreadPoolExecutor
import threadviz
release = threading.Event()
with threadviz.observed(ThreadPoolExecutor(1, thread_name_prefix="mine")) as pool:
    pool.submit(release.wait)
    print(threading.get_native_id(), next(iter(pool._threads)).native_id, flush=True)
    sys.stdin.readline()
    release.set()
"""


def thread(pid: int, tid: int) -> ObservedThread:
    """An observed thread."""
    return ObservedThread(ObservedProcess(pid, ProcessKind.WORKER), tid, "", 0, ThreadAccounting(0), lane=0)


@contextmanager
def in_own_namespace() -> Iterator[tuple[psutil.Process, int, int]]:
    """Yield a process in a namespace of its own, and the number of its second thread here and there."""
    with subprocess.Popen(
        [*UNSHARE, sys.executable, "-c", THREADED],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ) as outer:
        try:
            assert outer.stdout is not None
            main, second = map(int, outer.stdout.readline().split())
            assert main == 1
            (process,) = psutil.Process(outer.pid).children()
            (ours,) = {each.id for each in process.threads()} - {process.pid}
            yield process, ours, second
        finally:
            outer.kill()


@needs_namespaces
def test_a_process_in_another_namespace_is_found() -> None:
    """With its threads, as long as it is observed. A number that none of them has is nobody's."""
    numbers = PidNamespaces()
    with in_own_namespace() as (process, ours, second):
        pid = process.pid
        assert numbers.thread(1, second) == (1, second)  # as far as is known by now
        threads = [thread(pid, pid), thread(pid, ours)]
        numbers.note(threads)
        assert numbers.process(1) == pid
        assert numbers.thread(1, 1) == (pid, pid)
        assert numbers.thread(1, second) == (pid, ours)
        assert numbers.thread(1, second + 1) == NOBODY
        numbers.forget(threads)
        assert numbers.process(1) == 1


@needs_namespaces
def test_an_ambiguous_number_is_nobodys() -> None:
    """Two processes may have the same number, each in its own namespace."""
    numbers = PidNamespaces()
    with in_own_namespace() as (one, _, second), in_own_namespace() as (other, ours, _):
        threads = [thread(one.pid, one.pid), thread(other.pid, other.pid)]
        numbers.note(threads)
        assert numbers.process(1) == 0
        assert numbers.thread(1, second) == NOBODY
        numbers.forget(threads[:1])
        assert numbers.thread(1, second) == (other.pid, ours)


def test_processes_in_the_same_namespace_keep_their_numbers() -> None:
    """Also if they have ended before their namespaces can be read."""
    numbers = PidNamespaces()
    new = [thread(2**22 + 1, 2**22 + 1), thread(2**22 + 1, 2**22 + 2)]
    numbers.note(new)
    assert numbers.thread(2**22 + 1, 2**22 + 2) == (2**22 + 1, 2**22 + 2)
    numbers.forget(new)
    assert numbers.process(2**22 + 1) == 2**22 + 1


@needs_namespaces
def test_names_and_tasks_from_another_namespace_are_on_their_lanes(tmp_path: Path) -> None:
    """As with any program."""
    recording = tmp_path / "run.jsonl"

    def recorded(kind: str) -> list[dict[str, object]]:
        lines = recording.read_bytes().splitlines(keepends=True) if recording.exists() else []
        events = [json.loads(line) for line in lines if line.endswith(b"\n")]
        return [event for event in events if event["type"] == kind]

    words = [*UNSHARE, sys.executable, script(tmp_path, THREADED)]
    with executing("--headless", "--record", str(recording), "--", *words, stdin=subprocess.PIPE) as process:
        await_that(lambda: {"MainThread", "mine_0"} <= {each["name"] for each in recorded("name")})
        await_that(lambda: recorded("started"))
        process.communicate("\n", timeout=LIMIT_S)
    assert process.returncode == 0
    timeline = load(recording).timeline
    (task,) = timeline.tasks
    assert task.lane_name == "mine_0"
    mains = [lane for lane in timeline.lanes if lane.name == "MainThread"]
    assert [lane.pid for lane in mains] == [lane.tid for lane in mains]
