import errno
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from urllib.parse import urlsplit

import pytest

from tests.mock_server.running import COMMAND, StandIn, ask, is_gone, site, stand_in, wait_until
from threadviz.mock_server.__main__ import HEAD_LIMIT, RESET_LIMIT, pieces
from threadviz.mock_server.sites import Trouble

LIMIT = 30.0
"""How many seconds a test waits at a socket before it fails."""


def connect(url: str) -> socket.socket:
    """Connect to where `url` is served."""
    parts = urlsplit(url)
    assert parts.hostname
    return socket.create_connection((parts.hostname, parts.port or 80), LIMIT)


def get(url: str) -> bytes:
    """Return a request for `url`."""
    return f"GET {urlsplit(url).path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()


def receive_into(answer: bytearray, connection: socket.socket) -> None:
    """Add to `answer` all that comes until the other side closes, or breaks off."""
    while chunk := connection.recv(65536):
        answer += chunk


def received(connection: socket.socket) -> bytes:
    """Return all that comes until the other side closes."""
    answer = bytearray()
    receive_into(answer, connection)
    return bytes(answer)


def talk(url: str, request: bytes) -> bytes:
    """Return what is answered to `request` until the connection is closed."""
    with connect(url) as connection:
        connection.sendall(request)
        return received(connection)


def parts_of(answer: bytes | bytearray) -> tuple[bytes, bytes]:
    """Return the status line and the body of an answer."""
    head, _, body = answer.partition(b"\r\n\r\n")
    return bytes(head.split(b"\r\n")[0]), bytes(body)


@pytest.fixture
def served() -> Iterator[StandIn]:
    """A stand-in site that serves one healthy site."""
    with stand_in(site(size=5000)) as running:
        yield running


@pytest.mark.parametrize("size", [0, 1, 65536, 65537, 3_000_000])
def test_exactly_its_bytes(size: int) -> None:
    """A site's body is of its length, and its length is stated."""
    with stand_in(site(size=size)) as running:
        answer = talk(running.urls[0], get(running.urls[0]))
    status, body = parts_of(answer)
    assert status == b"HTTP/1.1 200 OK"
    assert f"Content-Length: {size}\r\n".encode() in answer
    assert body == b"".join(pieces(0, size))


@pytest.mark.parametrize("trouble", [None, Trouble.NOT_FOUND, Trouble.TRICKLE])
def test_not_before_its_seconds(trouble: Trouble | None) -> None:
    """The whole of an answer has never come before the site's seconds are over."""
    with stand_in(site(trouble, seconds=0.3)) as running:
        begun = time.monotonic()
        answer = talk(running.urls[0], get(running.urls[0]))
        assert time.monotonic() - begun >= 0.3
    assert len(parts_of(answer)[1]) == 1000


@pytest.mark.parametrize(
    ("trouble", "status"),
    [
        (Trouble.NOT_FOUND, b"HTTP/1.1 404 Not Found"),
        (Trouble.SERVER_ERROR, b"HTTP/1.1 500 Internal Server Error"),
        (Trouble.REDIRECT_LOOP, b"HTTP/1.1 302 Found"),
        (Trouble.TRICKLE, b"HTTP/1.1 200 OK"),
    ],
)
def test_whole_answers_with_trouble(trouble: Trouble, status: bytes) -> None:
    """Some troubles are in the status line, before a whole body."""
    with stand_in(site(), site(trouble)) as running:
        answer = talk(running.urls[1], get(running.urls[1]))
    assert parts_of(answer) == (status, b"".join(pieces(0, 1000)))
    assert (b"Location: /1\r\n" in answer) == (trouble is Trouble.REDIRECT_LOOP)


@pytest.mark.parametrize(("size", "before"), [(1000, 500), (10_000_000, RESET_LIMIT), (0, 0)])
def test_reset(size: int, before: int) -> None:
    """Half of the body, or the limit, arrives before the reset."""
    with stand_in(site(Trouble.RESET, size=size)) as running, connect(running.urls[0]) as connection:
        connection.sendall(get(running.urls[0]))
        answer = bytearray()
        with pytest.raises(ConnectionResetError):
            receive_into(answer, connection)
    assert parts_of(answer)[1] == b"".join(pieces(0, before))


def test_hang() -> None:
    """A site that hangs keeps the connection open, and sends nothing."""
    with stand_in(site(Trouble.HANG), site(seconds=0.2)) as running, connect(running.urls[0]) as connection:
        connection.sendall(get(running.urls[0]))
        talk(running.urls[1], get(running.urls[1]))
        connection.setblocking(False)
        with pytest.raises(BlockingIOError):
            connection.recv(1)


def test_endless() -> None:
    """An endless body states no length, and goes on for longer than any that states one; others are served."""
    with (
        stand_in(site(Trouble.ENDLESS, size=7), site()) as running,
        connect(running.urls[0]) as connection,
        connection.makefile("rb") as file,
    ):
        connection.sendall(get(running.urls[0]))
        answer = file.read(20_000_000)
        assert len(answer) == 20_000_000
        assert b"Content-Length" not in answer[:1000]
        assert len(parts_of(talk(running.urls[1], get(running.urls[1])))[1]) == 1000


def test_refused() -> None:
    """A refused site's address refuses, and nobody else can get it."""
    with stand_in(site(Trouble.REFUSED), site()) as running:
        with pytest.raises(ConnectionRefusedError):
            connect(running.urls[0])
        port = urlsplit(running.urls[0]).port
        with socket.socket() as other, pytest.raises(OSError, match="in use") as caught:
            other.bind(("127.0.0.1", port))
        assert caught.value.errno == errno.EADDRINUSE
        assert parts_of(talk(running.urls[1], get(running.urls[1])))[0] == b"HTTP/1.1 200 OK"


@pytest.mark.parametrize(
    "request_",
    [
        b"POST /0 HTTP/1.1\r\n\r\n",
        b"GET /1 HTTP/1.1\r\n\r\n",
        b"GET /0 HTTP/2\r\n\r\n",
        b"GET  /0 HTTP/1.1\r\n\r\n",
        b"\xff\x00\r\n\r\n",
        b"\r\n\r\n",
    ],
)
def test_bad_requests(served: StandIn, request_: bytes) -> None:
    """What is no GET of a site that is served is a bad request."""
    assert parts_of(talk(served.urls[0], request_)) == (b"HTTP/1.1 400 Bad Request", b"")


def test_a_head_without_end(served: StandIn) -> None:
    """A request whose head exceeds the limit is not read further, and not answered."""
    with connect(served.urls[0]) as connection:
        answer = b""
        with suppress(ConnectionError):  # a reset, where some of the head was left unread
            connection.sendall(b"GET /0 HTTP/1.1\r\nX: " + b"x" * 2 * HEAD_LIMIT)
            answer = received(connection)
    assert answer == b""
    assert parts_of(talk(served.urls[0], get(served.urls[0])))[0] == b"HTTP/1.1 200 OK"


def test_clients_that_leave(served: StandIn) -> None:
    """Clients that send nothing, half a request, or do not wait for the answer leave nothing behind."""
    for words in (b"", b"GET /", get(served.urls[0])):
        with connect(served.urls[0]) as connection:
            connection.sendall(words)
    assert len(parts_of(talk(served.urls[0], get(served.urls[0])))[1]) == 5000


@pytest.mark.parametrize("trouble", [Trouble.HANG, None])
def test_512_connections_at_once(trouble: Trouble | None) -> None:
    """512 slow connections are held at once, and another site is answered meanwhile."""
    slow = site(trouble, size=3000, seconds=1.0)
    with stand_in(slow, site()) as running, ExitStack() as stack:
        connections = [stack.enter_context(connect(running.urls[0])) for _ in range(512)]
        for connection in connections:
            connection.sendall(get(running.urls[0]))
        assert len(parts_of(talk(running.urls[1], get(running.urls[1])))[1]) == 1000
        if trouble is None:
            bodies = {parts_of(received(connection))[1] for connection in connections}
            assert bodies == {b"".join(pieces(0, 3000))}
        else:
            for connection in connections:
                connection.setblocking(False)
                with pytest.raises(BlockingIOError):
                    connection.recv(1)


def test_it_ends_with_its_input() -> None:
    """When standard input ends, so does the site, with an answer under way."""
    with stand_in(site(Trouble.HANG)) as running, connect(running.urls[0]) as connection:
        connection.sendall(get(running.urls[0]))
        assert running.process.stdin
        running.process.stdin.close()
        assert running.process.wait(LIMIT) == 0
        with suppress(ConnectionResetError):
            assert connection.recv(1) == b""


PARENT = """
import json, subprocess, sys
site = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
site.stdin.write(sys.stdin.buffer.readline())
site.stdin.flush()
site.stdout.readline()
print(json.dumps([str(site.pid)]), flush=True)
site.wait()
"""


def test_it_ends_with_its_parent() -> None:
    """When the process that started it is killed, the site ends too."""
    command = [sys.executable, "-c", PARENT, *COMMAND]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        try:
            pid = int(ask(parent, [site()])[0])
        finally:
            parent.kill()
    try:
        wait_until(lambda: is_gone(pid))
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def test_ctrl_c_is_for_the_parent(served: StandIn) -> None:
    """An interrupt from the terminal, which reaches every process, does not end the site."""
    served.process.send_signal(signal.SIGINT)
    assert len(parts_of(talk(served.urls[0], get(served.urls[0])))[1]) == 5000
    assert served.process.poll() is None


@pytest.mark.parametrize("line", [b"", b"\n", b"{}\n", b'[{"url": 1}]\n', b"\xff\n", b"[" * 100_000 + b"\n"])
def test_a_first_line_that_is_no_list_of_sites(line: bytes) -> None:
    """It says so on standard error and ends with status 2."""
    done = subprocess.run(COMMAND, input=line, capture_output=True, timeout=LIMIT, check=False)
    assert done.returncode == 2
    assert done.stdout == b""
    assert done.stderr.decode().startswith("threadviz.mock_server: the first line is no array of sites: ")
    assert done.stderr.count(b"\n") == 1
