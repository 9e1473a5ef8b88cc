"""A process that is running already: it is looked at, and nothing else is done to it."""

import os
import select
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from weakref import finalize

from threadviz.observer.collectors.processes import title
from threadviz.observer.collectors.registry import collectors_for
from threadviz.observer.cpython.detect import Interpreter, interpreter_of
from threadviz.observer.io import RunClock
from threadviz.observer.observation import Onlooking, Prepared, StartError, header
from threadviz.observer.probes.base import Collector, ProcessKind
from threadviz.observer.probes.choose import choose_probe
from threadviz.observer.system import open_as_many_files_as_allowed, ptrace_scope
from threadviz.protocol.events import Outcome, StreamClosed
from threadviz.protocol.requests import AttachRequest, ProbeChoice

# Which process somebody wants to look at, or why it can't be watched.

_KERNEL_THREAD = 0x200000
"""The flag of one (Linux, include/linux/sched.h PF_KTHREAD)."""

_CHILDREN_NAMED = 3
"""Of a process that is no Python, no more of its children are named that are."""


class TargetError(Exception):
    """A process can't be watched. The text is a clause that says why, and what would help, where anything does.

    `portable` says whether the portable probe can do it nevertheless.
    """

    def __init__(self, why: str, remedy: str = "", *, portable: bool = False) -> None:
        super().__init__(f"{why}: {remedy}" if remedy else why)
        self.portable = portable


@dataclass(frozen=True, slots=True)
class Target:
    """A process that can be watched.

    `name` is what it is called, and `born` when it was started, as the system tells it: no other process of its number
    has the same. `interpreter` is None where what it runs on may not be looked at.
    """

    pid: int
    name: str
    born: float
    interpreter: Interpreter | None


def find_target(pid: int, probe: ProbeChoice) -> Target:
    """Return process `pid`, if what `probe` asks for can watch it. Raises TargetError. Leaves it untouched."""
    if pid == os.getpid():
        raise TargetError(f"process {pid} is threadviz itself")
    try:
        return _on_linux(pid, probe) if sys.platform == "linux" else _elsewhere(pid)
    except (FileNotFoundError, ProcessLookupError):
        raise _hidden() if _is_somebody_elses(pid) else _missing(pid) from None
    except PermissionError:
        raise _hidden() from None
    except OSError as error:
        raise TargetError(f"process {pid} can't be looked at ({error.strerror})") from error


def _on_linux(pid: int, probe: ProbeChoice) -> Target:
    status, flags, born = _read(pid)
    if int(status["Tgid"]) != pid:
        raise TargetError(f"{pid} is a thread of process {status['Tgid']}", "give that number")
    if flags & _KERNEL_THREAD:
        raise TargetError(f"process {pid} is a part of the kernel ({status['Name']}), which runs no Python")
    if status["State"].startswith(("Z", "X")):
        raise _ended(pid)
    if probe == "auto" and not (_may_read(pid, "maps") and _may_read(pid, "syscall")):
        raise _forbidden(pid, status)
    interpreter = interpreter_of(pid)
    if interpreter is None and _may_read(pid, "maps"):
        raise TargetError(f"process {pid} ({status['Name']}) is no CPython", _python_below(pid))
    arguments = Path(f"/proc/{pid}/cmdline").read_text(errors="replace").rstrip("\0").split("\0")
    return Target(pid, title(arguments, ProcessKind.SUBJECT, status["Name"]), born, interpreter)


def _read(pid: int) -> tuple[dict[str, str], int, float]:
    """Return the fields of a process's `status`, its flags and when it was started (proc_pid_stat(5), 9 and 22)."""
    lines = Path(f"/proc/{pid}/status").read_text(errors="replace").split("\n")
    fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    status = {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return status, int(fields[9 - 3]), float(fields[22 - 3])


def _missing(pid: int) -> TargetError:
    return TargetError(
        f"there is no process {pid}", "it has ended, or it is in a container and has another number there"
    )


def _hidden() -> TargetError:
    """What is said of a process whose folder, or what is in that, is not for this user (proc(5), hidepid)."""
    return TargetError(
        "this system hides other users' processes (hidepid)", "run threadviz as that user or as root"
    )


def _is_somebody_elses(pid: int) -> bool:
    """Tell whether there is such a process that this one may not send anything: nothing is sent (kill(2), signal 0)."""
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (ProcessLookupError, OverflowError):
        return False
    return False


def _ended(pid: int) -> TargetError:
    return TargetError(f"process {pid} has ended, and only waits for its parent to take note of it")


def _may_read(pid: int, name: str) -> bool:
    """Tell whether a file of the process may be read. Raises ProcessLookupError where the process is gone."""
    try:
        with Path(f"/proc/{pid}/{name}").open("rb") as file:
            file.read(1)
    except PermissionError:
        return False
    except FileNotFoundError:  # of a system that has no such file: the probe says what it does without
        return True
    return True


def _forbidden(pid: int, status: dict[str, str]) -> TargetError:
    """Say why a process may not be looked into (ptrace(2), "Ptrace access mode checking"), and what would help."""
    user, group = os.geteuid(), os.getegid()
    users, groups = ({*map(int, status[name].split()[:3])} for name in ("Uid", "Gid"))
    as_root = "run threadviz as root"
    if user and user not in users:
        owner = _name(int(status["Uid"].split()[0]))
        why = f"process {pid} is another user's ({owner})"
        remedy = as_root if owner == "root" else f"run threadviz as {owner} or root"
    elif user and (users != {user} or groups != {group}):
        why, remedy = f"process {pid} has rights of another user or group, which threadviz has not", as_root
    elif user and Path(f"/proc/{pid}/maps").stat().st_uid != user:  # it is not "dumpable" (proc(5))
        why, remedy = f"process {pid} lets nobody look into it, as programs do that hold secrets", as_root
    elif (scope := ptrace_scope()) == 1:
        why = "this system lets a process look only into those that it has started (kernel.yama.ptrace_scope is 1)"
        remedy = "say `sudo sysctl kernel.yama.ptrace_scope=0`, start the program with `threadviz exec`, or be root"
    elif scope == 2:
        why = "this system lets only root look into other processes (kernel.yama.ptrace_scope is 2)"
        remedy = as_root
    elif scope == 3:
        why = "this system lets nobody look into other processes (kernel.yama.ptrace_scope is 3)"
        remedy = "that can be changed only where it is set for the next boot"
    else:
        why = f"this system does not let threadviz look into process {pid}"
        remedy = "in a container, start that with the capability SYS_PTRACE"
    return TargetError(why, remedy, portable=True)


def _name(user: int) -> str:
    import pwd  # of Unix only

    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"user {user}"


def _python_below(pid: int) -> str:
    """Say which of the processes that it has started are CPythons, if any is."""
    found: list[str] = []
    waiting = [pid]
    for parent in waiting:
        with suppress(OSError):
            for thread in Path(f"/proc/{parent}/task").iterdir():
                with suppress(OSError):
                    waiting += map(int, (thread / "children").read_text().split())
        with suppress(OSError):
            if parent != pid and interpreter_of(parent) is not None:
                found.append(str(parent))
    return f"of what it has started, {', '.join(found[:_CHILDREN_NAMED])} is" if found else ""


def _elsewhere(pid: int) -> Target:
    """The same on other systems, where all that is looked at is what the system tells of a process."""
    import psutil

    try:
        process = psutil.Process(pid)
        process.threads()
        name = title(process.cmdline(), ProcessKind.SUBJECT, process.name())
        return Target(pid, name, process.create_time(), None)
    except psutil.ZombieProcess:
        raise _ended(pid) from None
    except psutil.NoSuchProcess as error:
        raise ProcessLookupError(str(error)) from error
    except psutil.AccessDenied:
        raise TargetError(
            f"this system does not let threadviz look into process {pid}", "run it as root"
        ) from None


def prepare_attached(
    request: AttachRequest, lifeline: int, clock: RunClock, collectors: Sequence[Collector] = ()
) -> Prepared:
    """Open the books of a process, and of those that it has started; `tellers` have more to tell of it.

    Raises StartError and OSError.
    """
    root = Attached(request.pid, clock)
    try:
        target = find_target(request.pid, request.probe)
    except TargetError as error:
        raise StartError(str(error)) from error
    if request.born not in (None, target.born):
        raise StartError(f"process {request.pid} has ended, and another one has got its number")
    open_as_many_files_as_allowed()
    # Neither this process nor the one that has asked for it is a part of what is watched, where that has started them.
    probe = choose_probe(
        request.pid, request.probe, clock, ignored={os.getpid(), os.getppid()} - {request.pid}
    )
    clock.start()
    probe.begin()
    if root.over:
        raise StartError(f"process {request.pid} has just ended")
    python = target.interpreter
    first = header(
        request,
        probe=probe.info,
        name=target.name,
        python=python.version if python else "",
        gil=python.gil if python else None,
    )
    collectors = [*collectors_for(probe, stacks=request.stacks), *collectors]
    return Prepared(first, Onlooking(root, probe, collectors, lifeline, clock, root.heed), lambda: None)


class Attached:
    """A process that somebody else has started, who takes note of how it ends."""

    ours = False
    status = None

    def __init__(self, pid: int, clock: RunClock) -> None:
        self.pid = pid
        self._clock = clock
        self._until = 0
        try:
            descriptor = os.pidfd_open(pid)
        except (AttributeError, OSError):  # of Linux only, and not everywhere; or there is no such process
            self._has_ended = _end_by_psutil(pid)
        else:
            finalize(self, os.close, descriptor)
            self._has_ended = _end_by_descriptor(descriptor)

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return self._has_ended()

    def heed(self, said: bytes) -> None:
        """Take it that who looks on wants to see it until then: a time of `time.monotonic_ns()`, in digits."""
        self._until = self._clock.when(int(said))

    def let_go(self) -> StreamClosed:
        """Leave it as it is."""
        return StreamClosed(self._until, Outcome.FINISHED)


def _end_by_descriptor(descriptor: int) -> Callable[[], bool]:
    """Return what tells whether a process has ended: its descriptor can be read then (pidfd_open(2))."""
    ended = select.poll()
    ended.register(descriptor, select.POLLIN)
    return lambda: bool(ended.poll(0))


def _end_by_psutil(pid: int) -> Callable[[], bool]:
    """Return what tells whether a process has ended, whichever may get its number after that."""
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
