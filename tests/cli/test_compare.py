import json
import re
from pathlib import Path

import pytest

from tests.cli.command import DATA, FETCH, threadviz

BLOCKING, THREADS, PRIMES = (
    str(DATA / f"{name}.jsonl") for name in ("fetch-blocking", "fetch-threads", "primes-threads")
)


def test_modes_are_compared_in_the_order_given() -> None:
    """All of them, on one scale, with totals side by side and a verdict on each."""
    done = threadviz("compare", *FETCH)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.isascii()
    heads = [line.split(":")[0] for line in done.stdout.split("\n") if line.startswith("fetch, ")]
    assert heads == [
        "fetch, one mode after the other",
        "fetch, blocking",
        "fetch, threads",
        "fetch, processes",
    ]
    assert re.search("^against blocking +1.00x", done.stdout, re.MULTILINE)
    assert "speed-up" in done.stdout
    verdicts = done.stdout.split("Verdict\n")[1].split("\n")
    assert [line.split(":")[0] for line in verdicts if line.startswith("* ")][:3] == [
        "* blocking",
        "* threads",
        "* processes",
    ]


def test_json_tells_the_runs_and_the_verdict() -> None:
    """Run objects as of single runs, and for each mode its speed-up."""
    done = threadviz("compare", *FETCH, "--modes", "threads,blocking", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    facts = json.loads(done.stdout)
    assert list(facts) == ["schema", "runs", "verdict", "answer"]
    assert [run["mode"] for run in facts["runs"]] == ["threads", "blocking"]
    threads, blocking = facts["verdict"]
    assert blocking["speedup"] == 1
    assert threads["speedup"] == pytest.approx(blocking["total_s"] / threads["total_s"])


def test_the_portable_probe_may_be_asked_for() -> None:
    """In a comparison as in a run."""
    args = ("--modes", "blocking", "--tasks", "1", "--probe", "portable", "--json")
    done = threadviz("compare", "primes", *args)
    assert json.loads(done.stdout)["runs"][0]["probe"]["name"] == "portable"


def test_recordings_are_compared_as_their_runs_were() -> None:
    """The report is that of the modes, one after the other."""
    done = threadviz("compare", BLOCKING, THREADS, COLUMNS="100")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (DATA / "golden" / "compare-fetch-100.txt").read_text("ascii")


def test_recordings_of_one_mode_are_told_apart() -> None:
    """They are numbered, and each is measured by the blocking one."""
    done = threadviz("compare", THREADS, BLOCKING, THREADS)
    assert done.stdout.startswith("fetch: 3 runs side by side\n")
    assert "\nthreads (2): fetch, threads: 4 tasks, 4 workers\n" in done.stdout
    facts = json.loads(threadviz("compare", THREADS, BLOCKING, THREADS, "--json").stdout)
    assert [each["mode"] for each in facts["verdict"]] == ["threads", "blocking", "threads (2)"]
    assert facts["verdict"][0]["speedup"] == facts["verdict"][2]["speedup"] > 1.5


def test_recordings_of_different_work_are_not_measured_by_each_other() -> None:
    """They are put side by side, and it is said why no more."""
    done = threadviz("compare", BLOCKING, PRIMES, COLUMNS="200")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("fetch, primes: 2 runs side by side\n")
    assert "against blocking" not in done.stdout
    assert done.stdout.count("not compared, because the runs did not do the same work") == 2
    facts = json.loads(threadviz("compare", BLOCKING, PRIMES, "--json").stdout)
    assert [each["speedup"] for each in facts["verdict"]] == [None, None]


def test_recordings_from_several_machines_say_which_is_from_which(tmp_path: Path) -> None:
    """Each with its Python; names from outside are safe to print."""
    other = tmp_path / "run.jsonl"
    text = Path(THREADS).read_text("utf-8").replace('"mode":"threads"', '"mode":"a\\u001b[31m"')
    other.write_text(text.replace('"python":"3.11.7"', '"python":"3.14.0"'), "utf-8")
    done = threadviz("compare", THREADS, str(other))
    assert "\nthreads: Python 3.11.7 with" in done.stdout
    assert "\na\\x1b[31m: Python 3.14.0 with" in done.stdout
    assert all(line.isprintable() for line in done.stdout.split("\n"))


def test_what_was_dropped_of_a_recording_is_said(tmp_path: Path) -> None:
    """Of each, on stderr; the status is 0."""
    other = tmp_path / "run.jsonl"
    other.write_bytes(Path(THREADS).read_bytes() + b"what?\n")
    done = threadviz("compare", str(other), BLOCKING, str(other))
    assert done.returncode == 0
    assert done.stderr.count("run.jsonl' is damaged: line ") == 2


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        ((BLOCKING,), "a recording alone can't be compared: give two or more, or see threadviz show --help"),
        ((BLOCKING, "missing"), "the recording 'missing' can't be read (No such file or directory)"),
        (("missing",), "there is no workload 'missing': take one of fetch, primes, digest, mixed"),
        (
            ("fetch", BLOCKING),
            (
                f"'fetch' is a workload, which is compared by itself, and {BLOCKING!r} is a word too many:"
                " for a file of that name, say ./fetch"
            ),
        ),
        (
            (BLOCKING, THREADS, "--workers", "2"),
            "--workers is for runs, and these are recordings: leave it out",
        ),
        (
            (BLOCKING, THREADS, "--modes", "threads"),
            "--modes is for runs, and these are recordings: leave it out",
        ),
        (
            (BLOCKING, THREADS, "--probe", "auto"),
            "--probe is for runs, and these are recordings: leave it out",
        ),
    ],
)
def test_what_can_not_be_compared_is_one_sentence(args: tuple[str, ...], sentence: str) -> None:
    """The status is 2, and nothing is printed."""
    done = threadviz("compare", *args)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"threadviz: {sentence}.\n")
