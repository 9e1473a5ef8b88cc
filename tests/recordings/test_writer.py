"""Writing a recording into a file."""

import gzip
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.command import LIMIT_S
from tests.recordings.recorded import SOUND, descriptors
from threadviz.protocol.codec import encode
from threadviz.recordings.reader import load
from threadviz.recordings.writer import RecordingFile

LINES = b"".join(map(encode, SOUND))


@pytest.mark.parametrize(("name", "packed"), [("run.jsonl", False), ("run.jsonl.gz", True), ("RUN.GZ", True)])
def test_it_is_packed_if_its_name_says_so(tmp_path: Path, name: str, packed: bool) -> None:
    """What was written is in there either way."""
    recording = RecordingFile(tmp_path / name)
    recording.write(LINES[:100])
    recording.write(LINES[100:])
    recording.flush()
    recording.close()
    data = (tmp_path / name).read_bytes()
    assert data.startswith(b"\x1f\x8b") == packed
    assert (gzip.decompress(data) if packed else data) == LINES
    assert load(tmp_path / name).dropped == ""


@pytest.mark.parametrize("name", ["run.jsonl", "run.jsonl.gz"])
def test_what_was_flushed_outlives_the_process(tmp_path: Path, name: str) -> None:
    """Killed at once after that, it leaves a recording that is good up to there."""
    code = (
        "import os, signal, sys\nfrom pathlib import Path\n"
        "from threadviz.recordings.writer import RecordingFile\n"
        "recording = RecordingFile(Path(sys.argv[1]))\n"
        "recording.write(sys.stdin.buffer.read())\nrecording.flush()\nrecording.write(b'lost' * 1000)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    path = tmp_path / name
    subprocess.run([sys.executable, "-c", code, str(path)], input=LINES, check=False, timeout=LIMIT_S)
    result = load(path)
    assert result.dropped == ""
    assert result.timeline.begin == 0 and result.timeline.closed is None


@pytest.mark.parametrize("name", ["run.jsonl", "run.jsonl.gz"])
def test_a_file_into_which_nothing_was_written_is_taken_away(tmp_path: Path, name: str) -> None:
    """It would be in the way of the next, and nothing is in it."""
    recording = RecordingFile(tmp_path / name)
    recording.flush()
    recording.close()
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_is_not_written_over(tmp_path: Path) -> None:
    """Neither a file nor what a link points to; nothing is left open."""
    (tmp_path / "old").write_text("old")
    (tmp_path / "link").symlink_to("old")
    (tmp_path / "dangling").symlink_to("missing")
    os.mkfifo(tmp_path / "pipe")
    before = descriptors()
    for name, error in [
        ("old", FileExistsError),
        ("link", FileExistsError),
        ("dangling", FileNotFoundError),
        (".", IsADirectoryError),
        ("pipe", OSError),
    ]:
        with pytest.raises(error):
            RecordingFile(tmp_path / name)
    assert (tmp_path / "old").read_text() == "old"
    assert not (tmp_path / "missing").exists()
    assert descriptors() == before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize("name", ["full", "full.gz"])
def test_a_device_may_be_written_to(tmp_path: Path, name: str) -> None:
    """That it takes nothing is an error, which closes it nevertheless; it is never taken away."""
    (tmp_path / name).symlink_to("/dev/full")
    before = descriptors()
    recording = RecordingFile(tmp_path / name)
    recording.close()
    recording = RecordingFile(tmp_path / name)
    recording.write(LINES)
    with pytest.raises(OSError, match="No space left"):
        recording.flush()
    with pytest.raises(OSError, match="No space left"):
        recording.close()
    assert descriptors() == before
    assert (tmp_path / name).is_symlink() and Path("/dev/full").exists()
