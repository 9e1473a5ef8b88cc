"""Whom a socket of another process is connected to."""

import errno
import socket

from threadviz.observer.telling.addresses import LISTENING, UNIX, host_and_port, unix_name
from threadviz.observer.telling.borrowing import Borrower
from threadviz.observer.telling.tables import Found, Tables

_OTHER: Found = ("a socket", False)


class Sockets:
    """Asks the sockets themselves, and looks into the system's tables for what they don't say."""

    def __init__(self, borrower: Borrower) -> None:
        self._borrower = borrower
        self._tables = Tables()

    def find(self, pid: int, descriptor: int, inode: int) -> Found | None:
        """Return what there is to say of a socket of process `pid`, or None where it is to be asked again later.

        Raises OSError where it is there no longer.
        """
        if self._borrower.allowed:
            try:
                with self._borrower.borrow(pid, descriptor) as borrowed:
                    found = said_by(borrowed)
                if found is not None:
                    return found
            except OSError:
                if self._borrower.allowed:
                    raise
        return self._tables.find(pid, inode)

    def refresh(self) -> None:
        """Read the tables anew, if that is called for, and not too soon."""
        self._tables.refresh()


def said_by(asked: socket.socket) -> Found | None:
    """Return what a socket says: its peer's address, or where it listens; None while it is being connected.

    A peer that has no name of its own is told by the socket's. Raises OSError.
    """
    if asked.family not in (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX):
        return _OTHER
    if asked.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        own, has_path = _written(asked, asked.getsockname())
        return f"{LISTENING} {own}", has_path
    try:
        return _written(asked, asked.getpeername() or asked.getsockname())
    except OSError as error:
        if error.errno != errno.ENOTCONN:
            raise
    if asked.type == socket.SOCK_STREAM and asked.family != socket.AF_UNIX:
        return None
    own, has_path = _written(asked, asked.getsockname())
    return f"bound to {own}" if own != UNIX else own, has_path


def _written(asked: socket.socket, name: tuple[str, int] | str | bytes) -> Found:
    if isinstance(name, tuple):
        return host_and_port(*name[:2]) + (" (UDP)" if asked.type == socket.SOCK_DGRAM else ""), False
    path = unix_name(name)
    return path or UNIX, bool(path)
