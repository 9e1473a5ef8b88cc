"""Which Python a process runs, told from outside."""

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.observer.images import MadeUp, image, interpreter, offsets
from tests.observer.pythons import NAMES, python
from tests.observer.sampling import started
from threadviz.observer.cpython.debug_offsets import Offsets
from threadviz.observer.cpython.detect import Interpreter, gils, interpreter_in, interpreter_of
from threadviz.observer.cpython.memory import Module
from threadviz.observer.system import has_gil

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")

BASE, DATA, HEAP = 0x7F0000000000, 0x7F0000200000, 0x7E0000000000
RUNTIME = DATA + 0x100
MODULE = Module("/usr/lib/libpython3.14.so.1.0", BASE, [(DATA, DATA + 0x10000)])

ASK = """
import json, platform, sys
print(json.dumps([platform.python_version(), getattr(sys, "_is_gil_enabled", lambda: True)()]), flush=True)
input()
"""


@pytest.mark.parametrize("name", ["", *NAMES])
def test_version_and_gil_of_a_process_are_what_it_says_itself(name: str) -> None:
    """Of the Python that runs the tests, and of others that are installed, from before the first of these on."""
    executable = python(name) if name else sys.executable
    with started(ASK, python=executable) as (process, (version, gil)):
        found = interpreter_of(process.pid)
    assert found is not None
    assert (found.version, found.gil) == (version.removesuffix("+"), gil)
    assert found.minor == tuple(map(int, version.split(".")[:2]))


def test_an_executable_of_another_name_is_a_python_too(tmp_path: Path) -> None:
    """The name says nothing; what is loaded does."""
    snake = tmp_path / "snake"
    shutil.copy(Path(sys.executable).resolve(), snake)
    home = {**os.environ, "PYTHONHOME": f"{sys.base_prefix}:{sys.base_exec_prefix}"}
    with subprocess.Popen(
        [snake, "-c", "print(flush=True); input()"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=home
    ) as process:
        assert process.stdout is not None
        runs = process.stdout.readline()
        found = interpreter_of(process.pid)
        process.kill()
    if not runs:
        pytest.skip("this Python does not run from elsewhere")
    assert found is not None
    assert found.version == platform.python_version().removesuffix("+")
    assert found.gil is has_gil()


def test_what_is_no_python_is_told_so() -> None:
    """A command of the system; a process that is gone; a number that none can have."""
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as process:
        assert interpreter_of(process.pid) is None
        process.kill()
        process.wait()
        assert interpreter_of(process.pid) is None
    assert interpreter_of(-1) is None
    assert interpreter_of(2**40) is None


def memory(said: bytes, symbols: Mapping[bytes, tuple[int, int]], *, enabled: int = 0) -> MadeUp:
    """Return a memory with a library that has `symbols`, `said` at the start of its data, and an interpreter."""
    data = bytearray(0x1000)
    data[0x100 : 0x100 + len(said)] = said
    head = 0x100 + 0x300
    data[head : head + 8] = HEAP.to_bytes(8, sys.byteorder)
    up = bytearray(interpreter(0, 0, HEAP + 0x800))
    up[0x800:0x804] = enabled.to_bytes(4, sys.byteorder)
    return MadeUp({BASE: image(8, BASE, symbols, gnu=True), DATA: bytes(data), HEAP: bytes(up)})


NAMED = {b"_PyRuntime": (RUNTIME - BASE, 0x4000)}
NAMELESS = {b"main": (0x40, 0)}


@pytest.mark.parametrize("symbols", [NAMED, NAMELESS])
def test_the_runtime_is_found_by_its_name_or_by_its_cookie(symbols: Mapping[bytes, tuple[int, int]]) -> None:
    """A build that names nothing has the cookie all the same."""
    found = interpreter_in(memory(offsets(), symbols).read, [MODULE])
    assert found is not None
    assert (found.version, found.gil, found.runtime) == ("3.14.8", True, RUNTIME)
    assert found.offsets is not None


@pytest.mark.parametrize(("enabled", "gil"), [(0, False), (2**31 - 1, True)])
def test_a_free_threaded_build_has_a_gil_only_where_that_is_on(enabled: int, gil: bool) -> None:
    """`PYTHON_GIL=1`, or an extension module that needs it, turns it on."""
    read = memory(offsets(free_threaded=True), NAMED, enabled=enabled).read
    found = interpreter_in(read, [MODULE])
    assert found is not None
    assert found.free_threaded
    assert found.gil is gil


def test_a_free_threaded_build_that_is_not_up_has_perhaps_a_gil() -> None:
    """While there is no interpreter, nobody knows."""
    made_up = memory(offsets(free_threaded=True), NAMED)
    del made_up.parts[HEAP]
    found = interpreter_in(made_up.read, [MODULE])
    assert found is not None
    assert found.gil is None


def test_of_a_version_to_come_only_its_number_is_taken() -> None:
    """It has a GIL, but where is not known."""
    found = interpreter_in(memory(offsets(0x031000F0), NAMED).read, [MODULE])
    assert found is not None
    assert (found.version, found.gil, found.offsets) == ("3.16.0", True, None)


def test_where_the_memory_says_nothing_names_of_files_do() -> None:
    """Of a version that may be a free-threaded build it is not known whether it has a GIL."""
    nothing = MadeUp({}).read
    assert interpreter_in(nothing, [MODULE]) == Interpreter("3.14", None, tuple(MODULE.data))
    older = Module("/usr/bin/python3.11", BASE, MODULE.data)
    assert interpreter_in(nothing, [older]) == Interpreter("3.11", True, tuple(MODULE.data))
    assert interpreter_in(nothing, [Module("/usr/bin/cat", BASE, MODULE.data)]) is None


def interpreters(*linked: tuple[int, int, int]) -> MadeUp:
    """Return a memory with interpreters at HEAP, HEAP + 0x10000 ...: (number, which is next or -1, whose GIL)."""
    parts = {RUNTIME + 0x300: HEAP.to_bytes(8, sys.byteorder)}
    for place, (number, after, owner) in enumerate(linked):
        at = HEAP + 0x10000 * place
        following = HEAP + 0x10000 * after if after >= 0 else 0
        parts[at] = interpreter(number, following, HEAP + 0x10000 * owner + 0x800)
    return MadeUp(parts)


def known() -> Offsets:
    """Return the offsets of the made-up interpreters."""
    read = Offsets.read(offsets(), 8)
    assert read is not None
    return read


def test_each_gil_is_found_once() -> None:
    """A sub-interpreter has its own, or shares the main one's."""
    made_up = interpreters((2, 1, 0), (1, 2, 2), (0, -1, 2))
    assert gils(made_up.read, RUNTIME, known(), 8) == [(0, HEAP + 0x20800), (2, HEAP + 0x800)]


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(-1, 5), st.integers(0, 5)), max_size=5))
def test_a_list_that_leads_nowhere_or_in_a_circle_comes_to_an_end(linked: list[tuple[int, int, int]]) -> None:
    """As memory may be that is just being changed."""
    found = gils(interpreters(*linked).read, RUNTIME, known(), 8)
    assert len(found) <= len(linked)


@given(st.binary(max_size=4000), st.integers(0, 4000), st.sampled_from([BASE, DATA, HEAP]))
def test_garbage_in_memory_raises_nothing(garbage: bytes, at: int, where: int) -> None:
    """Neither in the file's image, nor in the data, nor in an interpreter."""
    made_up = memory(offsets(free_threaded=True), NAMED)
    whole = bytearray(made_up.parts[where])
    whole[at : at + len(garbage)] = garbage
    made_up.parts[where] = bytes(whole)
    found = interpreter_in(made_up.read, [MODULE])
    assert found is None or found.gil in (True, False, None)
