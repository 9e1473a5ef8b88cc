"""Who holds a GIL now: read in the memory of a process, from CPython 3.13 on, or inferred.

The interpreter says where its GIL is, and that whether it is locked and who has had it last. Those two are read at
once, for the holder outlives the release. Where they can't be read, the holder is told only where it follows for
certain: some thread waits for the GIL, so that another one has it, and all others but one can't have it.
"""

import os
import struct

from threadviz.debug_log import ignoring
from threadviz.observer.cpython.debug_offsets import GIL_SIZE, Offsets
from threadviz.observer.cpython.detect import Interpreter, gils
from threadviz.observer.cpython.memory import AddressRange, Memory, address_letter
from threadviz.protocol.events import FREE, OPEN


class GilReader:
    """Reads the GILs of the interpreters in `memory`, which it closes: `_PyRuntime` is at `runtime`.

    `pointer` is how many bytes an address takes.
    """

    def __init__(self, memory: Memory, runtime: int, offsets: Offsets, pointer: int) -> None:
        self._memory = memory
        self._runtime, self._offsets, self._pointer = runtime, offsets, pointer
        self.gils: dict[int, int] = {}
        """Where the GIL of each interpreter is that has one of its own; the main one's number is 0."""
        self._head = b""
        self._first = min(offsets.holder, offsets.locked)
        self._holder_first = offsets.holder < offsets.locked
        letter = address_letter(pointer)
        low, high = (letter, "i") if self._holder_first else ("i", letter)
        gap = abs(offsets.holder - offsets.locked) - struct.calcsize(f"={low}")
        self._both = struct.Struct(f"={low}{gap}x{high}")
        self._native = offsets.native
        self._address = struct.Struct(f"={letter}")

    def find(self) -> bool:
        """Look for interpreters that came or went, and tell whether there are others than before.

        Each new one is put in front of the others: as long as there is only the main one, a single read tells that
        none came (CPython, Python/pystate.c).
        """
        head = self._memory.read(self._runtime + self._offsets.head, self._pointer)
        if head == self._head and len(self.gils) == 1:
            return False
        self._head = head
        found = dict(gils(self._memory.read, self._runtime, self._offsets, self._pointer))
        changed = found != self.gils
        self.gils = found
        return changed

    @property
    def ranges(self) -> tuple[AddressRange, ...]:
        """Where the GILs of sub-interpreters are, [start, end): a wait there is one for a GIL too."""
        return tuple((at, at + GIL_SIZE) for number, at in self.gils.items() if number)

    def read(self, gil: int) -> int:
        """Return the native id of the thread that holds the GIL at that address; FREE, or OPEN where it can't be told.

        Runs at every look. The thread's id is read each time, for another thread's state may come to lie where this
        one's was.
        """
        pread, memory = os.pread, self._memory.descriptor
        try:
            one, other = self._both.unpack(pread(memory, self._both.size, gil + self._first))
            holder, locked = (one, other) if self._holder_first else (other, one)
            if locked == 0:
                return FREE
            if locked != 1 or not holder:
                return OPEN
            native = pread(memory, self._pointer, holder + self._native)
            return int(self._address.unpack(native)[0]) or OPEN
        except (OSError, struct.error, OverflowError):
            return OPEN

    def close(self) -> None:
        """Let go of the memory."""
        self._memory.close()


def reader_for(pid: int, python: Interpreter) -> GilReader | None:
    """Return what reads the GILs of process `pid`, or None where its Python, or the system, gives no way to."""
    if python.runtime is None or python.offsets is None:
        return None
    with ignoring(OSError):
        return GilReader(Memory(pid), python.runtime, python.offsets, python.pointer)
    return None
