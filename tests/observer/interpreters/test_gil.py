"""Where a process keeps its GIL: told from memory maps as they stand in /proc/PID/maps."""

import sys
from pathlib import Path

import pytest

from threadviz.observer.gil import holds, interpreter_data

SHARED = """\
55d000000000-55d000001000 r--p 00000000 fe:00 1    /usr/bin/python3.12
55d000004000-55d000005000 rw-p 00003000 fe:00 1    /usr/bin/python3.12
55d001000000-55d001900000 rw-p 00000000 00:00 0    [heap]
7f0000000000-7f0000200000 r-xp 00000000 fe:00 2    /usr/lib/libpython3.12.so.1.0
7f0000200000-7f0000300000 rw-p 00200000 fe:00 2    /usr/lib/libpython3.12.so.1.0
7f0000300000-7f0000340000 rw-p 00000000 00:00 0
7f0000350000-7f0000380000 rw-p 00000000 00:00 0
7f0001000000-7f0001001000 rw-p 00001000 fe:00 3    /usr/lib/python3.12/lib-dynload/_queue.so
7f0001001000-7f0001002000 rw-p 00000000 00:00 0
7ffd00000000-7ffd00020000 rw-p 00000000 00:00 0    [stack]
"""

STATIC = """\
5500000-5900000 r-xp 00000000 fe:00 1    /opt/python/bin/python3.14t
5900000-5980000 rw-p 00400000 fe:00 1    /opt/python/bin/python3.14t
5980000-59c0000 rw-p 00000000 00:00 0
6000000-6900000 rw-p 00000000 00:00 0    [heap]
"""


@pytest.mark.parametrize(
    ("maps", "executable", "inside", "outside"),
    [
        (
            SHARED,
            "/usr/bin/python3.12",
            [0x55D000004000, 0x7F0000200000, 0x7F000030FFFF],
            [0x55D001000000, 0x7F0000350000, 0x7F0001001000, 0x7FFD00000000],
        ),
        (STATIC, "/opt/python/bin/python3.14t", [0x5900000, 0x59BFFFF], [0x5500000, 0x6000000, 0x59C0000]),
        (STATIC.replace("python3.14t", "snake"), "/opt/python/bin/snake", [0x5900000], [0x6000000]),
        (
            SHARED.replace("libpython3.12.so.1.0", "libpython3.12.so.1.0 (deleted)"),
            "/usr/bin/other",
            [0x7F0000300000],
            [0x7F0000350000, 0x55D000004000],
        ),
        ("no maps at all\n", "/usr/bin/python3.12", [], [0x5900000]),
    ],
)
def test_the_interpreters_static_data_is_told_from_all_else(
    maps: str, executable: str, inside: list[int], outside: list[int]
) -> None:
    """The writable mapping of the interpreter and the nameless one behind it count; the heap and others don't."""
    ranges = interpreter_data(maps.splitlines(), executable)
    assert all(holds(ranges, address) for address in inside)
    assert not any(holds(ranges, address) for address in outside)


@pytest.mark.skipif(sys.platform != "linux", reason="/proc/self/maps is Linux's")
def test_this_interpreter_has_static_data() -> None:
    """It is found for the Python that runs the tests."""
    maps = Path("/proc/self/maps").read_text().splitlines()
    assert interpreter_data(maps, str(Path("/proc/self/exe").readlink()))
