"""fetch: opens a URL with urllib, reads the body in chunks, counts. It is I/O-bound: the classic."""

import io
import os
import socket
import ssl
import string
import time
from functools import cache, partial
from http.client import (
    HTTPConnection,
    HTTPException,
    HTTPResponse,
    HTTPSConnection,
    IncompleteRead,
    InvalidURL,
    RemoteDisconnected,
    responses,
)
from typing import Any
from urllib.error import URLError
from urllib.parse import quote, urljoin, urlsplit
from urllib.request import AbstractHTTPHandler, OpenerDirector, ProxyHandler, Request, UnknownHandler

from threadviz.workloads.base import WorkloadError

LIMIT_BYTES = 10_000_000
"""The longest body that is read."""

CHUNK_BYTES = 64 * 1024
"""How much of a body is read at a time, at most."""

MAX_REDIRECTS = 10
"""How many redirects are followed, one after the other."""

_REDIRECTS = {301, 302, 303, 307, 308}


class FetchError(WorkloadError):
    """A fetch failed. Nothing that a server sent is in the text."""


def fetch(url: str, timeout_s: float, limit_bytes: int, proxies: bool) -> str:
    """Return how many bytes the body at `url` has. Raises FetchError; see `download`."""
    return f"{len(download(url, timeout_s, limit_bytes, proxies))} bytes"


def download(url: str, timeout_s: float, limit_bytes: int, proxies: bool) -> bytearray:
    """Return the body at `url`, or where redirects lead; all of these are http or https.

    All of it may take `timeout_s` seconds, and the body have `limit_bytes`. `proxies` is whether the proxies that the
    environment names are used. Raises FetchError for whatever fails.
    """
    body = bytearray()
    try:
        with _open(url, time.monotonic() + timeout_s, proxies) as response:
            _read(response, body, limit_bytes)
    except (OSError, HTTPException, ValueError) as error:  # what urllib and http.client raise
        raise FetchError(_failure(error, timeout_s, len(body))) from error
    return body


def _open(url: str, deadline: float, proxies: bool) -> HTTPResponse:
    """Return the response to `url`, or the one that redirects lead to.

    urllib would follow redirects too, but reads their bodies whole, however long they are.
    """
    if not _is_web(url):
        raise FetchError("the address is not http or https")
    opener = _opener(deadline, proxies)
    visited = {url}
    while True:
        response: HTTPResponse = opener.open(url, timeout=_seconds_left(deadline))
        if 200 <= response.status < 300:
            return response
        response.close()
        location = response.headers["Location"]
        if response.status not in _REDIRECTS or location is None:
            phrase = responses.get(response.status, "")  # the standard's, whatever the server sent
            raise FetchError(f"HTTP {response.status} {phrase}".rstrip())
        url = urljoin(url, quote(location, safe=string.punctuation, encoding="latin-1"))
        if not _is_web(url):
            raise FetchError("redirected to an address that is not http or https")
        if url in visited:
            raise FetchError("redirects in a loop")
        if len(visited) > MAX_REDIRECTS:
            raise FetchError(f"more than {MAX_REDIRECTS} redirects")
        visited.add(url)


def _is_web(url: str) -> bool:
    return urlsplit(url).scheme in {"http", "https"}


def _read(response: HTTPResponse, body: bytearray, limit_bytes: int) -> None:
    """Read into `body`, at most what one wait brings at a time: so it is known how far a broken connection came."""
    expected = response.length
    while expected is None or len(body) < expected:
        chunk = response.read1(CHUNK_BYTES if expected is None else min(CHUNK_BYTES, expected - len(body)))
        if not chunk:
            break
        body += chunk
        if len(body) > limit_bytes:
            raise FetchError(f"body larger than {limit_bytes / 1e6:g} MB")
    if expected is not None and len(body) < expected:
        raise FetchError(f"connection closed after {len(body)} of {expected} bytes")


# Why a fetch failed. The first type that fits counts, so special ones come before general ones.
_FAILURES: tuple[tuple[type[Exception], str], ...] = (
    (TimeoutError, "timed out after {timeout_s:g} s"),
    (RemoteDisconnected, "connection closed without an answer"),
    (ConnectionRefusedError, "connection refused"),
    (ConnectionError, "connection reset after {received} bytes"),
    (IncompleteRead, "connection closed after {received} bytes, in mid-body"),
    (InvalidURL, "the address is not valid"),
    (HTTPException, "the answer is not valid HTTP"),
    (socket.gaierror, "host name not found"),
    (ssl.SSLCertVerificationError, "the server's TLS certificate is not trusted"),
    (ssl.SSLError, "TLS failed"),
    (ValueError, "the address is not valid"),
    (URLError, "the address, or its proxy, can't be opened"),
)


def _failure(error: Exception, timeout_s: float, received: int) -> str:
    """Return one sentence for an error after `received` bytes of the body."""
    if isinstance(error, URLError) and isinstance(error.reason, Exception):
        error = error.reason
    for kind, text in _FAILURES:
        if isinstance(error, kind):
            return text.format(timeout_s=timeout_s, received=received)
    if isinstance(error, OSError) and error.errno is not None:
        return f"the system says: {os.strerror(error.errno)}"
    return "the proxy refused"  # for this, http.client raises an OSError without a number


# An opener of urllib's that knows only http and https, follows no redirects, and keeps to one deadline.


def _seconds_left(deadline: float) -> float:
    """Return the seconds until this time of `time.monotonic()`. Raises TimeoutError where none are left."""
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise TimeoutError
    return seconds


def _opener(deadline: float, proxies: bool) -> OpenerDirector:
    """Return an opener whose responses keep to `deadline`, with the environment's proxies or with none.

    It returns the response whatever its status is. Looking up a name, and trying a host's second and further
    addresses, have limits of their own.
    """
    opener = OpenerDirector()
    if proxies:
        opener.add_handler(ProxyHandler())
    opener.add_handler(_Handler(deadline))
    opener.add_handler(UnknownHandler())  # raises, for example for a proxy that is not http
    return opener


class _Handler(AbstractHTTPHandler):
    http_request = AbstractHTTPHandler.do_request_
    https_request = AbstractHTTPHandler.do_request_

    def __init__(self, deadline: float) -> None:
        super().__init__()
        self._deadline = deadline

    def http_open(self, request: Request) -> HTTPResponse:
        return self.do_open(partial(self._connection, HTTPConnection), request)

    def https_open(self, request: Request) -> HTTPResponse:
        return self.do_open(partial(self._connection, HTTPSConnection, context=_tls()), request)

    def _connection(self, kind: type[HTTPConnection], host: str, **options: Any) -> HTTPConnection:
        connection = kind(host, **options)
        connection.response_class = partial(_Response, self._deadline)  # type: ignore[assignment] # only called
        return connection


@cache
def _tls() -> ssl.SSLContext:
    """Load the system's certificates, once for each process and only for https, as it takes a while."""
    return ssl.create_default_context()


class _Response(HTTPResponse):
    """Reads through a `_TimedReader`, from its first line on."""

    def __init__(self, deadline: float, sock: socket.socket, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        self.fp = io.BufferedReader(_TimedReader(self.fp.detach(), sock, deadline))


class _TimedReader(io.RawIOBase):
    """Reads from `raw`, the reading end of `sock`, until the deadline."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, deadline: float) -> None:
        self._raw = raw
        self._sock = sock
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(_seconds_left(self._deadline))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()
