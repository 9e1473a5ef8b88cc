"""Where a program or a library that is loaded has its symbols, told from its image in memory (elf(5)).

The memory is asked and not the file, which may have been replaced or deleted since, or lie in a container. All that
is followed is bounded, for it may be garbage.
"""

import struct
from dataclasses import dataclass
from functools import cached_property

from threadviz.observer.cpython.memory import Reader

_PT_LOAD, _PT_DYNAMIC = 1, 2
_DT_NULL, _DT_HASH, _DT_STRTAB, _DT_SYMTAB, _DT_GNU_HASH = 0, 4, 5, 6, 0x6FFFFEF5

_MOST_SEGMENTS = 128
_MOST_ENTRIES = 512
_MOST_LINKS = 4096
"""How far a chain of a hash table is followed."""

_U32 = 2**32 - 1


@dataclass(frozen=True)
class Words:
    """How numbers stand in a process's memory: their byte order, as `struct` has it, and the bytes of an address."""

    order: str
    pointer: int

    @cached_property
    def address(self) -> struct.Struct:
        """An address."""
        return struct.Struct(self.order + self.letter)

    @property
    def letter(self) -> str:
        """What `struct` calls an address."""
        return "Q" if self.pointer == 8 else "I"


@dataclass(frozen=True)
class Symbol:
    """Where something lies that has a name, and how many bytes it takes."""

    address: int
    size: int


class Image:
    """What is loaded at `base`, where its file begins. Raises ValueError where that is no such file."""

    def __init__(self, read: Reader, base: int) -> None:
        self._read = read
        head = read(base, 64)
        if len(head) < 64 or head[:4] != b"\x7fELF" or head[4] not in (1, 2) or head[5] not in (1, 2):
            raise ValueError("no ELF file is loaded there")
        self.words = Words("<" if head[5] == 1 else ">", 8 if head[4] == 2 else 4)
        self._wide = head[4] == 2
        self._bias = 0
        self._tables: dict[int, int] = {}
        self._load(base, head)

    def _load(self, base: int, head: bytes) -> None:
        """Find out how far it lies from where it was linked to, and where its tables are."""
        if self._wide:
            offset, entry, count = *self._unpack("Q", head, 32), *self._unpack("HH", head, 54)
        else:
            offset, entry, count = *self._unpack("I", head, 28), *self._unpack("HH", head, 42)
        least = 56 if self._wide else 32
        if not least <= entry <= 2 * least or count > _MOST_SEGMENTS:
            raise ValueError("its segments are not to be read")
        headers = self._read(base + offset, entry * count)
        segments = []
        for at in range(0, len(headers) - least + 1, entry):
            if self._wide:
                kind, _, file_offset, address, _, size = self._unpack("IIQQQQ", headers, at)
            else:
                kind, file_offset, address, _, size = self._unpack("IIIII", headers, at)
            segments.append((kind, file_offset, address, size))
        first = [
            address for kind, file_offset, address, _ in segments if kind == _PT_LOAD and not file_offset
        ]
        if not first:
            raise ValueError("it has no beginning")
        self._bias = base - first[0]
        for kind, _, address, size in segments:
            if kind == _PT_DYNAMIC:
                self._read_dynamic(address + self._bias, size)

    def _read_dynamic(self, address: int, size: int) -> None:
        entry = 2 * self.words.pointer
        data = self._read(address, min(size, entry * _MOST_ENTRIES))
        for at in range(0, len(data) - entry + 1, entry):
            tag, value = self._unpack(2 * self.words.letter, data, at)
            if tag == _DT_NULL:
                break
            # glibc puts addresses in the place of offsets on most machines, others leave them (elf/get-dynamic-info.h)
            self._tables.setdefault(tag, value if value >= self._bias else value + self._bias)

    def symbol(self, name: bytes) -> Symbol | None:
        """Return what it calls `name`, where it has that and lets others use it."""
        if not {_DT_SYMTAB, _DT_STRTAB} <= self._tables.keys():
            return None
        if _DT_GNU_HASH in self._tables:
            return self._by_gnu_hash(name)
        if _DT_HASH in self._tables:
            return self._by_hash(name)
        return None

    def _by_gnu_hash(self, name: bytes) -> Symbol | None:
        """Look it up in a table of GNU's form: a filter, buckets, and chains whose last hash is odd."""
        table = self._tables[_DT_GNU_HASH]
        buckets, first, filters = self._numbers(table, 3)
        if not buckets:
            return None
        wanted = 5381
        for byte in name:
            wanted = wanted * 33 + byte & _U32
        bucket = table + 16 + filters * self.words.pointer
        (index,) = self._numbers(bucket + 4 * (wanted % buckets), 1)
        chain = bucket + 4 * buckets
        if index < first:
            return None
        for at in range(index, index + _MOST_LINKS):
            (seen,) = self._numbers(chain + 4 * (at - first), 1)
            if seen | 1 == wanted | 1 and (symbol := self._entry(at, name)):
                return symbol
            if seen & 1:
                break
        return None

    def _by_hash(self, name: bytes) -> Symbol | None:
        """Look it up in a table of the older form: buckets, and chains that end with zero."""
        table = self._tables[_DT_HASH]
        buckets, _ = self._numbers(table, 2)
        if not buckets:
            return None
        wanted = 0
        for byte in name:
            wanted = (wanted << 4) + byte
            wanted = (wanted ^ wanted >> 24 & 0xF0) & 0xFFFFFFF
        (index,) = self._numbers(table + 8 + 4 * (wanted % buckets), 1)
        for _ in range(_MOST_LINKS):
            if not index:
                break
            if symbol := self._entry(index, name):
                return symbol
            (index,) = self._numbers(table + 8 + 4 * (buckets + index), 1)
        return None

    def _entry(self, index: int, name: bytes) -> Symbol | None:
        """Return the symbol of that number, if it is the one of that name, and defined here."""
        form, size = ("IBBHQQ", 24) if self._wide else ("IIIBBH", 16)
        data = self._read(self._tables[_DT_SYMTAB] + size * index, size)
        if len(data) < size:
            return None
        if self._wide:
            at, _, _, section, value, length = self._unpack(form, data)
        else:
            at, value, length, _, _, section = self._unpack(form, data)
        if not section or self._read(self._tables[_DT_STRTAB] + at, len(name) + 1) != name + b"\0":
            return None
        return Symbol(value + self._bias, length)

    def _numbers(self, address: int, count: int) -> tuple[int, ...]:
        """Return numbers of 32 bits; zeros where they can't be read."""
        data = self._read(address, 4 * count)
        return self._unpack(f"{count}I", data) if len(data) == 4 * count else (0,) * count

    def _unpack(self, form: str, data: bytes, at: int = 0) -> tuple[int, ...]:
        return struct.unpack_from(self.words.order + form, data, at)
