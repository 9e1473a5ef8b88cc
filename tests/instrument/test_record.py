import ctypes
import gzip
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

import threadviz
from tests.cli.command import LIMIT_S, all_gone, await_that, says
from tests.cli.command import threadviz as run_threadviz
from threadviz.instrument import record as recorder
from threadviz.observer.system import ptrace_scope
from threadviz.recordings.reader import load
from threadviz.report.json_report import run_facts

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


def observers() -> list[psutil.Process]:
    """The observers of programs that there are now, whoever has started them."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if "threadviz.instrument.recorder_process" in process.cmdline():
                found.append(process)
    return found


def observer_of(recording: Path) -> psutil.Process:
    """The observer that writes this recording."""
    for process in observers():
        for descriptor in Path(f"/proc/{process.pid}/fd").iterdir():
            with suppress(OSError):
                if descriptor.samefile(recording):
                    return process
    raise AssertionError("nobody writes it")


def spin(seconds: float) -> None:
    """Compute for so long."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        sum(range(1000))


def program(source: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a program to its end."""
    return subprocess.run(
        [sys.executable, "-c", source, *arguments], capture_output=True, encoding="utf-8", timeout=LIMIT_S
    )


@contextmanager
def running(source: str, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    """Run a program, as the leader of a process group, until this is left."""
    with subprocess.Popen(
        [sys.executable, "-c", source, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        process_group=0,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_what_the_program_did_meanwhile_is_recorded(tmp_path: Path) -> None:
    """Its own threads, those that came among them, and nothing of the observer; facts are what `show` prints."""
    path = tmp_path / "run.jsonl"
    before = {each.pid for each in psutil.Process().children(recursive=True)}
    with threadviz.record(path) as recording:
        worker = threading.Thread(target=spin, args=(0.3,))
        worker.start()
        number = worker.native_id
        worker.join()
    facts = recording.facts
    assert recording.path == path
    assert (facts.mode, facts.outcome, facts.python) == ("record", "finished", sys.version.split()[0])
    lanes = {(lane.pid, lane.tid): lane for lane in facts.lanes}
    assert {pid for pid, _ in lanes} - before == {os.getpid()}
    lane = lanes[os.getpid(), number or 0]
    assert sum(lane.states.get(state, 0.0) for state in ("running", "ready")) > 0.2
    assert facts.total_s >= 0.3
    assert facts == run_facts(load(path).timeline)
    shown = run_threadviz("show", str(path), "--json")
    assert json.loads(shown.stdout)["total_s"] == facts.total_s


def test_the_time_is_that_of_the_body() -> None:
    """Without the time in which the observer is waited for."""
    with threadviz.record() as recording:
        begun = time.monotonic()
        threading.Event().wait(0.2)
        took = time.monotonic() - begun
        time.sleep(0)
    assert took <= recording.facts.total_s
    main = next(lane for lane in recording.facts.lanes if lane.tid == os.getpid())
    assert sum(main.states.values()) == pytest.approx(recording.facts.total_s)


def test_without_a_path_nothing_is_kept_but_the_facts() -> None:
    """No file is left, no observer, and no descriptor."""
    with threadviz.record() as recording:
        spin(0.05)
    assert recording.path is None
    assert recording.facts is recording.facts
    files = len(os.listdir("/proc/self/fd"))
    del recording
    assert len(os.listdir("/proc/self/fd")) < files


def test_a_recording_is_packed_where_its_name_says_so(tmp_path: Path) -> None:
    """As the command does it."""
    path = tmp_path / "run.jsonl.gz"
    with threadviz.record(str(path)):
        spin(0.05)
    with gzip.open(path) as file:
        lines = file.read().splitlines()
    assert b'"type":"header"' in lines[0]
    assert b'"type":"closed"' in lines[-1]
    loaded = load(path)
    assert loaded.dropped == "" and loaded.timeline.closed is not None


def test_tasks_of_observed_executors_are_in_it() -> None:
    """Tasks, on lanes of this process, from the first to the last."""
    from concurrent.futures import ThreadPoolExecutor

    with threadviz.record() as recording, threadviz.observed(ThreadPoolExecutor(2)) as pool:
        for _ in pool.map(spin, [0.02] * 5):
            pass
    assert len(recording.facts.tasks) == 5
    assert all(task.finished_s is not None for task in recording.facts.tasks)


def test_a_file_is_not_recorded_over(tmp_path: Path) -> None:
    """The body is not entered, what is in the file stays, and the next recording can be made."""
    path = tmp_path / "run.jsonl"
    path.write_text("old")
    with pytest.raises(FileExistsError, match="exists already: give another name"), threadviz.record(path):
        raise AssertionError("it was entered")
    assert path.read_text() == "old"
    with pytest.raises(FileNotFoundError), threadviz.record(tmp_path / "missing" / "run.jsonl"):
        raise AssertionError("it was entered")
    with threadviz.record(tmp_path / "other.jsonl"):
        pass


def test_an_exception_goes_through_and_the_recording_is_whole(tmp_path: Path) -> None:
    """Whatever it is."""
    path = tmp_path / "run.jsonl"
    with pytest.raises(KeyError, match="mine"), threadviz.record(path) as recording:
        raise KeyError("mine")
    assert recording.facts.outcome == "finished"
    assert says(path, "closed")


def test_one_recording_of_a_process_at_a_time(tmp_path: Path) -> None:
    """A second one is refused, wherever it comes from, and leaves the first alone."""
    path = tmp_path / "second.jsonl"
    refused = []

    def second() -> None:
        try:
            with threadviz.record(path):
                pass
        except threadviz.ObservationError as error:
            refused.append(str(error))

    with threadviz.record() as recording:
        second()
        thread = threading.Thread(target=second)
        thread.start()
        thread.join()
        with pytest.raises(threadviz.ObservationError, match="before the recording is over"):
            recording.facts  # noqa: B018
    assert refused == ["this process is recorded already: leave that recording first"] * 2
    assert not path.exists()
    assert recording.facts.outcome == "finished"
    with pytest.raises(threadviz.ObservationError, match="entered once"), recording:
        raise AssertionError("it was entered")


def test_it_works_in_a_thread() -> None:
    """Which is not the main one."""
    done = []

    def work() -> None:
        with threadviz.record() as recording:
            spin(0.05)
        done.append(recording.facts.outcome)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == ["finished"]


CHILDLESS = """
import os, multiprocessing, sys, threadviz
with threadviz.record(sys.argv[1]):
    try:
        os.wait()
    except ChildProcessError:
        print("no child")
    print(multiprocessing.active_children(), os.listdir("/proc/self/task").__len__())
"""


def test_the_observer_is_no_child_of_the_program(tmp_path: Path) -> None:
    """Who waits for all of its children waits for none; and no thread is added."""
    done = program(CHILDLESS, str(tmp_path / "run.jsonl"))
    assert (done.stdout, done.stderr, done.returncode) == ("no child\n[] 1\n", "", 0)


def test_a_signal_pipe_that_kills_is_not_met(tmp_path: Path) -> None:
    """Of a program that lets SIGPIPE end it, when its observer is gone."""
    path = tmp_path / "run.jsonl"
    source = """
import signal, sys, threadviz
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
with threadviz.record(sys.argv[1]):
    print("ready", flush=True)
    sys.stdin.readline()
print("whole", flush=True)
"""
    with running(source, str(path)) as process:
        assert process.stdout is not None and process.stdin is not None
        assert process.stdout.readline() == "ready\n"
        observer = observer_of(path)
        observer.kill()
        assert all_gone([observer])
        process.stdin.write("\n")
        process.stdin.flush()
        assert process.stdout.readline() == "whole\n"
        assert process.wait(LIMIT_S) == 0


def test_an_observer_that_dies_does_the_program_no_harm(tmp_path: Path) -> None:
    """A warning says so when the recording is left, and what was observed until then is there."""
    path = tmp_path / "run.jsonl"
    recording = threadviz.record(path)

    def lose_it() -> None:
        with recording:
            await_that(lambda: says(path, "tick"))
            observer = observer_of(path)
            observer.kill()
            assert all_gone([observer])

    with pytest.warns(RuntimeWarning, match="the recording is not whole: the observer died") as shown:
        lose_it()
    assert shown[0].filename == __file__
    assert recording.facts.outcome == "broken"


def test_an_observer_that_dies_is_a_note_on_what_the_body_raises(tmp_path: Path) -> None:
    """That is what counts."""
    path = tmp_path / "run.jsonl"

    def fail() -> None:
        with threadviz.record(path):
            await_that(lambda: says(path, "tick"))
            observer_of(path).kill()
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine") as caught:
        fail()
    assert caught.value.__notes__ == ["threadviz: the recording is not whole: the observer died"]


CLOSING = """
import os, sys, threadviz
from concurrent.futures import ThreadPoolExecutor
folder, what = sys.argv[1:]
try:
    with threadviz.record(f"{folder}/run.jsonl" if what == "kept" else None) as recording:
        pool = threadviz.observed(ThreadPoolExecutor(1))
        pool.submit(int).result()
        os.closerange(3, 100)
        mine = [os.open(f"{folder}/{n}", os.O_RDWR | os.O_CREAT) for n in range(40)]
        pool.submit(int).result()
        if what == "raised":
            raise KeyError("mine")
except KeyError as error:
    print(error, error.__notes__)
print({os.fstat(each).st_size for each in mine})
try:
    print(recording.facts.outcome)
except threadviz.ObservationError as error:
    print(error)
del recording
print({os.fstat(each).st_size for each in mine})
"""

NOT_WHOLE = (
    "the recording is not whole: "
    "the program has closed files that are not its own, and with them the line to the observer"
)


@pytest.mark.parametrize(
    ("what", "shown"),
    [
        ("kept", ["{0}", "finished", "{0}"]),
        ("facts", ["{0}", "the program has closed files that are not its own, and this recording's", "{0}"]),
        (
            "raised",
            [
                f"'mine' {[f'threadviz: {NOT_WHOLE}']}",
                "{0}",
                "the program has closed files that are not its own, and this recording's",
                "{0}",
            ],
        ),
    ],
)
def test_a_program_may_close_what_is_not_its_own(tmp_path: Path, what: str, shown: list[str]) -> None:
    """A warning says that the recording is not whole. What it has opened since under those numbers is not touched."""
    variables = {**os.environ, "TMPDIR": str(tmp_path)}
    script = tmp_path / "closing.py"  # of a file, every Python prints the line that it warns of
    script.write_text(CLOSING)
    done = subprocess.run(
        [sys.executable, script, tmp_path, what],
        capture_output=True,
        encoding="utf-8",
        env=variables,
        timeout=LIMIT_S,
    )
    assert done.stdout.splitlines() == shown
    warning = [f"{script}:6: RuntimeWarning: {NOT_WHOLE}", f"  {CLOSING.splitlines()[5].strip()}"]
    assert [line for line in done.stderr.splitlines() if line] == ([] if what == "raised" else warning)
    assert done.returncode == 0
    assert not list(tmp_path.glob("threadviz-*"))
    if what == "kept":
        assert says(tmp_path / "run.jsonl", "closed")


HELD_OPEN = """
import os, sys, time, threadviz
from threadviz.instrument import record
record.END_S = 0.5
with threadviz.record(sys.argv[1]):
    child = os.fork()
    if child == 0:
        sys.stdin.read()
        os._exit(0)
    print("ready", flush=True)
    while not os.path.exists(sys.argv[2]):
        time.sleep(0.01)
    os.closerange(3, 100)
print("over", flush=True)
os.kill(child, 9)
os.waitpid(child, 0)
"""


def test_an_observer_whose_line_others_have_is_ended(tmp_path: Path) -> None:
    """A process that was forked off has it too, when the program has closed its own end: nobody could let it go."""
    path, go = tmp_path / "run.jsonl", tmp_path / "go"
    with running(HELD_OPEN, str(path), str(go)) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        observer = observer_of(path)
        go.touch()
        assert process.stdout.readline() == "over\n"
        assert all_gone([observer])
        process.wait(LIMIT_S)


WAITING = """
import sys, threadviz
with threadviz.record(sys.argv[1]):
    print("ready", flush=True)
    sys.stdin.readline()
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_program_that_is_killed_leaves_a_whole_recording(tmp_path: Path, number: signal.Signals) -> None:
    """And no observer: that of the terminal's Ctrl-C goes to the program's group, to which it does not belong."""
    path = tmp_path / "run.jsonl.gz"
    with running(WAITING, str(path)) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        observer = observer_of(path)
        os.killpg(process.pid, number)
        process.wait(LIMIT_S)
        assert all_gone([observer])
    loaded = load(path)
    assert loaded.dropped == ""
    assert loaded.timeline.closed is not None


FORKING = """
import os, sys, threadviz
with threadviz.record(sys.argv[1]):
    child = os.fork()
    if child == 0:
        sys.stdin.readline()
if child == 0:
    with threadviz.record(sys.argv[2]) as recording:
        pass
    os._exit(0 if recording.facts.outcome == "finished" else 1)
print("over", flush=True)
sys.exit(os.waitpid(child, 0)[1])
"""


def test_a_process_that_is_forked_off_ends_nothing(tmp_path: Path) -> None:
    """The recording ends with the one that has begun it, though the other lives on; and that can have its own."""
    first, second = tmp_path / "first.jsonl", tmp_path / "second.jsonl"
    with running(FORKING, str(first), str(second)) as process:
        assert process.stdout is not None and process.stdin is not None
        assert process.stdout.readline() == "over\n"
        assert says(first, "closed")
        process.stdin.write("\n")
        process.stdin.close()
        assert process.wait(LIMIT_S) == 0
    pids = [{lane.pid for lane in load(path).timeline.lanes} for path in (first, second)]
    assert len(pids[1]) == 1 and pids[0] != pids[1]
    if (
        os.geteuid() == 0 or ptrace_scope() == 0
    ):  # else only the process that has asked for it may be looked into
        assert pids[1] < pids[0]


def observe_with(source: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace the observer by this Python program, whose socket is `line`."""
    observer = folder / "observer"
    observer.write_text(f"#!{sys.executable}\nimport os, sys\nline = sys.stdin.fileno()\n{source}")
    observer.chmod(0o755)
    monkeypatch.setattr(recorder, "PYTHON", (str(observer),))


HELLO = """
if os.fork(): os._exit(0)
os.write(line, b'{"pid":%d}\\n' % os.getpid())
os.read(line, 4096)
"""


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("sys.exit(3)", "the observer did not start: exit status 3"),
        ("os.fork()", "the observer died before it began"),
        (HELLO, "the observer died before it began"),
        (HELLO + """os.write(line, b'{"pid":1,"error":"it is forbidden"}\\n')""", "it is forbidden"),
    ],
)
def test_where_it_can_not_be_observed_the_body_is_not_entered(
    source: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error says why, and nothing is left: no file, no folder, and no recording that others would wait for."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    path = tmp_path / "run.jsonl"
    with monkeypatch.context() as broken:
        observe_with(source, tmp_path, broken)
        with pytest.raises(threadviz.ObservationError) as shown, threadviz.record(path):
            raise AssertionError("it was entered")
    assert str(shown.value) == why
    assert [each.name for each in tmp_path.iterdir()] == ["observer"]
    with threadviz.record(path):
        pass


def test_the_observer_is_allowed_to_trace_where_that_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """It alone, and only until the recording is left."""
    libc, called = ctypes.CDLL(None), []

    class Libc:
        def prctl(self, what: int, who: ctypes.c_ulong, *rest: int) -> None:
            called.append((what, who.value))
            libc.prctl(what, who, *rest)

    monkeypatch.setattr(recorder, "ptrace_scope", lambda: 1)
    monkeypatch.setattr(ctypes, "CDLL", lambda name: Libc())
    with threadviz.record():
        ((what, observer),) = called
        assert "threadviz.instrument.recorder_process" in psutil.Process(observer).cmdline()
    assert called == [(what, observer), (what, 0)]


def test_an_observer_that_can_not_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as where Python is not where it was."""
    monkeypatch.setattr(recorder, "PYTHON", ("/nowhere/python",))
    with (
        pytest.raises(threadviz.ObservationError, match=r"can't be started \(No such file"),
        threadviz.record(),
    ):
        raise AssertionError("it was entered")


LOOKS = """os.write(line, b'{"pid":%d}\\n' % os.getpid())"""
STALLS = "import time; time.sleep(600)"


@pytest.mark.parametrize(
    ("source", "why"),
    [
        (STALLS, "the observer did not start within 1 s"),
        # Where it takes as long to start, it is that which is said.
        (f"{HELLO}\n{STALLS}", "the observer did not (begin|start) within 1 s"),
    ],
)
def test_an_observer_that_does_not_begin_is_ended(
    source: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not waited for without end."""
    observe_with(source, tmp_path, monkeypatch)
    monkeypatch.setattr(recorder, "START_S", 1.0)
    with pytest.raises(threadviz.ObservationError, match=why), threadviz.record():
        raise AssertionError("it was entered")
    assert all_gone(
        [each for each in psutil.process_iter() if str(tmp_path / "observer") in _command_line(each)]
    )


def test_an_observer_that_does_not_end_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And a warning says so."""
    observe_with(f"{HELLO}\n{LOOKS}\n{STALLS}", tmp_path, monkeypatch)
    monkeypatch.setattr(recorder, "END_S", 1.0)
    with pytest.warns(RuntimeWarning, match="did not answer, and was ended"), threadviz.record():
        pass
    assert all_gone(
        [each for each in psutil.process_iter() if str(tmp_path / "observer") in _command_line(each)]
    )


def _command_line(process: psutil.Process) -> list[str]:
    with suppress(psutil.Error):
        return process.cmdline()
    return []


LIMITED = """
import resource, sys, threading, time, threadviz
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, resource.RLIM_INFINITY))
with threadviz.record(sys.argv[1]) as recording:
    for _ in range(60):
        thread = threading.Thread(target=time.sleep, args=(0.01,))
        thread.start()
        thread.join()
print(recording.facts.outcome)
"""


def test_a_recording_that_can_not_be_written_further(tmp_path: Path) -> None:
    """The program goes on, and what was written until then is good."""
    done = program(LIMITED, str(tmp_path / "run.jsonl"))
    assert (done.returncode, done.stdout) == (0, "broken\n")
    assert (
        "RuntimeWarning: the recording is not whole: it can't be written any further (File too large)"
        in done.stderr
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_recording_that_can_not_be_written_at_all_is_refused() -> None:
    """The body is not entered."""
    with pytest.raises(threadviz.ObservationError, match="No space left"), threadviz.record("/dev/full"):
        raise AssertionError("it was entered")


def test_a_device_has_no_facts() -> None:
    """It can be written, and not be read again."""
    with threadviz.record(os.devnull) as recording:
        pass
    with pytest.raises(threadviz.ObservationError, match="it is a pipe or a device"):
        recording.facts  # noqa: B018


def test_threads_have_their_names(tmp_path: Path) -> None:
    """Those that were there before, those that started meanwhile, and one that was given another."""
    path = tmp_path / "run.jsonl"

    def is_seen(tid: int | None) -> bool:
        return f'"tid":{tid},' in path.read_text()

    def until_seen() -> None:
        await_that(lambda: is_seen(threading.get_native_id()))

    before = vars(threading.Thread).copy()
    there, done = threading.Thread(target=(event := threading.Event()).wait, name="there"), threading.Event()
    there.start()
    with threadviz.record(path) as recording:
        for name in ("quick", "two\nlines"):
            thread = threading.Thread(target=until_seen, name=name)
            thread.start()
            thread.join()
        other = threading.Thread(target=done.wait, name="before")
        other.start()
        await_that(lambda: is_seen(other.native_id))
        other.name = "after"
    event.set()
    done.set()
    there.join()
    other.join()
    names = {lane.name for lane in recording.facts.lanes}
    assert names >= {"there", "quick", "two lines", "after"}
    assert "before" not in names
    assert vars(threading.Thread) == before


def test_the_portable_probe_can_be_asked_for() -> None:
    """As with the command."""
    with threadviz.record(probe="portable") as recording:
        spin(0.1)
    assert recording.facts.probe.name == "portable"
    assert {lane.pid for lane in recording.facts.lanes} >= {os.getpid()}


def test_threadviz_itself_is_light() -> None:
    """What programs use of it is imported when they use it; there is no more than `__all__` has."""
    source = "import sys, threadviz; print([name for name in sys.modules if name.startswith(('threadviz', 'msgspec'))])"
    assert program(source).stdout == "['threadviz._version', 'threadviz']\n"
    assert threadviz.__all__ == sorted(threadviz.__all__)
    assert all(hasattr(threadviz, name) for name in threadviz.__all__)
    with pytest.raises(AttributeError, match="module 'threadviz' has no attribute 'nix'"):
        threadviz.nix  # type: ignore[attr-defined]  # noqa: B018


CUSTOM = """
import sys
if "threadviz.instrument.recorder_process" in sys.orig_argv:
    print("hello", flush=True)
    if {fails}:
        from threadviz.observer.probes.linux import LinuxProbe
        def begin(probe):
            raise KeyError("no such thing")
        LinuxProbe.begin = begin
"""


def test_what_is_printed_at_the_start_of_every_python_is_not_in_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has another descriptor than what prints."""
    (tmp_path / "sitecustomize.py").write_text(CUSTOM.format(fails=False))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    path = tmp_path / "run.jsonl"
    with threadviz.record(path):
        pass
    assert "hello" not in path.read_text()
    assert load(path).timeline.closed is not None


@pytest.mark.skipif(sys.platform != "linux", reason="it is the Linux probe that is made to fail")
def test_a_fault_of_the_observer_before_it_begins_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The body is not entered."""
    (tmp_path / "sitecustomize.py").write_text(CUSTOM.format(fails=True))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(threadviz.ObservationError, match="observer failed: KeyError"), threadviz.record():
        raise AssertionError("it was entered")
