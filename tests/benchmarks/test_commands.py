"""The benchmarks' quick forms: they run and say what they should. No figure is held to its goal here."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.programs import PROGRAMS

CHECKOUT = Path(__file__).parents[2]

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="the benchmarks need Linux"),
    pytest.mark.timeout(240),  # half a minute each, where nothing else is at work
]


def figures(name: str, *options: str) -> Any:
    """Run a benchmark's quick form, and return the JSON object that it prints."""
    command = [sys.executable, "-m", f"benchmarks.{name}", "--quick", "--json", *options]
    with subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, start_new_session=True) as process:
        try:
            printed, _ = process.communicate()
        except BaseException:  # such as the time that a test may take
            os.killpg(process.pid, signal.SIGKILL)
            raise
    assert process.returncode == 0
    found = json.loads(printed)
    assert found["machine"].keys() == {"cpu", "cores", "kernel", "python", "load"}
    assert found["goals"]
    for goal in found["goals"]:
        relation, bound = goal["goal"].split()
        kept = goal["value"] >= float(bound) if relation == ">=" else goal["value"] <= float(bound)
        assert goal["met"] is kept
    return found


def test_truth_sets_each_lane_beside_what_it_knows_of_itself() -> None:
    """Every thread of the scenario has a lane, with shares that make a whole."""
    found = figures("truth", "--only", "mixture")
    names = [scenario["name"] for scenario in found["scenarios"]]
    assert names == ["a mixture of all", "exec: a mixture of all", "attach: a mixture of all"]
    for scenario in found["scenarios"]:
        kinds = [lane["kind"] for lane in scenario["lanes"]]
        assert {"spins", "spins alone", "hashes", "recv", "Lock", "Queue", "time.sleep"} < set(kinds)
        for lane in scenario["lanes"]:
            assert sum(lane["true"].values()) == pytest.approx(1)
            # No more than a whole; less where the lane is taken to have ended before its thread did.
            assert 0.5 < sum(lane["observed"].values()) < 1.000001
            assert 0 <= lane["worst_points"] <= 100
        assert scenario["rate_hz"] > 0
    # Each of these is there, or it is said why not.
    assert bool(found["gil_held"]) is not bool(found["gil_held_why_not"])
    assert bool(found["perf"]) is not bool(found["perf_why_not"])
    for thread in found["perf"]:
        assert 0 < thread["perf"]["futex"] <= 1.1 and 0 < thread["observed"]["gil"] <= 1
    for thread in found["gil_held"]:
        assert 0 <= thread["held"] <= 1


def test_overhead_has_pairs_costs_and_a_load() -> None:
    """Each mode has both ratios, the observer's cost is of as many lanes as it says, and no task is lost."""
    found = figures("overhead")
    assert [pair["mode"] for pair in found["pairs"]] == ["blocking", "threads", "processes"]
    for pair in found["pairs"]:
        assert pair["observed"]["median"] > 0 and pair["alone_again"]["median"] > 0
    assert [each["lanes"] for each in found["cost"]] == [9, 257, 9, 257]
    assert all(each["steady_share"] > 0 and each["steady_hz"] > 0 for each in found["cost"])
    assert found["load"]["wrong"] == 0
    assert found["load"]["observer_peak_mb"] > 1
    programs = found["programs"]
    assert len(programs) == 4 * 5 and {each["program"] for each in programs} == set(PROGRAMS)
    for each in programs:
        assert each["alone_s"] > 0
        # It was measured, or there is a word on why not, which of threadviz itself there can't be.
        assert bool(each["ratio"]) is not bool(each["missing"])
        assert not each["missing"] or each["way"] in ("py-spy record", "viztracer")


def test_modes_sets_each_mode_beside_the_bare_script() -> None:
    """Both workloads under all modes, with totals of both kinds of runs."""
    cells = figures("modes")["cells"]
    assert [(cell["workload"], cell["mode"]) for cell in cells] == [
        (workload, mode) for workload in ("fetch", "primes") for mode in ("blocking", "threads", "processes")
    ]
    for cell in cells:
        assert min(cell["total_s"].values()) > 0
        assert cell["total_by_slowest"]["observed"] >= 1


def test_frames_shows_the_app_in_a_terminal() -> None:
    """Each picture has frames, bytes and keys that showed; the long run keeps less than it was told."""
    found = figures("frames")
    assert [picture["what"] for picture in found["pictures"]] == ["fetches", "primes", "blocking", "panned"]
    for picture in found["pictures"]:
        assert picture["size"] == "200x50"
        assert picture["kb_per_s"] > 0
        for spread in (picture["frame_ms"], picture["key_ms"]):
            assert 0 < spread["p50"] <= spread["p95"] <= spread["worst"]
    assert [still["kb_per_s"] for still in found["idle"]] == [0, 0]
    assert found["first_lanes_ms"][0] > 0
    assert found["memory"]["told"] > found["memory"]["held"]


def test_recordings_are_written_loaded_and_opened() -> None:
    """Both forms have all segments, the packed one in less; of each minute it is said what it comes to."""
    found = figures("recordings")
    plain, packed = found["large"]
    assert (plain["form"], packed["form"]) == ("plain", "gzip")
    assert plain["segments"] == packed["segments"] >= 20_000
    assert plain["mb"] > 3 * packed["mb"]
    for each in found["large"]:
        assert each["load_s"] > 0 and each["picture_s"] > each["load_s"]
    assert len(found["minutes"]) == 3
    assert all(each["plain_mb"] > each["packed_mb"] > 0 for each in found["minutes"])


def python_with_tests() -> str:
    """A Python that comes with its own tests of executors; skips where none is installed."""
    names = [sys.executable, *(shutil.which(f"python3.{minor}") for minor in (13, 14, 15))]
    for python in filter(None, names):
        ask = [python, "-c", "import test.test_concurrent_futures"]
        if not subprocess.run(ask, stderr=subprocess.DEVNULL, check=False).returncode:
            return python
    pytest.skip("no Python is installed that comes with test.test_concurrent_futures")


def test_executors_pass_what_cpython_asks_of_its_own() -> None:
    """The tests of thread pools pass on observed ones, and all of their tasks are told."""
    found = figures("executors", "--python", python_with_tests())
    assert found["parts"] == ["test_thread_pool"]
    (outcome,) = found["outcomes"]
    assert outcome["tests"] > 10 and outcome["failed"] == 0
    assert outcome["tasks"] == outcome["over"] > 500
    assert outcome["untold"] == 0
    assert all(seconds > 0 for seconds in found["task_s"].values())
