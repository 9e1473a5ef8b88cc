"""Processes and threads in /proc (proc(5)): which files are read, and what they mean."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from time import CLOCK_BOOTTIME, clock_gettime_ns

from threadviz.debug_log import ignoring
from threadviz.observer.cpython.memory import AddressRange, holds
from threadviz.observer.probes.base import ObservedProcess, ObservedThread
from threadviz.observer.probes.syscalls import FUTEX, SyscallTable
from threadviz.observer.system import process_stat, process_status
from threadviz.protocol.events import Present, State

_CHILDREN_BYTES = 4000
"""How much is read at once of the ids of a thread's children. The system returns at most a page."""

_NAME_BYTES = 64
"""The longest thread name: 15 bytes, and up to this for kernel threads (comm)."""

RUNNABLE = b"running\n"
"""The `syscall` file of a thread that is on a CPU or waits for one."""

GONE = (ProcessLookupError, FileNotFoundError, PermissionError)
"""What reading a thread that has ended raises: the first for an open file, the second for a path. The third is for a
process that may no longer be read, for example because it changed its user."""

IN_VAIN_NS = 200_000
"""How long (ns) a thread that waits for the GIL may run and still count as waiting. It wakes after each switch
interval to request the GIL and waits again (CPython, Python/ceval_gil.c take_gil), which takes about 20 us."""

HAD_IT_NS = 1_000_000
"""A thread that ran for longer (ns) since it was seen waiting for the GIL has held it in between."""

GIL_WAIT = Present(State.GIL, FUTEX)


@dataclass(slots=True, eq=False)
class ProcProcess(ObservedProcess):
    """An observed process. Times are ns since the start of the run."""

    parent: "ProcProcess | None"
    """The process that started it, if that is observed."""
    looked: int
    """When its threads were last listed; at first, a time before it existed."""
    sure: bool = False
    """Whether its kind is known for certain."""
    searched: int = field(init=False)
    """When its children were last listed, may be listed again at the soonest, and are due."""
    may_search: int = field(init=False, default=0)
    next_search: int = field(init=False, default=0)
    seen: int = field(init=False)
    """When it was last sampled."""
    cpu: int = field(init=False, default=-1)
    """The CPU time of all of its threads then (ns)."""
    still: bool = field(init=False, default=False)
    """Whether all of its threads were blocked then."""
    clock: int = field(init=False)
    """The clock of that CPU time (clock_getcpuclockid(3))."""
    tasks: int = field(init=False)
    """Descriptor of /proc/PID/task."""
    links: int = field(init=False, default=0)
    closed: set[int] = field(init=False, default_factory=set)
    """Listed threads that are not observed again: an ended main thread whose process was not reaped, and threads that
    can't be read."""
    inner_gils: tuple[AddressRange, ...] = field(init=False, default=())
    """The GILs of sub-interpreters that were found."""
    gil_data: tuple[AddressRange, ...] | None = field(init=False, default=None)
    """The addresses at which threads wait for a GIL; None before they were determined."""
    passed: int = field(init=False, default=0)
    """Since when the GIL has changed hands at least once, as far as that was seen."""
    threads: dict[int, "ProcThread"] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        ObservedProcess.__post_init__(self)
        self.searched = self.seen = self.looked
        self.clock = ~self.pid << 3 | 2  # as in Linux, include/linux/posix-timers_types.h
        self.tasks = os.open(f"/proc/{self.pid}/task", os.O_RDONLY | os.O_DIRECTORY)

    def close(self) -> None:
        os.close(self.tasks)

    def new_threads(self) -> list[int]:
        """Return the ids of threads that are not observed yet.

        The directory's link count is two plus one for each thread (Linux, fs/proc/base.c proc_task_getattr). While it
        stays the same, one short call shows that nothing is new.
        """
        links = os.fstat(self.tasks).st_nlink
        if links == self.links:
            return []
        self.links = links
        with ignoring(*GONE):
            tids = map(int, os.listdir(self.tasks))
            return [tid for tid in tids if tid not in self.threads and tid not in self.closed]
        return []

    def children(self) -> Iterator[int]:
        """Yield the pids of its living children."""
        for thread in self.threads.values():
            with ignoring(*GONE):
                yield from map(int, _read_whole(thread.children).split())

    def find_gil(self, now: int) -> tuple[AddressRange, ...]:
        """Check what it runs, if that is due at `now` (ns).

        Return the addresses at which its threads wait for a GIL.
        """
        self.program.look(now, self.cpu)
        data = self.program.gil_data
        self.gil_data = data + self.inner_gils if data else ()
        return self.gil_data


@dataclass(slots=True, eq=False)
class ProcThread(ObservedThread):
    """An observed thread with open files. Raises OSError if it is gone already."""

    owner: ProcProcess
    schedstat: int = field(init=False)
    syscall: int = field(init=False)
    children: int = field(init=False)
    counters: bytes = field(init=False, default=b"")
    """The last content of `schedstat`: ns on a CPU, ns waiting for one, how often it got one."""
    blocked: bool = field(init=False, default=False)
    since: int = field(init=False, default=0)
    """When it was first seen in its current wait, if it is blocked."""
    gil_place: tuple[int, bytes] | None = field(init=False, default=None)
    """Where it waits for the GIL, if it does."""
    entered: int = field(init=False, default=0)
    """How much of its time on a CPU (ns) is accounted for."""
    enter_next: int = field(init=False, default=0)
    """When its counters are due again, if it stays runnable."""

    def __post_init__(self) -> None:
        folder = os.open(f"/proc/{self.pid}/task/{self.tid}", os.O_RDONLY | os.O_DIRECTORY)
        try:
            with ExitStack() as opened:
                self.schedstat, self.syscall, self.children = (
                    _open_in(folder, name, opened) for name in ("schedstat", "syscall", "children")
                )
                opened.pop_all()
        finally:
            os.close(folder)

    def close(self) -> None:
        os.close(self.schedstat)
        os.close(self.syscall)
        os.close(self.children)

    def blocked_in(self, syscalls: SyscallTable) -> Present | None:
        """Return what it is blocked in, None if it is runnable. Raises one of GONE if it has ended."""
        where = os.pread(self.syscall, 256, 0)
        self.gil_place = None
        if where == RUNNABLE:
            return None
        number, _, arguments = where.partition(b" ")
        present = syscalls.classify(number, arguments)
        if present.call == FUTEX:
            data = self.owner.gil_data
            if data is None:
                data = self.owner.find_gil(self.owner.looked)
            if data and holds(data, int(arguments.split(b" ", 1)[0], 16)):
                self.gil_place = _place(where)
                return GIL_WAIT
            return present
        if number == b"-1" and self._has_exited():
            raise ProcessLookupError(self.tid)
        return present

    def woke_in_vain(self, counters: bytes) -> bool:
        """Return whether it still waits for the GIL although it ran a little. Raises one of GONE."""
        running = int(counters[: counters.index(b" ")])
        where = os.pread(self.syscall, 256, 0)
        return running - self.entered < IN_VAIN_NS and where[:1].isdigit() and _place(where) == self.gil_place

    def _has_exited(self) -> bool:
        """Return whether it is a zombie, and note how it ended (proc_pid_stat(5))."""
        stat = process_stat(self.pid, self.tid)
        if stat[3] not in ("Z", "X"):
            return False
        self.status = os.waitstatus_to_exitcode(int(stat[52]))
        return True


def _place(where: bytes) -> tuple[int, bytes]:
    """Return the address of a futex wait and what follows it, stack pointer and program counter included.

    The last three bits of the address are dropped, because a glibc condition waits on two words in turn
    (nptl/pthread_cond_wait.c).
    """
    _, address, rest = where.split(b" ", 2)
    return int(address, 16) >> 3, rest


def _open_in(folder: int, name: str, opened: ExitStack) -> int:
    descriptor = os.open(name, os.O_RDONLY, dir_fd=folder)
    opened.callback(os.close, descriptor)
    return descriptor


def _read_whole(descriptor: int) -> bytes:
    data = chunk = os.pread(descriptor, _CHILDREN_BYTES, 0)
    while len(chunk) > _CHILDREN_BYTES // 2:
        chunk = os.pread(descriptor, _CHILDREN_BYTES, len(data))
        data += chunk
    return data


def age_ns(pid: int) -> int:
    """Return the age of a process (ns), accurate to 10 ms. Raises OSError if it is gone."""
    started = (
        int(process_stat(pid)[22]) * 1_000_000_000 // os.sysconf("SC_CLK_TCK")
    )  # in ticks since the boot
    return clock_gettime_ns(CLOCK_BOOTTIME) - started


def own_numbers(pid: int, tid: int = 0) -> list[int]:
    """Return the ids of a process or thread in all pid namespaces, from ours to its own (NSpid, proc_pid_status(5)).

    The list is empty if they can't be read.
    """
    with ignoring(OSError, ValueError):
        return [int(number) for number in process_status(pid, tid).get("NSpid", "").split()]
    return []


class OwnThreadIds:
    """The ids that a process and its threads have in its own pid namespace; in a container they differ from ours."""

    def __init__(self, pid: int) -> None:
        numbers = own_numbers(pid)
        self._pid = pid
        self.differ = len(numbers) > 1
        self.process = numbers[-1] if numbers else pid
        self.tids: dict[int, int] = {}
        """Our ids of its threads, by their own, as of the last `refresh`."""

    def refresh(self) -> None:
        """List its threads again."""
        with ignoring(OSError):
            present = set(map(int, os.listdir(f"/proc/{self._pid}/task")))
            self.tids = {own: tid for own, tid in self.tids.items() if tid in present}
            for tid in present.difference(self.tids.values()):
                if numbers := own_numbers(self._pid, tid):
                    self.tids[numbers[-1]] = tid


def thread_name(pid: int, tid: int) -> str:
    """Return the kernel's name of a thread. Raises OSError if it is gone."""
    descriptor = os.open(f"/proc/{pid}/task/{tid}/comm", os.O_RDONLY)  # a Path takes three times as long
    try:
        return os.read(descriptor, _NAME_BYTES).decode("utf-8", "replace").rstrip("\n")
    finally:
        os.close(descriptor)
