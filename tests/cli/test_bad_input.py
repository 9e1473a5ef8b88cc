import os
from pathlib import Path

import pytest

from tests.cli.command import SITES, threadviz

RUN = ("run", "fetch", "--mode", "threads")
PRIMES = ("run", "primes", "--mode", "threads")


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (
            ("run", "nix", "--mode", "threads"),
            "there is no workload 'nix': take one of fetch, primes, digest, mixed",
        ),
        (
            ("run", "fetch", "--mode", "nix"),
            "there is no mode 'nix': take one of blocking, threads, processes",
        ),
        (("run", "fetch"), "no mode is given: add --mode and one of blocking, threads, processes"),
        (("run",), "nothing to run is given: name a workload, or a function of yours with --call"),
        ((*RUN, "--set", "nix"), "there is no set 'nix': take one of default, many, trouble"),
        ((*RUN, "--workers", "0"), "--workers is 0: give a number from 1 to 1024"),
        ((*RUN, "--workers", "-3"), "--workers is -3: give a number from 1 to 1024"),
        ((*RUN, "--workers", "1025"), "--workers is 1025: give a number from 1 to 1024"),
        ((*RUN, "--tasks", "0"), "--tasks is 0: give a number from 1 to 100000"),
        ((*RUN, "--tasks", "100001"), "--tasks is 100001: give a number from 1 to 100000"),
        ((*RUN, "--timeout", "0"), "--timeout is 0: give a number of seconds above 0, at most 3600"),
        ((*RUN, "--timeout", "nan"), "--timeout is nan: give a number of seconds above 0, at most 3600"),
        ((*RUN, "--timeout", "inf"), "--timeout is inf: give a number of seconds above 0, at most 3600"),
        ((*PRIMES, "--set", "many"), "--set is for fetch or mixed, and primes fetches nothing: leave it out"),
        (
            (*PRIMES, "--urls", SITES),
            "--urls is for fetch or mixed, and primes fetches nothing: leave it out",
        ),
        ((*PRIMES, "--online"), "--online is for fetch or mixed, and primes fetches nothing: leave it out"),
        (
            (*PRIMES, "--timeout", "1"),
            "--timeout is for fetch or mixed, and primes fetches nothing: leave it out",
        ),
        (
            ("compare", "fetch", "--modes", "threads,nix"),
            "there is no mode 'nix': take one of blocking, threads, processes",
        ),
        (
            ("compare", "fetch", "--modes", ""),
            "there is no mode '': take one of blocking, threads, processes",
        ),
        (
            ("compare", "fetch", "--modes", "threads,threads"),
            "--modes names 'threads' twice: give each mode once",
        ),
        ((*RUN, "--record", ""), "--record is '': give the path of a file"),
        ((*RUN, "--record", "-"), "--record is '-': give the path of a file"),
        ((*RUN, "--urls", "-"), "--urls is '-': give the path of a file"),
        (
            (*RUN, "--url", "x"),
            "No such option '--url'. Did you mean '--urls'? See threadviz run --help",
        ),
        (("run", "a\x1b[31mb\nc", "--mode", "threads"), None),
        ((*RUN, "--\x1b[31m"), None),
        (("nix",), None),
        (("--ascii", *RUN), "--ascii is for the app: leave it out of run"),
        ((*RUN, "--workers", "many"), None),
        ((*RUN, "--probe", "nix"), None),
        (("compare", "fetch", "--record", "x"), None),
    ],
)
def test_what_can_not_be_is_one_sentence(args: tuple[str, ...], sentence: str | None) -> None:
    """It stands on stderr, printable, on one line; stdout stays empty, and the exit status is 2."""
    done = threadviz(*args)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.endswith(".\n")
    assert done.stderr[:-1].isprintable()
    assert done.stderr.startswith("threadviz: ")
    if sentence is not None:
        assert done.stderr == f"threadviz: {sentence}.\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, ["sites.toml can't be read (No such file or directory)"]),
        ("", ["sites.toml is empty"]),
        ("[sets.a]\nsites = [\n", ["sites.toml is not TOML: ", "; mend that place"]),
        ("[sets.a]\nsites = []\n", ["sites.toml, line 2: sets.a.sites: "]),
        (
            '[sets.a]\nsites = [{ url = "file:///etc/passwd", bytes = 1, seconds = 1 }]\n',
            ["sites.toml, line 2: sets.a.sites[0].url: ", "only http and https"],
        ),
    ],
)
def test_a_bad_urls_file_is_named_with_line_and_key(
    tmp_path: Path, text: str | None, words: list[str]
) -> None:
    """Nothing is started, and nothing fetched."""
    file = tmp_path / "sites.toml"
    if text is not None:
        file.write_text(text)
    done = threadviz(*RUN, "--urls", str(file))
    assert (done.returncode, done.stdout) == (2, "")
    assert all(each in done.stderr for each in words)
    assert done.stderr[:-1].isprintable()


def test_a_file_with_several_sets_needs_a_choice(tmp_path: Path) -> None:
    """Where none of them is 'default'; where there is only one, it is that one."""
    site = 'sites = [{ url = "http://one.example/", bytes = 10, seconds = 0 }]\n'
    file = tmp_path / "sites.toml"
    file.write_text(f"[sets.a]\n{site}[sets.b]\n{site}")
    done = threadviz(*RUN, "--urls", str(file))
    assert done.returncode == 2
    assert done.stderr.endswith("has several: say which of a, b.\n")
    file.write_text(f"[sets.a]\n{site}")
    assert threadviz(*RUN, "--urls", str(file)).returncode == 0


@pytest.mark.parametrize("place", ["missing/run.jsonl", "", "pipe"])
def test_a_recording_that_can_not_be_written_starts_nothing(tmp_path: Path, place: str) -> None:
    """In a folder that is not there, over a folder, into a named pipe that nobody reads."""
    os.mkfifo(tmp_path / "pipe")
    done = threadviz(*RUN, "--record", str(tmp_path / place))
    assert (done.returncode, done.stdout) == (2, "")
    assert "can't be written (" in done.stderr
    assert done.stderr.endswith("give the path of a file in a folder of yours.\n")


def test_bad_input_makes_no_recording(tmp_path: Path) -> None:
    """The file is made when all else is well."""
    recording = tmp_path / "run.jsonl"
    assert threadviz(*RUN, "--workers", "0", "--record", str(recording)).returncode == 2
    assert not recording.exists()


def test_a_file_is_not_recorded_over(tmp_path: Path) -> None:
    """Nothing is started, and what is in it stays."""
    recording = tmp_path / "run.jsonl"
    recording.write_text("old")
    done = threadviz(*RUN, "--record", str(recording))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith("run.jsonl' exists already: give another name, or remove it.\n")
    assert recording.read_text() == "old"
