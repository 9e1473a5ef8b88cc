"""Addresses of sockets, for people."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threadviz.observer.collectors.sockets import format_address, format_unix_name, parse_sockaddr

LOCAL6 = bytes(15) + b"\1"
MAPPED = bytes(10) + b"\xff\xff" + bytes([192, 0, 2, 7])


@pytest.mark.parametrize(
    ("host", "text"),
    [
        ("127.0.0.1", "127.0.0.1:80"),
        ("::1", "[::1]:80"),
        ("::ffff:192.0.2.7", "192.0.2.7:80"),
        ("::ffff:0:1", "[::ffff:0:1]:80"),
        ("fe80::1%lo", "[fe80::1%lo]:80"),
    ],
)
def test_a_host_and_its_port(host: str, text: str) -> None:
    """IPv6 is in brackets. IPv4 that is mapped to IPv6 is shown as IPv4."""
    assert format_address(host, 80) == text


def test_names_of_unix_sockets() -> None:
    """Paths are unchanged, abstract names follow an `@`, and undecodable bytes are replaced."""
    assert format_unix_name("/run/a.sock") == "/run/a.sock"
    assert format_unix_name(b"\0abc") == "@abc"
    assert format_unix_name("") == ""
    assert format_unix_name("/run/\udcff") == "/run/\N{REPLACEMENT CHARACTER}"


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        (struct.pack("=H", 2) + struct.pack("!H4s8x", 80, bytes([127, 0, 0, 1])), ("127.0.0.1:80", False)),
        (struct.pack("=H", 10) + struct.pack("!HI16sI", 80, 0, LOCAL6, 0), ("[::1]:80", False)),
        (struct.pack("=H", 10) + struct.pack("!HI16sI", 80, 0, MAPPED, 0), ("192.0.2.7:80", False)),
        (struct.pack("=H", 1) + b"/run/a.sock\0\0\0", ("/run/a.sock", True)),
        (struct.pack("=H", 1) + b"\0abc", ("@abc", True)),
        (struct.pack("=H", 16) + bytes(10), None),
        (b"\2", None),
    ],
)
def test_an_address_in_memory(raw: bytes, found: tuple[str, bool] | None) -> None:
    """Only of families whose peers have names."""
    assert parse_sockaddr(raw) == found


@given(st.binary(max_size=130))
def test_any_bytes_can_be_parsed(raw: bytes) -> None:
    """What a program's memory holds does no harm."""
    parse_sockaddr(raw)
