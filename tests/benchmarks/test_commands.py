"""The benchmarks' quick forms: they run and say what they should. No figure is held to its goal here."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

CHECKOUT = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the benchmarks need Linux")


def figures(name: str, *options: str) -> Any:
    """Run a benchmark's quick form, and return the JSON object that it prints."""
    command = [sys.executable, "-m", f"benchmarks.{name}", "--quick", "--json", *options]
    done = subprocess.run(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True, check=True)
    found = json.loads(done.stdout)
    assert found["machine"].keys() == {"cpu", "cores", "kernel", "python", "load"}
    assert found["goals"]
    for goal in found["goals"]:
        relation, bound = goal["goal"].split()
        kept = goal["value"] >= float(bound) if relation == ">=" else goal["value"] <= float(bound)
        assert goal["met"] is kept
    return found


def test_truth_sets_each_lane_beside_what_it_knows_of_itself() -> None:
    """Every thread of the scenario has a lane, with shares that make a whole."""
    (scenario,) = figures("truth", "--only", "mixture")["scenarios"]
    kinds = [lane["kind"] for lane in scenario["lanes"]]
    assert {"spins", "spins alone", "hashes", "recv", "Lock", "Queue", "time.sleep"} < set(kinds)
    for lane in scenario["lanes"]:
        assert sum(lane["true"].values()) == pytest.approx(1)
        # No more than a whole; less where the lane is taken to have ended before its thread did.
        assert 0.5 < sum(lane["observed"].values()) < 1.000001
        assert 0 <= lane["worst_points"] <= 100
    assert scenario["rate_hz"] > 0


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
    """Both forms have all stretches, the packed one in less; of each minute it is said what it comes to."""
    found = figures("recordings")
    plain, packed = found["large"]
    assert (plain["form"], packed["form"]) == ("plain", "gzip")
    assert plain["stretches"] == packed["stretches"] >= 20_000
    assert plain["mb"] > 3 * packed["mb"]
    for each in found["large"]:
        assert each["load_s"] > 0 and each["picture_s"] > each["load_s"]
    assert len(found["minutes"]) == 3
    assert all(each["plain_mb"] > each["packed_mb"] > 0 for each in found["minutes"])
