"""A program under `threadviz exec` whose observer fails: it is not to suffer from that."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.cli.command import LIMIT_S, all_gone, await_that, command, environment, says
from tests.cli.executed import executing, script

FAILING = """
import sys
if "threadviz.observer" in sys.orig_argv:
    from threadviz.observer.collectors.reports import ReportCollector
    poll = ReportCollector.poll
    def fail(collector, now, changes):
        if now > 300_000_000:
            raise KeyError("no such thing")
        return poll(collector, now, changes)
    ReportCollector.poll = fail
"""
"""A `sitecustomize` by which the observer fails when the program has run for a while."""

HANDLING = """
import signal, sys, time
signal.signal(signal.SIGUSR1, lambda *_: sys.exit(7))
print("ready", flush=True)
time.sleep(600)
"""

MANY = """
import os, sys, threading
event = threading.Event()
threads = [threading.Thread(target=event.wait) for _ in range(150)]
for thread in threads:
    thread.start()
sys.stdin.readline()
event.set()
for thread in threads:
    thread.join()
sys.exit(5)
"""


def _failing(folder: Path) -> str:
    """A folder at the head of PYTHONPATH, by which the observer fails."""
    (folder / "sitecustomize.py").write_text(FAILING)
    return str(folder)


def _closed(recording: Path) -> dict[str, object]:
    """The last line of a recording."""
    told = json.loads(recording.read_text().splitlines()[-1])
    assert isinstance(told, dict) and told["type"] == "closed"
    return told


def test_a_program_goes_on_where_its_observer_fails(tmp_path: Path) -> None:
    """It still gets the signals, its status is threadviz's, and it is said what has failed."""
    recording = tmp_path / "run.jsonl"
    words = ("--headless", "--record", str(recording), script(tmp_path, HANDLING))
    with executing(*words, PYTHONPATH=_failing(tmp_path)) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        await_that(lambda: says(recording, "ended"))
        process.send_signal(signal.SIGUSR1)
        _, errors = process.communicate(timeout=LIMIT_S)
        assert process.returncode == 7
    closed = _closed(recording)
    assert (closed["outcome"], closed["status"]) == ("broken", 7)
    assert str(closed["reason"]).startswith("the observer failed: KeyError: 'no such thing'")
    assert "the observer failed: KeyError" in errors and "Traceback" not in errors


def test_a_program_whose_observer_has_failed_ends_with_its_viewer(tmp_path: Path) -> None:
    """As ever: nothing is left."""
    recording = tmp_path / "run.jsonl"
    words = ("--headless", "--record", str(recording), script(tmp_path, HANDLING))
    with executing(*words, PYTHONPATH=_failing(tmp_path)) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        await_that(lambda: says(recording, "ended"))
        started = psutil.Process(process.pid).children(recursive=True)
        assert len(started) == 2
        process.kill()
        assert all_gone(started)


def test_what_a_program_has_left_running_is_left_alone_where_its_observer_has_failed(tmp_path: Path) -> None:
    """It has ended by itself."""
    recording = tmp_path / "run.jsonl"
    text = """
import subprocess, sys
left = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], stdin=-3, stdout=-3, stderr=-3)
print(left.pid, flush=True)
sys.stdin.readline()
"""
    words = ("--headless", "--record", str(recording), script(tmp_path, text))
    with executing(*words, stdin=subprocess.PIPE, PYTHONPATH=_failing(tmp_path)) as process:
        assert process.stdout is not None
        left = psutil.Process(int(process.stdout.readline()))
        try:
            await_that(lambda: says(recording, "ended"))
            process.communicate("\n", timeout=LIMIT_S)
            assert left.is_running() and left.status() != psutil.STATUS_ZOMBIE
        finally:
            left.kill()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere threads take no files")
def test_a_program_with_more_threads_than_can_be_watched_goes_on(tmp_path: Path) -> None:
    """It is said which limit is in the way."""
    recording = tmp_path / "run.jsonl"
    words = command("exec", "--headless", "--record", str(recording), script(tmp_path, MANY))
    limited = ["sh", "-c", 'ulimit -n 120; exec "$@"', "sh", *words]
    with subprocess.Popen(
        limited, stdin=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", env=environment()
    ) as process:
        try:
            await_that(lambda: says(recording, "ended"))
            _, errors = process.communicate("\n", timeout=LIMIT_S)
        finally:
            process.kill()
    assert process.returncode == 5
    assert _closed(recording)["status"] == 5
    assert "raise the limit (ulimit -n)" in errors


def test_a_program_ends_where_its_parent_ignores_the_ends_of_children(tmp_path: Path) -> None:
    """And its status is known; it ignores them itself, as it would have done alone."""
    program = script(
        tmp_path,
        "import signal, sys; sys.exit(3 if signal.getsignal(signal.SIGCHLD) is signal.SIG_IGN else 4)",
    )
    starter = (
        "import os, signal, sys; signal.signal(signal.SIGCHLD, signal.SIG_IGN);"
        "os.execv(sys.argv[1], sys.argv[1:])"
    )
    done = subprocess.run(
        [sys.executable, "-c", starter, *command("exec", "--headless", program)],
        capture_output=True,
        env=environment(),
        timeout=LIMIT_S,
    )
    assert (done.returncode, done.stdout) == (3, b""), done.stderr


def test_what_is_printed_at_the_start_of_every_python_is_in_nobody_s_way(tmp_path: Path) -> None:
    """It is seen as it would be: once for the program, and once for threadviz."""
    (tmp_path / "sitecustomize.py").write_text("import os; os.write(1, b'hello\\n')")
    done = subprocess.run(
        command("exec", "--headless", script(tmp_path, "print('program')")),
        capture_output=True,
        env=environment(PYTHONPATH=str(tmp_path)),
        timeout=LIMIT_S,
    )
    assert (done.returncode, done.stdout) == (0, b"hello\nhello\nprogram\n"), done.stderr
