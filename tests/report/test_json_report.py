import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.protocol.header import HEADER
from tests.report.golden import RUNS, compared, recorded
from tests.timeline.programs import program, thread
from tests.timeline.streams import Run, runs
from threadviz.protocol.events import (
    GilHeld,
    Hold,
    LaneEnded,
    LaneStarted,
    ObserverTick,
    RunEnded,
    RunStarted,
    Span,
    Spans,
    StackSample,
    StackSampling,
    State,
    TaskFinished,
    TaskStarted,
    TaskSubmitted,
    WaitTarget,
)
from threadviz.report.json_report import ComparisonFacts, RunFacts, comparison_facts, run_facts, to_json
from threadviz.timeline import Timeline

RUN_KEYS = """
    schema workload mode outcome python gil cores workers probe total_s sum_s slowest_s speedup parallelism loop lanes
    tasks findings watches status processes gils folded stacks
""".split()
LANE_KEYS = """
    name role pid tid start_s end_s states tasks thread_name named_by process loop gil places functions
""".split()
TASK_KEYS = "name lane submitted_s started_s finished_s states".split()


def facts_of(timeline: Timeline) -> Any:
    """What the JSON of a run says, with nothing in it that JSON does not have."""

    def no_such(constant: str) -> None:
        raise AssertionError(constant)

    return json.loads(to_json(run_facts(timeline)), parse_constant=no_such)


@pytest.mark.parametrize("name", RUNS)
def test_the_keys_are_those_that_are_documented(name: str) -> None:
    """Exactly these, everywhere: who reads the JSON builds on them."""
    facts = facts_of(recorded(name))
    assert list(facts) == RUN_KEYS
    assert list(facts["probe"]) == ["name", "tells", "rate_hz", "missed", "cpu_share"]
    assert list(facts["probe"]["rate_hz"]) == ["asked", "achieved"]
    assert list(facts["loop"]) == ["blocked_s", "longest_block_s"]
    assert all(list(lane) == LANE_KEYS for lane in facts["lanes"])
    assert all(list(task) in ([*TASK_KEYS, "result"], [*TASK_KEYS, "error"]) for task in facts["tasks"])
    assert all(list(finding) == ["id", "holds", "text"] for finding in facts["findings"])
    assert (facts["watches"], facts["status"], facts["processes"]) == ("workload", None, [])


@pytest.mark.parametrize("name", RUNS)
def test_figures_are_those_of_the_run(name: str) -> None:
    """Totals follow from the tasks, and the run's own figures from its lanes."""
    facts = facts_of(recorded(name))
    elapsed = [task["finished_s"] - task["started_s"] for task in facts["tasks"]]
    assert facts["schema"] == 1
    assert facts["sum_s"] == pytest.approx(sum(elapsed))
    assert facts["slowest_s"] == pytest.approx(max(elapsed))
    assert facts["speedup"] == pytest.approx(facts["sum_s"] / facts["total_s"])
    running = sum(lane["states"].get("running", 0) for lane in facts["lanes"])
    assert facts["parallelism"] == pytest.approx(running / facts["total_s"])
    finished = [task["finished_s"] for task in facts["tasks"]]
    assert finished == sorted(finished)
    assert {task["lane"] for task in facts["tasks"]} <= {lane["name"] for lane in facts["lanes"]}
    assert sum(lane["tasks"] for lane in facts["lanes"]) == len(facts["tasks"])


def test_a_program_has_its_processes_gils_and_names() -> None:
    """And each thread that was seen to hold a GIL, or to wait for events, says so."""
    facts = facts_of(recorded("exec-serve"))
    assert list(facts) == RUN_KEYS
    assert (facts["watches"], facts["status"], facts["gil"]) == ("program", 3, True)
    (first, child), (gil, *_) = facts["processes"], facts["gils"]
    assert list(first) == ["pid", "parent", "name", "python", "gil", "cannot"]
    assert (first["name"], child["parent"]) == ("serve.py", first["pid"])
    assert list(gil) == ["pid", "interpreter", "known", "held_s", "free_s", "open_s", "hand_offs"]
    assert (gil["pid"], gil["interpreter"], gil["known"]) == (first["pid"], 0, "sampled")
    lanes = {lane["name"]: lane for lane in facts["lanes"]}
    main, counter = lanes["serve.py (loop)"], lanes["count-0"]
    assert main["loop"] == facts["loop"] and counter["loop"] is None
    assert (main["thread_name"], counter["named_by"], counter["process"]) == (
        *("MainThread", "program"),
        "serve.py",
    )
    mine = [lane["gil"] for lane in facts["lanes"] if lane["pid"] == first["pid"] and lane["gil"]]
    assert sum(each["held_s"] for each in mine) == pytest.approx(gil["held_s"])
    assert sum(each["hand_offs"] for each in mine) == gil["hand_offs"] > 0
    for each in mine:
        assert list(each) == ["held_s", "hand_offs", "hand_offs_per_s"]
        assert each["hand_offs_per_s"] == pytest.approx(each["hand_offs"] / facts["total_s"])


@pytest.mark.parametrize(("ms", "shown"), [(49, False), (50, True)])
def test_a_run_that_is_too_short_has_no_rates(ms: int, shown: bool) -> None:
    """They would rest on a few samples; counts are still shown."""
    holds = (Hold(1_000_000, 0), Hold(1_000_000, 1))
    end = ms * 1_000_000
    timeline = program(
        thread(0, 100), thread(1, 101), GilHeld(100, 0, 0, holds), ObserverTick(end, 9, 0, 7), RunEnded(end)
    )
    facts = facts_of(timeline)
    rates = facts["probe"]["rate_hz"]["achieved"], facts["probe"]["cpu_share"]
    (of_gil,) = (lane["gil"] for lane in facts["lanes"] if lane["tid"] == 101)
    assert of_gil["hand_offs"] == 1
    assert [rate is not None for rate in (*rates, of_gil["hand_offs_per_s"])] == [shown] * 3


def test_what_is_seen_of_threads_is_in_the_facts() -> None:
    """Where they wait, in which function they are, what that cost, and how many are only counted."""
    timeline = program(
        thread(0, 100),
        thread(1, 101),
        Spans(1, 0, (Span(50, State.LOCK),)),
        LaneEnded(50, 1),
        WaitTarget(20, 0, "127.0.0.1:80"),
        StackSample(30, 0, "f (a.py:1)"),
        StackSampling(90, 4, 1, 5, "it is gone"),
        RunEnded(100),
        most_gone=0,
    )
    facts = facts_of(timeline)
    (lane,) = facts["lanes"]
    assert lane["places"] == [{"t_s": 2e-8, "text": "127.0.0.1:80"}]
    assert lane["functions"] == [{"t_s": 3e-8, "text": "f (a.py:1)"}]
    assert facts["folded"] == {"threads": 1, "processes": 0, "states": {"lock": 5e-8}}
    assert facts["stacks"] == {"dumps": 4, "failed": 1, "cpu_s": 5e-9, "why": "it is gone"}


@given(runs())
def test_books_close(run: Run) -> None:
    """A lane's states add up to its time in the run, and a task's to its elapsed time."""
    timeline = Timeline()
    timeline.extend(run.events())
    facts = facts_of(timeline)
    for lane in facts["lanes"]:
        assert 0 <= lane["start_s"] <= lane["end_s"] <= facts["total_s"] + 1e-12
        assert sum(lane["states"].values()) == pytest.approx(lane["end_s"] - lane["start_s"], abs=1e-12)
    for task in facts["tasks"]:
        if task["started_s"] is not None and task["finished_s"] is not None:
            elapsed = min(task["finished_s"], timeline.now / 1e9) - task["started_s"]
            assert sum(task["states"].values()) == pytest.approx(elapsed, abs=1e-8)


@given(runs())
def test_what_is_printed_is_what_the_schema_says(run: Run) -> None:
    """Any run's JSON reads back as the documented types."""
    timeline = Timeline()
    timeline.extend(run.events())
    msgspec.json.decode(to_json(run_facts(timeline)), type=RunFacts)


def test_times_count_from_where_the_workload_began() -> None:
    """What went before is not the run's."""
    timeline = Timeline()
    timeline.extend([HEADER, LaneStarted(0, 0, 1, 1, "main", "subject"), RunStarted(2_000_000_000, 1, 1)])
    timeline.extend([TaskSubmitted(2_500_000_000, 0, "a"), TaskStarted(3_000_000_000, 0, 1, 1)])
    timeline.extend([TaskFinished(4_000_000_000, 0, error="no"), RunEnded(5_000_000_000)])
    facts = facts_of(timeline)
    assert (facts["lanes"][0]["start_s"], facts["lanes"][0]["end_s"]) == (0, 3)
    (task,) = facts["tasks"]
    assert (task["submitted_s"], task["started_s"], task["finished_s"]) == (0.5, 1, 2)
    assert task["error"] == "no"
    assert "result" not in task


def test_there_is_no_speed_up_where_nothing_finished() -> None:
    """It is null, and what has not come to pass is null as well."""
    timeline = Timeline()
    timeline.extend(
        [HEADER, LaneStarted(0, 0, 1, 1, "main", "subject"), RunStarted(0, 1, 1), TaskSubmitted(5, 0, "a")]
    )
    facts = facts_of(timeline)
    assert facts["speedup"] is None
    assert facts["tasks"][0]["started_s"] is None
    assert not facts["tasks"][0].keys() & {"result", "error"}


@given(st.text())
def test_json_is_safe_to_print(text: str) -> None:
    """Whatever a task is called, the JSON is one line of printable ASCII, and tells it whole."""
    timeline = Timeline()
    timeline.extend([HEADER, TaskSubmitted(0, 0, text)])
    printed = to_json(run_facts(timeline))
    assert printed.endswith("\n")
    assert printed[:-1].isprintable()
    assert printed.isascii()
    assert json.loads(printed)["tasks"][0]["name"] == text


def test_a_comparison_has_the_runs_and_a_verdict_on_each() -> None:
    """The run objects are those of single runs, with what shows beside the others among their findings."""
    timelines = compared("fetch-blocking", "fetch-threads")
    facts = json.loads(to_json(comparison_facts(timelines)))
    msgspec.convert(facts, ComparisonFacts)
    assert list(facts) == ["schema", "runs", "verdict", "answer"]
    assert [run["mode"] for run in facts["runs"]] == ["blocking", "threads"]
    assert [list(each) for each in facts["verdict"]] == [["mode", "total_s", "speedup", "text"]] * 2
    ids = [finding["id"] for finding in facts["runs"][1]["findings"]]
    assert "no_task_got_faster" in ids
    assert len(ids) == len(set(ids))
    speedup = facts["runs"][0]["total_s"] / facts["runs"][1]["total_s"]
    assert facts["verdict"][1]["speedup"] == pytest.approx(speedup)
