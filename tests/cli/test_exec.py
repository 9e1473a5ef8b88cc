import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.cli.command import LIMIT_S, all_gone, await_that, command, environment, role, says, threadviz
from tests.cli.executed import executing, script, tree

ABOUT = """
import json, os, resource, signal, sys
print(json.dumps({
    "argv": sys.argv, "orig": sys.orig_argv[1:], "name": __name__, "file": globals().get("__file__"), "path": sys.path,
    "cwd": os.getcwd(), "files": sorted(set(os.listdir("/proc/self/fd"))), "session": os.getsid(0),
    "group": os.getpgrp(), "umask": os.umask(0), "nice": os.nice(0),
    "limits": [resource.getrlimit(each) for each in (resource.RLIMIT_NOFILE, resource.RLIMIT_CORE)],
    "signals": {str(each): str(signal.getsignal(each)) for each in signal.valid_signals()},
    "blocked": sorted(signal.pthread_sigmask(signal.SIG_BLOCK, [])),
    "ignored": [line for line in open("/proc/self/status") if line.startswith(("SigBlk", "SigIgn", "SigCgt"))],
    "modules": sorted(sys.modules), "environment": dict(os.environ),
}))
"""


def _about(words: list[str], **options: object) -> dict[str, object]:
    """What a program says of itself."""
    done = subprocess.run(
        words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=LIMIT_S, **options
    )  # type: ignore[call-overload]
    told = json.loads(done.stdout)
    assert isinstance(told, dict)
    return told


def _same(alone: dict[str, object], told: dict[str, object]) -> None:
    """Hold all to be the same that is to be."""
    added = told.pop("environment"), alone.pop("environment")
    assert added[0].keys() - added[1].keys() <= {"PYTHONPATH", "THREADVIZ_NAMES", "THREADVIZ_TASKS"}  # type: ignore[attr-defined]
    assert added[1].items() - {*added[0].items()} <= {("PYTHONPATH", os.environ.get("PYTHONPATH"))}  # type: ignore[attr-defined]
    assert told == alone


def test_a_script_is_what_it_would_be_alone(tmp_path: Path) -> None:
    """Words, module, folder, descriptors, session, group, limits, signals, imports: all, but for some variables."""
    program = script(tmp_path, ABOUT)
    words = ["--help", "-m", "--", "x y", "ü", ""]
    alone = _about([sys.executable, program, *words], env=environment(), cwd=tmp_path)
    told = _about(command("exec", "--headless", program, *words), env=environment(), cwd=tmp_path)
    _same(alone, told)
    assert told["argv"] == [program, *words]


@pytest.mark.parametrize("words", [["-m", "about", "-m", "x"], ["-mabout"]])
def test_a_module_is_what_it_would_be_alone(tmp_path: Path, words: list[str]) -> None:
    """The current folder is importable, as with `python -m`."""
    (tmp_path / "about.py").write_text(ABOUT)
    alone = _about([sys.executable, *words], env=environment(), cwd=tmp_path)
    _same(alone, _about(command("exec", "--headless", *words), env=environment(), cwd=tmp_path))


def test_a_command_is_what_it_would_be_alone(tmp_path: Path) -> None:
    """Any one: here a shell that starts a Python."""
    words = ["sh", "-c", f'"{sys.executable}" - a <<"E"\n{ABOUT}\nE']
    alone = _about(words, env=environment(), cwd=tmp_path)
    told = _about(command("exec", "--headless", "--", *words), env=environment(), cwd=tmp_path)
    _same(alone, told)


def test_what_is_inherited_comes_through(tmp_path: Path) -> None:
    """Descriptors at their numbers, ignored signals, a mask, a limit, a lower priority: as a shell can set them."""
    program = script(tmp_path, ABOUT)
    prepare = (
        'trap "" HUP USR1 INT; umask 027; ulimit -n 200; exec 5</dev/null 7</dev/null; exec nice -n 3 "$@"'
    )
    words = ["sh", "-c", prepare, "sh"]
    alone = _about([*words, sys.executable, program], env=environment())
    told = _about([*words, *command("exec", "--headless", program)], env=environment())
    _same(alone, told)
    assert told["umask"] == 0o027 and told["nice"] == min(os.nice(0) + 3, 19)
    assert {"5", "7"} <= set(told["files"])  # type: ignore[call-overload]


def test_the_environment_gets_nothing_that_python_puts_there(tmp_path: Path) -> None:
    """In the locale C, Python gives its children another, and threadviz's own is none of the program's business."""
    plain = {name: value for name, value in environment(LANG="C").items() if not name.startswith("LC_")}
    outputs = [
        subprocess.run(
            words,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=plain,
            encoding="utf-8",
            timeout=LIMIT_S,
        ).stdout
        for words in (["env"], command("exec", "--headless", "--", "env"))
    ]
    alone, told = ({line for line in output.splitlines() if "THREADVIZ" not in line} for output in outputs)
    assert {line for line in told ^ alone if not line.startswith("PYTHONPATH=")} == set()


def test_a_word_need_not_be_text(tmp_path: Path) -> None:
    """It is the same bytes for the program."""
    program = script(tmp_path, "import os, sys; sys.stdout.buffer.write(os.fsencode(sys.argv[1]))")
    done = subprocess.run(
        [*command("exec", "--headless", program), b"\xff\xfe"],
        capture_output=True,
        env=environment(),
        timeout=LIMIT_S,
    )
    assert done.stdout == b"\xff\xfe"


def test_input_and_output_pass_untouched(tmp_path: Path) -> None:
    """Byte for byte; the report is on stderr, after what the program has written there."""
    program = script(
        tmp_path,
        "import sys; sys.stdout.buffer.write(sys.stdin.buffer.read()[::-1]); print('word', file=sys.stderr)",
    )
    data = bytes(range(256)) * 3000
    done = subprocess.run(
        command("exec", "--headless", program),
        input=data,
        capture_output=True,
        env=environment(),
        timeout=LIMIT_S,
    )
    assert done.returncode == 0
    assert done.stdout == data[::-1]
    assert done.stderr.startswith(b"word\nprogram.py, exec: 1 thread seen, exit status 0\n")


def test_who_reads_the_output_sees_its_end_when_the_program_closes_it(tmp_path: Path) -> None:
    """Nobody else holds it open, nor the input."""
    program = script(
        tmp_path,
        "import os, sys, time\nos.close(0); os.close(1)\nwhile not os.path.exists(sys.argv[1]): time.sleep(0.01)",
    )
    go = tmp_path / "go"
    read, write = os.pipe()
    with executing("--headless", program, str(go), stdin=read) as process:
        os.close(read)
        assert process.stdout is not None
        assert process.stdout.read() == ""
        with pytest.raises(BrokenPipeError):
            await_that(lambda: not os.write(write, b"x"))
        os.close(write)
        assert process.poll() is None
        go.touch()
        assert process.wait(LIMIT_S) == 0


@pytest.mark.parametrize(
    ("end", "status"), [("sys.exit(7)", 7), ("sys.exit('words')", 1), ("os._exit(255)", 255)]
)
def test_the_exit_status_is_the_programs(tmp_path: Path, end: str, status: int) -> None:
    """Whatever it is."""
    assert threadviz("exec", "--headless", script(tmp_path, f"import os, sys; {end}")).returncode == status


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGSEGV])
def test_a_program_that_a_signal_kills(tmp_path: Path, number: signal.Signals) -> None:
    """The status is 128 and its number, as a shell has it, and the report says so."""
    done = threadviz("exec", "--headless", script(tmp_path, f"import os; os.kill(os.getpid(), {number})"))
    assert done.returncode == 128 + number
    assert f"killed by {number.name}" in done.stderr


HANDLING = """
import signal, sys
count = 0
def take(number, frame):
    global count
    count += 1
    print(signal.Signals(number).name, flush=True)
    if number == signal.SIGUSR2:
        sys.exit(count)
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2):
    signal.signal(number, take)
print("ready", flush=True)
while True:
    signal.pause()
"""


@pytest.mark.parametrize("to_all", [True, False])
def test_a_signal_comes_to_the_program_once(tmp_path: Path, to_all: bool) -> None:
    """Whether it was sent to threadviz alone or, as a terminal does, to all of the process group."""
    with executing("--headless", script(tmp_path, HANDLING)) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        await_that(lambda: role(process.pid, "observer"))
        numbers = [
            signal.SIGINT,
            signal.SIGTERM,
            signal.SIGHUP,
            signal.SIGQUIT,
            signal.SIGUSR1,
            signal.SIGUSR2,
        ]
        for number in numbers:
            if to_all:
                os.killpg(process.pid, number)
            else:
                process.send_signal(number)
            assert process.stdout.readline() == f"{number.name}\n"
        assert process.stdout.read() == ""
        assert process.wait(LIMIT_S) == len(numbers)


def test_what_is_sent_to_threadviz_alone_comes_through_after_the_same_to_all(tmp_path: Path) -> None:
    """However soon: each that was sent to all accounts for one."""
    with executing("--headless", script(tmp_path, HANDLING)) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        await_that(lambda: role(process.pid, "observer"))
        os.killpg(process.pid, signal.SIGINT)
        assert process.stdout.readline() == "SIGINT\n"
        viewer = psutil.Process(process.pid)
        await_that(lambda: viewer.status() == psutil.STATUS_SLEEPING)  # it has taken it, and waits again
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGUSR2)
        assert process.stdout.read() == "SIGINT\nSIGUSR2\n"
        assert process.wait(LIMIT_S) == 3


def test_an_ignored_interrupt_is_ignored_by_all(tmp_path: Path) -> None:
    """As of what runs in the background of a script: neither the program nor threadviz ends."""
    text = "import os, signal\nprint('ready', flush=True)\nos.killpg(0, signal.SIGINT)\nprint(signal.getsignal(2))"
    words = [
        "sh",
        "-c",
        'trap "" INT; exec "$@"',
        "sh",
        *command("exec", "--headless", script(tmp_path, text)),
    ]
    done = subprocess.run(
        words,
        capture_output=True,
        encoding="utf-8",
        env=environment(),
        start_new_session=True,
        timeout=LIMIT_S,
    )
    assert (done.returncode, done.stdout) == (0, f"ready\n{signal.SIG_IGN!s}\n"), done.stderr


def test_an_interrupt_before_it_has_begun_starts_nothing(tmp_path: Path) -> None:
    """Whoever is hit first."""
    ran = tmp_path / "ran"
    with executing(
        "--headless", script(tmp_path, f"open({str(ran)!r}, 'w'); import time; time.sleep(600)")
    ) as process:
        observer = await_that(lambda: role(process.pid, "observer"))
        os.killpg(process.pid, signal.SIGINT)
        _, stderr = process.communicate(timeout=LIMIT_S)
        assert all_gone([observer])
    assert process.returncode == 130, stderr


METHODS = """
import multiprocessing as m, os, sys, time
def work(n):
    while not os.path.exists(sys.argv[2]):
        time.sleep(0.01)
    return n, os.getpid(), m.current_process().name, __name__
if __name__ == "__main__":
    m.set_start_method(sys.argv[1])
    with m.Pool(2) as pool:
        done = pool.map(work, range(4), chunksize=1)
    print(sorted((n, who.rpartition("-")[0], name) for n, _, who, name in done))
    print(os.getpid() in [pid for _, pid, _, _ in done])
"""


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_start_methods_work_as_ever(tmp_path: Path, method: str) -> None:
    """The pool's processes do what they would, and are lanes."""
    recording, go = tmp_path / "run.jsonl", tmp_path / "go"
    words = [script(tmp_path, METHODS), method, str(go)]
    with executing("--headless", "--record", str(recording), *words) as process:
        await_that(lambda: len({lane["pid"] for lane in _told(recording, "lane")}) >= 3)
        go.touch()
        stdout, _ = process.communicate(timeout=LIMIT_S)
    alone = subprocess.run(
        [sys.executable, *words], capture_output=True, encoding="utf-8", env=environment(), timeout=LIMIT_S
    )
    assert (stdout, process.returncode) == (alone.stdout, 0)


def _told(recording: Path, kind: str) -> list[dict[str, Any]]:
    """The events of a kind that stand in a recording by now."""
    lines = recording.read_bytes().splitlines(keepends=True) if recording.exists() else []
    events = [json.loads(line) for line in lines if line.endswith(b"\n")]
    return [event for event in events if event["type"] == kind]


def test_threads_have_their_names(tmp_path: Path) -> None:
    """Those that the program gives them, in its workers as well."""
    text = """
import concurrent.futures as f, os, sys, threading, time
def wait():
    while not os.path.exists(sys.argv[1]):
        time.sleep(0.01)
def work(n):
    t = threading.Thread(target=wait, name=f"inner {n}")
    t.start()
    t.join()
if __name__ == "__main__":
    with f.ThreadPoolExecutor(1, thread_name_prefix="mine") as threads, f.ProcessPoolExecutor(1) as processes:
        threads.submit(work, 1)
        processes.submit(work, 2)
"""
    recording, go = tmp_path / "run.jsonl", tmp_path / "go"

    def named() -> dict[str, int]:
        said = [each for each in _told(recording, "name") if each["by"] == "program"]
        return {each["name"]: each["lane"] for each in said}

    with executing("--headless", "--record", str(recording), script(tmp_path, text), str(go)) as process:
        await_that(lambda: {"MainThread", "mine_0", "inner 1", "inner 2"} <= named().keys())
        go.touch()
        process.communicate(timeout=LIMIT_S)
    pids = {each["lane"]: each["pid"] for each in _told(recording, "lane")}
    lanes = named()
    assert pids[lanes["inner 1"]] == pids[lanes["mine_0"]] != pids[lanes["inner 2"]]


def test_what_is_added_to_the_environment_is_said() -> None:
    """All of it, in the help."""
    words = threadviz("exec", "--help").stdout.split()
    assert {"PYTHONPATH:", "THREADVIZ_NAMES", "THREADVIZ_TASKS"} <= {*words}


def test_json_goes_to_stderr(tmp_path: Path) -> None:
    """One object, and the program's output is its own."""
    done = threadviz("exec", "--json", script(tmp_path, "print('{}')"))
    assert done.stdout == "{}\n"
    assert json.loads(done.stderr)["mode"] == "exec"


@pytest.mark.parametrize("who", ["viewer", "observer"])
def test_nothing_is_left_when_one_of_ours_is_killed(tmp_path: Path, who: str) -> None:
    """Neither a process in a session of its own, nor one that takes no SIGTERM, nor one whose parent is gone."""
    with tree(tmp_path) as (process, processes):
        observer = await_that(lambda: role(process.pid, "observer"))
        (process if who == "viewer" else observer).kill()
        process.wait(LIMIT_S)
        assert all_gone([*processes, observer])
    assert process.returncode == (-signal.SIGKILL if who == "viewer" else 1)


def test_a_killed_program_is_told_and_what_it_left_is_left(tmp_path: Path) -> None:
    """As alone: its children outlive it."""
    with tree(tmp_path) as (process, processes):
        observer = await_that(lambda: role(process.pid, "observer"))
        processes[0].kill()
        assert process.wait(LIMIT_S) == 128 + signal.SIGKILL
        assert all_gone([processes[0], observer])
        assert all(each.status() != psutil.STATUS_ZOMBIE for each in processes[1:])


def test_what_a_program_leaves_running_is_left_alone(tmp_path: Path) -> None:
    """And belongs to whoever gets orphans, and not to threadviz, which has ended."""
    with tree(tmp_path, "leave") as (process, processes):
        assert process.wait(LIMIT_S) == 3
        for left in processes[-2:]:
            assert left.is_running() and left.status() != psutil.STATUS_ZOMBIE
            assert left.ppid() != process.pid


def test_an_orphan_is_a_lane_and_is_collected(tmp_path: Path) -> None:
    """A process whose parent ended before anybody had seen it belongs to the program."""
    text = """
import os, sys, time
read, write = os.pipe()
if os.fork() == 0:
    if os.fork() == 0:
        os.write(write, b"%d" % os.getpid())
        while not os.path.exists(sys.argv[1]):
            time.sleep(0.01)
    os._exit(0)
os.wait()
print(os.read(read, 20).decode(), flush=True)
input()
"""
    recording, go = tmp_path / "run.jsonl", tmp_path / "go"
    words = ["--record", str(recording), script(tmp_path, text), str(go)]
    with executing("--headless", *words, stdin=subprocess.PIPE) as process:
        assert process.stdout is not None
        orphan = int(process.stdout.readline())
        await_that(lambda: orphan in {lane["pid"] for lane in _told(recording, "lane")})
        go.touch()
        await_that(lambda: not psutil.pid_exists(orphan))
        process.communicate("\n", timeout=LIMIT_S)
    assert says(recording, "closed")


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        ([], "no program is given"),
        (["nothere.py"], "there is no script 'nothere.py'"),
        (["empty"], "'empty' is a folder without a __main__.py"),
        (["-m"], "-m is for a module"),
        (["--"], "-- is for a command"),
        (["--", "no such command"], "there is no command 'no such command' on PATH"),
        (["--", "./plain"], "'./plain' is not executable"),
        (["--", "./empty"], "'./empty' is a folder"),
        (["--", "./broken"], "'broken' can't be run: Exec format error"),
        (["--", "./lost"], "'lost' can't be run: No such file or directory"),
        (["--nonsense", "plain"], "No such option '--nonsense'"),
        (["--probe"], "'--probe' requires an argument"),
        (["--ascii", "--json", "plain"], "--ascii is for"),
    ],
)
def test_what_cannot_be_run_gets_one_sentence(tmp_path: Path, words: list[str], wrong: str) -> None:
    """The status is 2, and nothing is started, or written."""
    (tmp_path / "empty").mkdir()
    for name, text in (("plain", "x"), ("broken", "x"), ("lost", "#!/no/such/program\n")):
        (tmp_path / name).write_text(text)
    for name in ("broken", "lost"):
        (tmp_path / name).chmod(0o755)
    done = subprocess.run(
        command("exec", "--headless", "--record", "run.jsonl", *words),
        capture_output=True,
        encoding="utf-8",
        env=environment(),
        cwd=tmp_path,
        timeout=LIMIT_S,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("threadviz: ") and done.stderr.count("\n") == 1
    assert wrong in done.stderr
    assert not (tmp_path / "run.jsonl").exists()


def test_a_module_that_is_not_there_is_pythons_to_say() -> None:
    """As alone."""
    done = threadviz("exec", "--headless", "-m", "no_such_module_at_all")
    assert done.returncode == 1
    assert "No module named no_such_module_at_all" in done.stderr
