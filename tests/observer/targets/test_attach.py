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
from threadviz.observer.observation import Prepared, StartError
from threadviz.observer.targets.attach import Attached, TargetError, find_target, prepare_attached
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
    """What an observer holds on to, and what its viewer does: that may have been closed."""
    ours, theirs = os.pipe()
    yield ours, theirs
    os.close(ours)
    with suppress(OSError):
        os.close(theirs)


def told(prepared: Prepared, folder: Path) -> list[AnyEvent]:
    """All that is told of what is prepared, up to the end of it."""
    with (folder / "stream").open("w+b") as stream:
        output = StreamWriter(stream.fileno())
        output.write([prepared.header])
        prepared.go()
        try:
            prepared.watch.run(output)
        finally:
            prepared.watch.close()
        output.finish()
        stream.seek(0)
        return list(Decoder().feed(stream.read()))


def attached(request: AttachRequest, folder: Path) -> list[AnyEvent]:
    """What is told of a process where nobody wants more than the first look."""
    with lifeline() as (ours, theirs):
        os.close(theirs)
        return told(prepare_attached(request, ours, RunClock()), folder)


def test_the_books_start_with_all_threads(tmp_path: Path) -> None:
    """Those that are there have lanes from the first moment on; who is let go of is said to be so by nothing else."""
    with target() as subject:
        events = attached(AttachRequest(pid=subject.pid), tmp_path)
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


def test_to_be_attached_to_a_hundred_times_does_no_harm(tmp_path: Path) -> None:
    """Same threads, files and memory, never woken up, never traced, and it answers as before."""
    with target() as subject:
        assert subject.answers()
        before = subject.shape
        for _ in range(100):
            assert isinstance(attached(AttachRequest(pid=subject.pid), tmp_path)[-1], StreamClosed)
        assert subject.shape == before
        assert subject.answers()


@needs_rights
def test_its_children_are_watched_whatever_they_run(tmp_path: Path) -> None:
    """Also those that are no Python."""
    with target(PARENT) as subject:
        (child,) = psutil.Process(subject.pid).children()
        await_that(lambda: child.name() == "cat")
        events = attached(AttachRequest(pid=subject.pid), tmp_path)
    assert {event.pid for event in events if isinstance(event, LaneStarted)} == {subject.pid, child.pid}
    seen = {event.pid: event for event in events if isinstance(event, ProcessSeen)}
    assert seen[subject.pid].python == sys.version.split()[0]
    assert (seen[child.pid].python, seen[child.pid].name) == ("", "cat")


@pytest.mark.parametrize("probe", ["auto", "portable"])
def test_who_looks_is_not_among_those_that_are_seen(probe: str) -> None:
    """Where the process has started it itself, with what it starts in turn."""
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


def test_it_is_looked_on_at_until_it_ends(tmp_path: Path) -> None:
    """And that is its end, which nobody is asked how it was."""
    with target() as subject, lifeline() as (ours, _):
        prepared = prepare_attached(AttachRequest(pid=subject.pid), ours, RunClock())
        subject.end()
        *events, last = told(prepared, tmp_path)
    assert isinstance(last, StreamClosed)
    assert (last.outcome, last.status) == (Outcome.FINISHED, None)
    assert len([event for event in events if isinstance(event, LaneEnded)]) == 3


def _no_descriptor(pid: int) -> int:
    raise OSError(f"no descriptor of {pid}")


@pytest.mark.parametrize("descriptor", [True, False])
def test_the_end_of_a_process_is_seen(descriptor: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before and after its parent has taken note of it, whether or not the system has descriptors of processes."""
    if not descriptor:
        monkeypatch.setattr(os, "pidfd_open", _no_descriptor)
    with target() as subject:
        root = Attached(subject.pid, RunClock())
        assert not root.over
        subject.process.kill()
        await_that(lambda: root.over)
        subject.process.wait()
        assert root.over and root.status is None
        assert Attached(subject.pid, RunClock()).over


def test_another_process_of_the_same_number_is_none(tmp_path: Path) -> None:
    """It was asked for the one that was started then."""
    with target() as subject:
        born = find_target(subject.pid, "auto").born
        assert attached(AttachRequest(pid=subject.pid, born=born), tmp_path)
        with pytest.raises(StartError, match="has ended, and another one has got its number"):
            attached(AttachRequest(pid=subject.pid, born=born - 1), tmp_path)


def test_what_can_not_be_looked_at_is_said(tmp_path: Path) -> None:
    """Where the process ends after somebody has asked for it."""
    with target() as subject:
        subject.end()
        with pytest.raises(StartError, match=f"there is no process {subject.pid}"):
            attached(AttachRequest(pid=subject.pid), tmp_path)


def test_a_thread_is_no_process() -> None:
    """It is said whose it is."""
    with target() as subject:
        thread = next(each.id for each in psutil.Process(subject.pid).threads() if each.id != subject.pid)
        with pytest.raises(TargetError, match=f"{thread} is a thread of process {subject.pid}"):
            find_target(thread, "auto")


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
        attach.find_target(pid, probe)
    except attach.TargetError as error:
        print(error.portable, error)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts /proc anew, and becomes another user")
@pytest.mark.parametrize("hidepid", ["1", "2"])
def test_a_process_that_the_system_hides_is_said_to_be_hidden(hidepid: str) -> None:
    """Whether its folder is to be seen, or not even that (proc(5), hidepid)."""
    mounted = f'mount -t proc -o hidepid={hidepid} proc /proc && exec "$@"'
    words = ["unshare", "--mount", "sh", "-c", mounted, "sh"]
    if subprocess.run([*words, "true"], capture_output=True, check=False).returncode:
        pytest.skip("/proc can't be mounted here")
    with target() as subject:
        words += [sys.executable, "-c", AS_SOMEBODY_ELSE, str(OTHER_USER), str(subject.pid)]
        done = subprocess.run(words, capture_output=True, encoding="utf-8", check=True)
    sentence = "this system hides other users' processes (hidepid): run threadviz as that user or as root"
    assert done.stdout.splitlines() == [f"False {sentence}"] * 2


def test_whatever_else_is_in_the_way_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as that this process may open no more files."""

    def full(pid: int) -> bool:
        raise OSError(24, os.strerror(24))

    monkeypatch.setattr("threadviz.observer.targets.attach._read", full)
    with pytest.raises(TargetError, match=r"process 1 can't be looked at \(Too many open files\)"):
        find_target(1, "auto")


def test_what_has_ended_is_said_to_have() -> None:
    """Also where its parent has not taken note of it."""
    with target() as subject:
        subject.process.kill()
        ended = psutil.Process(subject.pid)
        await_that(lambda: ended.status() == psutil.STATUS_ZOMBIE)
        with pytest.raises(TargetError, match="has ended, and only waits for its parent"):
            find_target(subject.pid, "auto")
        subject.process.wait()
        with pytest.raises(TargetError, match=f"there is no process {subject.pid}: it has ended"):
            find_target(subject.pid, "portable")


def test_threadviz_does_not_look_at_itself() -> None:
    """It is said that it would."""
    with pytest.raises(TargetError, match="is threadviz itself"):
        find_target(os.getpid(), "auto")


@needs_rights
def test_no_python_is_refused_and_its_python_children_are_named() -> None:
    """They may be what was meant."""
    with subprocess.Popen(
        ["/bin/sh", "-c", SHELL, sys.executable], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as shell:
        try:
            assert shell.stdout is not None
            assert (shell.stdout.readline(), shell.stdout.readline()) == (b"ready\n", b"0\n")
            (child,) = psutil.Process(shell.pid).children()
            with pytest.raises(
                TargetError, match=rf"\({psutil.Process(shell.pid).name()}\) is no CPython"
            ) as said:
                find_target(shell.pid, "auto")
            assert str(said.value).endswith(f"of what it has started, {child.pid} is")
            assert find_target(child.pid, "auto").name.endswith(" -c")
        finally:
            for each in psutil.Process(shell.pid).children():
                each.kill()
            shell.kill()


def test_a_part_of_the_kernel_is_refused() -> None:
    """Where there are any to be seen, as outside of containers."""
    kernel = Path("/proc/2/comm")
    if not (kernel.exists() and kernel.read_text() == "kthreadd\n"):
        pytest.skip("no thread of the kernel is to be seen here")
    with pytest.raises(TargetError, match=r"a part of the kernel \(kthreadd\)"):
        find_target(2, "auto")


AS_SOMEBODY = """
import ctypes, os, sys
from threadviz.observer.targets import attach
uid, scope, pid = map(int, sys.argv[1:])
os.setgroups([])
os.setgid(uid)
os.setuid(uid)
attach.ptrace_scope = lambda: scope
try:
    attach.find_target(pid, "auto")
except attach.TargetError as error:
    print(error.portable, error)
portable = attach.find_target(pid, "portable")
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


def _said(subject: Target, scope: int = 0) -> str:
    """What somebody else is told who wants to look at it, where this is the system's setting."""
    arguments = (str(OTHER_USER), str(scope), str(subject.pid))
    done = subprocess.run(
        [sys.executable, "-c", AS_SOMEBODY, *arguments], capture_output=True, encoding="utf-8", check=True
    )
    first, second = done.stdout.splitlines()
    assert second == "None"  # the portable probe can do it, and does without what can't be looked at
    assert first.startswith("True ")
    return first.removeprefix("True ")


@as_root
def test_another_users_process_is_not_to_be_looked_at() -> None:
    """It is said whose it is, and who could."""
    with target() as subject:
        said = _said(subject)
    assert said == f"process {subject.pid} is another user's (root): run threadviz as root"


@as_root
@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("secretive", "lets nobody look into it, as programs do that hold secrets: run threadviz as root"),
        ("group", "has rights of another user or group, which threadviz has not: run threadviz as root"),
    ],
)
def test_a_process_that_lets_nobody_look_is_not_looked_at(how: str, words: str) -> None:
    """Of the same user as well."""
    with target(SECRETIVE, how, str(OTHER_USER)) as subject:
        assert _said(subject) == f"process {subject.pid} {words}"


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
def test_what_the_system_forbids_is_said(scope: int, words: str) -> None:
    """With the setting, and what would help. Here it forbids it because the process may do more than who looks."""
    with target(SECRETIVE, "mightier", str(OTHER_USER)) as subject:
        said = _said(subject, scope)
    assert said.endswith(f": {words}")
    assert (f"kernel.yama.ptrace_scope is {scope}" in said) == (scope > 0)
