"""A target that is running already: it is sampled, and nothing else is done to it."""

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from threadviz.debug_log import ignoring
from threadviz.observer import system
from threadviz.observer.collectors.processes import process_title
from threadviz.observer.collectors.registry import collectors_for
from threadviz.observer.cpython.detect import Interpreter, interpreter_of
from threadviz.observer.io import RunClock, is_readable
from threadviz.observer.observation import Observation, StartError, Target, make_header
from threadviz.observer.probes.base import Collector, ProcessKind
from threadviz.observer.probes.choose import choose_probe
from threadviz.processes import keep_ended_children
from threadviz.protocol.events import Event, Outcome, RunEnded, StreamClosed
from threadviz.protocol.requests import AttachRequest, ProbeChoice

_KERNEL_THREAD = 0x200000
"""A flag of kernel threads (Linux, include/linux/sched.h PF_KTHREAD)."""

_MAX_CHILDREN = 3
"""How many Python children of a process that is no Python are suggested."""

_AS_ROOT = "run threadviz as root"

_LIFT_YAMA = (
    "say `sudo sysctl kernel.yama.ptrace_scope=0`, start the program with `threadviz exec`, or be root"
)

_YAMA_FORBIDS = {
    1: ("a process look only into those that it has started", _LIFT_YAMA),
    2: ("only root look into other processes", _AS_ROOT),
    3: ("nobody look into other processes", "that can be changed only where it is set for the next boot"),
}
"""For each setting of Yama that forbids it: whom the system lets look into what, and what would help."""


class TargetError(StartError):
    """A process can't be observed. The text is a clause that says why, and what would help, where anything does.

    `portable` says whether the portable probe can observe it nevertheless.
    """

    def __init__(self, why: str, remedy: str = "", *, portable: bool = False) -> None:
        super().__init__(f"{why}: {remedy}" if remedy else why, "it can't be watched: ")
        self.portable = portable


@dataclass(frozen=True, slots=True)
class FoundProcess:
    """A process that can be observed.

    `name` is for people. `born` is when it was started, as the system gives it: no other process of the same number has
    the same value. `interpreter` is None where what the process runs on can't be read.
    """

    name: str
    born: float
    interpreter: Interpreter | None


def find_process(pid: int, probe: ProbeChoice) -> FoundProcess:
    """Return process `pid`, if the probe that is asked for can observe it. Raises TargetError. Leaves it untouched."""
    if pid == os.getpid():
        raise TargetError(f"process {pid} is threadviz itself")
    try:
        return _find_on_linux(pid, probe) if sys.platform == "linux" else _find_elsewhere(pid)
    except (FileNotFoundError, ProcessLookupError, PermissionError) as error:
        if isinstance(error, PermissionError) or _belongs_to_other_user(pid):
            # Its folder in /proc, or what is in that, is not for this user (proc(5)).
            remedy = "run threadviz as that user or as root"
            raise TargetError("this system hides other users' processes (hidepid)", remedy) from None
        remedy = "it has ended, or it is in a container and has another number there"
        raise TargetError(f"there is no process {pid}", remedy) from None
    except OSError as error:
        raise TargetError(f"process {pid} can't be looked at ({error.strerror})") from error


def _find_on_linux(pid: int, probe: ProbeChoice) -> FoundProcess:
    status, stat = system.process_status(pid), system.process_stat(pid)
    if int(status["Tgid"]) != pid:
        raise TargetError(f"{pid} is a thread of process {status['Tgid']}", "give that number")
    if int(stat[9]) & _KERNEL_THREAD:
        raise TargetError(f"process {pid} is a part of the kernel ({status['Name']}), which runs no Python")
    if status["State"].startswith(("Z", "X")):
        raise _ended(pid)
    if probe == "auto" and not (_may_read(pid, "maps") and _may_read(pid, "syscall")):
        raise _forbidden(pid, status)
    interpreter = interpreter_of(pid)
    if interpreter is None and _may_read(pid, "maps"):
        raise TargetError(f"process {pid} ({status['Name']}) is no CPython", _python_children(pid))
    name = process_title(system.process_arguments(pid), ProcessKind.SUBJECT, status["Name"])
    return FoundProcess(name, float(stat[22]), interpreter)


def _find_elsewhere(pid: int) -> FoundProcess:
    import psutil

    try:
        process = psutil.Process(pid)
        process.threads()  # may be forbidden
        name = process_title(process.cmdline(), ProcessKind.SUBJECT, process.name())
        return FoundProcess(name, process.create_time(), None)
    except psutil.ZombieProcess:
        raise _ended(pid) from None
    except psutil.NoSuchProcess as error:
        raise ProcessLookupError(str(error)) from error
    except psutil.AccessDenied:
        why = f"this system does not let threadviz look into process {pid}"
        raise TargetError(why, "run it as root") from None


def _ended(pid: int) -> TargetError:
    return TargetError(f"process {pid} has ended, and only waits for its parent to take note of it")


def _belongs_to_other_user(pid: int) -> bool:
    """Return whether there is a process `pid` that this one may not signal. Nothing is sent (kill(2), signal 0)."""
    try:
        os.kill(pid, 0)
    except (OSError, OverflowError) as error:
        return isinstance(error, PermissionError)
    return False


def _may_read(pid: int, name: str) -> bool:
    """Return whether a file of the process may be read. Raises ProcessLookupError where the process has ended."""
    try:
        with Path(f"/proc/{pid}/{name}").open("rb") as file:
            file.read(1)
    except PermissionError:
        return False
    except FileNotFoundError:  # this system has no such file: the probe tells what it does without
        return True
    return True


def _forbidden(pid: int, status: dict[str, str]) -> TargetError:
    """Say why the system forbids it (ptrace(2), "Ptrace access mode checking"), and what would help."""
    user, group = os.geteuid(), os.getegid()
    users, groups = ({*map(int, status[name].split()[:3])} for name in ("Uid", "Gid"))
    if user and user not in users:
        owner = _user_name(int(status["Uid"].split()[0]))
        why = f"process {pid} is another user's ({owner})"
        remedy = _AS_ROOT if owner == "root" else f"run threadviz as {owner} or root"
    elif user and (users != {user} or groups != {group}):
        why, remedy = f"process {pid} has rights of another user or group, which threadviz has not", _AS_ROOT
    elif user and Path(f"/proc/{pid}/maps").stat().st_uid != user:  # it is not "dumpable" (proc(5))
        why, remedy = f"process {pid} lets nobody look into it, as programs do that hold secrets", _AS_ROOT
    elif (scope := system.ptrace_scope()) in _YAMA_FORBIDS:
        who, remedy = _YAMA_FORBIDS[scope]
        why = f"this system lets {who} (kernel.yama.ptrace_scope is {scope})"
    else:
        why = f"this system does not let threadviz look into process {pid}"
        remedy = "in a container, start that with the capability SYS_PTRACE"
    return TargetError(why, remedy, portable=True)


def _user_name(user: int) -> str:
    import pwd  # Unix only

    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"user {user}"


def _python_children(pid: int) -> str:
    """Say which of the processes that process `pid` has started are CPythons, if any is."""
    import psutil

    found: list[str] = []
    with ignoring(psutil.Error):
        started = psutil.Process(pid).children(recursive=True)
        found += (str(each.pid) for each in started if interpreter_of(each.pid) is not None)
    return f"of what it has started, {', '.join(found[:_MAX_CHILDREN])} is" if found else ""


def prepare_process(
    request: AttachRequest, lifeline: int, clock: RunClock, collectors: Sequence[Collector] = ()
) -> Observation:
    """Prepare to observe a process and those that it has started, with additional `collectors`. Raises TargetError."""
    keep_ended_children()  # such as py-spy
    target = AttachedProcess(request.pid, clock)
    found = find_process(request.pid, request.probe)
    if request.born not in (None, found.born):
        raise TargetError(f"process {request.pid} has ended, and another one has got its number")
    system.raise_open_file_limit()
    # The target may have started the viewer, and so this process: neither is a part of what is observed.
    ignored = {os.getpid(), os.getppid()} - {request.pid}
    try:
        probe = choose_probe(request.pid, request.probe, clock, ignored)
        clock.start()
        probe.begin()
    except OSError as error:
        raise TargetError(str(error)) from error
    if target.ended:
        raise TargetError(f"process {request.pid} has just ended")
    header = replace(make_header(request, probe=probe.info), workload=found.name)
    if found.interpreter is not None:
        header = replace(header, python=found.interpreter.version, gil=found.interpreter.gil)
    collectors = [*collectors_for(probe, stacks=request.stacks), *collectors]
    return Observation(header, target, probe, collectors, lifeline, clock)


class AttachedProcess(Target):
    """A process that somebody else has started, and whose exit status only its parent learns."""

    def __init__(self, pid: int, clock: RunClock) -> None:
        super().__init__(pid)
        self._clock = clock
        self._end = 0
        """When the viewer wants the observation to have ended (ns); 0 where that is not known."""
        self._descriptor: int | None = None
        try:
            self._descriptor = os.pidfd_open(pid)
        except (AttributeError, OSError):  # Linux only, and not everywhere; or there is no such process
            self._has_ended = _end_by_psutil(pid)

    @property
    def ended(self) -> bool:
        # The descriptor of a process can be read once that has ended (pidfd_open(2)).
        return self._has_ended() if self._descriptor is None else is_readable(self._descriptor)

    def receive(self, message: bytes) -> None:
        """Take the time of `time.monotonic_ns()`, in digits, at which the viewer wants the observation to end."""
        self._end = self._clock.when(int(message))

    def stop(self, now: int) -> tuple[list[Event], StreamClosed]:
        return [RunEnded(min(self._end or now, now))], StreamClosed(now, Outcome.FINISHED)

    def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _end_by_psutil(pid: int) -> Callable[[], bool]:
    """Return a function that tells whether a process has ended, also where another one gets its number."""
    import psutil

    try:
        process = psutil.Process(pid)
    except psutil.NoSuchProcess:
        return lambda: True

    def has_ended() -> bool:
        try:
            return process.status() == psutil.STATUS_ZOMBIE or not process.is_running()
        except psutil.NoSuchProcess:
            return True

    return has_ended
