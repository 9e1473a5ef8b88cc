"""Addresses of sockets, written for people."""

import socket
import struct

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
