"""What lanes wait on: the peer of a socket, the path of a file.

A wait is told of once, when it has lasted from one flush to the next, and only what is still known to hold when it has
all been read: that the thread has got no CPU since the probe last saw it in that wait. So a `WaitTarget` is about the
stretch of its lane that it lies in, and about no later one. What a descriptor stands for is looked up while it is
waited on; a program that closes it meanwhile, and opens something else in its place, can make it wrong.
"""

import os
import re
import struct
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass

from threadviz.observer.collectors.sockets import Borrower, Sockets, from_memory
from threadviz.observer.cpython.memory import Memory, Reader
from threadviz.observer.probes.base import Collector, ObservedThread
from threadviz.observer.probes.linux import LinuxProbe
from threadviz.observer.probes.procfs import RUNNABLE, ProcThread
from threadviz.observer.probes.syscalls import SyscallTable
from threadviz.protocol.events import Event, Present, State, WaitTarget

# What a blocked system call waits on, told by its arguments, and by what they point to in the memory of its process.

_FIRST = frozenset(
    """
    read write readv writev pread64 pwrite64 preadv pwritev preadv2 pwritev2 ioctl fcntl flock fsync fdatasync
    sync_file_range getdents64 sendfile accept accept4 sendto recvfrom sendmsg recvmsg sendmmsg recvmmsg
    """.split()
)
"""The calls whose first argument is the file that they wait on; `sendfile` waits, as a rule, for who receives."""

_POLLS = frozenset({"poll", "ppoll"})
_SELECTS = frozenset({"select", "pselect6"})
_OPENS = {"open": 0, "openat": 1}
"""Which argument is the path (open(2))."""

WITH_A_PLACE = _FIRST | _POLLS | _SELECTS | _OPENS.keys() | {"connect"}
"""The calls that can be told what they wait on. Not `epoll_wait`, for an event loop waits for many."""

HERE = -100
"""As the directory of a path: the current one (AT_FDCWD, fcntl(2))."""

_SET_FILES = 1024
"""How many files a set of `select` has room for (select(2))."""

_PATH_BYTES = 4096
_PAGE = 4096
_ADDRESS_BYTES = 128


def descriptor(call: str, arguments: Sequence[int], memory: Reader) -> int | None:
    """Return the one descriptor that a call waits on, or None where there is none, more than one, or no telling."""
    if call in _FIRST:
        return _signed(arguments[0])
    if call in _POLLS and arguments[1] & 0xFFFFFFFF == 1:
        polled = memory(arguments[0], 4)
        return int(struct.unpack("=i", polled)[0]) if len(polled) == 4 else None
    if call in _SELECTS:
        found = list(_selected(arguments, memory))
        return found[0] if len(found) == 1 else None
    return None


def _selected(arguments: Sequence[int], memory: Reader) -> Iterator[int]:
    """Yield what `select` waits for: a bit for each file, in up to three sets."""
    files = min(_signed(arguments[0]), _SET_FILES)
    if files <= 0:
        return
    bits, size = 0, (files + 7) // 8
    for pointer in filter(None, arguments[1:4]):
        selected = memory(pointer, size)
        if len(selected) < size:
            return
        bits |= int.from_bytes(selected, "little")
    bits &= (1 << files) - 1
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest


def opened(call: str, arguments: Sequence[int], memory: Reader) -> tuple[int, bytes] | None:
    """Return the directory, as a descriptor or HERE, and the path, of a call that opens a file."""
    if call not in _OPENS:
        return None
    which = _OPENS[call]
    start = arguments[which]
    path = memory(start, _PAGE - start % _PAGE)  # what follows need not be there
    if b"\0" not in path:
        path += memory(start + len(path), _PATH_BYTES - len(path))
    path, end, _ = path.partition(b"\0")
    return (_signed(arguments[0]) if which else HERE, path) if end else None


def address(call: str, arguments: Sequence[int], memory: Reader) -> bytes | None:
    """Return the address (a `struct sockaddr`) of a call that connects."""
    if call != "connect":
        return None
    return memory(arguments[1], min(arguments[2] & 0xFFFFFFFF, _ADDRESS_BYTES))


def _signed(argument: int) -> int:
    """Return an argument as the `int` that it is: the file gives the whole register."""
    value = argument & 0xFFFFFFFF
    return value - (1 << 32) if value >> 31 else value


# What a thread of another process has open, or opens: its name, for people.

PIPE = "a pipe"

_SOCKET = re.compile(r"socket:\[(\d+)\]")
_MOST = 300
"""How long a place may be, in characters: of a longer one the end is kept, which tells files apart."""


class Files:
    """Tells what a call waits on. Without `paths`, no path is told, of files or of sockets."""

    def __init__(self, paths: bool) -> None:
        self._paths = paths
        self._sockets = Sockets(Borrower())

    def place(self, pid: int, tid: int, call: str, arguments: list[int]) -> str | None:
        """Return what it waits on, '' where there is nothing to tell, None where it is to be asked again later.

        Raises OSError where it waits no longer, as a rule.
        """

        def memory(at: int, size: int) -> bytes:
            with closing(Memory(pid)) as opened_now:
                return opened_now.read(at, size)

        folder = f"/proc/{pid}/task/{tid}"
        if (raw := address(call, arguments, memory)) is not None and (found := from_memory(raw)) is not None:
            return self._allowed(*found)
        if (opening := opened(call, arguments, memory)) is not None:
            return self._allowed(_joined(folder, *opening), True)
        number = descriptor(call, arguments, memory)
        if number is None:
            return ""
        return self._open_file(pid, number, _read_link(f"{folder}/fd/{number}"))

    def _open_file(self, pid: int, number: int, link: str) -> str | None:
        if match := _SOCKET.fullmatch(link):
            found = self._sockets.find(pid, number, int(match[1]))
            return None if found is None else self._allowed(*found)
        if link.startswith("pipe:"):
            return PIPE
        if link.startswith("anon_inode:"):
            return link.removeprefix("anon_inode:").strip("[]")
        return self._allowed(link, True)

    def refresh(self) -> None:
        """Read the system's tables anew, if that is called for, and not too soon."""
        self._sockets.refresh()

    def _allowed(self, text: str, has_path: bool) -> str:
        if has_path and not self._paths:
            return ""
        return text if len(text) <= _MOST else f"...{text[-_MOST:]}"


def _joined(folder: str, directory: int, path: bytes) -> str:
    """Return a path that starts from a directory of the thread's. Raises OSError."""
    name = path.decode("utf-8", "replace")
    if name.startswith("/"):
        return name
    return f"{_read_link(f'{folder}/cwd' if directory == HERE else f'{folder}/fd/{directory}')}/{name}"


def _read_link(path: str) -> str:
    return os.readlink(path.encode()).decode("utf-8", "replace")  # noqa: PTH115 - a Path is no place for any bytes


SHARE = 0.0012
"""The share of one core that asking may take."""

CREDIT_NS = 2_000_000
"""How much CPU time it may use ahead of that (ns)."""

BATCH_NS = 1_000_000
"""How much there must be to begin with (ns): to ask for many at once is cheaper than one by one."""

PAUSE = 1000
"""Going through all threads is followed by a pause that is so many times as long."""

AGAIN_NS = 500_000_000
"""After what time a wait is asked about again that could not be told yet (ns)."""

NEVER = 2**63


@dataclass(slots=True)
class _Wait:
    """A wait, by the thread's counters, which stand still in it. Times are ns since the run's origin."""

    counters: bytes
    ask: int
    """When it is to be asked about, at the soonest."""
    told: int
    """When a place was last told of its thread."""


class WaitTargetCollector(Collector):
    """Tells what the threads wait on that `probe` watches; without `paths`, only sockets and pipes."""

    def __init__(self, probe: LinuxProbe, paths: bool) -> None:
        self._probe = probe
        self._files = Files(paths)
        self._syscalls = SyscallTable()
        self._waits: dict[ObservedThread, _Wait] = {}
        self._due: list[tuple[_Wait, ProcThread]] = []
        self._credit: float = CREDIT_NS
        self._last = self._next = 0

    def poll(
        self, now: int, new: Sequence[ObservedThread], gone: Sequence[ObservedThread]
    ) -> Iterator[Event]:
        """Yield what has come out since the last call (at `now`, in ns), as far as the budget goes."""
        for thread in gone:
            self._waits.pop(thread, None)
        self._credit = min(CREDIT_NS, self._credit + SHARE * (now - self._last))
        self._last = now
        if self._due and self._credit >= BATCH_NS:
            yield from self._ask(now)
        if now >= self._next:
            started = time.process_time_ns()
            self._due = self._find()
            self._next = now + PAUSE * (time.process_time_ns() - started)
        self._files.refresh()

    def _ask(self, now: int) -> Iterator[WaitTarget]:
        """Yield the places of those waits that are still the same, as far as the credit goes."""
        started = time.process_time_ns()
        for wait, thread in self._due:
            if thread.ended is not None or wait.counters != thread.counters or wait.ask > now:
                continue
            place = self._place(thread)
            wait.ask = NEVER if place is not None else now + AGAIN_NS
            if place and thread.lane is not None:
                wait.told = now
                yield WaitTarget(now, thread.lane, place)
            asked = time.process_time_ns()
            self._credit -= asked - started
            started = asked
            if self._credit <= 0:
                break

    def _find(self) -> list[tuple[_Wait, ProcThread]]:
        """Return the waits that nothing was told of yet, for the next flush. Goes through all threads.

        Those come first whose threads have gone without for the longest.
        """
        waits, due = self._waits, []
        for thread in self._probe.threads:
            if thread.blocked:
                wait = waits.get(thread)
                if wait is None or wait.counters != thread.counters:
                    ask = 0 if _is_on_a_file(thread.told) else NEVER
                    wait = waits[thread] = _Wait(thread.counters, ask, wait.told if wait else 0)
                if wait.ask < NEVER:
                    due.append((wait, thread))
        due.sort(key=_told)
        return due

    def _place(self, thread: ProcThread) -> str | None:
        """Return what it waits on, '' where there is nothing to tell, None where it is to be asked again later."""
        with suppress(OSError):  # it has gone on, or is gone
            where = os.pread(thread.syscall, 256, 0)
            if where == RUNNABLE:
                return ""
            number, _, arguments = where.partition(b" ")
            call = self._syscalls.classify(number, arguments).call
            if call not in WITH_A_PLACE:
                return ""
            place = self._files.place(
                thread.pid, thread.tid, call, [int(each, 16) for each in arguments.split()]
            )
            if os.pread(thread.schedstat, 64, 0) == thread.counters:
                return place
        return ""


def _is_on_a_file(told: Present | None) -> bool:
    """Tell whether a wait is on a file, as far as its call tells: `poll` for no file, for one, is a timer."""
    return told is not None and told.call in WITH_A_PLACE and told.state is not State.SLEEP


def _told(due: tuple[_Wait, ProcThread]) -> int:
    return due[0].told
