import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from tests.cli.command import await_that
from tests.observer.target_programs import OTHER_USER, Target, needs_allowing, needs_rights, target
from threadviz.observer.io import RunClock, StreamWriter
from threadviz.observer.observation import Observation
from threadviz.observer.targets.attach import AttachedProcess, TargetError, find_process, prepare_process
from threadviz.protocol.codec import Decoder
from threadviz.protocol.events import (
    AnyEvent,
    Header,
    LaneEnded,
    LaneStarted,
    Outcome,
    ProcessSeen,
    RunStarted,
    StreamClosed,
    TargetKind,
)
from threadviz.protocol.requests import AttachRequest

pytestmark = [needs_allowing, pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user")

PARENT = """
import subprocess, sys
with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as child:
    print("ready", flush=True)
    sys.stdin.read()
"""

SHELL = 'echo ready; "$0" -c "import sys; print(0, flush=True); sys.stdin.read()"; true'


@contextmanager
def lifeline() -> Iterator[tuple[int, int]]:
    """Yield the observer's end of a lifeline and the viewer's, which may be closed meanwhile."""
    ours, theirs = os.pipe()
    yield ours, theirs
    os.close(ours)
    with suppress(OSError):
        os.close(theirs)


def run(observation: Observation, folder: Path) -> list[AnyEvent]:
    """Run an observation, and return its whole stream."""
    with (folder / "stream").open("w+b") as stream:
        output = StreamWriter(stream.fileno())
        output.write([observation.header])
        observation.run(output)
        output.finish()
        stream.seek(0)
        return list(Decoder().feed(stream.read()))


def observe_once(request: AttachRequest, folder: Path) -> list[AnyEvent]:
    """Return the stream of a process whose viewer wants no more than the first sample."""
    with lifeline() as (ours, theirs):
        os.close(theirs)
        return run(prepare_process(request, ours, RunClock()), folder)


def test_all_threads_have_lanes_from_the_start(tmp_path: Path) -> None:
    """Where the viewer stops the observation, no lane ends."""
    with target() as subject:
        events = observe_once(AttachRequest(pid=subject.pid), tmp_path)
        assert subject.answers()
    header, begin, last = events[0], events[1], events[-1]
    lanes = [event for event in events if isinstance(event, LaneStarted)]
    assert isinstance(header, Header)
    assert (header.watches, header.mode, header.python) == (
        TargetKind.PROCESS,
        "attach",
        sys.version.split()[0],
    )
    assert isinstance(begin, RunStarted) and (begin.t, begin.pid, begin.loop) == (0, subject.pid, False)
    assert [(lane.t, lane.pid) for lane in lanes] == [(0, subject.pid)] * 3
    assert isinstance(last, StreamClosed)
    assert (last.outcome, last.reason, last.status) == (Outcome.FINISHED, "", None)
    assert not any(isinstance(event, LaneEnded) for event in events)


def test_attaching_a_hundred_times_does_no_harm(tmp_path: Path) -> None:
    """Threads, files and memory are the same, it was never woken up and never traced, and it answers as before."""
    with target() as subject:
        assert subject.answers()
        before = subject.shape
        for _ in range(100):
            assert isinstance(observe_once(AttachRequest(pid=subject.pid), tmp_path)[-1], StreamClosed)
        assert subject.shape == before
        assert subject.answers()


@needs_rights
def test_child_processes_are_observed_whatever_they_run(tmp_path: Path) -> None:
    """Also if that is no Python."""
    with target(PARENT) as subject:
        (child,) = psutil.Process(subject.pid).children()
        await_that(lambda: child.name() == "cat")
        events = observe_once(AttachRequest(pid=subject.pid), tmp_path)
    assert {event.pid for event in events if isinstance(event, LaneStarted)} == {subject.pid, child.pid}
    seen = {event.pid: event for event in events if isinstance(event, ProcessSeen)}
    assert seen[subject.pid].python == sys.version.split()[0]
    assert (seen[child.pid].python, seen[child.pid].name) == ("", "cat")


@pytest.mark.parametrize("probe", ["auto", "portable"])
def test_the_observer_does_not_observe_itself(probe: str) -> None:
    """Also where its target has started it: the viewer and all that the viewer starts are left out."""
    source = f"""
import os, subprocess, sys
print("ready", flush=True)
command = [sys.executable, "-m", "threadviz", "attach", str(os.getpid()), "--json", "--seconds", "0.6"]
done = subprocess.run([*command, "--probe", {probe!r}], capture_output=True, encoding="utf-8")
print(done.stdout, end="", flush=True)
"""
    with target(source) as subject:
        assert subject.process.stdout is not None
        facts = json.loads(subject.process.stdout.readline())
        assert {lane["pid"] for lane in facts["lanes"]} == {subject.pid}


def test_a_process_is_observed_until_it_ends(tmp_path: Path) -> None:
    """The exit status is not known, because only its parent learns that."""
    with target() as subject, lifeline() as (ours, _):
        observation = prepare_process(AttachRequest(pid=subject.pid), ours, RunClock())
        subject.end()
        *events, last = run(observation, tmp_path)
    assert isinstance(last, StreamClosed)
    assert (last.outcome, last.status) == (Outcome.FINISHED, None)
    assert len([event for event in events if isinstance(event, LaneEnded)]) == 3


def _no_descriptor(pid: int) -> int:
    raise OSError(f"no descriptor of {pid}")


@pytest.mark.parametrize("descriptor", [True, False])
def test_the_end_of_a_process_is_seen(descriptor: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before and after its parent has collected it, with and without a descriptor of the process."""
    if not descriptor:
        monkeypatch.setattr(os, "pidfd_open", _no_descriptor)
    with target() as subject:
        root = AttachedProcess(subject.pid, RunClock())
        assert not root.ended
        subject.process.kill()
        await_that(lambda: root.ended)
        subject.process.wait()
        assert root.ended and root.status is None
        assert AttachedProcess(subject.pid, RunClock()).ended
        root.close()


def test_another_process_with_the_same_number_is_refused(tmp_path: Path) -> None:
    """The request names when the process was started."""
    with target() as subject:
        born = find_process(subject.pid, "auto").born
        assert observe_once(AttachRequest(pid=subject.pid, born=born), tmp_path)
        with pytest.raises(TargetError, match="has ended, and another one has got its number"):
            observe_once(AttachRequest(pid=subject.pid, born=born - 1), tmp_path)


def test_a_process_that_has_ended_meanwhile_is_refused(tmp_path: Path) -> None:
    """It has ended after the request was made."""
    with target() as subject:
        subject.end()
        with pytest.raises(TargetError, match=f"there is no process {subject.pid}"):
            observe_once(AttachRequest(pid=subject.pid), tmp_path)


def test_the_number_of_a_thread_is_refused() -> None:
    """The error names its process."""
    with target() as subject:
        thread = next(each.id for each in psutil.Process(subject.pid).threads() if each.id != subject.pid)
        with pytest.raises(TargetError, match=f"{thread} is a thread of process {subject.pid}"):
            find_process(thread, "auto")


AS_SOMEBODY_ELSE = """
import os, sys
from threadviz.observer.targets import attach
uid, pid = map(int, sys.argv[1:])
import psutil, threadviz.observer.cpython.elf
os.setgroups([])
os.setgid(uid)
os.setuid(uid)
for probe in ("auto", "portable"):
    try:
        attach.find_process(pid, probe)
    except attach.TargetError as error:
        print(error.portable, error)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts /proc anew, and becomes another user")
@pytest.mark.parametrize("hidepid", ["1", "2"])
def test_a_hidden_process_is_distinguished_from_one_that_is_not_there(hidepid: str) -> None:
    """Whether the system shows its folder, or not even that (proc(5), hidepid)."""
    mounted = f'mount -t proc -o hidepid={hidepid} proc /proc && exec "$@"'
    words = ["unshare", "--mount", "sh", "-c", mounted, "sh"]
    if subprocess.run([*words, "true"], capture_output=True, check=False).returncode:
        pytest.skip("/proc can't be mounted here")
    with target() as subject:
        words += [sys.executable, "-c", AS_SOMEBODY_ELSE, str(OTHER_USER), str(subject.pid)]
        done = subprocess.run(words, capture_output=True, encoding="utf-8", check=True)
    sentence = "this system hides other users' processes (hidepid): run threadviz as that user or as root"
    assert done.stdout.splitlines() == [f"False {sentence}"] * 2


def test_other_errors_of_the_system_are_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as the limit of open files."""

    def full(pid: int) -> bool:
        raise OSError(24, os.strerror(24))

    monkeypatch.setattr("threadviz.observer.system.process_status", full)
    with pytest.raises(TargetError, match=r"process 1 can't be looked at \(Too many open files\)"):
        find_process(1, "auto")


def test_a_process_that_has_ended_is_refused() -> None:
    """Also while its parent has not collected it."""
    with target() as subject:
        subject.process.kill()
        ended = psutil.Process(subject.pid)
        await_that(lambda: ended.status() == psutil.STATUS_ZOMBIE)
        with pytest.raises(TargetError, match="has ended, and only waits for its parent"):
            find_process(subject.pid, "auto")
        subject.process.wait()
        with pytest.raises(TargetError, match=f"there is no process {subject.pid}: it has ended"):
            find_process(subject.pid, "portable")


def test_threadviz_itself_is_refused() -> None:
    """The error says so."""
    with pytest.raises(TargetError, match="is threadviz itself"):
        find_process(os.getpid(), "auto")


@needs_rights
def test_another_program_is_refused_and_its_python_children_are_named() -> None:
    """One of them may be what the user means."""
    with subprocess.Popen(
        ["/bin/sh", "-c", SHELL, sys.executable], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as shell:
        try:
            assert shell.stdout is not None
            assert (shell.stdout.readline(), shell.stdout.readline()) == (b"ready\n", b"0\n")
            (child,) = psutil.Process(shell.pid).children()
            with pytest.raises(
                TargetError, match=rf"\({psutil.Process(shell.pid).name()}\) is no CPython"
            ) as caught:
                find_process(shell.pid, "auto")
            assert str(caught.value).endswith(f"of what it has started, {child.pid} is")
            assert find_process(child.pid, "auto").name.endswith(" -c")
        finally:
            for each in psutil.Process(shell.pid).children():
                each.kill()
            shell.kill()


def test_a_kernel_thread_is_refused() -> None:
    """Where there is one, as outside of containers."""
    kernel = Path("/proc/2/comm")
    if not (kernel.exists() and kernel.read_text() == "kthreadd\n"):
        pytest.skip("no kernel thread can be seen here")
    with pytest.raises(TargetError, match=r"a part of the kernel \(kthreadd\)"):
        find_process(2, "auto")


AS_SOMEBODY = """
import ctypes, os, sys
from threadviz.observer import system
from threadviz.observer.targets import attach
uid, scope, pid = map(int, sys.argv[1:])
os.setgroups([])
os.setgid(uid)
os.setuid(uid)
system.ptrace_scope = lambda: scope
try:
    attach.find_process(pid, "auto")
except attach.TargetError as error:
    print(error.portable, error)
portable = attach.find_process(pid, "portable")
print(portable.interpreter)
"""

SECRETIVE = """
import ctypes, os, sys
libc = ctypes.CDLL(None)
DUMPABLE, KEEPCAPS = 4, 8
how, uid = sys.argv[1], int(sys.argv[2])
if how == "mightier":
    libc.prctl(KEEPCAPS, 1, 0, 0, 0)
os.setgroups([])
if how != "group":
    os.setgid(uid)
os.setuid(uid)
libc.prctl(DUMPABLE, int(how != "secretive"), 0, 0, 0)
print("ready", flush=True)
sys.stdin.read()
"""


def error_for_other_user(subject: Target, scope: int = 0) -> str:
    """Return the error where another user wants to attach, under this setting of the system."""
    arguments = (str(OTHER_USER), str(scope), str(subject.pid))
    done = subprocess.run(
        [sys.executable, "-c", AS_SOMEBODY, *arguments], capture_output=True, encoding="utf-8", check=True
    )
    first, second = done.stdout.splitlines()
    assert second == "None"  # the portable probe can observe it without
    assert first.startswith("True ")
    return first.removeprefix("True ")


@as_root
def test_another_users_process_is_refused() -> None:
    """The error names the user, and who could attach."""
    with target() as subject:
        error = error_for_other_user(subject)
    assert error == f"process {subject.pid} is another user's (root): run threadviz as root"


@as_root
@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("secretive", "lets nobody look into it, as programs do that hold secrets: run threadviz as root"),
        ("group", "has rights of another user or group, which threadviz has not: run threadviz as root"),
    ],
)
def test_a_process_that_protects_itself_is_refused(how: str, words: str) -> None:
    """Also if it is the same user's."""
    with target(SECRETIVE, how, str(OTHER_USER)) as subject:
        assert error_for_other_user(subject) == f"process {subject.pid} {words}"


@as_root
@pytest.mark.parametrize(
    ("scope", "words"),
    [
        (0, "in a container, start that with the capability SYS_PTRACE"),
        (
            1,
            "say `sudo sysctl kernel.yama.ptrace_scope=0`, start the program with `threadviz exec`, or be root",
        ),
        (2, "run threadviz as root"),
        (3, "that can be changed only where it is set for the next boot"),
    ],
)
def test_the_setting_that_forbids_it_is_named(scope: int, words: str) -> None:
    """With what would help. Here the system forbids it because the target has more capabilities than the viewer."""
    with target(SECRETIVE, "mightier", str(OTHER_USER)) as subject:
        error = error_for_other_user(subject, scope)
    assert error.endswith(f": {words}")
    assert (f"kernel.yama.ptrace_scope is {scope}" in error) == (scope > 0)
