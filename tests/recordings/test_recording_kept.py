"""What is kept of a run, to be saved if somebody wants it."""

import gc
import gzip
from pathlib import Path

import pytest

from tests.recordings.recorded import SOUND, descriptors
from threadviz.protocol.codec import encode
from threadviz.protocol.events import ObserverTick, Outcome, StreamClosed
from threadviz.recordings.reader import load
from threadviz.recordings.writer import Kept, SaveError

LINES = b"".join(map(encode, SOUND))
MORE = b"".join(encode(ObserverTick(n, n, 0, n)) for n in range(50_000))


def kept(*parts: bytes) -> Kept:
    """A recording with these parts."""
    result = Kept()
    for part in parts:
        result.write(part)
        result.flush()
    return result


def test_it_is_saved_packed_or_not(tmp_path: Path) -> None:
    """As the name says, whole, and nothing else is left in the folder."""
    recording = kept(LINES, MORE)
    recording.save(tmp_path / "run.jsonl")
    recording.save(tmp_path / "run.jsonl.gz")
    assert (tmp_path / "run.jsonl").read_bytes() == LINES + MORE
    packed = (tmp_path / "run.jsonl.gz").read_bytes()
    assert gzip.decompress(packed) == LINES + MORE
    assert len(packed) < len(LINES + MORE) / 4
    assert len(list(tmp_path.iterdir())) == 2


def test_it_may_be_saved_while_it_grows(tmp_path: Path) -> None:
    """As far as it has come; saving changes nothing of what comes then."""
    recording = kept(LINES)
    recording.save(tmp_path / "1.gz")
    recording.write(MORE)
    recording.save(tmp_path / "2.gz")
    recording.write(encode(StreamClosed(50_000, Outcome.FINISHED)))
    recording.save(tmp_path / "3.gz")
    ticks = [load(tmp_path / f"{n}.gz").timeline for n in (1, 2, 3)]
    assert [timeline.now for timeline in ticks] == [0, 49_999, 50_000]
    assert [timeline.closed is not None for timeline in ticks] == [False, False, True]


def test_nothing_is_written_over_without_being_told_to(tmp_path: Path) -> None:
    """Then it is, also where a link points to it."""
    path, link = tmp_path / "run.jsonl", tmp_path / "link.jsonl"
    path.write_text("old")
    link.symlink_to(path)
    recording = kept(LINES)
    for each in (path, link):
        with pytest.raises(FileExistsError):
            recording.save(each)
    assert path.read_text() == "old"
    recording.save(link, over=True)
    assert path.read_bytes() == LINES and link.is_symlink()
    assert sorted(tmp_path.iterdir()) == [link, path]


def test_what_can_not_be_written_leaves_nothing(tmp_path: Path) -> None:
    """Neither in a folder that is not there, nor in place of what is no file."""
    recording = kept(LINES)
    with pytest.raises(OSError, match="No such file"):
        recording.save(tmp_path / "missing" / "run")
    with pytest.raises(OSError, match="it is no file"):
        recording.save(tmp_path, over=True)
    with pytest.raises(OSError, match="it is no file"):
        recording.save(Path("/dev/null"), over=True)
    assert list(tmp_path.iterdir()) == []


def test_there_may_be_nothing_to_save(tmp_path: Path) -> None:
    """Before the first line has come."""
    with pytest.raises(SaveError, match="nothing of it was recorded yet"):
        Kept().save(tmp_path / "run")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_full_disk_is_told_when_it_is_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever writes is told once; then the rest is left out, for it could not be joined to what there is."""
    full = Path("/dev/full").open("wb")  # noqa: SIM115 - it is closed with what keeps it
    monkeypatch.setattr("tempfile.TemporaryFile", lambda prefix: full)
    recording = Kept()
    with pytest.raises(OSError, match="No space left"):
        recording.write(LINES)
    recording.write(MORE)
    with pytest.raises(SaveError, match=r"it could not be recorded \(No space left on device\)"):
        recording.save(tmp_path / "run")


def test_it_is_gone_when_nobody_has_it() -> None:
    """Nothing is left open, and no file of it has a name."""
    gc.collect()
    before = descriptors()
    recording = kept(LINES)
    assert descriptors() == before + 1
    del recording
    gc.collect()
    assert descriptors() == before
