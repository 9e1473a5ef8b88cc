"""Symbols of what is loaded, by its image in memory."""

import ctypes
import os
import sys
from contextlib import closing, suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.observer.images import MadeUp, image
from threadviz.observer.cpython.elf import Image, Symbol
from threadviz.observer.cpython.memory import Memory, modules

BASE = 0x7F0000000000
KINDS = [4, 8]
SYMBOLS = {b"one": (0x40, 4), b"_PyRuntime": (0x1000, 0x4000), b"Py_Version": (0x80, 8)}


@pytest.mark.parametrize("gnu", [True, False])
@pytest.mark.parametrize("pointer", KINDS)
def test_a_symbol_is_found_by_its_name(pointer: int, gnu: bool) -> None:
    """With addresses of every width, and by both kinds of hash table; others are not there."""
    base = BASE if pointer == 8 else 0x8048000
    loaded = Image(MadeUp({base: image(pointer, base, SYMBOLS, gnu=gnu)}).read, base)
    assert loaded.pointer == pointer
    for name, (offset, size) in SYMBOLS.items():
        assert loaded.symbol(name) == Symbol(base + offset, size)
    assert loaded.symbol(b"other") is None
    assert loaded.symbol(b"_PyRuntim") is None


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_this_interpreters_symbols_are_where_it_has_them() -> None:
    """The linker of the system is asked for the same."""
    with closing(Memory(os.getpid())) as memory:
        found = None
        maps = Path("/proc/self/maps").read_text().splitlines()
        for module in modules(maps, str(Path("/proc/self/exe").readlink())):
            found = found or Image(memory.read, module.base).symbol(b"_PyRuntime")
    assert found is not None
    assert found.address == ctypes.addressof(ctypes.c_char.in_dll(ctypes.pythonapi, "_PyRuntime"))


@given(st.binary(max_size=3000), st.sampled_from(KINDS), st.booleans(), st.data())
def test_garbage_is_no_image_or_has_no_such_symbol(
    garbage: bytes, pointer: int, gnu: bool, data: st.DataObject
) -> None:
    """Whatever stands in memory, nothing but ValueError is raised, and it comes to an end."""
    whole = bytearray(image(pointer, BASE, SYMBOLS, gnu=gnu))
    at = data.draw(st.integers(0, len(whole)))
    whole[at : at + len(garbage)] = garbage
    with suppress(ValueError):
        Image(MadeUp({BASE: bytes(whole)}).read, BASE).symbol(b"_PyRuntime")
