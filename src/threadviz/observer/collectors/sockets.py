"""Whom a socket of another process is connected to."""

import ctypes
import errno
import os
import socket
import struct
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress

# Addresses of sockets, written for people.

UNIX = "a unix socket"
LISTENING = "listening on"

_UNIX, _INET, _INET6 = 1, 2, 10
"""Families as Linux numbers them (socket.h): what is read here comes from there, wherever this is imported."""


def host_and_port(host: str, port: int) -> str:
    """Return both, IPv6 in brackets; an IPv4 address in the clothes of IPv6 is written as what it is."""
    if ":" not in host:
        return f"{host}:{port}"
    mapped = host.removeprefix("::ffff:")
    return f"{mapped}:{port}" if "." in mapped and mapped != host else f"[{host}]:{port}"


def unix_name(name: str | bytes) -> str:
    """Return the path of a unix socket, or an abstract name as Linux's tools write it (unix(7)); '' for none."""
    raw = name if isinstance(name, bytes) else name.encode("utf-8", "surrogateescape")
    if raw.startswith(b"\0"):
        raw = b"@" + raw[1:]
    return raw.decode("utf-8", "replace")


def from_memory(raw: bytes) -> tuple[str, bool] | None:
    """Return what a `struct sockaddr` of Linux says, and whether that is a path; None where it is of no known kind."""
    try:
        (family,) = struct.unpack_from("=H", raw)
        if family == _UNIX:
            path = raw[2:]
            end = path.find(b"\0", 1)
            return unix_name(path[: end if end >= 0 else None]), True
        if family == _INET:
            port, host = struct.unpack_from("!2xH4s", raw)
            return host_and_port(socket.inet_ntop(socket.AF_INET, host), port), False
        if family == _INET6:
            port, host = struct.unpack_from("!2xH4x16s", raw)
            return host_and_port(socket.inet_ntop(socket.AF_INET6, host), port), False
    except struct.error:
        pass
    return None


# A socket of another process, borrowed for as long as it takes to ask it.

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


# The system's tables of sockets (/proc/PID/net, proc_pid_net(5)), for what a socket itself can't be asked.


PAUSE = 1000
"""A reading of the tables is followed by a pause that is so many times as long."""

_MOST_BYTES = 1_000_000
"""How much is read of a table."""

_LISTEN = b"0A"
"""As the state of a TCP connection (Linux, include/net/tcp_states.h)."""

_LISTENS = 1 << 16
"""As a flag of a unix socket: it listens (Linux, include/uapi/linux/net.h __SO_ACCEPTCON)."""

Found = tuple[str, bool]
"""What a socket waits for, in words, and whether that has a path in it."""


def tcp_sockets(lines: Iterable[bytes]) -> Iterator[tuple[int, Found]]:
    """Yield inode and peer of what /proc/net/tcp, or tcp6, lists; of one that listens, where it does."""
    for line in lines:
        fields = line.split()
        with suppress(ValueError, IndexError, struct.error):
            listens = fields[3] == _LISTEN
            text = _address(fields[1 if listens else 2])
            yield int(fields[9]), (f"{LISTENING} {text}" if listens else text, False)


def _address(field: bytes) -> str:
    """Return an address, which is written in hexadecimal as words of the machine's own order. Raises ValueError."""
    host, _, port = field.partition(b":")
    words = [int(host[at : at + 8], 16) for at in range(0, len(host), 8)]
    raw = struct.pack(f"={len(words)}I", *words)
    return host_and_port(
        socket.inet_ntop(socket.AF_INET if len(raw) == 4 else socket.AF_INET6, raw), int(port, 16)
    )


def unix_sockets(lines: Iterable[bytes]) -> Iterator[tuple[int, Found]]:
    """Yield inode and path of what /proc/net/unix lists, which does not tell whose socket is at the other end."""
    for line in lines:
        fields = line.split(maxsplit=7)
        with suppress(ValueError, IndexError):
            name = fields[7].rstrip(b"\n").decode("utf-8", "replace") if len(fields) > 7 else ""
            listens = int(fields[3], 16) & _LISTENS
            words = f"{LISTENING} {name}" if listens else name or UNIX
            yield int(fields[6]), (words, bool(name))


class Tables:
    """What the tables said when they were last read. An inode's number is not used again for long."""

    def __init__(self) -> None:
        self._found: dict[int, Found] = {}
        self._wanted: int | None = None
        self._next = 0

    def find(self, pid: int, inode: int) -> Found | None:
        """Return what there is on a socket that process `pid` has, or None where it is to be asked again later."""
        found = self._found.get(inode)
        if found is None:
            self._wanted = pid
        return found

    def refresh(self) -> None:
        """Read the tables anew, if that is called for, and not too soon."""
        now = time.monotonic_ns()
        if self._wanted is None or now < self._next:
            return
        self._found.clear()
        for name, parse in (("tcp", tcp_sockets), ("tcp6", tcp_sockets), ("unix", unix_sockets)):
            with suppress(OSError):
                self._found.update(parse(_lines(f"/proc/{self._wanted}/net/{name}")))
        self._wanted = None
        self._next = now + PAUSE * (time.monotonic_ns() - now)


def _lines(path: str) -> list[bytes]:
    """Return the lines of a table, without its head. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        data = bytearray()
        while len(data) < _MOST_BYTES and (chunk := os.read(descriptor, 1 << 16)):
            data += chunk
    finally:
        os.close(descriptor)
    return bytes(data[: data.rfind(b"\n") + 1]).splitlines()[1:]


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
