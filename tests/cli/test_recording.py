import gzip
import os
import pwd
import re
import signal
import socket
import sys
from pathlib import Path

import psutil
import pytest

from tests.cli.command import (
    DATA,
    ENDLESS,
    FETCH,
    LIMIT_S,
    all_gone,
    await_that,
    descendants,
    role,
    started,
    threadviz,
)
from threadviz.protocol.events import ObserverTick
from threadviz.recordings.reader import LoadError, load

RUN = ("run", *ENDLESS, "--mode", "threads")


def under_way(recording: Path) -> bool:
    """Whether the recording, as it is now, has tasks that have started."""
    try:
        return any(task.started for task in load(recording).timeline.tasks)
    except LoadError:
        return False


@pytest.mark.parametrize("name", ["run.jsonl", "run.jsonl.gz"])
def test_a_recording_is_good_up_to_where_its_run_was_killed(tmp_path: Path, name: str) -> None:
    """With SIGKILL, at any moment: what the viewer had taken is in the file."""
    recording = tmp_path / name
    with started(*RUN, "--record", str(recording)) as process:
        await_that(lambda: under_way(recording))
        others = descendants(process.pid)
        process.send_signal(signal.SIGKILL)
        process.wait(LIMIT_S)
        assert all_gone(others)
    result = load(recording)
    assert result.dropped == "" and result.timeline.closed is None
    assert isinstance(result.timeline.tick, ObserverTick)
    shown = threadviz("show", str(recording))
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "slow.example" in shown.stdout


def test_a_packed_recording_is_whole_and_smaller(tmp_path: Path) -> None:
    """Any gzip unpacks it."""
    recording = tmp_path / "run.jsonl.gz"
    done = threadviz("run", *FETCH, "--mode", "threads", "--record", str(recording), "--json")
    assert (done.returncode, done.stderr) == (0, "")
    unpacked = gzip.decompress(recording.read_bytes())
    assert unpacked.startswith(b'{"type":"header"') and unpacked.endswith(b"\n")
    assert recording.stat().st_size < len(unpacked) / 2
    assert threadviz("run", *FETCH, "--mode", "threads", "--record", str(recording)).returncode == 2


@pytest.mark.parametrize("name", ["run.jsonl", "run.jsonl.gz"])
def test_a_run_that_dies_before_its_header_leaves_no_file(tmp_path: Path, name: str) -> None:
    """So the next may be recorded under the same name."""
    recording = tmp_path / name

    def observer(pid: int) -> psutil.Process | None:
        return role(pid, "observer")

    with started(*RUN, "--record", str(recording)) as process:
        found = await_that(lambda: observer(process.pid))
        found.suspend()
        begun = recording.stat().st_size > 0
        found.kill()
        _, stderr = process.communicate(timeout=LIMIT_S)
        assert process.returncode == 1
        assert "the observer died (killed by SIGKILL)" in stderr
    assert recording.exists() == begun


def test_a_recording_tells_nothing_of_who_made_it(tmp_path: Path) -> None:
    """Neither the user, nor the machine, nor where anything lies, nor what is in the environment."""
    vocabulary = (DATA / "schema-1.jsonl").read_text("utf-8")  # a machine may be called 'python', say
    names = {socket.gethostname(), pwd.getpwuid(os.getuid()).pw_name} - {*re.findall(r"\w+", vocabulary)}
    private = {"somebody", "a-secret", "where-it-is", "/tmp/"}
    private |= {str(tmp_path), str(Path.cwd()), str(Path.home()), str(Path(sys.executable).parent)}
    home, here = tmp_path / "home-of-somebody", tmp_path / "where-it-is"
    home.mkdir()
    here.mkdir()
    for words in (FETCH, ("primes", "--tasks", "2")):
        for mode in ("threads", "processes"):
            recording = here / f"{words[0]}-{mode}.jsonl"
            done = threadviz(
                *("run", *words, "--mode", mode, "--record", str(recording)),
                HOME=str(home),
                USER="somebody",
                LOGNAME="somebody",
                THREADVIZ_TEST="a-secret",
            )
            assert done.returncode == 0
            text = recording.read_text("utf-8")
            found = [name for name in names if re.search(rf"\b{re.escape(name)}\b", text)]
            assert found + [each for each in private if each in text] == []
