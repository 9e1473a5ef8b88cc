"""The system's tables of sockets (/proc/PID/net, proc_pid_net(5)), for what a socket itself can't be asked.

To read them takes milliseconds on a machine with room for many connections, however few there are. So they are
read seldom, only as far as that is quick, and not while anybody waits for the answer.
"""

import os
import socket
import struct
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress

from threadviz.observer.telling.addresses import LISTENING, UNIX, host_and_port

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
