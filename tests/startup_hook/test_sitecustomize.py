import json
import os
from pathlib import Path

import pytest

from tests.startup_hook.named import FOLDER, environment, names_of, run

STATE = """
import sys, os
finders = lambda: [getattr(each, "__name__", type(each).__name__) for each in sys.meta_path]
before = sorted(sys.modules), finders(), list(sys.path), sorted(sys.path_importer_cache)
import threading, json
after = finders(), type(threading.__loader__).__name__, type(threading.__spec__.loader).__name__
print(json.dumps([before, after, dict(os.environ), os.listdir("/proc/self/fd"), sorted(sys.modules)]))
"""


def test_threads_report_their_names_as_they_start(tmp_path: Path) -> None:
    """The main thread too, which was there before `threading` was; each with the system's number of it."""
    script = "import threading\nt = threading.Thread(target=lambda: None, name='a name')\nt.start()\nt.join()"
    pid, names = names_of(script, tmp_path)
    assert names[0] == (pid, pid, "MainThread")
    (other,) = names[1:]
    assert other[0] == pid and other[1] != pid and other[2] == "a name"


def test_a_new_name_is_reported(tmp_path: Path) -> None:
    """Of a thread that runs; of one that has not begun, or has ended, nobody would know which it is."""
    script = """
import threading
go = threading.Event()
t = threading.Thread(target=go.wait)
t.name = "before"
t.start()
t.name = "during"
t.name = "then"
go.set()
t.join()
t.name = "after"
threading.current_thread().name = "main"
"""
    _, names = names_of(script, tmp_path)
    assert [name for _, _, name in names] == ["MainThread", "before", "during", "then", "main"]
    assert len({tid for _, tid, name in names if name in ("before", "during", "then")}) == 1


def test_names_may_be_any_text(tmp_path: Path) -> None:
    """One line for each, however long it is and whatever is in it."""
    script = """
import threading
for name in ("grüße 线程", "two\\nlines", "x" * 5000, "\\ud800", 'a "quoted" \\\\ \\x01', "\\x02" * 5000):
    t = threading.Thread(target=lambda: None, name=name)
    t.start()
    t.join()
"""
    _, names = names_of(script, tmp_path)
    assert [name for _, _, name in names[1:]] == [
        "grüße 线程",
        "two lines",
        "x" * 197 + "...",
        "?",
        'a "quoted" \\ \x01',
        "\x02" * 197 + "...",
    ]


def test_a_fork_reports_the_name_of_its_thread(tmp_path: Path) -> None:
    """The child has one thread, of its own number, and its threads say theirs."""
    script = """
import os, threading
if (child := os.fork()) == 0:
    t = threading.Thread(target=lambda: None, name="in the child")
    t.start()
    t.join()
    os._exit(0)
os.waitpid(child, 0)
"""
    pid, names = names_of(script, tmp_path)
    names = [*dict.fromkeys(names)]  # from CPython 3.14 on the child's main thread reports its name twice
    assert names[0] == (pid, pid, "MainThread")
    child = names[1][0]
    assert child != pid
    assert names[1] == (child, child, "MainThread")
    assert [(each, name) for each, _, name in names[2:]] == [(child, "in the child")]


@pytest.mark.parametrize("option", ["-I", "-E", "-S"])
def test_without_site_or_environment_nothing_is_reported(tmp_path: Path, option: str) -> None:
    """As these options have it."""
    assert names_of("import threading", tmp_path, option)[1] == []


def test_dummy_and_green_threads_have_no_name(tmp_path: Path) -> None:
    """Neither what `threading` makes up for a thread that it has not started, nor what runs on another's thread."""
    script = """
import threading, _thread
done = threading.Event()
def unknown():
    threading.current_thread()
    done.set()
_thread.start_new_thread(unknown, ())
done.wait()
green = threading.Thread(target=None, name="green")
green._set_native_id()
"""
    pid, names = names_of(script, tmp_path)
    assert names == [(pid, pid, "MainThread")]


def test_a_program_finds_everything_as_it_would_alone(tmp_path: Path) -> None:
    """But for the two variables, and for what finds `threading`, until it is imported."""
    before, after, variables, files, modules = json.loads(run(STATE, environment()).stdout)
    pipe = tmp_path / "names"
    hooked = json.loads(run(STATE, environment(pipe)).stdout)
    assert hooked[0][0] == before[0]
    assert hooked[0][1] == ["_Finder"] * ("threading" not in before[0]) + before[1]
    assert hooked[0][2:] == before[2:]
    assert hooked[1] == after
    assert hooked[2] == {**variables, "PYTHONPATH": FOLDER, "THREADVIZ_NAMES": str(pipe)}
    assert hooked[3] == files
    assert hooked[4] == modules


def test_a_path_of_the_users_own_stays(tmp_path: Path) -> None:
    """It is found where it would be."""
    script = "import sys; print(sys.path)"
    plain = run(script, environment(PYTHONPATH="/some/where"))
    hooked = run(script, environment(tmp_path / "names", PYTHONPATH="/some/where"))
    assert hooked.stdout == plain.stdout
    assert "/some/where" in plain.stdout


@pytest.mark.parametrize(
    "text",
    [
        "import builtins; builtins.here = __name__, __file__",
        "raise ValueError('no')",
        "import nothing_like_it",
        "1 +",
    ],
)
def test_another_sitecustomize_has_its_turn(tmp_path: Path, text: str) -> None:
    """It is imported as it would be, and its errors are shown as they would be."""
    (tmp_path / "sitecustomize.py").write_text(text)
    script = "import sys; print(sys.modules.get('sitecustomize'), getattr(__builtins__, 'here', None))"
    plain = run(script, environment(PYTHONPATH=str(tmp_path)))
    hooked = run(script, environment(tmp_path / "names", PYTHONPATH=str(tmp_path)))
    assert (hooked.stdout, hooked.stderr) == (plain.stdout, plain.stderr)
    assert ("sitecustomize" in plain.stdout) == text.startswith("import b")


@pytest.mark.parametrize("kind", ["nothing", "file", "pipe"])
def test_a_pipe_that_nobody_reads_is_no_matter(tmp_path: Path, kind: str) -> None:
    """Nothing waits, and nothing is reported."""
    pipe = tmp_path / "names"
    if kind == "pipe":
        os.mkfifo(pipe)
    elif kind == "file":
        pipe.mkdir()
    script = """
import signal, threading
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
t = threading.Thread(target=print, args=("run",))
t.start()
t.join()
"""
    done = run(script, environment(pipe))
    assert (done.stdout, done.stderr, done.returncode) == ("run\n", "", 0)


def test_a_program_may_have_a_threading_of_its_own(tmp_path: Path) -> None:
    """Whatever it is, it is imported, and left alone."""
    (tmp_path / "threading.py").write_text("mine = True")
    script = "import threading; print(threading.mine, threading.__file__)"
    plain = run(script, environment(PYTHONPATH=str(tmp_path)))
    hooked = run(script, environment(tmp_path / "names", PYTHONPATH=str(tmp_path)))
    assert hooked.stdout == plain.stdout == f"True {tmp_path / 'threading.py'}\n"
    assert hooked.stderr == plain.stderr
