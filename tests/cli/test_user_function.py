"""A function of somebody's own, run and compared by the command, in real processes."""

import json
import os
import signal
import subprocess
from pathlib import Path

import psutil
import pytest

from tests.cli.command import (
    LIMIT_S,
    all_gone,
    await_that,
    command,
    descendants,
    end,
    environment,
    role,
    says,
)
from tests.workloads.user_functions import CODE

RAISES = "import sys\nprint('imported')\nfrom fine import fails\nfails(1)\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with code of somebody's own, and with what to call it with."""
    (tmp_path / "fine.py").write_text(CODE)
    (tmp_path / "raises.py").write_text(RAISES)
    (tmp_path / "three.txt").write_text("1\n2\n3\n")
    (tmp_path / "three.jsonl").write_text("[1]\n[2, 5]\n" + '{"a": 3, "c": 4}\n')
    return tmp_path


def call(folder: Path, *args: str, given: str = "") -> subprocess.CompletedProcess[str]:
    """Run the command in `folder`, with `given` as its standard input."""
    return subprocess.run(
        command(*args),
        cwd=folder,
        input=given,
        capture_output=True,
        encoding="utf-8",
        env=environment(),
        timeout=LIMIT_S,
    )


@pytest.mark.parametrize("mode", ["blocking", "threads", "processes"])
def test_a_function_is_a_workload(folder: Path, mode: str) -> None:
    """Under every mode, with what the lines of a file say; results are told as they are written."""
    args = ("run", "--call", "fine:add", "--items", "three.jsonl", "--mode", mode, "--json")
    done = call(folder, *args)
    assert (done.returncode, done.stderr) == (0, "")
    facts = json.loads(done.stdout)
    assert (facts["workload"], facts["mode"], facts["outcome"]) == ("fine:add", mode, "finished")
    told = {task["name"]: task["result"] for task in facts["tasks"]}
    assert told == {"[1]": "3", "[2, 5]": "7", '{"a": 3, "c": 4}': "9"}
    assert facts["workers"] == (0 if mode == "blocking" else max(2, min(3, facts["cores"])))


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_however_workers_are_started(folder: Path, method: str) -> None:
    """They find the module, which is not where Python looks by itself."""
    text = f"import multiprocessing\nmultiprocessing.set_start_method({method!r}, force=True)\n"
    (folder / "mine.py").write_text(f"{text}def method(): return multiprocessing.get_start_method()\n")
    done = call(folder, "run", "--call", "mine:method", "--repeat", "2", "--mode", "processes", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert [task["result"] for task in json.loads(done.stdout)["tasks"]] == [f"'{method}'"] * 2


def test_standard_input_is_for_items(folder: Path) -> None:
    """And not for the function: it finds nothing there."""
    args = ("run", "--call", "fine:where", "--items", "-", "--mode", "threads", "--json")
    done = call(folder, *args, given="one\ntwo\n")
    assert (done.returncode, done.stderr) == (0, "")
    tasks = json.loads(done.stdout)["tasks"]
    assert {task["name"] for task in tasks} == {"one", "two"}
    assert {task["result"] for task in tasks} == {repr((str(folder), str(folder), ""))}


def test_a_comparison_says_which_mode_pays(folder: Path) -> None:
    """In its first sentence, and in JSON; what that is depends on the machine."""
    (folder / "mine.py").write_text("import time\ndef nap(): time.sleep(0.25)\n")
    args = ("compare", "--call", "mine:nap", "--repeat", "4", "--workers", "4", "--modes", "blocking,threads")
    report = call(folder, *args)
    assert (report.returncode, report.stderr) == (0, "")
    assert report.stdout.startswith("mine:nap, one mode after the other\n")
    assert report.stdout.split("\nVerdict\n")[1].startswith("Threads are faster: ")
    facts = json.loads(call(folder, *args, "--json").stdout)
    assert facts["answer"].startswith("Threads are faster: ")


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (("nowhere:f", "--repeat", "2"), "there is no module 'nowhere' in the current folder, nor in the"),
        (("fine:ad", "--items", "three.txt"), "there is no 'ad' in 'fine', but a 'add'"),
        (("fine:coroutine", "--items", "three.txt"), "'fine:coroutine' only makes a coroutine when it is"),
        (("fine:add", "--repeat", "2"), "'fine:add' can't be called without arguments: missing a required"),
        (("fine:lambda_", "--items", "three.txt"), "'fine:lambda_' can't be pickled, as it has to be for a"),
    ],
)
def test_what_can_not_be_called(folder: Path, args: tuple[str, ...], sentence: str) -> None:
    """One sentence on stderr, the status of bad input, and no recording."""
    done = call(folder, "run", "--call", *args, "--mode", "processes", "--record", "run.jsonl")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"threadviz: {sentence}")
    assert done.stderr.count("\n") == 1
    assert not (folder / "run.jsonl").exists()


def test_a_module_that_fails_is_shown(folder: Path) -> None:
    """Its own frames, safe to print; what it had printed until then; and one sentence."""
    done = call(folder, "run", "--call", "raises:f", "--repeat", "2", "--mode", "threads")
    assert (done.returncode, done.stdout) == (2, "")
    lines = done.stderr.split("\n")
    assert lines[:2] == ["Traceback (most recent call last):", '  File "raises.py", line 4, in <module>']
    assert lines[-5:] == [
        "ValueError: no 1 \\x1b[31m[red]",
        "threadviz: what the function printed.",
        "imported",
        "threadviz: importing 'raises' failed: ValueError: no 1 \\x1b[31m[red].",
        "",
    ]


def test_a_module_that_ends_its_process(folder: Path) -> None:
    """It is said to, with the last that it has said."""
    (folder / "ends.py").write_text("import os\nos.write(2, b'last words')\nos._exit(4)\n")
    done = call(folder, "run", "--call", "ends:f", "--repeat", "2", "--mode", "threads")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith("threadviz: to import 'ends' ends the process (exit status 4): last words.\n")


@pytest.mark.parametrize("mode", ["blocking", "threads", "processes"])
def test_a_call_that_raises_is_a_task_that_failed(folder: Path, mode: str) -> None:
    """All are; the traceback of the first is printed once, and JSON has each."""
    args = ("run", "--call", "fine:fails", "--items", "three.txt", "--mode", mode, "--json")
    done = call(folder, *args, "--workers", "1")
    assert done.returncode == 0
    tasks = json.loads(done.stdout)["tasks"]
    assert {task["error"] for task in tasks} == {f"ValueError: no {n} \x1b[31m[red]" for n in (1, 2, 3)}
    frames = [line for line in tasks[0]["traceback"].split("\n") if line.startswith("  File")]
    assert frames == ['  File "fine.py", line 15, in fails', '  File "fine.py", line 19, in deeper']
    lines = done.stderr.split("\n")
    assert lines[0] == f"threadviz: under {mode}, task '1' failed, and 2 others in the same place."
    assert lines[-3] == "ValueError: no 1 \\x1b[31m[red]"
    assert lines[-2].startswith("threadviz: each line was passed as text: name the file .jsonl, or write")
    assert done.stderr.count("Traceback") == 1


def test_texts_that_could_be_nothing_else_are_not_spoken_of(folder: Path) -> None:
    """Nor are those that were meant as texts."""
    (folder / "words.txt").write_text("1\nword\n")
    (folder / "texts.jsonl").write_text('"a"\n"b"\n')
    for items in ("words.txt", "texts.jsonl", "three.jsonl"):
        done = call(folder, "run", "--call", "fine:fails", "--items", items, "--mode", "threads", "--json")
        assert "passed as text" not in done.stderr


@pytest.mark.parametrize("mode", ["blocking", "threads", "processes"])
def test_a_call_that_ends_python_is_a_task_that_failed(folder: Path, mode: str) -> None:
    """SystemExit ends no more than the task."""
    args = ("run", "--call", "fine:quits", "--items", "three.txt", "--mode", mode, "--json")
    done = call(folder, *args)
    assert done.returncode == 0
    assert {task["error"] for task in json.loads(done.stdout)["tasks"]} == {
        f"SystemExit: {n}" for n in (1, 2, 3)
    }


@pytest.mark.parametrize(
    ("mode", "how"),
    [
        ("blocking", "the subject died (exit status "),
        ("threads", "the subject died (exit status "),
        ("processes", "a worker of the pool died (BrokenProcessPool)"),
    ],
)
def test_a_call_that_ends_its_process(folder: Path, mode: str, how: str) -> None:
    """The run is broken, and it is said by what; what was measured until then is printed."""
    done = call(folder, "run", "--call", "fine:dies", "--items", "three.txt", "--mode", mode, "--json")
    assert done.returncode == 1
    assert all(words in done.stderr for words in ("the run is broken: ", " died (", "last words"))
    facts = json.loads(done.stdout)
    assert facts["outcome"] == "broken"
    assert all(how in task["error"] for task in facts["tasks"])


def test_what_can_not_come_back_is_a_task_that_failed(folder: Path) -> None:
    """A process pool would fail on it; threads do not."""
    args = ("run", "--call", "fine:unpicklable", "--items", "three.txt", "--json", "--mode")
    facts = {mode: json.loads(call(folder, *args, mode).stdout) for mode in ("threads", "processes")}
    assert all("lock object" in task["result"] for task in facts["threads"]["tasks"])
    errors = [task["error"] for task in facts["processes"]["tasks"]]
    assert all(each.startswith("what it returned can't be pickled (TypeError: ") for each in errors)


def test_a_function_that_forks(folder: Path) -> None:
    """The copy that comes back from it is not taken for the original."""
    done = call(folder, "run", "--call", "fine:forks", "--items", "three.txt", "--mode", "threads", "--json")
    assert done.returncode == 0
    assert [task["result"] for task in json.loads(done.stdout)["tasks"]] == ["'parent'"] * 3


def test_what_a_function_prints_is_shown_at_the_end(folder: Path) -> None:
    """Its end, as a terminal would have shown it, and without control of this one; the report is what stdout has."""
    args = ("--call", "fine:prints", "--items", "three.txt", "--mode", "processes", "--workers", "1")
    done = call(folder, "run", *args)
    assert done.returncode == 0
    assert "printed 1" not in done.stdout
    lines = [f"printed {n} red\nnew\n" for n in (1, 2, 3)]
    assert done.stderr == f"threadviz: what the function printed.\n{''.join(lines)}"


def test_hostile_results_and_errors(folder: Path) -> None:
    """What says nothing of itself is told by its type."""
    for function, came_out in (("Job", "<Job>"), ("unspeakable", "Unspeakable")):
        args = ("run", "--call", f"fine:{function}", "--items", "three.txt", "--mode", "threads", "--json")
        tasks = json.loads(call(folder, *args).stdout)["tasks"]
        assert {task.get("result") or task["error"] for task in tasks} == {came_out}


def test_a_function_that_hangs_is_interrupted(folder: Path) -> None:
    """With all that belongs to it; also while it is imported."""
    hang = "import threading\ndef hang(): threading.Event().wait()\n"
    for name, text in (("hangs", hang), ("imports", f"{hang}hang()\n")):
        (folder / f"{name}.py").write_text(text)
        args = ("--call", f"{name}:hang", "--repeat", "2", "--mode", "threads", "--record", f"{name}.jsonl")
        with subprocess.Popen(
            command("run", *args), cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        ) as process:
            try:
                subject = await_that(lambda: role(process.pid, "subject"))
                if name == "hangs":
                    await_that(lambda: says(folder / "hangs.jsonl", "started"))
                left = [subject, *descendants(process.pid)]
                process.send_signal(signal.SIGINT)
                _, words = process.communicate(timeout=LIMIT_S)
            finally:
                process.kill()
        assert process.returncode == 130
        assert "interrupted: " in words
        assert all_gone(left)


STARTS = """
import multiprocessing, subprocess, time
def sub(): return subprocess.run(["sleep", "0.1"]).returncode
def pool():
    process = multiprocessing.get_context("fork").Process(target=time.sleep, args=(0.1,))
    process.start()
    process.join()
    return 0
def _leave(name):
    process = subprocess.Popen(["sleep", "600"], start_new_session=True)
    with open(name, "a") as file: print(process.pid, file=file, flush=True)
    return process
def waits(name): _leave(name).wait()
def leaves(name): _leave(name).returncode = 0
"""


@pytest.mark.parametrize("mode", ["blocking", "threads", "processes"])
@pytest.mark.parametrize("function", ["sub", "pool"])
@pytest.mark.parametrize("probe", ["auto", "portable"])
def test_what_tasks_start_is_no_worker(folder: Path, mode: str, function: str, probe: str) -> None:
    """It may end as it likes, and is drawn on request, under its own name."""
    (folder / "starts.py").write_text(STARTS)
    args = ("--call", f"starts:{function}", "--repeat", "4", "--workers", "2", "--probe", probe)
    done = call(folder, "run", *args, "--mode", mode, "--record", "run.jsonl")
    assert (done.returncode, done.stderr) == (0, "")
    workers = "" if mode == "blocking" else ", 2 workers"
    assert done.stdout.startswith(f"starts:{function}, {mode}: 4 tasks{workers}\n")
    events = [json.loads(line) for line in (folder / "run.jsonl").read_text().splitlines()]
    assert [each["result"] for each in events if each["type"] == "finished"] == ["0"] * 4
    if probe == "auto" and function == "sub":
        kinds = {each["pid"]: each["process"] for each in events if each["type"] == "lane"}
        named = {each["pid"] for each in events if each["type"] == "process" and each["name"] == "sleep"}
        assert {kinds[pid] for pid in named} == {"task's process"}


def _left_in(file: Path) -> list[psutil.Process]:
    """The processes that the function has left, as soon as there are two."""
    pids = file.read_text().split() if file.exists() else []
    return [psutil.Process(int(pid)) for pid in pids if psutil.pid_exists(int(pid))] if len(pids) == 2 else []


@pytest.mark.parametrize("mode", ["threads", "processes"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_what_tasks_have_started_is_ended_with_them(folder: Path, mode: str, number: signal.Signals) -> None:
    """Wherever it has gone: on Ctrl-C, and where the command itself is killed."""
    (folder / "starts.py").write_text(STARTS)
    (folder / "names.txt").write_text("pids\npids\n")
    args = ("--call", "starts:waits", "--items", "names.txt", "--mode", mode)
    with subprocess.Popen(
        command("run", *args), cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        left: list[psutil.Process] = []
        try:
            left = await_that(lambda: _left_in(folder / "pids"))
            process.send_signal(number)
            process.communicate(timeout=LIMIT_S)
            assert process.returncode == (130 if number is signal.SIGINT else -9)
            assert all_gone(left)
        finally:
            process.kill()
            for each in left:
                end(each)


def test_what_tasks_leave_behind_is_ended_after_them(folder: Path) -> None:
    """A run owns what its tasks have started, also where all went well."""
    (folder / "starts.py").write_text(STARTS)
    (folder / "names.txt").write_text("pids\npids\n")
    done = call(folder, "run", "--call", "starts:leaves", "--items", "names.txt", "--mode", "threads")
    pids = [int(pid) for pid in (folder / "pids").read_text().split()]
    left = [psutil.Process(pid) for pid in pids if psutil.pid_exists(pid)]
    try:
        assert (done.returncode, len(pids)) == (0, 2)
        assert all_gone(left)
    finally:
        for each in left:
            end(each)


def test_a_folder_whose_name_is_no_text(folder: Path) -> None:
    """It is said so, before anything is started."""
    odd = Path(os.fsdecode(os.fsencode(folder) + b"/odd\xff"))
    try:
        odd.mkdir()
    except OSError:
        pytest.skip("this file system has no such names")
    done = call(odd, "run", "--call", "fine:add", "--repeat", "2", "--mode", "threads")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(
        "threadviz: --call can't be looked for in the current folder, whose name is"
    )
    assert done.stderr.endswith(": rename it.\n") and done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (
            ("run", "--mode", "threads"),
            "nothing to run is given: name a workload, or a function of yours with --call",
        ),
        (("compare",), "nothing to run is given: name a workload, or a function of yours with --call"),
        (
            ("run", "primes", "--call", "fine:add", "--mode", "threads"),
            "'primes' is a word too many: --call says what to run,",
        ),
        (
            ("run", "--call", "", "--mode", "threads"),
            "--call is not given: give package.module:function, such as",
        ),
        (("run", "call", "--mode", "threads"), "--call is not given: give package.module:function, such as"),
        (
            ("run", "--call", "fine", "--mode", "threads"),
            "--call is 'fine': give package.module:function, such as",
        ),
        (
            ("run", "--call", "fine.py:add", "--mode", "threads"),
            "--call is 'fine.py:add', the path of a file: give the module's name, such as fine:add",
        ),
        (
            ("run", "--call", "fine:add", "--mode", "threads"),
            "--items is not given: name a file with one item",
        ),
        (
            ("run", "--call", "fine:add", "--items", "", "--mode", "threads"),
            "--items is '': give the path of a file",
        ),
        (
            ("run", "--call", "fine:add", "--items", "nix", "--mode", "threads"),
            "--items is 'nix', which can't be read (No such file or directory): give the path of a file",
        ),
        (
            ("run", "--call", "fine:add", "--items", "three.txt", "--repeat", "2", "--mode", "threads"),
            "--repeat is for a function without arguments, and items are arguments: leave one out",
        ),
        (
            ("run", "--call", "fine:add", "--repeat", "0", "--mode", "threads"),
            "--repeat is 0: give a number from 1",
        ),
        (
            ("run", "--call", "fine:add", "--repeat", "2", "--tasks", "2", "--mode", "threads"),
            "--tasks is not for a function of your own, which is called once for each item: leave it out",
        ),
        (
            ("compare", "--call", "fine:add", "--repeat", "2", "--online"),
            "--online is for workloads that threadviz has, and not for a function of your own: leave it out",
        ),
        (
            ("run", "primes", "--items", "three.txt", "--mode", "threads"),
            "--items is for a function of your own, and primes is none: leave it out",
        ),
        (
            ("compare", "a.jsonl", "b.jsonl", "--items", "three.txt"),
            "--items is for runs, and these are recordings: leave it out",
        ),
    ],
)
def test_what_can_not_be_is_one_sentence(folder: Path, args: tuple[str, ...], sentence: str) -> None:
    """The status is 2, and nothing was started."""
    done = call(folder, *args)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"threadviz: {sentence}")
    assert done.stderr.endswith(".\n") and done.stderr.count("\n") == 1


def test_nothing_is_left_of_what_was_printed(folder: Path) -> None:
    """The file that it was kept in has no name, so that nobody has to be there to remove it."""
    kept = folder / "tmp"
    kept.mkdir()
    args = ("run", "--call", "fine:prints", "--items", "three.txt", "--mode", "threads")
    done = subprocess.run(
        command(*args), cwd=folder, capture_output=True, env=environment(TMPDIR=str(kept)), timeout=LIMIT_S
    )
    assert done.returncode == 0
    assert os.listdir(kept) == []
