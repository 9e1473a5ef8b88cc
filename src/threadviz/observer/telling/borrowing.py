"""A socket of another process, borrowed for as long as it takes to ask it.

pidfd_getfd(2) gives a descriptor of one's own for what another process has open, as `dup` does. While it is held, which
is for some microseconds, the other process has lost nothing and can do all that it could; so is it when the borrower is
killed, whose descriptors the system closes. What must not be done is to change the socket: its flags are shared.
It may be asked for whose memory may be read; some containers forbid it all the same.
"""

import ctypes
import errno
import os
import socket

_PIDFD_OPEN, _PIDFD_GETFD = 434, 438
"""The numbers of the calls, the same on all machine types."""

_FORBIDDEN = {errno.EPERM, errno.EACCES, errno.ENOSYS}


class Borrower:
    """Borrows sockets; `allowed` tells whether the system lets it, as far as is known."""

    def __init__(self) -> None:
        self.allowed = True
        self._syscall = ctypes.CDLL(None, use_errno=True).syscall
        self._syscall.restype = ctypes.c_long

    def borrow(self, pid: int, descriptor: int) -> socket.socket:
        """Return a socket of process `pid`, to be closed at once. Raises OSError where there is no such."""
        process = self._call(_PIDFD_OPEN, pid, 0)
        try:
            borrowed = self._call(_PIDFD_GETFD, process, descriptor, 0)
        finally:
            os.close(process)
        try:
            return socket.socket(fileno=borrowed)  # which leaves its flags alone
        except OSError:
            os.close(borrowed)
            raise

    def _call(self, *numbers: int) -> int:
        result = int(self._syscall(*map(ctypes.c_long, numbers)))
        if result < 0:
            error = ctypes.get_errno()
            self.allowed = self.allowed and error not in _FORBIDDEN
            raise OSError(error, os.strerror(error))
        return result
