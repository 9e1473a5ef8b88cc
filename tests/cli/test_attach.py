import json
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.cli.command import (
    LIMIT_S,
    all_gone,
    await_that,
    command,
    descendants,
    role,
    says,
    started,
    threadviz,
)
from tests.observer.target_programs import needs_allowing, target
from tests.tui.real.terminal import Terminal, in_terminal
from threadviz.recordings.reader import load

pytestmark = needs_allowing

SPINNING = """
import sys, threading
def spin():
    while True: sum(range(1000))
for _ in range(2): threading.Thread(target=spin, daemon=True).start()
print("ready", flush=True)
sys.stdin.read()
"""


def test_a_running_process_is_reported() -> None:
    """Its lanes for so many seconds, what they did, and on which Python; it goes on as before."""
    with target(SPINNING) as subject:
        done = threadviz("attach", str(subject.pid), "--headless", "--seconds", "0.7")
        assert subject.process.poll() is None
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.isascii()
    assert "-c, attach" in done.stdout.split("\n")[0]
    assert f"Python {sys.version.split()[0]}" in done.stdout


def test_json_is_of_the_same_run() -> None:
    """With no app, without being told; two threads compete for the GIL there, and each lane begins at zero."""
    with target(SPINNING) as subject:
        done = threadviz("attach", str(subject.pid), "--json", "--seconds", "0.7")
    facts = json.loads(done.stdout)
    assert (facts["mode"], facts["outcome"], facts["tasks"]) == ("attach", "finished", [])
    assert facts["total_s"] >= 0.7
    assert [(lane["pid"], lane["start_s"]) for lane in facts["lanes"]] == [(subject.pid, 0.0)] * 3
    if facts["probe"]["name"] == "linux" and facts["gil"]:
        assert sum(lane["states"].get("gil", 0.0) for lane in facts["lanes"]) > 0.2


def test_a_process_that_ends_is_reported() -> None:
    """That is how looking on at it ends, whatever it died of."""
    with target() as subject, started("attach", str(subject.pid), "--json") as viewer:
        await_that(lambda: role(viewer.pid, "observer"))
        subject.end()
        stdout, stderr = viewer.communicate(timeout=LIMIT_S)
    assert (viewer.returncode, stderr) in [
        (0, ""),
        (1, f"threadviz: the run is broken: it can't be watched: process {subject.pid} has just ended.\n"),
        (1, f"threadviz: the run is broken: it can't be watched: {_gone(subject.pid)}.\n"),
    ]
    assert viewer.returncode or json.loads(stdout)["outcome"] == "finished"


def _gone(pid: int) -> str:
    return f"there is no process {pid}: it has ended, or it is in a container and has another number there"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_lets_go_of_it(tmp_path: Path, number: signal.Signals) -> None:
    """The report is there, the recording is whole, the status is 0, and nothing was done to the process."""
    recording = tmp_path / "run.jsonl"
    with target() as subject:
        with started("attach", str(subject.pid), "--headless", "--record", str(recording)) as viewer:
            await_that(lambda: says(recording, "tick"))
            others = descendants(viewer.pid)
            viewer.send_signal(number)
            stdout, stderr = viewer.communicate(timeout=LIMIT_S)
            assert (viewer.returncode, stderr) == (0, "")
            assert "-c, attach" in stdout
            assert all_gone(others)
        assert subject.answers()
    loaded = load(recording)
    assert loaded.dropped == ""
    assert loaded.timeline.closed is not None


def test_killing_the_observer_leaves_the_process_as_it_was(tmp_path: Path) -> None:
    """The report is of what was measured until then, and a sentence says what happened."""
    recording = tmp_path / "run.jsonl.gz"
    with target() as subject:
        with started("attach", str(subject.pid), "--headless", "--record", str(recording)) as viewer:
            observer = await_that(lambda: role(viewer.pid, "observer"))
            await_that(lambda: recording.exists() and recording.stat().st_size > 0)
            observer.kill()
            _, stderr = viewer.communicate(timeout=LIMIT_S)
        assert viewer.returncode == 1
        assert "the observer died (killed by SIGKILL)" in stderr
        assert subject.answers()


def test_killing_the_viewer_leaves_the_process_as_it_was(tmp_path: Path) -> None:
    """The observer sees that nobody is there, and ends."""
    recording = tmp_path / "run.jsonl"
    with target() as subject:
        before = subject.shape
        with started("attach", str(subject.pid), "--headless", "--record", str(recording)) as viewer:
            await_that(lambda: says(recording, "tick"))
            others = descendants(viewer.pid)
            viewer.kill()
            assert others
            assert all_gone(others)
        assert subject.shape == before
        assert subject.answers()


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (("abc",), "PID is 'abc': give the number of a process, as pgrep and ps show it"),
        (("0",), "PID is '0': give the number of a process, as pgrep and ps show it"),
        (("--", "-7"), "PID is '-7': give the number of a process, as pgrep and ps show it"),
        (("1" * 5000,), None),
        ((), "Missing argument 'PID': see threadviz attach --help"),
        (("9999999999",), _gone(9999999999)),
        (("1", "--seconds", "0"), "--seconds is 0: give a number of seconds above 0"),
        (("1", "--seconds", "nan"), "--seconds is nan: give a number of seconds above 0"),
        (("1", "--seconds", "1"), "--seconds is for --headless: the app is left by a key"),
        (
            ("1", "--json", "--ascii"),
            "--ascii is for the app and the report, and --json is neither: leave one of them out",
        ),
        (("1", "--record", ""), "--record is '': give the path of a file"),
    ],
)
def test_what_can_not_be_is_one_sentence(args: tuple[str, ...], sentence: str | None) -> None:
    """It stands on stderr, on one line; nothing was started, and the exit status is 2."""
    done = threadviz("attach", *args)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith(".\n")
    assert done.stderr[:-1].isprintable()
    if sentence is not None:
        assert done.stderr == f"threadviz: {sentence}.\n"


def test_no_python_is_refused() -> None:
    """With its name, and the status of what can't be."""
    with subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE) as cat:
        try:
            await_that(lambda: psutil.Process(cat.pid).name() == "cat")
            done = threadviz("attach", str(cat.pid), "--headless")
            assert done.returncode == 2
            assert done.stderr == f"threadviz: process {cat.pid} (cat) is no CPython.\n"
        finally:
            cat.kill()


def test_the_app_needs_a_terminal() -> None:
    """And what does without is said."""
    with target() as subject:
        done = threadviz("attach", str(subject.pid))
        assert done.returncode == 2
        assert done.stderr.endswith(" is none: for a report without the app, say --headless.\n")
        assert subject.answers()


def test_in_a_terminal_it_says_how_many_lanes_there_are() -> None:
    """Until Ctrl-C lets go of it, and the report takes its place."""
    with (
        target() as subject,
        in_terminal(command("attach", str(subject.pid), "--headless"), 120, 40) as terminal,
    ):
        terminal.wait_for(f"process {subject.pid}", "3 lanes")
        terminal.press("\x03")
        assert terminal.wait_for_end() == 0
        assert "Lanes" in terminal.all_output and "3 threads" in terminal.all_output
        assert subject.answers()


def _looked_at(terminal: Terminal) -> list[psutil.Process]:
    """The processes of the app, as soon as the lanes are on the screen."""
    terminal.wait_for("attach", "LIVE", "lane")
    return descendants(terminal.process.pid)


def test_the_app_lets_go_of_a_process_and_takes_it_up_again(tmp_path: Path) -> None:
    """The lanes stay; the recording is of the first time, and whole; the process is as it was."""
    recording = tmp_path / "run.jsonl"
    with target() as subject:
        with in_terminal(
            command("attach", str(subject.pid), "--record", str(recording)), 120, 40
        ) as terminal:
            others = _looked_at(terminal)
            assert others
            terminal.press("x")
            terminal.wait_for("FINISHED")
            assert all_gone(others)
            assert load(recording).timeline.closed is not None
            terminal.press("r")
            others = _looked_at(terminal)
            terminal.press("q")
            assert terminal.wait_for_end() == 0
            assert terminal.restored
            assert all_gone(others)
        assert subject.answers()
    assert load(recording).timeline.closed is not None


def test_leaving_the_app_ends_the_recording_in_good_order(tmp_path: Path) -> None:
    """Its last word is in it."""
    recording = tmp_path / "run.jsonl.gz"
    with target() as subject:
        with in_terminal(
            command("attach", str(subject.pid), "--record", str(recording)), 120, 40
        ) as terminal:
            _looked_at(terminal)
            terminal.press("q")
            assert terminal.wait_for_end() == 0
        assert subject.answers()
    loaded = load(recording)
    assert loaded.dropped == "" and loaded.timeline.closed is not None


def test_the_app_stays_when_the_process_ends() -> None:
    """With its lanes; it can't be attached to again then, and that is said."""
    with target() as subject, in_terminal(command("attach", str(subject.pid)), 120, 40) as terminal:
        _looked_at(terminal)
        subject.end()
        terminal.wait_for("FINISHED", "-c")
        terminal.press("r")
        terminal.wait_for(f"there is no process {subject.pid}")
        terminal.press("q")
        assert terminal.wait_for_end() == 0


def test_the_app_says_that_the_observer_died() -> None:
    """The process does not mind."""
    with target() as subject:
        with in_terminal(command("attach", str(subject.pid)), 120, 40) as terminal:
            _looked_at(terminal)
            observer = role(terminal.process.pid, "observer")
            assert observer is not None
            observer.kill()
            terminal.wait_for("BROKEN", "the observer died (killed by SIGKILL)")
            terminal.press("q")
            assert terminal.wait_for_end() == 1
        assert subject.answers()
