import gzip
import json
import subprocess
from pathlib import Path

import pytest

from tests.cli.command import DATA, FETCH, LIMIT_S, command, environment, threadviz
from tests.tui.real.terminal import in_terminal

RECORDING = DATA / "fetch-threads.jsonl"
GOLDEN = DATA / "golden"


@pytest.mark.parametrize("packed", [False, True])
def test_a_recording_is_shown_as_its_run_was(tmp_path: Path, packed: bool) -> None:
    """On the same paper it is the same text, to the letter, and the same JSON object."""
    recording = tmp_path / ("run.jsonl.gz" if packed else "run.jsonl")
    ran = threadviz("run", *FETCH, "--mode", "threads", "--record", str(recording), COLUMNS="90")
    assert (ran.returncode, ran.stderr) == (0, "")
    shown = threadviz("show", str(recording), COLUMNS="90")
    assert (shown.returncode, shown.stdout, shown.stderr) == (0, ran.stdout, "")
    recording.unlink()
    ran = threadviz("run", *FETCH, "--mode", "blocking", "--record", str(recording), "--json")
    shown = threadviz("show", str(recording), "--json")
    assert (shown.returncode, shown.stdout, shown.stderr) == (0, ran.stdout, "")


@pytest.mark.parametrize("width", [80, 200])
def test_the_report_is_as_wide_as_it_is_asked_to_be(width: int) -> None:
    """Whatever COLUMNS says."""
    shown = threadviz("show", str(RECORDING), "--width", str(width), COLUMNS="120")
    assert shown.stdout == (GOLDEN / f"fetch-threads-{width}.txt").read_text("ascii")


def test_in_a_terminal_ascii_is_asked_for() -> None:
    """Else there are blocks and colours."""
    for options, plain in (((), False), (("--ascii",), True)):
        with in_terminal(command("show", str(RECORDING), *options), 100, 60) as terminal:
            assert terminal.wait_for_end() == 0
            assert "event loop" in terminal.all_output
            assert terminal.all_output.isascii() == plain
            assert ("\x1b[" in terminal.all_output) != plain


@pytest.mark.parametrize("as_json", [False, True])
def test_what_was_dropped_is_said(tmp_path: Path, as_json: bool) -> None:
    """On stderr, in a sentence; what is sound is shown, and the status is 0."""
    recording = tmp_path / "run.jsonl"
    lines = RECORDING.read_bytes().splitlines(keepends=True)
    recording.write_bytes(b"".join(lines[:-5]) + b'{"what":"\x1b[31m"}\n' + b"".join(lines[-5:]))
    shown = threadviz("show", str(recording), *(["--json"] if as_json else []))
    assert shown.returncode == 0
    assert "one.example" in shown.stdout and "\x1b" not in shown.stdout
    assert shown.stderr.startswith(f"threadviz: the recording {str(recording)!r} is damaged: line ")
    assert shown.stderr.endswith("; that and all that follows was dropped.\n")
    assert shown.stderr[:-1].isprintable()


def test_a_recording_that_was_cut_is_shown_as_such(tmp_path: Path) -> None:
    """It is a result like another, and nothing is complained of."""
    recording = tmp_path / "run.jsonl.gz"
    packed = gzip.compress(RECORDING.read_bytes())
    recording.write_bytes(packed[: len(packed) * 3 // 4])
    shown = threadviz("show", str(recording))
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "The recording of the run is cut off after" in shown.stdout
    assert json.loads(threadviz("show", str(recording), "--json").stdout)["outcome"] == "broken"


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (("missing",), "the recording 'missing' can't be read (No such file or directory)"),
        (("/",), "the recording '/' can't be read (it is a folder)"),
        (("/dev/zero",), "the recording '/dev/zero' can't be read (it is a pipe or a device)"),
        ((str(RECORDING), "--width", "79"), "--width is 79: give a number from 80 to 1000"),
        ((str(RECORDING), "--width", "1001"), "--width is 1001: give a number from 80 to 1000"),
        (
            (str(RECORDING), "--json", "--width", "90"),
            "--width is for the report, and --json is none: leave one of them out",
        ),
        (
            (str(RECORDING), "--json", "--ascii"),
            "--ascii is for the report, and --json is none: leave one of them out",
        ),
        ((), "Missing argument 'FILE': see threadviz show --help"),
    ],
)
def test_what_can_not_be_shown_is_one_sentence(args: tuple[str, ...], sentence: str) -> None:
    """The status is 2, and nothing is printed."""
    done = threadviz("show", *args)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"threadviz: {sentence}.\n")


def test_what_is_typed_is_no_recording() -> None:
    """A pipe is not waited for, even if it is called a file."""
    done = subprocess.run(
        command("show", "/dev/stdin"),
        stdin=subprocess.PIPE,
        capture_output=True,
        encoding="utf-8",
        env=environment(),
        timeout=LIMIT_S,
    )
    assert done.returncode == 2
    assert done.stderr == "threadviz: the recording '/dev/stdin' can't be read (it is a pipe or a device).\n"
