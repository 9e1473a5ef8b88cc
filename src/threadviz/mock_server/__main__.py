"""`python -m threadviz.mock_server ANSWER`: serves the sites that it is told until the process that started it is gone.

It takes one JSON line on standard input, an array of sites, and writes one JSON line to descriptor ANSWER, an array of
their URLs in the same order. It ends when standard input does: at the latest when its parent dies.
"""

import asyncio
import math
import os
import signal
import socket
import struct
import sys
import threading
from collections.abc import Callable, Iterator, Sequence

import msgspec

from threadviz.mock_server.sites import Site, Trouble

# What the stand-in site's bodies consist of: one page of HTML with links, over and over, cut at any length.

PAGE_BYTES = 64 * 1024
"""The length of the page, and of the largest piece."""


def _page() -> bytes:
    """Return a page in which each 130 bytes or so hold one link."""
    head = "<!doctype html>\n<html lang='en'><head><title>Stand-in</title></head><body>\n"
    paragraphs = "".join(
        f"<p>Paragraph {number} stands in for what somebody would have written here; "
        f'<a href="/paragraphs/{number}">number {number}</a> says more.</p>\n'
        for number in range(1, PAGE_BYTES // 100)
    )
    return (head + paragraphs).encode()[:PAGE_BYTES]


_PAGE = memoryview(_page())


def pieces(start: int, stop: int) -> Iterator[memoryview]:
    """Yield the bytes of a body from `start` up to `stop`, in pieces that are not copied."""
    while start < stop:
        offset = start % PAGE_BYTES
        piece = _PAGE[offset : offset + stop - start]
        yield piece
        start += len(piece)


# The stand-in site's HTTP/1.1 server: each site of a list at an address of its own on 127.0.0.1.

HOST = "127.0.0.1"

BACKLOG = 1024
"""How many connections may wait to be accepted (the kernel may allow fewer: listen(2))."""

HEAD_LIMIT = 16 * 1024
"""The longest head of a request that is read, in bytes."""

HEAD_SECONDS = 10.0
"""How long a client may take for the head of its request."""

RESET_LIMIT = 32 * 1024
"""The most bytes of a body that go before a reset: few enough to have arrived when it comes."""

TRICKLE_SECONDS = 0.05
"""The time between two pieces of a trickle."""

_STATUS = {
    Trouble.NOT_FOUND: "404 Not Found",
    Trouble.SERVER_ERROR: "500 Internal Server Error",
    Trouble.REDIRECT_LOOP: "302 Found",
}
_BAD_REQUEST = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class MockServer:
    """The addresses of `sites`, and who answers there."""

    def __init__(self, sites: Sequence[Site]) -> None:
        self._paths = {f"/{number}": site for number, site in enumerate(sites)}
        # Bound and never listening: a connection to it is refused, and nobody else can get its port.
        self._refusing = socket.socket()
        self._refusing.bind((HOST, 0))

    async def serve(self, announce: Callable[[list[str]], None]) -> None:
        """Announce the URL of each site in order, and serve until cancelled.

        Raises OSError where no port is to be had.
        """
        server = await asyncio.start_server(self._answer, HOST, 0, limit=HEAD_LIMIT, backlog=BACKLOG)
        announce([self._url(server.sockets[0], path) for path in self._paths])
        await server.serve_forever()

    def _url(self, serving: socket.socket, path: str) -> str:
        refused = self._paths[path].trouble is Trouble.REFUSED
        port = (self._refusing if refused else serving).getsockname()[1]
        return f"http://{HOST}:{port}{path}"

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        begun = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(HEAD_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
            path = _path(head)
            if site := self._paths.get(path):
                await _Answer(site, path, begun, reader, writer).send()
            else:
                writer.write(_BAD_REQUEST)
        except (OSError, EOFError, asyncio.LimitOverrunError):
            pass  # the client has left, or sent no request in time or size: there is nobody to answer
        finally:
            writer.close()


def _path(head: bytes) -> str:
    """Return the path that a request asks for, nothing where it is no GET of HTTP/1.0 or 1.1."""
    match head.partition(b"\r\n")[0].split(b" "):
        case [b"GET", target, b"HTTP/1.1" | b"HTTP/1.0"]:
            return target.decode("latin-1")
        case _:
            return ""


class _Answer:
    """The answer of `site` to one connection that was accepted at `begun`, on the loop's clock."""

    def __init__(
        self, site: Site, path: str, begun: float, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._site = site
        self._path = path
        self._begun = begun
        self._reader = reader
        self._writer = writer

    async def send(self) -> None:
        """Send it. Raises ConnectionError when the client leaves."""
        site = self._site
        if site.trouble is Trouble.TRICKLE:
            await self._trickle()
            return
        if site.trouble is Trouble.HANG:
            while await self._reader.read(HEAD_LIMIT):  # until the client leaves
                pass
            return
        await self._wait(site.seconds)
        self._writer.write(self._head())
        if site.trouble is Trouble.ENDLESS:
            while True:
                await self._body(0, PAGE_BYTES)
        elif site.trouble is Trouble.RESET:
            # The kernel then has all that was written; what it does not have at a reset is not sent.
            self._writer.transport.set_write_buffer_limits(high=0)
            await self._body(0, min(site.bytes // 2, RESET_LIMIT))
            self._reset()
        else:
            await self._body(0, site.bytes)

    async def _wait(self, seconds: float) -> None:
        """Wait until so many seconds after the connection was accepted."""
        await asyncio.sleep(self._begun + seconds - asyncio.get_running_loop().time())

    def _head(self) -> bytes:
        trouble = self._site.trouble
        lines = [
            f"HTTP/1.1 {_STATUS.get(trouble, '200 OK') if trouble else '200 OK'}",
            "Content-Type: text/html; charset=utf-8",
            "Connection: close",
        ]
        if trouble is not Trouble.ENDLESS:
            lines.append(f"Content-Length: {self._site.bytes}")
        if trouble is Trouble.REDIRECT_LOOP:
            lines.append(f"Location: {self._path}")
        return "\r\n".join([*lines, "", ""]).encode()

    async def _body(self, start: int, stop: int) -> None:
        for piece in pieces(start, stop):
            self._writer.write(piece)
            await self._writer.drain()
            await asyncio.sleep(0)  # drain() alone lets nobody else in while the client keeps up

    async def _trickle(self) -> None:
        self._writer.write(self._head())
        size, seconds = self._site.bytes, self._site.seconds
        steps = max(1, min(size, math.ceil(seconds / TRICKLE_SECONDS)))
        for step in range(steps):
            await self._wait(seconds * (step + 1) / steps)
            await self._body(size * step // steps, size * (step + 1) // steps)

    def _reset(self) -> None:
        """Close so that the kernel sends a reset: with no time to linger (SO_LINGER of socket(7))."""
        connection = self._writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()


FILES = 8192
"""How many open files are asked for, each connection being one."""


def main() -> None:
    """Serve. Exits with status 2 where the first line is no array of sites."""
    # Ctrl-C reaches everybody in the terminal; the parent decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        sites = msgspec.json.decode(sys.stdin.buffer.readline(), type=tuple[Site, ...])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        sys.stderr.write(f"threadviz.mock_server: the first line is no array of sites: {error}\n")
        sys.exit(2)
    threading.Thread(target=_end_with_stdin, name="lifeline", daemon=True).start()
    _allow_files()
    asyncio.run(MockServer(sites).serve(_announce))


def _end_with_stdin() -> None:
    try:
        # Not sys.stdin: a thread that waits in it would hold its lock when the interpreter ends.
        while os.read(0, 4096):
            pass
    finally:
        os._exit(0)  # at once: there is nothing to put in order


def _allow_files() -> None:
    """Raise the limit on open files, which is 256 or 1024 on many systems, as far as it may be."""
    if sys.platform == "win32":
        return
    import resource  # not on Windows

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _announce(urls: list[str]) -> None:
    with os.fdopen(int(sys.argv[1]), "wb") as answer:
        answer.write(msgspec.json.encode(urls) + b"\n")


if __name__ == "__main__":
    main()
