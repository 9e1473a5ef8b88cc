"""What a socket of another process is connected to.

The socket itself is asked, for which it is borrowed. Where the system forbids that, or the socket can't tell, its line
in the system's tables tells. psutil reads those as well, but it lists all files of the process each time, does not tell
which unix sockets listen, and reads tables of any length.
"""

import ctypes
import errno
import functools
import os
import socket
import struct
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from threadviz.debug_log import ignoring

Peer = tuple[str, bool]
"""What a socket waits for, for people, and whether a path is in that."""

UNNAMED = "a unix socket"
LISTENING = "listening on"

PAUSE = 1000
"""A read of the tables is followed by a pause that is this many times as long."""

_OTHER: Peer = ("a socket", False)

_MAX_BYTES = 1_000_000
"""How much of a table is read."""

_UNIX, _INET, _INET6 = 1, 2, 10
"""The families as Linux numbers them (socket.h). Addresses in memory are Linux's, wherever this is imported."""

_TCP_LISTEN = b"0A"
"""The state of a listening TCP socket (Linux, include/net/tcp_states.h)."""

_ACCEPTS = 1 << 16
"""A flag of listening unix sockets (Linux, include/uapi/linux/net.h __SO_ACCEPTCON)."""

_PIDFD_OPEN, _PIDFD_GETFD = 434, 438
"""The numbers of the system calls, the same on all machine types. Not every Python has `os.pidfd_open`."""

_FORBIDDEN = {errno.EPERM, errno.EACCES, errno.ENOSYS}


def format_address(host: str, port: int) -> str:
    """Return host and port, IPv6 in brackets. An IPv4 address that is mapped to IPv6 is shown as IPv4."""
    if ":" not in host:
        return f"{host}:{port}"
    mapped = host.removeprefix("::ffff:")
    return f"{mapped}:{port}" if "." in mapped and mapped != host else f"[{host}]:{port}"


def format_unix_name(name: str | bytes) -> str:
    """Return the path of a unix socket, or its abstract name as Linux's tools show it (unix(7)); '' for none."""
    raw = name if isinstance(name, bytes) else name.encode("utf-8", "surrogateescape")
    if raw.startswith(b"\0"):
        raw = b"@" + raw[1:]
    return raw.decode("utf-8", "replace")


def parse_sockaddr(raw: bytes) -> Peer | None:
    """Return the address in a `struct sockaddr` of Linux, None for one of another family."""
    with ignoring(struct.error):
        (family,) = struct.unpack_from("=H", raw)
        if family == _UNIX:
            path = raw[2:]
            end = path.find(b"\0", 1)
            return format_unix_name(path[: end if end >= 0 else None]), True
        if family == _INET:
            port, host = struct.unpack_from("!2xH4s", raw)
            return format_address(socket.inet_ntop(socket.AF_INET, host), port), False
        if family == _INET6:
            port, host = struct.unpack_from("!2xH4x16s", raw)
            return format_address(socket.inet_ntop(socket.AF_INET6, host), port), False
    return None


def borrow(pid: int, descriptor: int) -> socket.socket:
    """Return a duplicate of a socket of process `pid`, to be closed at once. Raises OSError where there is none."""
    process = _system_call(_PIDFD_OPEN, pid, 0)
    try:
        borrowed = _system_call(_PIDFD_GETFD, process, descriptor, 0)
    finally:
        os.close(process)
    try:
        return socket.socket(fileno=borrowed)  # which leaves its flags alone
    except OSError:
        os.close(borrowed)
        raise


def _system_call(*arguments: int) -> int:
    result = int(_libc_syscall()(*map(ctypes.c_long, arguments)))
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return result


@functools.cache
def _libc_syscall() -> Callable[..., int]:
    function = ctypes.CDLL(None, use_errno=True).syscall
    function.restype = ctypes.c_long
    return function


def peer_of(borrowed: socket.socket) -> Peer | None:
    """Return the peer of a socket, or where it listens or is bound; None while it connects. Raises OSError.

    A peer without a name has that of the socket.
    """
    if borrowed.family not in (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX):
        return _OTHER
    if borrowed.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        text, has_path = _format(borrowed, borrowed.getsockname())
        return f"{LISTENING} {text}", has_path
    try:
        return _format(borrowed, borrowed.getpeername() or borrowed.getsockname())
    except OSError as error:
        if error.errno != errno.ENOTCONN:
            raise
    if borrowed.type == socket.SOCK_STREAM and borrowed.family != socket.AF_UNIX:
        return None
    text, has_path = _format(borrowed, borrowed.getsockname())
    return f"bound to {text}" if text != UNNAMED else text, has_path


def _format(borrowed: socket.socket, name: tuple[str, int] | str | bytes) -> Peer:
    if isinstance(name, tuple):
        return format_address(*name[:2]) + (" (UDP)" if borrowed.type == socket.SOCK_DGRAM else ""), False
    path = format_unix_name(name)
    return path or UNNAMED, bool(path)


class Sockets:
    """Finds the peers of other processes' sockets.

    Borrowing is not tried again once the system has forbidden it. The inode number of a socket is not used again soon,
    so the tables can be older than the socket's wait.
    """

    def __init__(self) -> None:
        self.may_borrow = True
        self._peers: dict[int, Peer] = {}
        self._wanted: int | None = None
        self._next_read = 0

    def peer(self, pid: int, descriptor: int, inode: int) -> Peer | None:
        """Return the peer of a socket of process `pid`, None where it may be known after the next `refresh`.

        Raises OSError where the socket has gone.
        """
        if self.may_borrow:
            try:
                with borrow(pid, descriptor) as borrowed:
                    peer = peer_of(borrowed)
                if peer is not None:
                    return peer
            except OSError as error:
                if error.errno not in _FORBIDDEN:
                    raise
                self.may_borrow = False
        peer = self._peers.get(inode)
        if peer is None:
            self._wanted = pid
        return peer

    def refresh(self) -> None:
        """Read the tables again, if a socket was not found in them, and if the pause is over."""
        now = time.monotonic_ns()
        if self._wanted is None or now < self._next_read:
            return
        self._peers.clear()
        for name, parse in (("tcp", tcp_sockets), ("tcp6", tcp_sockets), ("unix", unix_sockets)):
            with ignoring(OSError):
                self._peers.update(parse(_table(f"/proc/{self._wanted}/net/{name}")))
        self._wanted = None
        self._next_read = now + PAUSE * (time.monotonic_ns() - now)


def _table(path: str) -> list[bytes]:
    """Return the whole lines of a table (proc_pid_net(5)), as far as it is read, without its head."""
    with Path(path).open("rb") as file:
        data = file.read(_MAX_BYTES)
    return data[: data.rfind(b"\n") + 1].splitlines()[1:]


def tcp_sockets(lines: Iterable[bytes]) -> Iterator[tuple[int, Peer]]:
    """Yield inode and peer of the sockets in /proc/net/tcp or tcp6. Lines that can't be parsed are skipped."""
    for line in lines:
        fields = line.split()
        with ignoring(ValueError, IndexError, struct.error):
            listens = fields[3] == _TCP_LISTEN
            text = _parse_tcp_address(fields[1 if listens else 2])
            yield int(fields[9]), (f"{LISTENING} {text}" if listens else text, False)


def _parse_tcp_address(field: bytes) -> str:
    """Return an address that is written as hexadecimal words in the machine's byte order. Raises ValueError."""
    host, _, port = field.partition(b":")
    words = [int(host[at : at + 8], 16) for at in range(0, len(host), 8)]
    raw = struct.pack(f"={len(words)}I", *words)
    family = socket.AF_INET if len(raw) == 4 else socket.AF_INET6
    return format_address(socket.inet_ntop(family, raw), int(port, 16))


def unix_sockets(lines: Iterable[bytes]) -> Iterator[tuple[int, Peer]]:
    """Yield inode and path of the sockets in /proc/net/unix, which does not tell whose socket is the peer."""
    for line in lines:
        fields = line.split(maxsplit=7)
        with ignoring(ValueError, IndexError):
            name = fields[7].rstrip(b"\n").decode("utf-8", "replace") if len(fields) > 7 else ""
            listens = int(fields[3], 16) & _ACCEPTS
            yield int(fields[6]), (f"{LISTENING} {name}" if listens else name or UNNAMED, bool(name))
