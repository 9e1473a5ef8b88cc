"""Where CPython says that it keeps what outsiders may read: `_Py_DebugOffsets`, from 3.13 on.

It stands at the start of `_PyRuntime`: a cookie, the version, whether the build is free-threaded, and then offsets
within the structures of the interpreter (CPython, Include/internal/pycore_runtime.h in 3.13, and
pycore_debug_offsets.h from 3.14 on). Which offset stands where is settled for each minor version by its release: of
versions before that, and of those that are not known here, nothing is read.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from threadviz.observer.cpython.elf import Words

COOKIE = b"xdebugpy"

HEAD = 24
"""How many bytes the cookie, the version and the build take, which stand first in every version."""

SIZE = 32 * 8
"""How many bytes are read of it at most."""

GIL_SIZE = 256
"""So many bytes a GIL takes at most (CPython, Include/internal/pycore_gil.h): it has two conditions and mutexes."""

_CANDIDATE = 0xC
"""The release level from which on a version's structures stay as they are."""

_MOST_BYTES = 2**26
"""No structure is larger."""

_FIELDS = ("head", "id", "next", "gil", "inner", "enabled", "locked", "holder", "native")
_PLACES: Mapping[tuple[int, int], tuple[int, ...]] = MappingProxyType(
    {
        (3, 13): (5, 7, 8, 14, 15, 16, 17, 18, 25),
        (3, 14): (5, 7, 8, 15, 16, 17, 18, 19, 28),
        (3, 15): (5, 7, 8, 15, 16, 17, 18, 19, 31),
    }
)
"""Which of its numbers, each of 64 bits, `_FIELDS` are."""


@dataclass(frozen=True, slots=True)
class OffsetsHeader:
    """What stands first: the version, as PY_VERSION_HEX has it, and whether the build is free-threaded."""

    version: int
    free_threaded: bool

    @classmethod
    def read(cls, data: bytes, words: Words) -> "OffsetsHeader | None":
        """Return what `data` says, or None where that is no such thing."""
        if len(data) < HEAD or not data.startswith(COOKIE):
            return None
        version, free_threaded = struct.unpack_from(words.order + "QQ", data, 8)
        if version >> 24 != 3 or free_threaded > 1:
            return None
        return cls(version, bool(free_threaded))


@dataclass(frozen=True, slots=True)
class Offsets:
    """Where things lie, in bytes.

    `head` is in `_PyRuntime`; `id`, `next` and `gil` (an address) are in an interpreter; `enabled`, `locked` and
    `holder` in its GIL; `native`, a thread's id, in a thread state.
    """

    head: int
    id: int
    next: int
    gil: int
    enabled: int
    locked: int
    holder: int
    native: int

    @classmethod
    def read(cls, data: bytes, words: Words) -> "Offsets | None":
        """Return what `data` says, or None where that version is not known here, or it makes no sense."""
        first = OffsetsHeader.read(data, words)
        if first is None or first.version >> 4 & 0xF < _CANDIDATE:
            return None
        places = _PLACES.get((first.version >> 24, first.version >> 16 & 0xFF))
        if places is None or len(data) < SIZE:
            return None
        numbers = struct.unpack_from(f"{words.order}{SIZE // 8}Q", data)
        said = dict(zip(_FIELDS, (numbers[place] for place in places), strict=True))
        inner = said.pop("inner")
        said["locked"] -= inner
        said["holder"] -= inner
        fits = all(0 <= value < _MOST_BYTES for value in said.values())
        in_gil = max(said["enabled"], said["locked"], said["holder"]) <= GIL_SIZE - words.pointer
        apart = abs(said["locked"] - said["holder"]) >= words.pointer
        return cls(**said) if fits and in_gil and apart else None


def version_text(version: int) -> str:
    """Return the version that PY_VERSION_HEX stands for, as `platform.python_version()` has it."""
    major, minor, micro, level, serial = (
        version >> 24,
        version >> 16 & 255,
        version >> 8 & 255,
        version >> 4 & 15,
        version & 15,
    )
    suffix = {0xA: f"a{serial}", 0xB: f"b{serial}", 0xC: f"rc{serial}"}.get(level, "")
    return f"{major}.{minor}.{micro}{suffix}"
