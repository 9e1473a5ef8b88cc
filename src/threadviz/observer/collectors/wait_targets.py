"""What threads wait on: the peer of a socket, the path of a file.

A wait is looked up once it has lasted from one poll to the next, and only reported if it still holds after all of that
was read: the thread has got no CPU since the probe last saw it in that wait. So a `WaitTarget` is about the span of its
lane that it lies in, and about no later one. A descriptor is resolved while the thread waits on it. A program that
closes it meanwhile, and opens something else under the same number, can make the result wrong.
"""

import ctypes
import os
import re
import struct
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

from threadviz.debug_log import ignoring
from threadviz.observer.collectors.sockets import Peer, Sockets, parse_sockaddr
from threadviz.observer.cpython.memory import Memory, Reader
from threadviz.observer.probes.base import Changes, Collector, ObservedThread
from threadviz.observer.probes.linux import LinuxProbe
from threadviz.observer.probes.procfs import RUNNABLE, ProcThread
from threadviz.observer.probes.syscalls import SyscallTable
from threadviz.protocol.events import Event, Present, State, WaitTarget

CPU_SHARE = 0.0012
"""The share of one core that the lookups may take."""

CREDIT_NS = 2_000_000
"""How much CPU time they may use ahead of that (ns)."""

BATCH_NS = 1_000_000
"""How much credit there must be to begin (ns): many lookups at once are cheaper than one by one."""

PAUSE = 1000
"""Going through all threads is followed by a pause that is this many times as long."""

RETRY_NS = 500_000_000
"""When a wait is looked up again whose target was not known yet (ns)."""

NEVER = 2**63

PIPE = "a pipe"

AT_FDCWD = -100
"""As the directory of a path: the current one (fcntl(2))."""

_DESCRIPTOR_CALLS = frozenset(
    """
    read write readv writev pread64 pwrite64 preadv pwritev preadv2 pwritev2 ioctl fcntl flock fsync fdatasync
    sync_file_range getdents64 sendfile accept accept4 sendto recvfrom sendmsg recvmsg sendmmsg recvmmsg
    """.split()
)
"""The calls whose first argument is the file that they wait on. `sendfile` usually waits for the receiver."""

_POLL_CALLS = frozenset({"poll", "ppoll"})
_SELECT_CALLS = frozenset({"select", "pselect6"})
_OPEN_CALLS = {"open": 0, "openat": 1}
"""By call, which argument is the path (open(2))."""

CALLS = _DESCRIPTOR_CALLS | _POLL_CALLS | _SELECT_CALLS | _OPEN_CALLS.keys() | {"connect"}
"""The calls that have one wait target. Not `epoll_wait`, because an event loop waits for many."""

_MAX_SELECT = 1024
"""How many files a set of `select` has room for (select(2))."""

_PATH_BYTES = 4096
_PAGE = 4096
_ADDRESS_BYTES = 128

_SOCKET = re.compile(r"socket:\[(\d+)\]")

_MAX_TEXT = 300
"""The longest wait target, in characters. Of a longer one the end is kept, which distinguishes files."""


def waited_descriptor(call: str, arguments: Sequence[int], memory: Reader) -> int | None:
    """Return the descriptor that a call waits on, None where it waits on none, on several, or that can't be read."""
    if call in _DESCRIPTOR_CALLS:
        return _signed(arguments[0])
    if call in _POLL_CALLS and arguments[1] & 0xFFFFFFFF == 1:
        polled = memory(arguments[0], 4)
        return int(struct.unpack("=i", polled)[0]) if len(polled) == 4 else None
    if call in _SELECT_CALLS:
        bits = _selected(arguments, memory)
        return bits.bit_length() - 1 if bits.bit_count() == 1 else None
    return None


def _selected(arguments: Sequence[int], memory: Reader) -> int:
    """Return the files that `select` waits for, a bit for each, from up to three sets; 0 where they can't be read."""
    files = min(_signed(arguments[0]), _MAX_SELECT)
    if files <= 0:
        return 0
    bits, size = 0, (files + 7) // 8
    for pointer in filter(None, arguments[1:4]):
        selected = memory(pointer, size)
        if len(selected) < size:
            return 0
        bits |= int.from_bytes(selected, "little")
    return bits & (1 << files) - 1


def opened_path(call: str, arguments: Sequence[int], memory: Reader) -> tuple[int, bytes] | None:
    """Return the directory, as a descriptor or AT_FDCWD, and the path, of a call that opens a file."""
    index = _OPEN_CALLS.get(call)
    if index is None:
        return None
    start = arguments[index]
    path = memory(start, _PAGE - start % _PAGE)  # the next page need not be there
    if b"\0" not in path:
        path += memory(start + len(path), _PATH_BYTES - len(path))
    path, end, _ = path.partition(b"\0")
    return (_signed(arguments[0]) if index else AT_FDCWD, path) if end else None


def connect_address(call: str, arguments: Sequence[int], memory: Reader) -> bytes | None:
    """Return the address (a `struct sockaddr`) of a call that connects."""
    if call != "connect":
        return None
    return memory(arguments[1], min(arguments[2] & 0xFFFFFFFF, _ADDRESS_BYTES))


def _signed(argument: int) -> int:
    """Return an argument as a C `int`: the kernel shows the whole register."""
    return ctypes.c_int(argument).value


def _read_link(path: str) -> str:
    return os.readlink(path.encode()).decode("utf-8", "replace")  # noqa: PTH115 - a Path can't hold any bytes


@dataclass(slots=True)
class _Wait:
    """A wait, identified by the thread's counters, which stand still in it. Times are ns since the run's origin."""

    counters: bytes
    due: int
    """When it is to be looked up, at the soonest."""
    reported: int
    """When a wait target of its thread was last reported."""


class WaitTargetCollector(Collector):
    """Collects what the threads wait on that `probe` samples. Without `paths`, only sockets and pipes are reported."""

    def __init__(self, probe: LinuxProbe, paths: bool) -> None:
        self._probe = probe
        self._paths = paths
        self._sockets = Sockets()
        self._syscalls = SyscallTable()
        self._waits: dict[ObservedThread, _Wait] = {}
        self._due: list[tuple[_Wait, ProcThread]] = []
        self._credit: float = CREDIT_NS
        self._last = self._next = 0

    def poll(self, now: int, changes: Changes) -> Iterator[Event]:
        for thread in changes.gone:
            self._waits.pop(thread, None)
        self._credit = min(CREDIT_NS, self._credit + CPU_SHARE * (now - self._last))
        self._last = now
        if self._due and self._credit >= BATCH_NS:
            yield from self._look_up(now)
        if now >= self._next:
            started = time.process_time_ns()
            self._due = self._find()
            self._next = now + PAUSE * (time.process_time_ns() - started)
        self._sockets.refresh()

    def _look_up(self, now: int) -> Iterator[WaitTarget]:
        """Yield the targets of those waits that still go on, as far as the credit goes."""
        started = time.process_time_ns()
        for wait, thread in self._due:
            if thread.ended is not None or wait.counters != thread.counters or wait.due > now:
                continue
            target = self._target(thread)
            wait.due = NEVER if target is not None else now + RETRY_NS
            if target and thread.lane >= 0:
                wait.reported = now
                yield WaitTarget(now, thread.lane, target)
            ended = time.process_time_ns()
            self._credit -= ended - started
            started = ended
            if self._credit <= 0:
                break

    def _find(self) -> list[tuple[_Wait, ProcThread]]:
        """Return the waits to be looked up at the next poll: those first whose threads had none for the longest."""
        waits, due = self._waits, []
        for thread in self._probe.threads:
            if thread.blocked:
                wait = waits.get(thread)
                if wait is None or wait.counters != thread.counters:
                    soonest = 0 if _may_wait_on_file(thread.told) else NEVER
                    wait = waits[thread] = _Wait(thread.counters, soonest, wait.reported if wait else 0)
                if wait.due < NEVER:
                    due.append((wait, thread))
        due.sort(key=lambda entry: entry[0].reported)
        return due

    def _target(self, thread: ProcThread) -> str | None:
        """Return what a thread waits on, '' where that is nothing to report, None where it may be known later."""
        with ignoring(OSError):  # it waits no longer, or has ended
            where = os.pread(thread.syscall, 256, 0)
            if where == RUNNABLE:
                return ""
            number, _, words = where.partition(b" ")
            call = self._syscalls.classify(number, words).call
            if call not in CALLS:
                return ""
            target = self._resolve(thread.pid, thread.tid, call, [int(word, 16) for word in words.split()])
            if os.pread(thread.schedstat, 64, 0) == thread.counters:
                return target
        return ""

    def _resolve(self, pid: int, tid: int, call: str, arguments: list[int]) -> str | None:
        """Return the same for a system call. Raises OSError where the thread waits no longer, as a rule."""

        def memory(address: int, size: int) -> bytes:
            with closing(Memory(pid)) as opened:
                return opened.read(address, size)

        folder = f"/proc/{pid}/task/{tid}"
        raw = connect_address(call, arguments, memory)
        if raw is not None and (peer := parse_sockaddr(raw)) is not None:
            return self._report(*peer)
        if (opening := opened_path(call, arguments, memory)) is not None:
            directory, path = opening[0], opening[1].decode("utf-8", "replace")
            if not path.startswith("/"):
                start = _read_link(f"{folder}/cwd" if directory == AT_FDCWD else f"{folder}/fd/{directory}")
                path = f"{start}/{path}"
            return self._report(path, True)
        number = waited_descriptor(call, arguments, memory)
        if number is None:
            return ""
        link = _read_link(f"{folder}/fd/{number}")
        if match := _SOCKET.fullmatch(link):
            found: Peer | None = self._sockets.peer(pid, number, int(match[1]))
            return None if found is None else self._report(*found)
        if link.startswith("pipe:"):
            return PIPE
        if link.startswith("anon_inode:"):
            return link.removeprefix("anon_inode:").strip("[]")
        return self._report(link, True)

    def _report(self, text: str, has_path: bool) -> str:
        if has_path and not self._paths:
            return ""
        return text if len(text) <= _MAX_TEXT else f"...{text[-_MAX_TEXT:]}"


def _may_wait_on_file(present: Present | None) -> bool:
    """Return whether a wait is on a file, as far as its call tells: `poll` for no file, for one, is a timer."""
    return present is not None and present.call in CALLS and present.state is not State.SLEEP
