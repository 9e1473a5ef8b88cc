"""An opener of urllib's that knows http and https only, follows no redirects, and keeps to one deadline.

The timeout of `urllib.request.urlopen` is for each single wait: a server that sends a byte now and then holds
it for as long as it likes. Here every read from the connection may wait only for what is left of the whole.
"""

import io
import socket
import ssl
import time
from functools import cache, partial
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from typing import Any
from urllib.request import AbstractHTTPHandler, OpenerDirector, ProxyHandler, Request, UnknownHandler


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
