import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import LIMIT_S, environment, threadviz
from tests.contract.lost import lost, read
from tests.contract.outputs import COMPARED, MADE, RECORDINGS, comparison, outputs
from tests.contract.situations import SITUATIONS
from tests.contract.surface import surface

WRITTEN_DOWN = [*RECORDINGS, *MADE]


def check(before: Any, now: Any, *, sets: bool = False) -> None:
    """Say line by line what is lost, if anything is."""
    gone = [*lost(before, now, sets=sets)]
    if gone:
        pytest.fail("What was there is not there any more:\n" + "\n".join(gone), pytrace=False)


SURFACE = read("surface")


@pytest.fixture(scope="module")
def surface_now() -> dict[str, Any]:
    """What can be named or pressed, as it is now."""
    return surface()


@pytest.mark.parametrize("part", SURFACE)
def test_whatever_could_be_named_or_pressed_still_can(part: str, surface_now: dict[str, Any]) -> None:
    """Commands, options, keys, events and their fields, JSON keys, what programs import, variables."""
    check({part: SURFACE[part]}, surface_now, sets=True)


@pytest.mark.parametrize("command", SURFACE["commands"])
def test_no_command_asks_for_more_than_before(command: str, surface_now: dict[str, Any]) -> None:
    """An option that has come in since can be left out."""
    before = SURFACE["commands"][command]["options"]
    now = surface_now["commands"][command]["options"]
    assert [name for name in now.keys() - before.keys() if now[name]["required"]] == []


@pytest.mark.parametrize("part", ["record", "observed"])
def test_no_call_asks_for_more_than_before(part: str, surface_now: dict[str, Any]) -> None:
    """A parameter that has come in since can be left out, and those of before stay in their order."""
    before = SURFACE["what programs import"][part]
    now = surface_now["what programs import"][part]
    assert [*now][: len(before)] == [*before]
    assert [name for name in now.keys() - before.keys() if now[name]["required"]] == []


@pytest.mark.parametrize("name", WRITTEN_DOWN)
def test_of_each_recording_comes_what_came_before(name: str) -> None:
    """As JSON, and in every format of `export`; but for words that are meant for people."""
    check(read(f"recordings/{name}"), outputs(name))


@pytest.mark.parametrize("name", COMPARED)
def test_of_recordings_side_by_side_comes_what_came_before(name: str) -> None:
    """As JSON; but for words that are meant for people."""
    check(read(f"recordings/{name}"), comparison(name))


def test_every_event_and_finding_is_in_one_of_these_recordings() -> None:
    """Else one could be lost, and nobody would see."""
    lines = [line for path in RECORDINGS.values() for line in path.read_text("utf-8").splitlines()]
    assert {json.loads(line)["type"] for line in lines} >= SURFACE["events"].keys()
    found = {id_ for name in WRITTEN_DOWN for id_ in read(f"recordings/{name}")["show"]["findings"]}
    for name in COMPARED:
        for run in read(f"recordings/{name}")["runs"]:
            found |= run["findings beside others"].keys()
    assert found == {
        *("run_finished", "program_succeeded", "observation_sufficed", "processes_told"),
        *("total_is_sum", "total_is_slowest", "workers_kept_busy", "order_of_results", "all_tasks_succeeded"),
        *("threads_gain_nothing", "processes_gain", "gil_in_the_way", "gil_waited_for", "no_task_got_faster"),
        *("cores_sufficed", "cores_were_enough", "loop_could_answer", "loops_could_answer"),
        *("who_waited_most", "threads_stayed"),
    }


def test_a_packed_recording_is_read_as_well(tmp_path: Path) -> None:
    """With gzip."""
    packed = tmp_path / "run.jsonl.gz"
    packed.write_bytes(gzip.compress(RECORDINGS["fetch-threads"].read_bytes()))
    shown = threadviz("show", str(packed), "--json")
    assert shown.stdout == threadviz("show", str(RECORDINGS["fetch-threads"]), "--json").stdout != ""


STATUSES = read("exit-statuses")


def test_no_situation_is_left_out() -> None:
    """Of those with a status that is written down."""
    assert STATUSES.keys() <= SITUATIONS.keys()


@pytest.mark.parametrize("name", STATUSES)
def test_the_command_ends_with_the_status_of_before(name: str, tmp_path: Path) -> None:
    """In each of these situations."""
    assert SITUATIONS[name](tmp_path) == STATUSES[name]


PROGRAM = """
import os, stat, sys
for name in ("THREADVIZ_NAMES", "THREADVIZ_TASKS"):
    print(name, stat.S_ISFIFO(os.stat(os.environ[name]).st_mode))
print(os.path.exists(os.path.join(os.environ["PYTHONPATH"].split(os.pathsep)[0], "sitecustomize.py")))
"""


def test_a_program_is_told_where_to_say_what_it_does() -> None:
    """In two variables of its environment, and one small file is imported into it."""
    done = threadviz("exec", "--headless", "--", sys.executable, "-c", PROGRAM)
    assert done.stdout == "THREADVIZ_NAMES True\nTHREADVIZ_TASKS True\nTrue\n"


RECORDING_ITSELF = """
import json, sys
from concurrent.futures import ThreadPoolExecutor
import msgspec
import threadviz

with threadviz.record(sys.argv[1]) as recording:
    with threadviz.observed(ThreadPoolExecutor(2)) as pool:
        list(pool.map(pow, [2, 3], [4, 5]))
assert str(recording.path) == sys.argv[1]
assert recording.facts.total_s > 0
try:
    with threadviz.record(sys.argv[1]): pass
except FileExistsError:
    print(json.dumps(msgspec.to_builtins(recording.facts)))
"""


def test_a_program_can_have_itself_recorded(tmp_path: Path) -> None:
    """With the tasks of an executor; its facts are what `show --json` prints of the recording."""
    path = tmp_path / "run.jsonl"
    done = subprocess.run(
        [sys.executable, "-c", RECORDING_ITSELF, str(path)],
        capture_output=True,
        encoding="utf-8",
        env=environment(),
        timeout=LIMIT_S,
    )
    assert done.stderr == ""
    facts = json.loads(done.stdout)
    assert facts == json.loads(threadviz("show", str(path), "--json").stdout)
    assert (facts["watches"], facts["mode"]) == ("process", "record")
    assert sorted(task["name"] for task in facts["tasks"]) == ["pow 1", "pow 2"]


def test_the_report_is_as_wide_as_the_environment_says() -> None:
    """By COLUMNS, where there is no terminal."""
    path = str(RECORDINGS["fetch-threads"])
    narrow, wide = (threadviz("show", path, COLUMNS=columns).stdout for columns in ("80", "160"))
    assert max(map(len, narrow.splitlines())) <= 80 < max(map(len, wide.splitlines())) <= 160
