"""fetch: opens a URL with urllib, reads the body in chunks, counts. It is I/O-bound: the classic."""

import io
import os
import socket
import ssl
import string
import time
from functools import cache, partial
from http import HTTPStatus
from http.client import (
    HTTPConnection,
    HTTPException,
    HTTPResponse,
    HTTPSConnection,
    IncompleteRead,
    InvalidURL,
    RemoteDisconnected,
)
from typing import Any
from urllib.error import URLError
from urllib.parse import quote, urljoin, urlsplit
from urllib.request import AbstractHTTPHandler, OpenerDirector, ProxyHandler, Request, UnknownHandler

from threadviz.workloads.base import WorkloadError

# Says in one short sentence why a fetch failed. Nothing that a server sent is repeated.

FAILURES = (OSError, HTTPException, ValueError)
"""What urllib and http.client raise for whatever can go wrong between here and a server."""

# The first that fits is taken, so that what is more special stands before what is more general.
_SENTENCES: tuple[tuple[type[Exception], str], ...] = (
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


def failure_sentence(error: Exception, timeout_s: float, received: int) -> str:
    """Return what `error`, one of FAILURES, means for a fetch that has `received` bytes of its body."""
    if isinstance(error, URLError) and isinstance(error.reason, Exception):
        error = error.reason
    for kind, text in _SENTENCES:
        if isinstance(error, kind):
            return text.format(timeout_s=timeout_s, received=received)
    if isinstance(error, OSError) and error.errno is not None:
        return f"the system says: {os.strerror(error.errno)}"
    return "the proxy refused"  # what is left: http.client has an OSError of its own for it, without a number


def status_sentence(status: int) -> str:
    """Return 'HTTP 404 Not Found' and the like, with the phrase of the standard."""
    try:
        return f"HTTP {status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"HTTP {status}"


# An opener of urllib's that knows http and https only, follows no redirects, and keeps to one deadline.


class Deadline:
    """The moment `seconds` from now."""

    def __init__(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    def left(self) -> float:
        """Return how many seconds are left, more than 0. Raises TimeoutError where none are."""
        seconds = self._at - time.monotonic()
        if seconds <= 0:
            raise TimeoutError
        return seconds


def opener(deadline: Deadline, proxies: bool) -> OpenerDirector:
    """Return an opener whose responses keep to `deadline`; with the environment's proxies, or with none.

    It returns the response whatever its status is. Looking up a name, and trying a host's second and further
    addresses, have limits of their own.
    """
    director = OpenerDirector()
    if proxies:
        director.add_handler(ProxyHandler())
    director.add_handler(_Handler(deadline))
    director.add_handler(UnknownHandler())  # raises, for example for a proxy that is not of http
    return director


class _Handler(AbstractHTTPHandler):
    http_request = AbstractHTTPHandler.do_request_
    https_request = AbstractHTTPHandler.do_request_

    def __init__(self, deadline: Deadline) -> None:
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
    """A response that is read through a `_TimedReader`, from its first line on."""

    def __init__(self, deadline: Deadline, sock: socket.socket, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        self.fp = io.BufferedReader(_TimedReader(self.fp.detach(), sock, deadline))


class _TimedReader(io.RawIOBase):
    """Reads from `raw`, the reading end of `sock`, and waits no longer than until the deadline."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, deadline: Deadline) -> None:
        self._raw = raw
        self._sock = sock
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(self._deadline.left())
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


LIMIT_BYTES = 10_000_000
"""The longest body that is taken."""

CHUNK_BYTES = 64 * 1024
"""How much of a body is read at a time, at most."""

MAX_REDIRECTS = 10
"""How many redirects are followed, one after the other."""

_REDIRECTS = {301, 302, 303, 307, 308}


class FetchError(WorkloadError):
    """A fetch failed."""


def fetch(url: str, timeout_s: float, limit_bytes: int, proxies: bool) -> str:
    """Return how many bytes the body at `url` has. Raises FetchError; see `download`."""
    return f"{len(download(url, timeout_s, limit_bytes, proxies))} bytes"


def download(url: str, timeout_s: float, limit_bytes: int, proxies: bool) -> bytearray:
    """Return the body at `url`, which is http or https, or where redirects to such lead.

    The whole may take `timeout_s` seconds, and the body have `limit_bytes`. `proxies` says whether the
    proxies that the environment names are used. Raises FetchError for whatever fails.
    """
    body = bytearray()
    try:
        with _open(url, Deadline(timeout_s), proxies) as response:
            _read(response, body, limit_bytes)
    except FAILURES as error:
        raise FetchError(failure_sentence(error, timeout_s, len(body))) from error
    return body


def _open(url: str, deadline: Deadline, proxies: bool) -> HTTPResponse:
    """Return the response to `url`, or the one that redirects lead to.

    urllib would follow redirects too, but reads their bodies whole, however long they are.
    """
    if not _is_web(url):
        raise FetchError("the address is not http or https")
    director = opener(deadline, proxies)
    visited = {url}
    while True:
        response: HTTPResponse = director.open(url, timeout=deadline.left())
        if 200 <= response.status < 300:
            return response
        response.close()
        location = response.headers["Location"]
        if response.status not in _REDIRECTS or location is None:
            raise FetchError(status_sentence(response.status))
        url = urljoin(url, quote(location, safe=string.punctuation, encoding="latin-1"))
        _check_redirect(url, visited)
        visited.add(url)


def _check_redirect(url: str, visited: set[str]) -> None:
    if not _is_web(url):
        raise FetchError("redirected to an address that is not http or https")
    if url in visited:
        raise FetchError("redirects in a loop")
    if len(visited) > MAX_REDIRECTS:
        raise FetchError(f"more than {MAX_REDIRECTS} redirects")


def _is_web(url: str) -> bool:
    return urlsplit(url).scheme in {"http", "https"}


def _read(response: HTTPResponse, body: bytearray, limit_bytes: int) -> None:
    """Read into `body` what each single wait brings, so that it is known how far a broken connection came."""
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
