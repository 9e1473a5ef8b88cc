"""Which files of a process may be its interpreter: told from memory maps as they stand in /proc/PID/maps."""

import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threadviz.observer.cpython.memory import AddressRange, holds, modules

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

LIBRARY = ("/usr/lib/libpython3.12.so.1.0", 0x7F0000000000, [(0x7F0000200000, 0x7F0000340000)])
PROGRAM = ("/usr/bin/python3.12", 0x55D000000000, [(0x55D000004000, 0x55D000005000)])


@pytest.mark.parametrize(
    ("maps", "executable", "expected"),
    [
        (SHARED, "/usr/bin/python3.12", [LIBRARY, PROGRAM]),
        (SHARED, "/usr/bin/other", [LIBRARY]),
        (
            STATIC,
            "/opt/python/bin/python3.14t",
            [("/opt/python/bin/python3.14t", 0x5500000, [(0x5900000, 0x59C0000)])],
        ),
        (
            STATIC.replace("python3.14t", "snake\\012"),
            "/opt/python/bin/snake\n",
            [("/opt/python/bin/snake\\012", 0x5500000, [(0x5900000, 0x59C0000)])],
        ),
        (
            SHARED.replace("libpython3.12.so.1.0", "libpython3.12.so.1.0 (deleted)"),
            "/usr/bin/other",
            [("/usr/lib/libpython3.12.so.1.0 (deleted)", *LIBRARY[1:])],
        ),
        ("no maps at all\n", "/usr/bin/python3.12", []),
    ],
)
def test_what_may_be_the_interpreter_is_told_from_all_else(
    maps: str, executable: str, expected: list[tuple[str, int, list[AddressRange]]]
) -> None:
    """Libraries of its name and the executable, with their data and the nameless mapping right behind it."""
    found = modules(maps.splitlines(), executable)
    assert [(module.path, module.base, module.data) for module in found] == expected


@given(st.lists(st.sampled_from(SHARED.splitlines() + STATIC.splitlines()) | st.text(max_size=80)))
def test_lines_in_any_order_are_read(lines: list[str]) -> None:
    """A map that changed while it was read, or no map at all, is no error."""
    for module in modules(lines, "/usr/bin/python3.12"):
        assert all(start < end for start, end in module.data)


def test_an_address_lies_in_a_range_or_not() -> None:
    """The end does not belong to it."""
    ranges = [(10, 20), (30, 40)]
    assert [address for address in range(50) if holds(ranges, address)] == [*range(10, 20), *range(30, 40)]


@pytest.mark.skipif(sys.platform != "linux", reason="/proc/self/maps is Linux's")
def test_this_interpreter_has_static_data() -> None:
    """It is found for the Python that runs the tests."""
    maps = Path("/proc/self/maps").read_text().splitlines()
    assert any(module.data for module in modules(maps, str(Path("/proc/self/exe").readlink())))
