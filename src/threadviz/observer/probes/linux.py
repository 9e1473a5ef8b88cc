"""The Linux probe: reads /proc from outside and tells all states, without pausing the target.

A blocked thread that has not got a CPU since its last sample is still blocked in the same call. So while all threads
of a process are blocked, reading the CPU time of the process is enough for all of them. Otherwise each blocked thread
costs one read of its own counters.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from time import clock_gettime_ns

from threadviz.debug_log import ignoring
from threadviz.observer.probes.accounting import ThreadAccounting
from threadviz.observer.probes.base import Changes, Probe, ProcessKind
from threadviz.observer.probes.gil_holders import GilHolderCollector
from threadviz.observer.probes.procfs import (
    GONE,
    HAD_IT_NS,
    RUNNABLE,
    ProcProcess,
    ProcThread,
    age_ns,
    thread_name,
)
from threadviz.observer.probes.syscalls import SyscallTable
from threadviz.observer.system import process_arguments
from threadviz.protocol.events import ProbeInfo, State

ASKED_HZ = 550.0

SEARCH_NS = 10_000_000
"""Search for children of a process at most this often (ns)."""

SEARCH_PAUSE = 200
"""A search is followed by a pause that is so many times as long ..."""

SEARCH_MAX_NS = 100_000_000
"""... but not longer than this (ns)."""

ENTER_NS = 8_000_000
"""How often (ns) counters of a runnable thread are read: before they, which move with scheduler ticks, could be taken
to stand still."""

NEVER = 2**63


def reason_against(pid: int) -> str:
    """Return a clause that says why this probe can't observe process `pid`; '' if it can."""
    if not SyscallTable().known:
        return "the system call numbers of this machine type are not known"
    for file in ("maps", f"task/{pid}/syscall", f"task/{pid}/children", f"task/{pid}/schedstat"):
        try:
            Path(f"/proc/{pid}/{file}").read_bytes()
        except OSError as error:
            return f"/proc/PID/{file.replace(str(pid), 'TID')} can't be read ({error.strerror})"
    if Path("/proc/self/schedstat").read_bytes().startswith(b"0 "):  # this process, which has run
        return "this kernel does not count for how long threads run"
    return ""


class LinuxProbe(Probe):
    """It tells all states, except waits for the GIL if the first process's Python has none.

    Raises OSError if `root` is gone.
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        self._syscalls = SyscallTable()
        self._first = ProcProcess(self.root, ProcessKind.SUBJECT, None, 0, sure=True)
        self._first.find_gil(0)
        self._processes = {self.root: self._first}
        self.holders = GilHolderCollector()
        """The collector of GIL holders."""
        python = self._first.program.interpreter
        without = {State.GIL} if python is not None and python.gil is False else set()
        self.info = ProbeInfo("linux", tuple(state for state in State if state not in without), "", ASKED_HZ)

    @property
    def threads(self) -> Sequence[ProcThread]:
        return [thread for process in self._processes.values() for thread in process.threads.values()]

    def begin(self) -> None:
        processes = list(self._processes.values())
        for process in processes:
            for tid in process.new_threads():
                with ignoring(*GONE):
                    counters = Path(f"/proc/{process.pid}/task/{tid}/schedstat").read_bytes().split()
                    self._add_thread(process, tid, ThreadAccounting(0, *map(int, counters)), 0)
            met = [child for child in process.children() if self._add_process(child, process, 0)]
            processes += [self._processes[child] for child in met]

    def look(self, now: int, late_ns: int) -> None:
        busy, gone = [], []
        for process in self._processes.values():
            try:
                cpu = clock_gettime_ns(process.clock)
            except OSError:
                gone.append(process)
                continue
            if cpu == process.cpu and process.still and now < process.next_search:
                process.seen = now
            else:
                process.cpu = cpu
                busy.append(process)
        for process in busy:
            self._sample(process, now, late_ns)
        for process in gone:
            for thread in list(process.threads.values()):
                self._drop(thread, now)
            self.holders.leave(process)
            process.close()
            del self._processes[process.pid]

    def _sample(self, process: ProcProcess, now: int, late_ns: int) -> None:
        """Sample the threads of a process in which something ran. Only there can anything be new."""
        for tid in process.new_threads():
            self._add_thread(process, tid, ThreadAccounting(process.looked), process.looked)
        process.looked = now
        pread, gone, still = os.pread, [], True
        for thread in process.threads.values():
            try:
                if not thread.blocked and now < thread.enter_next and pread(thread.syscall, 8, 0) == RUNNABLE:
                    thread.accounting.still(now)
                    still = False
                    continue
                counters = pread(thread.schedstat, 64, 0)
                if thread.blocked and counters == thread.counters:
                    continue
                if thread.gil_place is not None and thread.woke_in_vain(counters):
                    thread.counters = counters
                    continue
                self._read(thread, counters, late_ns)
                still = still and thread.blocked
            except GONE as error:
                gone.append((thread, isinstance(error, PermissionError)))
        for thread, forbidden in gone:
            self._drop(thread, now)
            if forbidden or thread.tid == process.pid:
                process.closed.add(thread.tid)
        self.holders.look(process, now, late_ns)
        process.seen, process.still = now, still
        if now >= process.may_search:
            self._find_children(process, now)
        else:
            process.next_search = process.may_search

    def _find_children(self, process: ProcProcess, now: int) -> None:
        started = self.clock()
        new = [child for child in process.children() if child not in self._processes]
        pause = SEARCH_PAUSE * (self.clock() - started)
        process.may_search = now + min(max(SEARCH_NS, pause), SEARCH_MAX_NS)
        process.next_search = NEVER  # unless something runs, which could start one
        for child in new:
            self._add_process(child, process, process.searched)
        process.searched = now

    def meet(self, pid: int, kind: ProcessKind | None = None) -> None:
        """Observe a process that was reported before a search found it, and take its kind from the report."""
        if pid not in self._processes:
            self._add_process(pid, self._first, 0)
        process = self._processes.get(pid)
        if kind is not None and process is not None and not process.sure:
            process.kind, process.sure = kind, True

    def _add_process(self, pid: int, parent: ProcProcess, not_before: int) -> bool:
        """Observe a process that started after `not_before`. Return False if it is gone already or ignored."""
        if pid in self.ignored:
            return False
        with ignoring(*GONE):
            born = max(not_before, self.clock() - age_ns(pid))
            self._processes[pid] = ProcProcess(pid, self.kind_of("", parent.kind, ""), parent, born)
            return True
        return False

    def take_changes(self) -> Changes:
        """Return the changes since the last call.

        The kind of a process is found out only now, because it may not have started its program when it was found.
        """
        for process in map(self._processes.get, {thread.pid for thread in self._new}):
            if process is not None and process.parent is not None and not process.sure:
                with ignoring(*GONE):
                    pids = process.pid, process.parent.pid
                    line, parents = (" ".join(process_arguments(pid)) for pid in pids)
                    process.kind = self.kind_of(line, process.parent.kind, parents)
        now = self.clock()
        for process in self._processes.values():
            if now >= process.program.due:
                process.find_gil(now)
            self.holders.refresh(process)
        return super().take_changes()

    def close(self) -> None:
        self.holders.close()
        for process in self._processes.values():
            for thread in process.threads.values():
                thread.close()
            process.close()

    def _read(self, thread: ProcThread, counters: bytes, late_ns: int) -> None:
        if thread.blocked:
            thread.accounting.still(thread.owner.seen)
        waited = thread.gil_place is not None
        blocked = thread.blocked_in(self._syscalls)
        running, ready, turns = map(int, counters.split())
        if waited and (running - thread.entered > HAD_IT_NS or (blocked and thread.gil_place is None)):
            thread.owner.passed = thread.owner.seen
        now = self.clock()
        thread.accounting.read(now, running, ready, turns, blocked, late_ns)
        thread.enter_next = now + ENTER_NS
        thread.counters, thread.entered = counters, running
        thread.blocked, thread.since = blocked is not None, thread.owner.looked

    def _add_thread(self, process: ProcProcess, tid: int, accounting: ThreadAccounting, started: int) -> None:
        with ignoring(*GONE):
            name = thread_name(process.pid, tid)
            thread = ProcThread(process, tid, name, started, accounting)
            process.threads[tid] = thread
            self._new.append(thread)

    def _drop(self, thread: ProcThread, now: int) -> None:
        if thread.blocked:
            thread.accounting.still(thread.owner.seen)
        thread.ended = thread.accounting.end(now)
        thread.close()
        self._gone.append(thread)
        del thread.owner.threads[thread.tid]
        thread.owner.links = 0  # a new thread may have taken its place in the count
