"""Says in one short sentence why a fetch failed. Nothing that a server sent is repeated."""

import os
import socket
import ssl
from http import HTTPStatus
from http.client import HTTPException, IncompleteRead, InvalidURL, RemoteDisconnected
from urllib.error import URLError

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


def sentence(error: Exception, timeout_s: float, received: int) -> str:
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
