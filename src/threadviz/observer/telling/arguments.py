"""What a blocked system call waits on, told by its arguments, and by what they point to in the memory of its process.

The arguments are as in /proc/PID/task/TID/syscall (proc_pid_syscall(5)), as numbers.
"""

import struct
from collections.abc import Iterator, Sequence

from threadviz.observer.interpreters.memory import Reader

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
