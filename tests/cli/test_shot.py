from pathlib import Path

import pytest

from tests.cli.command import DATA, threadviz

RECORDING = str(DATA / "fetch-threads.jsonl")
OTHER = str(DATA / "fetch-blocking.jsonl")


def test_a_picture_is_the_same_each_time(tmp_path: Path) -> None:
    """Nothing is said, and the file has what the app shows of the recording."""
    pictures = [tmp_path / "one.svg", tmp_path / "two.svg"]
    for picture in pictures:
        done = threadviz("shot", RECORDING, "-o", str(picture), "--size", "100x30", "--screen", "tasks")
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    one, two = (picture.read_text() for picture in pictures)
    assert one == two
    assert "two.example" in one
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.svg", "two.svg"]


def test_several_recordings_are_compared(tmp_path: Path) -> None:
    """On one picture, with the verdict."""
    picture = tmp_path / "compared.svg"
    done = threadviz("shot", OTHER, RECORDING, "-o", str(picture), "--screen", "compare", "--theme", "nord")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Comparison" in picture.read_text()


def test_a_workload_is_run_first(tmp_path: Path) -> None:
    """Under the mode that is given; the picture is of that run."""
    picture = tmp_path / "run.svg"
    done = threadviz("shot", "digest", "--mode", "threads", "--tasks", "1", "-o", str(picture))
    assert (done.returncode, done.stderr) == (0, "")
    assert "digest" in picture.read_text()


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (["fetch"], "no mode is given: give either --mode and one of"),
        (
            ["fetch", "x.jsonl", "--mode", "threads"],
            "'fetch' is a workload, and 'x.jsonl' is a word too many",
        ),
        ([RECORDING, "--mode", "threads"], "--mode is for runs, and these are recordings: leave it out"),
        ([RECORDING, "--size", "9x9"], "--size is '9x9': give columns and lines, from 40x12 to 400x200"),
        ([RECORDING, "--size", "wide"], "--size is 'wide': give columns and lines"),
        ([RECORDING, "--theme", "plaid"], "there is no theme 'plaid': take one of"),
        ([RECORDING, "--at", "-1"], "--at is -1: give a number of seconds, 0 or more"),
        ([RECORDING, "--at", "nan"], "--at is nan: give a number of seconds, 0 or more"),
        ([RECORDING, "--screen", "compare"], "--screen compare is for several recordings: give two or more"),
        (["nowhere.jsonl"], "nowhere.jsonl"),
    ],
)
def test_bad_input_is_told_in_a_sentence(tmp_path: Path, args: list[str], sentence: str) -> None:
    """The status is 2, and nothing is written."""
    done = threadviz("shot", *args, "-o", str(tmp_path / "picture.svg"))
    assert (done.returncode, done.stdout) == (2, "")
    assert sentence in done.stderr and done.stderr.count("\n") == 1
    assert not [*tmp_path.iterdir()]


def test_nothing_is_written_over_unless_it_is_said(tmp_path: Path) -> None:
    """With --force it is."""
    picture = tmp_path / "picture.svg"
    picture.write_text("mine")
    done = threadviz("shot", RECORDING, "-o", str(picture))
    assert done.returncode == 2 and "--force" in done.stderr
    assert picture.read_text() == "mine"
    assert threadviz("shot", RECORDING, "-o", str(picture), "--force").returncode == 0
    assert picture.read_text().startswith("<svg")


def test_png_needs_a_converter_that_is_named(tmp_path: Path) -> None:
    """Where there is none, a sentence says which, and the status is 2; where there is one, it is used."""
    picture = tmp_path / "picture.png"
    none = threadviz("shot", RECORDING, "-o", str(picture), "--png", PATH=str(tmp_path))
    assert none.returncode == 2 and "rsvg-convert, which is not installed" in none.stderr
    assert not picture.exists()
    (tmp_path / "bin").mkdir()
    converter = tmp_path / "bin" / "rsvg-convert"
    converter.write_text("#!/bin/sh\ncat\n")  # what it is given is what it is to convert
    converter.chmod(0o755)
    done = threadviz("shot", RECORDING, "-o", str(picture), "--png", PATH=f"{converter.parent}:/bin:/usr/bin")
    assert (done.returncode, done.stderr) == (0, "")
    assert picture.read_text().startswith("<svg")
