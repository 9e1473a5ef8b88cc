"""fetch: opens a URL with urllib, reads the body in chunks, counts. It is I/O-bound: the classic."""

import string
from http.client import HTTPResponse
from urllib.parse import quote, urljoin, urlsplit

from threadviz.workloads.call import WorkloadError
from threadviz.workloads.failures import FAILURES, sentence, status_sentence
from threadviz.workloads.opener import Deadline, opener

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
        raise FetchError(sentence(error, timeout_s, len(body))) from error
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
