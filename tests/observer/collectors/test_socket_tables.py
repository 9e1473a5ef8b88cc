"""The system's tables of sockets."""

import os
import socket
import struct
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threadviz.observer.collectors.sockets import Sockets, tcp_sockets, unix_sockets

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="/proc/PID/net is Linux's")


def word(raw: bytes) -> bytes:
    """Return an address as the table has it: words in the machine's own order."""
    return b"".join(b"%08X" % number for number in struct.unpack(f"={len(raw) // 4}I", raw))


def line(own: bytes, peer: bytes, state: bytes, inode: bytes) -> bytes:
    """Return a line of a table of TCP sockets."""
    return b"  0: %s:1F90 %s:01BB %s 0:0 00:0 0  1000  0 %s 1 0" % (word(own), word(peer), state, inode)


def test_a_line_has_the_peer() -> None:
    """Or where the socket listens."""
    one, other = socket.inet_aton("127.0.0.1"), socket.inet_aton("192.0.2.7")
    lines = [line(one, other, b"01", b"77"), line(one, bytes(4), b"0A", b"78")]
    assert dict(tcp_sockets(lines)) == {
        77: ("192.0.2.7:443", False),
        78: ("listening on 127.0.0.1:8080", False),
    }


def test_ipv6_addresses() -> None:
    """Four words make an address."""
    local, mapped = (socket.inet_pton(socket.AF_INET6, text) for text in ("::1", "::ffff:192.0.2.7"))
    lines = [line(local, mapped, b"01", b"1"), line(local, local, b"02", b"2")]
    assert [text for _, (text, _) in tcp_sockets(lines)] == ["192.0.2.7:443", "[::1]:443"]


def test_unix_sockets_have_their_paths() -> None:
    """One without a path is a unix socket."""
    lines = [
        b"ffff: 00000002 00000000 00010000 0001 01 11 /run/a b.sock",
        b"ffff: 00000003 00000000 00000000 0001 03 12 /run/a b.sock",
        b"ffff: 00000003 00000000 00000000 0001 03 13",
    ]
    assert dict(unix_sockets(lines)) == {
        11: ("listening on /run/a b.sock", True),
        12: ("/run/a b.sock", True),
        13: ("a unix socket", False),
    }


FIELDS = st.lists(
    st.one_of(st.binary(max_size=12), st.text("0123456789ABCDEF: ").map(str.encode)), max_size=12
)


@given(st.lists(FIELDS.map(b" ".join)))
def test_any_table_can_be_parsed(lines: list[bytes]) -> None:
    """Lines that can't be parsed are skipped."""
    for _, (text, _) in [*tcp_sockets(lines), *unix_sockets(lines)]:
        assert text


@linux_only
def test_sockets_of_this_process_are_found_after_a_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not before. The tables are not read again before the pause is over, whatever is asked for."""
    monkeypatch.setattr("threadviz.observer.collectors.sockets.PAUSE", 10**9)
    sockets = Sockets()
    sockets.may_borrow = False
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as client,
    ):
        assert sockets.peer(os.getpid(), client.fileno(), inode_of(client)) is None
        sockets.refresh()
        peer = sockets.peer(os.getpid(), client.fileno(), inode_of(client))
        assert peer == (f"127.0.0.1:{server.getsockname()[1]}", False)
        with socket.create_connection(server.getsockname()) as later:
            assert sockets.peer(os.getpid(), later.fileno(), inode_of(later)) is None
            sockets.refresh()
            assert sockets.peer(os.getpid(), later.fileno(), inode_of(later)) is None


def inode_of(of: socket.socket) -> int:
    """Return the number of a socket's inode."""
    return os.fstat(of.fileno()).st_ino
