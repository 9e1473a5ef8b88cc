"""Where a process keeps its GIL, told from its memory map.

The GIL's mutex and condition are part of `_PyRuntime` (CPython, Include/internal/pycore_gil.h and
pycore_runtime.h), that is of the static data of the interpreter: of libpythonX.Y.so, or of the executable where
that is linked statically. A thread that waits for it is in futex(2) on an address there, while the locks of
`threading`, `queue` and `concurrent.futures` are on the heap. The GIL of a sub-interpreter that has one of its own
(PEP 684) lies on the heap too, and a wait for it is taken for one on a lock.
"""

import re
from collections.abc import Iterable

_MAPPING = re.compile(r"([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ (\S+) \d+ *(.*)")
_INTERPRETER = re.compile(r"/libpython\d+\.\d+[^/]*\.so[^/]*$")

AddressRange = tuple[int, int]


def interpreter_data(maps: Iterable[str], executable: str) -> list[AddressRange]:
    """Return the address ranges [start, end) of an interpreter's writable static data.

    `maps` are the lines of /proc/PID/maps (proc_pid_maps(5)), `executable` is what /proc/PID/exe leads to. A
    writable mapping of the interpreter's file counts, whatever an executable is called, and the nameless one right
    behind it, which holds what starts out as zero (.bss).
    """
    ranges: list[AddressRange] = []
    for line in maps:
        match = _MAPPING.match(line)
        if match is None:
            continue
        start, end, writable = int(match[1], 16), int(match[2], 16), match[3].startswith("rw")
        path = match[5]
        bss = not path and bool(ranges) and ranges[-1][1] == start
        if writable and (bss or path == executable or _INTERPRETER.search(path)):
            if bss:
                ranges[-1] = (ranges[-1][0], end)
            else:
                ranges.append((start, end))
    return ranges


def holds(ranges: Iterable[AddressRange], address: int) -> bool:
    """Tell whether `address` lies in one of `ranges`."""
    # Not any(): this runs for each wait that is read, and a generator costs more.
    for start, end in ranges:  # noqa: SIM110
        if start <= address < end:
            return True
    return False
