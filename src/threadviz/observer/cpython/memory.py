"""The memory of another process, read from outside, a little at a time: nothing of it is paused or written.

It takes what ptrace takes (proc_pid_mem(5)): a process of one's own, or any of the same user where the system allows
that. All that is read may be garbage, for the process goes on meanwhile: who reads checks what it got.
"""

import os
import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

Reader = Callable[[int, int], bytes]
"""Returns so many bytes from an address on, or fewer, or none, where they can't be read. Raises nothing."""

_HIGHEST = 2**63


def number(read: Reader, address: int, size: int) -> int:
    """Return the unsigned number of `size` bytes that is there; 0 where it can't be read."""
    data = read(address, size)
    return int.from_bytes(data, sys.byteorder) if len(data) == size else 0


def address_letter(pointer: int) -> str:
    """Return what `struct` calls an address of `pointer` bytes."""
    return "Q" if pointer == 8 else "I"


class Memory:
    """The memory of process `pid`, as it is now: after it has run another program, nothing can be read of it.

    Raises OSError where that is not allowed, or the process is gone.
    """

    def __init__(self, pid: int) -> None:
        self.descriptor = os.open(f"/proc/{pid}/mem", os.O_RDONLY)

    def read(self, address: int, size: int) -> bytes:
        """Return `size` bytes from `address` on, or fewer, where they can't be read."""
        if not 0 < address < _HIGHEST - size:
            return b""
        try:
            return os.pread(self.descriptor, size, address)
        except OSError:
            return b""

    def close(self) -> None:
        """Let go of it."""
        os.close(self.descriptor)


# Where a process keeps its GIL, told from its memory map.

_MAPPING = re.compile(r"([0-9a-f]+)-([0-9a-f]+) (\S+) ([0-9a-f]+) \S+ \d+ *(.*)")
_LIBRARY = re.compile(r"/libpython\d+\.\d+[^/]*\.so[^/]*$")

AddressRange = tuple[int, int]


@dataclass(slots=True)
class Module:
    """A file that is loaded and may be the interpreter: where it begins, and its writable static data, [start, end)."""

    path: str
    base: int
    data: list[AddressRange] = field(default_factory=list)


def modules(maps: Iterable[str], executable: str) -> list[Module]:
    """Return what may be the interpreter of a process: libraries of its name first, and last the executable.

    `maps` are the lines of /proc/PID/maps (proc_pid_maps(5)), `executable` is what /proc/PID/exe leads to. A
    writable mapping of the file is its data, whatever an executable is called, and so is the nameless one right
    behind it, which holds what starts out as zero (.bss).
    """
    executable = executable.replace("\n", "\\012")  # as it stands in the map
    found: dict[str, Module] = {}
    last: Module | None = None
    """Whose data ends where the next mapping may go on."""
    for line in maps:
        match = _MAPPING.match(line)
        if match is None:
            continue
        start, end, path = int(match[1], 16), int(match[2], 16), match[5]
        writable = match[3].startswith("rw")
        if not path and writable and last is not None and last.data[-1][1] == start:
            last.data[-1] = (last.data[-1][0], end)
        elif path == executable or _LIBRARY.search(path):
            offset = int(match[4], 16)
            module = found.get(path)
            if module is None:
                module = found[path] = Module(path, start - offset)
            if writable:
                module.data.append((start, end))
                last = module
    return sorted(found.values(), key=lambda module: module.path == executable)


def holds(ranges: Iterable[AddressRange], address: int) -> bool:
    """Tell whether `address` lies in one of `ranges`."""
    # Not any(): this runs for each wait that is read, and a generator costs more.
    for start, end in ranges:  # noqa: SIM110
        if start <= address < end:
            return True
    return False
