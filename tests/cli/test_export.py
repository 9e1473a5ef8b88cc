import csv
import gzip
import json
import os
import shutil
from pathlib import Path

import pytest

from tests.cli.command import DATA, await_that, started, threadviz
from tests.exports.html_reader import read
from tests.protocol.header import HEADER
from threadviz.protocol.codec import encode
from threadviz.protocol.events import LaneStarted, RunStarted, Span, Spans, State

NAMES = {"trace": ["run.trace.json"], "csv": ["run.csv", "run-tasks.csv"], "html": ["run.html"]}


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """A recording in a folder of its own."""
    return Path(shutil.copy(DATA / "fetch-threads.jsonl", tmp_path / "run.jsonl"))


def files(folder: Path) -> list[str]:
    """What is in a folder, hidden or not."""
    return sorted(path.name for path in folder.iterdir())


def sound(path: Path) -> bool:
    """Whether an export is one, by what its name says."""
    if path.suffix == ".json":
        return bool(json.loads(path.read_bytes())["traceEvents"])
    if path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as file:
            head, *rows = csv.reader(file, strict=True)
        return bool(rows) and all(len(row) == len(head) for row in rows)
    return read(path.read_text("ascii")).one("h1").text == "fetch, threads: 4 tasks, 4 workers"


@pytest.mark.parametrize("name", NAMES)
def test_exports_stand_beside_the_recording(recording: Path, name: str) -> None:
    """Under its name, whole, with a word on what was written; and nothing else is left there."""
    done = threadviz("export", str(recording), "--to", name)
    assert (done.returncode, done.stdout) == (0, "")
    paths = [recording.with_name(each) for each in NAMES[name]]
    assert done.stderr.startswith(f"threadviz: wrote {' and '.join(map(str, paths))}: ")
    assert done.stderr.count("\n") == 1
    assert files(recording.parent) == sorted(["run.jsonl", *NAMES[name]])
    assert all(map(sound, paths))


@pytest.mark.parametrize(
    ("packed", "to"), [("run.jsonl.gz", "run.html"), ("run.html", "run.html.html"), ("a.b", "a.b.html")]
)
def test_the_name_is_the_recording_s(recording: Path, packed: str, to: str) -> None:
    """Without what says that it is a recording, packed or not."""
    data = recording.read_bytes()
    recording.unlink()
    file = recording.with_name(packed)
    file.write_bytes(gzip.compress(data) if packed.endswith(".gz") else data)
    assert threadviz("export", str(file), "--to", "html").returncode == 0
    assert files(recording.parent) == sorted([packed, to])


def test_a_name_of_one_s_own(recording: Path) -> None:
    """The second table gets it too."""
    out = recording.with_name("my.table.csv")
    assert threadviz("export", str(recording), "--to", "csv", "-o", str(out)).returncode == 0
    assert files(recording.parent) == ["my.table-tasks.csv", "my.table.csv", "run.jsonl"]


@pytest.mark.parametrize("name", ["trace", "html"])
def test_to_standard_output(recording: Path, name: str) -> None:
    """The same bytes, in whatever encoding that is, no file, and no word."""
    done = threadviz("export", str(recording), "--to", name, "-o", "-", PYTHONIOENCODING="latin-1")
    assert (done.returncode, done.stderr) == (0, "")
    assert files(recording.parent) == ["run.jsonl"]
    assert threadviz("export", str(recording), "--to", name).returncode == 0
    assert recording.with_name(NAMES[name][0]).read_text("ascii") == done.stdout


def test_nothing_is_written_over_unless_it_is_said(recording: Path) -> None:
    """Not even one of two; a link stays one, and what it points to is written."""
    tasks, table = recording.with_name("run-tasks.csv"), recording.with_name("run.csv")
    real = recording.with_name("real.csv")
    real.write_text("old")
    tasks.symlink_to(real)
    done = threadviz("export", str(recording), "--to", "csv")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"threadviz: '{tasks}' exists already: give another name with -o, or --force to overwrite it.\n"
    )
    assert real.read_text() == "old" and not table.exists()
    assert threadviz("export", str(recording), "--to", "csv", "--force").returncode == 0
    assert tasks.is_symlink() and sound(real) and sound(table)
    assert files(recording.parent) == ["real.csv", "run-tasks.csv", "run.csv", "run.jsonl"]


@pytest.mark.parametrize("force", [(), ("--force",)])
def test_neither_the_recording_nor_a_device_is_written_over(recording: Path, force: tuple[str, ...]) -> None:
    """Whatever was said."""
    data = recording.read_bytes()
    again = recording.with_name("again")
    again.hardlink_to(recording)
    for out in (recording, again):
        done = threadviz("export", str(recording), "--to", "html", "-o", str(out), *force)
        assert done.returncode == 2
        assert "is the recording itself: give another name with -o." in done.stderr
    pipe = recording.with_name("pipe")
    os.mkfifo(pipe)
    for out in (pipe, recording.parent):
        done = threadviz("export", str(recording), "--to", "html", "-o", str(out), *force)
        assert done.returncode == 2
        assert "is not a file that could be overwritten: give another name with -o." in done.stderr
    assert recording.read_bytes() == data
    assert files(recording.parent) == ["again", "pipe", "run.jsonl"]


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        ((), "no format is given: add --to and one of trace, csv, html"),
        (("--to", "pdf"), "there is no format 'pdf': add --to and one of trace, csv, html"),
        (("--to", "csv", "-o", "-"), "csv is 2 files, and '-' is one: name a file with -o"),
        (("--to", "html", "-o", ""), "-o is '': give the path of a file"),
    ],
)
def test_bad_words(recording: Path, args: tuple[str, ...], sentence: str) -> None:
    """One sentence, exit status 2, and nothing is written."""
    done = threadviz("export", str(recording), *args)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"threadviz: {sentence}.\n")
    assert files(recording.parent) == ["run.jsonl"]


@pytest.mark.parametrize("data", [None, b"", b"no recording\n"])
def test_what_is_no_recording(tmp_path: Path, data: bytes | None) -> None:
    """One sentence, exit status 2, and nothing is written."""
    file = tmp_path / "run.jsonl"
    if data is not None:
        file.write_bytes(data)
    before = files(tmp_path)
    done = threadviz("export", str(file), "--to", "trace")
    assert (done.returncode, done.stdout) == (2, "")
    assert str(file) in done.stderr and done.stderr.count("\n") == 1
    assert files(tmp_path) == before


def test_where_nothing_can_be_written(recording: Path) -> None:
    """One sentence with the system's reason, and exit status 1."""
    out = recording.with_name("gone") / "run.html"
    done = threadviz("export", str(recording), "--to", "html", "-o", str(out))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"threadviz: '{out}' can't be written (No such file or directory).\n"


def test_what_is_sound_of_a_recording_is_written(recording: Path) -> None:
    """With a word on what was dropped, on stderr and in the export, that names no path there."""
    with recording.open("ab") as file:
        file.write(b"no event\n")
    done = threadviz("export", str(recording), "--to", "html", "--to", "trace")
    assert done.returncode == 0
    assert done.stderr.count("\n") == 2 and "dropped" in done.stderr
    (note,) = json.loads(recording.with_name("run.trace.json").read_bytes())["otherData"]["notes"]
    assert note.startswith("Not all of the recording could be taken: ") and str(recording.parent) not in note


def test_an_interrupted_export_leaves_nothing(tmp_path: Path) -> None:
    """The unfinished file goes, and the exit status says why."""
    recording = tmp_path / "run.jsonl"
    write_long(recording)
    with started("export", str(recording), "--to", "trace") as process:
        await_that(lambda: [name for name in files(tmp_path) if name.endswith(".part")])
        process.terminate()
        _, words = process.communicate()
    assert (process.returncode, words) == (130, "threadviz: interrupted, and nothing was written.\n")
    assert files(tmp_path) == ["run.jsonl"]


def write_long(recording: Path) -> None:
    """Write a recording that takes seconds to export."""
    states = (State.RUNNING, State.GIL)
    with recording.open("wb") as file:
        for event in (HEADER, LaneStarted(0, 0, 1, 1, "", "subject"), RunStarted(0, 1, 1)):
            file.write(encode(event))
        for number in range(300):
            spans = tuple(Span(1000, states[index % 2]) for index in range(2000))
            file.write(encode(Spans(0, number * 2_000_000, spans)))
