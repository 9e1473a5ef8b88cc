import json
import re

import pytest

from tests.cli.command import FETCH, threadviz


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
    assert list(facts) == ["schema", "runs", "verdict"]
    assert [run["mode"] for run in facts["runs"]] == ["threads", "blocking"]
    threads, blocking = facts["verdict"]
    assert blocking["speedup"] == 1
    assert threads["speedup"] == pytest.approx(blocking["total_s"] / threads["total_s"])


def test_the_portable_probe_may_be_asked_for() -> None:
    """In a comparison as in a run."""
    args = ("--modes", "blocking", "--tasks", "1", "--probe", "portable", "--json")
    done = threadviz("compare", "primes", *args)
    assert json.loads(done.stdout)["runs"][0]["probe"]["name"] == "portable"
