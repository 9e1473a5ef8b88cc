"""Where CPython says that it keeps what outsiders may read: `_Py_DebugOffsets`, from 3.13 on.

It stands at the start of `_PyRuntime`: a cookie, the version, whether the build is free-threaded, and then offsets
within the structures of the interpreter (CPython, Include/internal/pycore_runtime.h in 3.13, and
pycore_debug_offsets.h from 3.14 on). Which offset stands where is settled for each minor version by its release: of
versions before that, and of those that are not known here, nothing is read.
"""

import struct
from dataclasses import dataclass

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
_PLACES = {
    (3, 13): (5, 7, 8, 14, 15, 16, 17, 18, 25),
    (3, 14): (5, 7, 8, 15, 16, 17, 18, 19, 28),
    (3, 15): (5, 7, 8, 15, 16, 17, 18, 19, 31),
}
"""Which of its numbers, each of 64 bits, `_FIELDS` are."""


def read_head(data: bytes) -> tuple[int, bool] | None:
    """Return what stands first: the version, as PY_VERSION_HEX has it, and whether the build is free-threaded.

    Returns None where `data` is no such thing.
    """
    if len(data) < HEAD or not data.startswith(COOKIE):
        return None
    version, free_threaded = struct.unpack_from("=QQ", data, 8)
    return (version, bool(free_threaded)) if version >> 24 == 3 and free_threaded <= 1 else None


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
    def read(cls, data: bytes, pointer: int) -> "Offsets | None":
        """Return what `data` says, or None where that version is not known here, or it makes no sense.

        `pointer` is how many bytes an address takes.
        """
        version, _ = read_head(data) or (0, False)
        places = _PLACES.get((version >> 24, version >> 16 & 0xFF))
        if places is None or version >> 4 & 0xF < _CANDIDATE or len(data) < SIZE:
            return None
        numbers = struct.unpack_from(f"={SIZE // 8}Q", data)
        said = dict(zip(_FIELDS, (numbers[place] for place in places), strict=True))
        inner = said.pop("inner")
        said["locked"] -= inner
        said["holder"] -= inner
        fits = all(0 <= value < _MOST_BYTES for value in said.values())
        in_gil = max(said["enabled"], said["locked"], said["holder"]) <= GIL_SIZE - pointer
        apart = abs(said["locked"] - said["holder"]) >= pointer
        return cls(**said) if fits and in_gil and apart else None


def version_text(version: int) -> str:
    """Return the version that PY_VERSION_HEX stands for, as `platform.python_version()` has it."""
    major, minor, micro, release = version.to_bytes(4)
    level = {0xA: "a", 0xB: "b", 0xC: "rc"}.get(release >> 4)
    return f"{major}.{minor}.{micro}" + (f"{level}{release & 15}" if level else "")
