"""Runs from the viewer's side: whole ones, stopped ones, and ones in which something is killed."""

import io
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import psutil
import pytest

from tests.launcher.runs import fetching, group, running, started, timeline_of, whole
from tests.mock_server.running import is_gone, wait_until
from tests.protocol.events import read_events
from tests.protocol.header import HEADER
from threadviz.launcher import LaunchedRun
from threadviz.modes import MODES
from threadviz.protocol.codec import encode
from threadviz.protocol.events import AnyEvent, Header, LaneStarted, Outcome, ProcessDied, State, StreamClosed
from threadviz.protocol.requests import AttachRequest, RunRequest, UserFunction
from threadviz.timeline import Role
from threadviz.workloads import WORKLOADS


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("workload", WORKLOADS)
def test_every_workload_runs_under_every_mode(workload: str, mode: str) -> None:
    """All tasks are done, each on a lane, and the lanes' books close."""
    sites = fetching().sites if WORKLOADS[workload].fetches else ()
    timeline = whole(RunRequest(workload=workload, mode=mode, workers=2, tasks=3, sites=sites))
    assert timeline.closed is not None
    assert timeline.closed.outcome is Outcome.FINISHED, timeline.closed
    assert [task.error for task in timeline.tasks] == [None] * 3
    assert all(task.result and task.lane for task in timeline.tasks)
    for lane in timeline.lanes:
        end = lane.end if lane.end is not None else timeline.now
        assert sum(lane.states(lane.start, end).values()) == end - lane.start


def test_the_loop_runs_the_tasks_when_blocking_and_waits_for_events_on_threads() -> None:
    """The loop's lane is the only one in the one mode, and idle in the other."""
    blocking, threads = whole(fetching("blocking")), whole(fetching("threads"))
    assert [lane.role for lane in blocking.lanes] == [Role.LOOP]
    loop = threads.lanes[0]
    assert loop.role is Role.LOOP
    assert threads.begin is not None and threads.end is not None
    idle = loop.states(threads.begin, threads.end)[State.IDLE]
    assert idle > (threads.end - threads.begin) // 2
    assert threads.totals().loop_longest_ns < blocking.totals().loop_longest_ns


def test_a_recording_is_the_stream() -> None:
    """What was recorded is what was told."""
    recording = io.BytesIO()
    with LaunchedRun(fetching(), recording) as run:
        events = list(run.events())
    assert list(read_events(io.BytesIO(recording.getvalue()))) == events


def test_a_stopped_run_tells_what_was_measured_until_then() -> None:
    """Its last word says that it was interrupted, and nothing of it is left."""
    with started(fetching(seconds=60.0)) as (run, events):
        run.stop()
        events += run.events()
        leader = run.observer.pid
    timeline = timeline_of(events)
    assert timeline.closed is not None
    assert timeline.closed.outcome is Outcome.INTERRUPTED
    assert all(task.finished is None for task in timeline.tasks)
    wait_until(lambda: not group(leader))


def test_a_run_can_be_called_off_before_it_has_begun() -> None:
    """Nothing was measured, and that is no failure."""
    with LaunchedRun(fetching()) as run:
        run.stop()
        *before, closed = run.events()
    assert len(before) <= 1 and all(isinstance(event, Header) for event in before)
    assert isinstance(closed, StreamClosed)
    assert closed.outcome is Outcome.INTERRUPTED


def test_what_comes_after_the_last_word_is_not_heard() -> None:
    """It was said for an observer that was long in coming."""
    with LaunchedRun(fetching()) as run:
        observer = psutil.Process(run.observer.pid)
        observer.suspend()
        run.stop()
        events = run.events()
        closed = next(events)
        observer.resume()
        wait_until(lambda: is_gone(observer.pid))
        assert [closed, *events] == [StreamClosed(0, Outcome.INTERRUPTED, "it was interrupted")]


def test_leaving_a_run_ends_it() -> None:
    """A viewer that stops reading in mid-run leaves nothing behind."""
    with started(fetching(seconds=60.0)) as (run, _):
        leader = run.observer.pid
        assert group(leader)
    wait_until(lambda: not group(leader))


@pytest.mark.parametrize("mode", ["threads", "processes"])
def test_killing_the_observer_ends_the_run_and_says_so(mode: str) -> None:
    """The viewer speaks for it, into the recording as well."""
    with started(fetching(mode, seconds=60.0)) as (run, events):
        os.kill(run.observer.pid, signal.SIGKILL)
        events += run.events()
        leader = run.observer.pid
    timeline = timeline_of(events)
    assert [(death.who, death.how) for death in timeline.died] == [("observer", "killed by SIGKILL")]
    assert timeline.closed is not None
    assert timeline.closed.outcome is Outcome.BROKEN
    wait_until(lambda: not group(leader))


@pytest.mark.parametrize("mode", ["blocking", "threads", "processes"])
def test_killing_the_subject_fails_its_tasks_and_says_so(mode: str) -> None:
    """What was under way or had not begun has failed, with the reason."""
    with started(fetching(mode, seconds=60.0)) as (run, events):
        running(run.observer.pid, "threadviz.subject").kill()
        events += run.events()
        leader = run.observer.pid
    timeline = timeline_of(events)
    assert [(death.who, death.how) for death in timeline.died] == [("subject", "killed by SIGKILL")]
    assert timeline.closed is not None
    assert timeline.closed.outcome is Outcome.BROKEN
    assert {task.error for task in timeline.tasks} == {"the subject died (killed by SIGKILL)"}
    wait_until(lambda: not group(leader))


def test_killing_a_worker_fails_the_tasks_that_were_left() -> None:
    """The pool is broken: the tasks say so, and so does the death, as exactly as it was seen."""
    with started(fetching("processes", seconds=60.0)) as (run, events):
        subject = running(run.observer.pid, "threadviz.subject")
        servers = [each for each in subject.children() if "forkserver" in " ".join(each.cmdline())]
        # The first: of others that it starts by a server, a pool hears only when a task is over (so CPython 3.14).
        worker, *_ = (servers or [subject])[0].children()
        worker.kill()
        events += run.events()
    timeline = timeline_of(events)
    assert {death.who for death in timeline.died} == {"worker"}
    assert worker.pid in {death.pid for death in timeline.died}
    assert timeline.closed is not None
    assert timeline.closed.outcome is Outcome.BROKEN
    assert all(task.error is not None and "BrokenProcessPool" in task.error for task in timeline.tasks)


def test_killing_the_site_fails_the_fetches_and_the_run_goes_on() -> None:
    """Each fetch says what became of it."""
    with started(fetching(seconds=60.0)) as (run, events):
        running(run.observer.pid, "threadviz.mock_server").kill()
        events += run.events()
    timeline = timeline_of(events)
    assert [(death.who, death.how) for death in timeline.died] == [("site", "killed by SIGKILL")]
    assert timeline.closed is not None
    assert timeline.closed.outcome is Outcome.FINISHED
    assert all(task.error for task in timeline.tasks)


def test_killing_the_viewer_leaves_nothing_behind() -> None:
    """The observer notices that nobody is there, and ends everything."""
    script = textwrap.dedent("""
        from tests.launcher.runs import fetching, started
        with started(fetching("processes", seconds=60.0)) as (run, events):
            print(run.observer.pid, flush=True)
            for event in run.events():
                pass
    """)
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as viewer:
        try:
            assert viewer.stdout is not None
            leader = int(viewer.stdout.readline())
            assert group(leader)
        finally:
            viewer.kill()
    wait_until(lambda: not group(leader))


@pytest.mark.parametrize("module", ["threadviz.mock_server", "threadviz.subject"])
def test_a_process_that_is_killed_at_its_start_is_told(module: str) -> None:
    """Whichever it was, the stream has its header and its last word, and nothing is left."""
    with LaunchedRun(fetching()) as run:
        wait_until(lambda: any(module in each.cmdline() for each in group(run.observer.pid)))
        running(run.observer.pid, module).kill()
        header, *_, closed = run.events()
    assert isinstance(header, Header) and isinstance(closed, StreamClosed)
    assert "observer" not in closed.reason
    wait_until(lambda: not group(run.observer.pid))


def test_an_observer_that_dies_in_mid_line_leaves_a_sound_recording(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a line is not joined to what is said of its death."""
    observer = tmp_path / "observer"
    script = [
        "#!/bin/sh",
        "read request",
        'exec > "/dev/fd/$3"',
        "cat <<'E'",
        encode(HEADER).decode() + "E",
        "printf half",
        "kill -9 $$",
    ]
    observer.write_text("\n".join(script))
    observer.chmod(0o755)
    monkeypatch.setattr("threadviz.launcher.PYTHON", (str(observer),))
    recording = io.BytesIO()
    with LaunchedRun(fetching(), recording) as run:
        told = list(run.events())
    assert [type(event) for event in told] == [Header, ProcessDied, StreamClosed]
    assert list(read_events(io.BytesIO(recording.getvalue()))) == told


def test_an_observer_that_dies_before_it_says_anything_leaves_an_empty_recording(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A recording begins with a header, or with nothing."""
    observer = tmp_path / "observer"
    observer.write_text("#!/bin/sh\nkill -9 $$\n")
    observer.chmod(0o755)
    monkeypatch.setattr("threadviz.launcher.PYTHON", (str(observer),))
    recording = io.BytesIO()
    with LaunchedRun(fetching(), recording) as run:
        assert [type(event) for event in run.events()] == [ProcessDied, StreamClosed]
    assert recording.getvalue() == b""


def test_no_group_is_killed_whose_number_may_be_another_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a dead observer has left is ended before it is collected, and its number is not used again after that."""
    observer, left = tmp_path / "observer", tmp_path / "left"
    text = [
        f"#!{sys.executable}",
        "import os, pathlib, subprocess",
        "child = subprocess.Popen(['sleep', '600'], stderr=subprocess.DEVNULL)",
        f"pathlib.Path({str(left)!r}).write_text(str(child.pid))",
        "os.kill(os.getpid(), 9)",
    ]
    observer.write_text("\n".join(text))
    observer.chmod(0o755)
    monkeypatch.setattr("threadviz.launcher.PYTHON", (str(observer),))
    killed, killpg = [], os.killpg

    def kill(leader: int, number: int) -> None:
        killed.append(psutil.Process(leader).status())
        killpg(leader, number)

    monkeypatch.setattr(os, "killpg", kill)
    with LaunchedRun(fetching()) as run:
        died, _ = run.events()
        assert isinstance(died, ProcessDied) and died.how == "killed by SIGKILL"
        sleeper = int(left.read_text())
        wait_until(lambda: is_gone(sleeper))
    assert killed == [psutil.STATUS_ZOMBIE]


PRINTING = """
import sys
if any(word.startswith("threadviz.") for word in sys.orig_argv):
    print("hello from the start of", sys.orig_argv[-1], flush=True)
"""


def test_what_is_printed_at_the_start_of_every_python_is_in_nobody_s_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the stream of events nor the site's answer is what it prints to."""
    (tmp_path / "sitecustomize.py").write_text(PRINTING)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    timeline = whole(fetching(seconds=0.0))
    assert timeline.closed is not None and timeline.closed.outcome is Outcome.FINISHED, timeline.closed
    assert [task.error for task in timeline.tasks] == [None] * 3


FAILING = """
import sys
if "threadviz.observer" in sys.orig_argv:
    from threadviz.observer.probes.linux import LinuxProbe
    def begin(probe):
        raise KeyError("no such thing")
    LinuxProbe.begin = begin
"""


@pytest.mark.skipif(sys.platform != "linux", reason="it is the Linux probe that is made to fail")
def test_a_fault_of_the_observer_before_it_looks_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Whatever it is, the stream has its header and says what it was, and nothing is on the terminal, nor left."""
    (tmp_path / "sitecustomize.py").write_text(FAILING)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with LaunchedRun(fetching()) as run:
        header, closed = run.events()
    assert isinstance(header, Header) and isinstance(closed, StreamClosed)
    assert closed.outcome is Outcome.BROKEN
    assert closed.reason.startswith("the observer failed: KeyError: 'no such thing' (sitecustomize.py, line ")
    assert capfd.readouterr().err == ""
    wait_until(lambda: not group(run.observer.pid))


def test_no_file_of_the_current_folder_stands_in_for_a_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A learner's folder has a `random.py`, and a run in it is a run."""
    for name in ("random.py", "queue.py", "signal.py"):
        (tmp_path / name).write_text("raise SystemExit('this file is not for import')")
    monkeypatch.chdir(tmp_path)
    timeline = whole(fetching(seconds=0.0))
    assert timeline.closed is not None and timeline.closed.outcome is Outcome.FINISHED


def test_a_subject_that_can_not_start_is_told() -> None:
    """The stream has a header and a last word, and no lanes."""
    with LaunchedRun(RunRequest(workload="no such thing", mode="threads", workers=1)) as run:
        _, closed = run.events()
    assert isinstance(closed, StreamClosed)
    assert closed.outcome is Outcome.BROKEN
    assert "did not start" in closed.reason and "KeyError" in closed.reason


def test_many_workers_and_tasks_are_told_once_each() -> None:
    """Nothing is lost, and nothing is double, among many lanes."""
    timeline = whole(fetching(seconds=0.01, sites=500, workers=64))
    assert timeline.closed is not None
    assert timeline.closed.outcome is Outcome.FINISHED
    assert [task.number for task in timeline.tasks] == list(range(500))
    assert all(task.finished is not None and task.error is None for task in timeline.tasks)
    assert sum(len(lane.tasks) for lane in timeline.lanes) == 500


def test_tasks_that_begin_while_nobody_looks_are_on_their_lanes() -> None:
    """An observer that gets no CPU until the workers are gone has still seen them before."""
    with LaunchedRun(fetching(sites=9)) as run:
        events: list[AnyEvent] = []
        coming = iter(run.events())
        while sum(isinstance(event, LaneStarted) for event in events) < 4:
            events.append(next(coming))
        observer, subject = psutil.Process(run.observer.pid), running(run.observer.pid, "threadviz.subject")
        observer.suspend()
        wait_until(lambda: subject.num_threads() == 1)
        observer.resume()
        events += coming
    timeline = timeline_of(events)
    assert sorted(task for lane in timeline.lanes for task in lane.tasks) == list(range(9))


def test_the_portable_probe_tells_running_from_waiting_only() -> None:
    """No state is shown that it can't see."""
    request = fetching()
    timeline = whole(
        RunRequest(workload="fetch", mode="threads", workers=3, sites=request.sites, probe="portable")
    )
    assert timeline.header.probe.name == "portable"
    seen = {state for lane in timeline.lanes for state, ns in lane.states(0, timeline.now).items() if ns}
    assert seen <= {State.RUNNING, State.WAITING, State.IDLE, State.UNKNOWN}
    assert State.WAITING in seen


def test_deaths_are_events_of_the_recording() -> None:
    """A recording of a run whose observer was killed loads, and ends with that."""
    recording = io.BytesIO()
    with LaunchedRun(fetching(seconds=60.0), recording) as run:
        for _ in run.events():
            os.kill(run.observer.pid, signal.SIGKILL)
            break
        list(run.events())
    *_, died, closed = read_events(io.BytesIO(recording.getvalue()))
    assert isinstance(died, ProcessDied) and isinstance(closed, StreamClosed)


def test_what_is_asked_for_is_put_into_words_before_anything_is_started(tmp_path: Path) -> None:
    """Where it can't be, no process is there, and no folder."""
    calling = UserFunction(function="json:loads", folder="odd\udcff", items=())
    before = psutil.Process().children()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("tempfile.tempdir", str(tmp_path))
        with pytest.raises(UnicodeEncodeError):
            LaunchedRun(RunRequest(workload="json:loads", mode="threads", workers=1, calling=calling))
    assert psutil.Process().children() == before
    assert not [*tmp_path.iterdir()]


def test_an_observer_that_only_looks_on_shares_its_viewer_s_cpu_time() -> None:
    """It is in the same session, by which Linux deals it out, and in a group of its own: Ctrl-C does not reach it."""
    source = "print(flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", source], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as subject:
        assert subject.stdout is not None
        subject.stdout.readline()
        with LaunchedRun(AttachRequest(pid=subject.pid)) as run:
            assert isinstance(next(run.events()), Header)
            assert os.getsid(run.observer.pid) == os.getsid(0)
            assert os.getpgid(run.observer.pid) == run.observer.pid
        subject.kill()
