"""Observed executors of real programs, on the lanes of those who watch."""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import threadviz
from tests.cli.command import threadviz as run_threadviz
from threadviz.protocol.events import State
from threadviz.recordings.reader import load
from threadviz.timeline import Role, Timeline

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="sees waits as on Linux")

PROGRAM = """
import sys, time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from threadviz import observed

def wait(seconds):
    time.sleep(seconds)
    return "secret result"

def fail(reason):
    raise ValueError("no " + "good")

if __name__ == "__main__":
    with observed(ThreadPoolExecutor(2)) as pool:
        for _ in range(4):
            pool.submit(wait, 0.1)
    with observed(ProcessPoolExecutor(1, mp_context=get_context(sys.argv[1]))) as pool:
        pool.submit(wait, 0.05).result()
        pool.submit(fail, "secret argument").exception()
"""


def whole(path: Path) -> Timeline:
    """What a recording says, all of it sound."""
    loaded = load(path)
    assert loaded.dropped == ""
    return loaded.timeline


def most(states: dict[State, int]) -> State:
    """The state that took longest."""
    return max(states, key=lambda state: states[state])


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_tasks_of_a_program_are_on_its_lanes(tmp_path: Path, method: str) -> None:
    """Of threads and of processes, named after their functions; what they were given and gave back is nowhere."""
    program, recording = tmp_path / "program.py", tmp_path / "run.jsonl"
    program.write_text(PROGRAM, encoding="utf-8")
    done = run_threadviz("exec", "--headless", "--record", str(recording), str(program), method)
    assert done.returncode == 0
    timeline = whole(recording)
    assert sorted(task.name for task in timeline.tasks) == ["fail 1", *(f"wait {n}" for n in range(1, 6))]
    for task in timeline.tasks:
        assert task.lane is not None and task.lane.role is Role.WORKER
        assert task.started is not None and task.finished is not None
        assert task.error == ("ValueError: no good" if task.name == "fail 1" else None)
    threads = {task.lane.tid for task in timeline.tasks[:4] if task.lane}
    processes = {task.lane.pid for task in timeline.tasks[4:] if task.lane}
    assert len(threads) == 2 and len(processes) == 1
    assert b"secret" not in recording.read_bytes() and "secret" not in done.stderr


def test_tasks_of_a_process_that_is_recorded_are_on_its_lanes(tmp_path: Path) -> None:
    """Those that it submits meanwhile; what their worker waits for outside of them is idleness, and not within."""
    recording = tmp_path / "run.jsonl"
    enter, leave = threading.Event(), threading.Event()

    def wait_within() -> None:
        enter.set()
        leave.wait()

    with threadviz.observed(ThreadPoolExecutor(1)) as pool:
        pool.submit(int).result()
        with threadviz.record(recording):
            within = pool.submit(wait_within)
            enter.wait()
            threading.Event().wait(0.2)  # for as long as it is to be seen to wait
            leave.set()
            within.result()
            threading.Event().wait(0.2)
        pool.submit(int).result()
    timeline = whole(recording)
    (task,) = timeline.tasks
    assert task.name == "wait_within 1" and task.lane is not None
    assert task.started is not None and task.finished is not None
    assert most(timeline.task_states(task)) is State.LOCK
    assert most(task.lane.states(task.finished)) is State.IDLE
