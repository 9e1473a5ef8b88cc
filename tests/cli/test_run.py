import json
import multiprocessing
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.command import FETCH, environment, threadviz
from tests.protocol.events import read_events
from tests.workloads.answering import answering
from threadviz.timeline import Timeline

SERVERS = (
    ["fork server", "resource tracker"] if multiprocessing.get_all_start_methods()[0] == "forkserver" else []
)
"""What `multiprocessing` starts beside a pool's workers, as workers are started by default: so from CPython 3.14 on."""


def test_a_run_prints_its_lanes_tasks_totals_and_findings() -> None:
    """On stdout, in plain ASCII when piped; stderr has nothing to say. A failed task is a result."""
    done = threadviz("run", *FETCH, "--mode", "threads", "--workers", "4")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.isascii()
    lines = done.stdout.split("\n")
    assert lines[0] == "fetch, threads: 4 tasks, 4 workers"
    sections = [line for line in lines if line.startswith(("Lanes", "Tasks", "Totals", "Findings"))]
    assert sections == ["Lanes", "Tasks, in the order in which they finished", "Totals", "Findings"]
    table = lines[(start := lines.index("Lanes")) : lines.index("", start)]
    lanes = [line.split("  ")[0] for line in table if line.startswith(("event loop", "thread "))]
    assert lanes == ["event loop", "thread 1", "thread 2", "thread 3", "thread 4"]
    assert "failed: HTTP 404 Not Found" in done.stdout


@pytest.mark.parametrize(
    ("mode", "roles"),
    [
        ("blocking", ["loop"]),
        ("threads", ["loop", "worker", "worker"]),
        ("processes", ["loop", "worker", "worker", "plumbing", "plumbing", *["plumbing"] * len(SERVERS)]),
    ],
)
def test_json_tells_the_run(mode: str, roles: list[str]) -> None:
    """One object, with every task's result or error."""
    done = threadviz("run", *FETCH, "--mode", mode, "--workers", "2", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    facts = json.loads(done.stdout)
    assert (facts["schema"], facts["workload"], facts["mode"], facts["outcome"]) == (
        1,
        "fetch",
        mode,
        "finished",
    )
    assert facts["workers"] == (0 if mode == "blocking" else 2)
    assert len({lane["name"] for lane in facts["lanes"]}) == len(roles)
    assert [lane["role"] for lane in facts["lanes"]] == roles
    kept = [lane["process"] for lane in facts["lanes"] if lane["process"] not in ("subject", "worker")]
    assert sorted(kept) == (SERVERS if mode == "processes" else [])
    came_out = {task["name"]: task.get("result") or task["error"] for task in facts["tasks"]}
    assert came_out == {
        "one.example": "1000 bytes",
        "two.example": "20000 bytes",
        "three.example": "3000 bytes",
        "four.example": "HTTP 404 Not Found",
    }


@pytest.mark.parametrize("workload", ["primes", "digest"])
def test_workloads_that_fetch_nothing_need_no_sites(workload: str) -> None:
    """--tasks says how many there are."""
    done = threadviz("run", workload, "--mode", "threads", "--tasks", "2", "--json")
    assert done.returncode == 0
    assert len(json.loads(done.stdout)["tasks"]) == 2


def test_tasks_repeat_the_set() -> None:
    """More tasks than sites go round again, each under a name of its own."""
    done = threadviz("run", *FETCH, "--mode", "threads", "--tasks", "6", "--json")
    names = sorted(task["name"] for task in json.loads(done.stdout)["tasks"])
    sites = "one.example two.example three.example four.example".split()
    assert names == sorted([*sites, "one.example #2", "two.example #2"])


def test_the_portable_probe_is_said_to_tell_less() -> None:
    """Which probe was at work, and what it can't tell, stands in the head; no other state is shown."""
    done = threadviz("run", "primes", "--mode", "blocking", "--tasks", "1", "--probe", "portable")
    assert "Probe portable: " in done.stdout
    assert "The probe can't tell what a thread waits for" in done.stdout
    as_json = threadviz(
        "run", "primes", "--mode", "blocking", "--tasks", "1", "--probe", "portable", "--json"
    )
    facts = json.loads(as_json.stdout)
    assert facts["probe"]["name"] == "portable"
    assert {state for lane in facts["lanes"] for state in lane["states"]} <= set(facts["probe"]["tells"])


def test_a_recording_is_the_run(tmp_path: Path) -> None:
    """What was recorded gives the same figures as what was printed."""
    recording = tmp_path / "run.jsonl"
    done = threadviz("run", *FETCH, "--mode", "threads", "--record", str(recording), "--json")
    timeline = Timeline()
    with recording.open("rb") as source:
        timeline.extend(read_events(source))
    assert timeline.closed is not None
    assert timeline.totals().total_ns / 1e9 == json.loads(done.stdout)["total_s"]


def test_online_fetches_the_addresses_themselves(tmp_path: Path) -> None:
    """What they answer, and not the stand-in site in the size that the file says."""
    file = tmp_path / "sites.toml"
    with answering(b"HTTP/1.0 200 OK\r\n\r\nseventeen bytes..") as url:
        file.write_text(f'[sets.default]\nsites = [{{ url = "{url}", bytes = 1, seconds = 0 }}]\n')
        args = ("run", "fetch", "--mode", "threads", "--urls", str(file), "--json")
        online, stand_in = threadviz(*args, "--online", no_proxy="127.0.0.1"), threadviz(*args)
    results = [json.loads(done.stdout)["tasks"][0]["result"] for done in (online, stand_in)]
    assert results == ["17 bytes", "1 bytes"]


def test_json_needs_neither_rich_nor_textual() -> None:
    """A headless run does not wait for imports that it has no use for."""
    code = (
        "import runpy, sys\n"
        "try: runpy.run_module('threadviz', run_name='__main__')\n"
        "except SystemExit: pass\n"
        "sys.stderr.write(' '.join(sorted({'rich', 'textual', 'psutil'} & sys.modules.keys())))"
    )
    args = ["run", "primes", "--mode", "blocking", "--tasks", "1", "--json"]
    done = subprocess.run(
        [sys.executable, "-c", code, *args], capture_output=True, encoding="utf-8", env=environment()
    )
    assert done.stderr == ""
    assert json.loads(done.stdout)["workload"] == "primes"
