"""The memory of another process, read from outside, a little at a time: nothing of it is paused or written.

It takes what ptrace takes (proc_pid_mem(5)): a process of one's own, or any of the same user where the system allows
that. All that is read may be garbage, for the process goes on meanwhile: who reads checks what it got.
"""

import os
from collections.abc import Callable

Reader = Callable[[int, int], bytes]
"""Returns so many bytes from an address on, or fewer, or none, where they can't be read. Raises nothing."""

_HIGHEST = 2**63


class Memory:
    """The memory of process `pid`, as it is now: after it has run another program, nothing can be read of it.

    Raises OSError where that is not allowed, or the process is gone.
    """

    def __init__(self, pid: int) -> None:
        self.descriptor = os.open(f"/proc/{pid}/mem", os.O_RDONLY)

    def read(self, address: int, size: int) -> bytes:
        """Return `size` bytes from `address` on, or fewer, where they can't be read."""
        if not 0 < address < _HIGHEST - size:
            return b""
        try:
            return os.pread(self.descriptor, size, address)
        except OSError:
            return b""

    def close(self) -> None:
        """Let go of it."""
        os.close(self.descriptor)
