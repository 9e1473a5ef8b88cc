"""Made-up memory: what the image of a program or a library looks like there, with addresses of 4 or 8 bytes."""

import struct
import sys
from collections.abc import Mapping

from threadviz.observer.cpython.memory import address_letter


class MadeUp:
    """A memory that has bytes at some addresses, and can't be read elsewhere."""

    def __init__(self, parts: Mapping[int, bytes]) -> None:
        self.parts = dict(parts)

    def read(self, address: int, size: int) -> bytes:
        """Return what is there, as `Memory.read` does."""
        for start, data in self.parts.items():
            if start <= address < start + len(data):
                return data[address - start : address - start + size]
        return b""


def image(pointer: int, base: int, symbols: Mapping[bytes, tuple[int, int]], *, gnu: bool) -> bytes:
    """Return what is loaded at `base`: a library that lets others see `symbols`, {name: (offset, size)}.

    Its hash table has one bucket, and is of GNU's form or of the older one.
    """
    wide = pointer == 8
    order, letter = "=", address_letter(pointer)
    names, entries = b"\0", [bytes(24 if wide else 16)]
    for name, (offset, size) in symbols.items():
        if wide:
            entries.append(struct.pack(f"{order}IBBHQQ", len(names), 0x11, 0, 7, offset, size))
        else:
            entries.append(struct.pack(f"{order}IIIBBH", len(names), offset, size, 0x11, 0, 7))
        names += name + b"\0"
    if gnu:
        hashes = [_gnu(name) & ~1 for name in symbols]
        hashes[-1] |= 1
        filters = bytes(pointer)
        table = (
            struct.pack(f"{order}4I", 1, 1, 1, 0)
            + filters
            + struct.pack(f"{order}{1 + len(hashes)}I", 1, *hashes)
        )
    else:
        links = [*range(2, len(symbols) + 1), 0]
        table = struct.pack(f"{order}{4 + len(links)}I", 1, len(entries), 1, 0, *links)
    tables = {6: b"".join(entries), 5: names, 0x6FFFFEF5 if gnu else 4: table}
    at = 0x200
    dynamic, body = b"", b""
    for tag, data in tables.items():
        dynamic += struct.pack(
            f"{order}2{letter}", tag, at + len(body)
        )  # as some machines have it: no address yet
        body += data + bytes(-len(data) % 8)
    dynamic_at = at + len(body)
    dynamic += struct.pack(f"{order}2{letter}", 0, 0)
    whole = dynamic_at + len(dynamic)
    if wide:
        segments = struct.pack(f"{order}IIQQQQQQ", 1, 4, 0, 0, 0, whole, whole, 0x1000)
        segments += struct.pack(
            f"{order}IIQQQQQQ", 2, 4, dynamic_at, dynamic_at, 0, len(dynamic), len(dynamic), 8
        )
        head = struct.pack(f"{order}HHIQQQIHHHHHH", 3, 0, 1, 0, 64, 0, 0, 64, 56, 2, 0, 0, 0)
    else:
        segments = struct.pack(f"{order}8I", 1, 0, 0, 0, whole, whole, 4, 0x1000)
        segments += struct.pack(f"{order}8I", 2, dynamic_at, dynamic_at, 0, len(dynamic), len(dynamic), 4, 4)
        head = struct.pack(f"{order}HHIIIIIHHHHHH", 3, 0, 1, 0, 52, 0, 0, 52, 32, 2, 0, 0, 0)
    first = (
        b"\x7fELF"
        + bytes([2 if wide else 1, 1 if sys.byteorder == "little" else 2, 1])
        + bytes(9)
        + head
        + segments
    )
    return first + bytes(at - len(first)) + body + dynamic


def _gnu(name: bytes) -> int:
    value = 5381
    for byte in name:
        value = value * 33 + byte & 2**32 - 1
    return value


NUMBERS = {  # of 3.14: their places among the offsets, and what stands there in these tests
    3: 0x4000,
    5: 0x300,
    7: 0x20,
    8: 0x28,
    15: 0x10,
    16: 0x800,
    17: 0,
    18: 0x818,
    19: 0x810,
    28: 0x40,
}


def offsets(version: int = 0x030E08F0, *, free_threaded: bool = False) -> bytes:
    """Return what stands at the start of a made-up `_PyRuntime`."""
    numbers = [NUMBERS.get(place, 0) for place in range(1, 64)]
    numbers[0], numbers[1] = version, int(free_threaded)
    return b"xdebugpy" + struct.pack("=63Q", *numbers)


def interpreter(number: int, after: int, gil: int) -> bytes:
    """Return a made-up interpreter, with addresses of 8 bytes: its number, the next one's address, and its GIL's."""
    data = bytearray(0x1000)
    struct.pack_into("=Q", data, 0x10, gil)
    struct.pack_into("=q", data, 0x20, number)
    struct.pack_into("=Q", data, 0x28, after)
    return bytes(data)
