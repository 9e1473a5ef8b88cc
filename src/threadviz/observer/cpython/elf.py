"""Where a program or a library that is loaded has its symbols, told from its image in memory (elf(5)).

The memory is asked and not the file, which may have been replaced or deleted since, or lie in a container. All that
is followed is bounded, for it may be garbage. Numbers have the byte order of this machine, and addresses 4 or 8 bytes.
"""

import struct
import sys
from dataclasses import dataclass

from threadviz.observer.cpython.memory import Reader, address_letter, number

_PT_LOAD, _PT_DYNAMIC = 1, 2
_DT_NULL, _DT_HASH, _DT_STRTAB, _DT_SYMTAB, _DT_GNU_HASH = 0, 4, 5, 6, 0x6FFFFEF5

_BYTE_ORDER = 1 if sys.byteorder == "little" else 2

_HEADER = {4: "=28xI10xHH", 8: "=32xQ14xHH"}
"""By the bytes of an address: the place of the segments, the bytes that each takes, and their number."""

_SEGMENT = {4: "=III4xI12x", 8: "=I4xQQ8xQ16x"}
"""A segment's kind, its place in the file, its address, and its bytes in the file."""

_SYMBOL = {4: "=III2xH", 8: "=I2xHQQ"}
"""A symbol: its name, its section, its value and its size; the section is the last where addresses have 4 bytes."""

_MOST_SEGMENTS = 128
_MOST_ENTRIES = 512
_MOST_LINKS = 4096
"""How far a chain of a hash table is followed."""

_U32 = 2**32 - 1


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
        if len(head) < 64 or head[:4] != b"\x7fELF" or head[4] not in (1, 2) or head[5] != _BYTE_ORDER:
            raise ValueError("no ELF file is loaded there")
        self.pointer = 4 * head[4]
        """How many bytes an address takes."""
        self._bias = 0
        self._tables: dict[int, int] = {}
        self._load(base, head)

    def _load(self, base: int, head: bytes) -> None:
        """Find out how far it lies from where it was linked to, and where its tables are."""
        offset, entry, count = struct.unpack_from(_HEADER[self.pointer], head)
        segment = struct.Struct(_SEGMENT[self.pointer])
        if not segment.size <= entry <= 2 * segment.size or count > _MOST_SEGMENTS:
            raise ValueError("its segments are not to be read")
        headers = self._read(base + offset, entry * count)
        places = range(0, len(headers) - segment.size + 1, entry)
        segments = [segment.unpack_from(headers, place) for place in places]
        first = [address for kind, place, address, _ in segments if kind == _PT_LOAD and not place]
        if not first:
            raise ValueError("it has no beginning")
        self._bias = base - first[0]
        for kind, _, address, size in segments:
            if kind == _PT_DYNAMIC:
                self._read_dynamic(address + self._bias, size)

    def _read_dynamic(self, address: int, size: int) -> None:
        entry = struct.Struct(f"=2{address_letter(self.pointer)}")
        data = self._read(address, min(size, entry.size * _MOST_ENTRIES))
        for tag, value in entry.iter_unpack(data[: len(data) - len(data) % entry.size]):
            if tag == _DT_NULL:
                break
            # glibc puts addresses in the place of offsets on most machines, others leave them (elf/get-dynamic-info.h)
            self._tables.setdefault(tag, value if value >= self._bias else value + self._bias)

    def symbol(self, name: bytes) -> Symbol | None:
        """Return what it calls `name`, where it has that and lets others use it."""
        if not {_DT_SYMTAB, _DT_STRTAB} <= self._tables.keys():
            return None
        if _DT_GNU_HASH in self._tables:
            return self._by_gnu_hash(name, self._tables[_DT_GNU_HASH])
        if _DT_HASH in self._tables:
            return self._by_hash(name, self._tables[_DT_HASH])
        return None

    def _by_gnu_hash(self, name: bytes, table: int) -> Symbol | None:
        """Look it up in a table of GNU's form: a filter, buckets, and chains whose last hash is odd."""
        buckets, first, filters = (self._word(table + 4 * place) for place in range(3))
        if not buckets:
            return None
        wanted = 5381
        for byte in name:
            wanted = wanted * 33 + byte & _U32
        bucket = table + 16 + filters * self.pointer
        index = self._word(bucket + 4 * (wanted % buckets))
        chain = bucket + 4 * buckets
        if index < first:
            return None
        for at in range(index, index + _MOST_LINKS):
            seen = self._word(chain + 4 * (at - first))
            if seen | 1 == wanted | 1 and (symbol := self._entry(at, name)):
                return symbol
            if seen & 1:
                break
        return None

    def _by_hash(self, name: bytes, table: int) -> Symbol | None:
        """Look it up in a table of the older form: buckets, and chains that end with zero."""
        buckets = self._word(table)
        if not buckets:
            return None
        wanted = 0
        for byte in name:
            wanted = (wanted << 4) + byte
            wanted = (wanted ^ wanted >> 24 & 0xF0) & 0xFFFFFFF
        index = self._word(table + 8 + 4 * (wanted % buckets))
        for _ in range(_MOST_LINKS):
            if not index:
                break
            if symbol := self._entry(index, name):
                return symbol
            index = self._word(table + 8 + 4 * (buckets + index))
        return None

    def _entry(self, index: int, name: bytes) -> Symbol | None:
        """Return the symbol of that number, if it is the one of that name, and defined here."""
        form = struct.Struct(_SYMBOL[self.pointer])
        data = self._read(self._tables[_DT_SYMTAB] + form.size * index, form.size)
        if len(data) < form.size:
            return None
        at, *others = form.unpack(data)
        value, size, section = others if self.pointer == 4 else (*others[1:], others[0])
        if not section or self._read(self._tables[_DT_STRTAB] + at, len(name) + 1) != name + b"\0":
            return None
        return Symbol(value + self._bias, size)

    def _word(self, address: int) -> int:
        """Return a number of 32 bits; zero where it can't be read."""
        return number(self._read, address, 4)
