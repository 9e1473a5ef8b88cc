"""`python -m threadviz.mock_server ANSWER`: serves the sites that it gets, until the process that started it has ended.

It reads one JSON line from standard input, an array of sites, and writes one JSON line to descriptor ANSWER, an array
of their URLs in the same order. It ends when standard input does: at the latest when its parent dies.
"""

import asyncio
import math
import os
import resource
import signal
import socket
import struct
import sys
import threading
from collections.abc import Iterator, Sequence

import msgspec

from threadviz.mock_server.sites import Site, Trouble

# Bodies consist of one HTML page with links, repeated, and cut at any length.

PAGE_BYTES = 64 * 1024
"""The length of the page, and of the largest piece."""


def _page() -> bytes:
    """Return a page with one link in about 130 bytes."""
    head = "<!doctype html>\n<html lang='en'><head><title>Stand-in</title></head><body>\n"
    paragraphs = "".join(
        f"<p>Paragraph {number} stands in for what somebody would have written here; "
        f'<a href="/paragraphs/{number}">number {number}</a> says more.</p>\n'
        for number in range(1, PAGE_BYTES // 100)
    )
    return (head + paragraphs).encode()[:PAGE_BYTES]


_PAGE = memoryview(_page())


def pieces(start: int, stop: int) -> Iterator[memoryview]:
    """Yield the bytes of a body from `start` to `stop`, in pieces that are not copied."""
    while start < stop:
        offset = start % PAGE_BYTES
        piece = _PAGE[offset : offset + stop - start]
        yield piece
        start += len(piece)


# The HTTP/1.1 server: each site of a list has an address of its own on 127.0.0.1.

HOST = "127.0.0.1"

BACKLOG = 1024
"""How many connections may wait to be accepted (the kernel may allow fewer: listen(2))."""

HEAD_LIMIT = 16 * 1024
"""The longest head of a request that is read, in bytes."""

HEAD_SECONDS = 10.0
"""How long a client may take for the head of its request."""

RESET_LIMIT = 32 * 1024
"""The most bytes of a body before a reset: few enough to have arrived when it comes."""

TRICKLE_SECONDS = 0.05
"""The time between two pieces of a trickle."""

_STATUS: dict[Trouble | None, str] = {
    Trouble.NOT_FOUND: "404 Not Found",
    Trouble.SERVER_ERROR: "500 Internal Server Error",
    Trouble.REDIRECT_LOOP: "302 Found",
}
_BAD_REQUEST = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


async def serve(sites: Sequence[Site], answer: int) -> None:
    """Write the URL of each site, a path of its own, to the descriptor `answer`, and serve until cancelled.

    Raises OSError where no port is available.
    """
    paths = {f"/{number}": site for number, site in enumerate(sites)}

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        start = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(HEAD_SECONDS):
                request = await reader.readuntil(b"\r\n\r\n")
            match request.partition(b"\r\n")[0].decode("latin-1").split(" "):
                case ["GET", path, "HTTP/1.1" | "HTTP/1.0"] if path in paths:
                    await _answer(paths[path], path, start, reader, writer)
                case _:
                    writer.write(_BAD_REQUEST)
        except (OSError, EOFError, asyncio.LimitOverrunError):
            pass  # the client has left, or sent no request in time or size
        finally:
            writer.close()

    # Bound and never listening: a connection to it is refused, and nobody else can get its port.
    with socket.socket() as refusing:
        refusing.bind((HOST, 0))
        server = await asyncio.start_server(handle, HOST, 0, limit=HEAD_LIMIT, backlog=BACKLOG)
        urls = []
        for path, site in paths.items():
            bound = refusing if site.trouble is Trouble.REFUSED else server.sockets[0]
            urls.append(f"http://{HOST}:{bound.getsockname()[1]}{path}")
        with os.fdopen(answer, "wb") as file:
            file.write(msgspec.json.encode(urls) + b"\n")
        await server.serve_forever()


async def _answer(
    site: Site, path: str, start: float, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Answer a connection that was accepted at `start` (loop time). Raises ConnectionError when the client leaves."""
    if site.trouble is Trouble.HANG:
        while await reader.read(HEAD_LIMIT):  # until the client leaves
            pass
        return
    trickles = site.trouble is Trouble.TRICKLE
    if not trickles:
        await _wait_until(start + site.seconds)
    writer.write(_head(site, path))
    if trickles:
        steps = max(1, min(site.bytes, math.ceil(site.seconds / TRICKLE_SECONDS)))
        for step in range(steps):
            await _wait_until(start + site.seconds * (step + 1) / steps)
            await _write_body(writer, site.bytes * step // steps, site.bytes * (step + 1) // steps)
    elif site.trouble is Trouble.ENDLESS:
        while True:
            await _write_body(writer, 0, PAGE_BYTES)
    elif site.trouble is Trouble.RESET:
        # The kernel then has all that was written; what it does not have at a reset is not sent.
        writer.transport.set_write_buffer_limits(high=0)
        await _write_body(writer, 0, min(site.bytes // 2, RESET_LIMIT))
        _reset(writer)
    else:
        await _write_body(writer, 0, site.bytes)


async def _wait_until(time: float) -> None:
    await asyncio.sleep(time - asyncio.get_running_loop().time())


def _head(site: Site, path: str) -> bytes:
    lines = [
        f"HTTP/1.1 {_STATUS.get(site.trouble, '200 OK')}",
        "Content-Type: text/html; charset=utf-8",
        "Connection: close",
    ]
    if site.trouble is not Trouble.ENDLESS:
        lines.append(f"Content-Length: {site.bytes}")
    if site.trouble is Trouble.REDIRECT_LOOP:
        lines.append(f"Location: {path}")
    return "\r\n".join([*lines, "", ""]).encode()


async def _write_body(writer: asyncio.StreamWriter, start: int, stop: int) -> None:
    for piece in pieces(start, stop):
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(0)  # drain() alone does not yield to others while the client keeps up


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close so that the kernel sends a reset: with no time to linger (SO_LINGER of socket(7))."""
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


MAX_FILES = 8192
"""The limit on open files to ask for; each connection is one."""


def main() -> None:
    """Serve. Exits with status 2 where the first line is no array of sites."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all in the terminal; the parent decides
    try:
        sites = msgspec.json.decode(sys.stdin.buffer.readline(), type=tuple[Site, ...])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        sys.stderr.write(f"threadviz.mock_server: the first line is no array of sites: {error}\n")
        sys.exit(2)
    threading.Thread(target=_end_with_stdin, name="lifeline", daemon=True).start()
    _raise_file_limit()
    asyncio.run(serve(sites, int(sys.argv[1])))


def _end_with_stdin() -> None:
    try:
        # Not sys.stdin: a thread that waits in it would hold its lock when the interpreter ends.
        while os.read(0, 4096):
            pass
    finally:
        os._exit(0)  # at once: there is nothing to clean up


def _raise_file_limit() -> None:
    """Raise the limit on open files, which is 256 or 1024 on many systems."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_FILES if hard == resource.RLIM_INFINITY else min(MAX_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


if __name__ == "__main__":
    main()
