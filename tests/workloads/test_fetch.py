import os
import shutil
import ssl
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.mock_server.running import site, stand_in
from tests.workloads.answering import answering
from threadviz.mock_server.sites import Trouble
from threadviz.workloads.fetch import LIMIT_BYTES, MAX_REDIRECTS, FetchError, download, fetch

LONG = 30.0
"""A timeout that is never reached, in seconds."""

SHORT = 0.3
"""A timeout that is."""

OK = b"HTTP/1.1 200 OK\r\n"


def failure(
    url: str, timeout_s: float = LONG, limit_bytes: int = LIMIT_BYTES, *, proxies: bool = False
) -> str:
    """Return the error of a fetch that fails."""
    with pytest.raises(FetchError) as caught:
        fetch(url, timeout_s, limit_bytes, proxies)
    return str(caught.value)


@pytest.mark.parametrize("size", [0, 1, 200_000])
def test_a_healthy_site(size: int) -> None:
    """What comes of a fetch is the number of bytes."""
    with stand_in(site(size=size)) as running:
        assert fetch(running.urls[0], LONG, LIMIT_BYTES, False) == f"{size} bytes"


@pytest.mark.parametrize(
    ("trouble", "sentence"),
    [
        (Trouble.REFUSED, "connection refused"),
        (Trouble.NOT_FOUND, "HTTP 404 Not Found"),
        (Trouble.SERVER_ERROR, "HTTP 500 Internal Server Error"),
        (Trouble.RESET, "connection reset after 4000 bytes"),
        (Trouble.TRICKLE, "timed out after 0.3 s"),
        (Trouble.HANG, "timed out after 0.3 s"),
        (Trouble.REDIRECT_LOOP, "redirects in a loop"),
        (Trouble.ENDLESS, "body larger than 10 MB"),
    ],
)
def test_every_trouble(trouble: Trouble, sentence: str) -> None:
    """Each kind of trouble that a set may have has a sentence of its own."""
    slow = trouble in {Trouble.TRICKLE, Trouble.HANG}
    with stand_in(site(trouble, size=8000, seconds=120 if slow else 0)) as running:
        assert failure(running.urls[0], SHORT if slow else LONG) == sentence


def test_the_limit_is_not_too_large() -> None:
    """A body of exactly the limit is taken, one byte more is not."""
    with stand_in(site(size=5000)) as running:
        assert fetch(running.urls[0], LONG, 5000, False) == "5000 bytes"
        assert failure(running.urls[0], limit_bytes=4999) == "body larger than 0.004999 MB"


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (b"", "connection closed without an answer"),
        (b"hello\r\n\r\n", "the answer is not valid HTTP"),
        (b"HTTP/1.1 abc OK\r\n\r\n", "the answer is not valid HTTP"),
        (b"HTTP/9 200 OK\r\n\r\n", "the answer is not valid HTTP"),
        (OK + b"X: " + b"x" * 70_000 + b"\r\n\r\n", "the answer is not valid HTTP"),
        (OK + b"X: y\r\n" * 200 + b"\r\n", "the answer is not valid HTTP"),
        (OK + b"Content-Length: 100\r\n\r\nshort", "connection closed after 5 of 100 bytes"),
        (
            OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nshort\r\nzz\r\n",
            "connection closed after 5 bytes, in mid-body",
        ),
        (
            OK + b"Transfer-Encoding: chunked\r\n\r\n9\r\nshort",
            "connection closed after 5 bytes, in mid-body",
        ),
        (b"HTTP/1.1 799 \x1b[31mOdd\r\n\r\n", "HTTP 799"),
        (b"HTTP/1.1 404 \x1b[31mOdd\r\n\r\n", "HTTP 404 Not Found"),
        (b"HTTP/1.1 302 Found\r\n\r\n", "HTTP 302 Found"),
        (
            b"HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\n\r\n",
            "redirected to an address that is not http or https",
        ),
        (
            b"HTTP/1.1 301 Moved\r\nLocation: ftp://a.example/\r\n\r\n",
            "redirected to an address that is not http or https",
        ),
        (
            b"HTTP/1.1 308 Moved\r\nLocation: data:text/plain,x\r\n\r\n",
            "redirected to an address that is not http or https",
        ),
        (b"HTTP/1.1 302 Found\r\nLocation: http://[::1/\r\n\r\n", "the address is not valid"),
        (b"HTTP/1.1 302 Found\r\nLocation: http://a..b/\r\n\r\n", "the address is not valid"),
        (b"HTTP/1.1 302 Found\r\nLocation: http://x:port/\r\n\r\n", "the address is not valid"),
        (b"HTTP/1.1 302 Found\r\nLocation: more/\r\n\r\n", f"more than {MAX_REDIRECTS} redirects"),
    ],
)
def test_odd_answers(answer: bytes, sentence: str) -> None:
    """Whatever a server answers, the error is a sentence of ours."""
    with answering(answer) as url:
        assert failure(url) == sentence


@pytest.mark.parametrize(
    ("answer", "count"),
    [
        (OK + b"\r\nuntil the end", 13),
        (OK + b"Content-Length: x\r\n\r\nhello", 5),
        (OK + b"Content-Length: 2\r\n\r\nhello", 2),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n", 6),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 0),
    ],
)
def test_ways_to_end_a_body(answer: bytes, count: int) -> None:
    """A body ends where its length, its last chunk or its connection ends."""
    with answering(answer) as url:
        assert fetch(url, LONG, LIMIT_BYTES, False) == f"{count} bytes"


def test_a_connection_that_stays_open() -> None:
    """A server that keeps the connection is not waited for once the body is whole."""
    with answering(OK + b"Content-Length: 5\r\n\r\nhello", hold=True) as url:
        assert fetch(url, LONG, LIMIT_BYTES, False) == "5 bytes"


@settings(max_examples=60)
@example(b"Transfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n0\r\n\r\n")
@example(b"Content-Length: 9" + b"9" * 5000 + b"\r\n\r\n")
@given(st.binary(max_size=60))
def test_any_answer(answer: bytes) -> None:
    """Any bytes at all are a result or a FetchError."""
    for head in (b"", OK, OK + b"Transfer-Encoding: chunked\r\n\r\n"):
        with answering(head + answer) as url:
            try:
                result = fetch(url, LONG, LIMIT_BYTES, False)
            except FetchError as error:
                result = str(error)
        assert result
        assert result.isprintable()


@pytest.mark.parametrize("whole", [b"HTTP/1.1 200 OK", OK + b"X: y\r\n" * 30, OK + b"\r\n" + b"." * 100])
def test_a_trickle_of_any_part(whole: bytes) -> None:
    """The timeout is for the whole: no slow status line, slow headers or slow body outlasts it."""
    with answering(*(whole[n : n + 1] for n in range(len(whole))), pause=SHORT / 10) as url:
        assert failure(url, SHORT) == "timed out after 0.3 s"


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "ftp://127.0.0.1/", "data:text/plain,x", "", "/x", "javascript:1", "localhost"],
)
def test_other_schemes(url: str) -> None:
    """Nothing but http and https is ever opened."""
    assert failure(url) == "the address is not http or https"


@pytest.mark.parametrize(
    "url", ["http://[::1/", "http://a..b/", "http://127.0.0.1:port/", "http://a\n.example/"]
)
def test_addresses_that_are_none(url: str) -> None:
    """An invalid address is an error."""
    assert failure(url) == "the address is not valid"


def test_an_address_without_a_host() -> None:
    """What leads nowhere is not opened."""
    assert failure("http:///path") == "the address, or its proxy, can't be opened"


def test_redirects_are_followed() -> None:
    """A redirect to another address leads there, and its own body is never waited for."""
    with (
        stand_in(site(size=1234)) as running,
        answering(b"HTTP/1.1 301 \r\nLocation: %s\r\n\r\n" % running.urls[0].encode(), hold=True) as url,
    ):
        assert fetch(url, LONG, LIMIT_BYTES, False) == "1234 bytes"


@pytest.fixture
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment that names no proxies, to name some in."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "request_method"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    return monkeypatch


def test_proxies_are_for_online_only(no_proxies: pytest.MonkeyPatch) -> None:
    """The environment's proxy is used when it is asked for, and only then."""
    with answering(OK + b"\r\nthe proxy was here") as proxy, stand_in(site(size=77)) as running:
        no_proxies.setenv("http_proxy", proxy)
        assert download(running.urls[0], LONG, LIMIT_BYTES, True) == b"the proxy was here"
        assert fetch(running.urls[0], LONG, LIMIT_BYTES, False) == "77 bytes"


def test_a_proxy_of_another_kind(no_proxies: pytest.MonkeyPatch) -> None:
    """A proxy that urllib can't use is an error, and not bypassed."""
    no_proxies.setenv("http_proxy", "socks5://127.0.0.1:9/")
    assert failure("http://127.0.0.1:9/", proxies=True) == "the address, or its proxy, can't be opened"


def test_a_proxy_that_refuses_a_tunnel(no_proxies: pytest.MonkeyPatch) -> None:
    """A proxy's answer about https is reported in a sentence of ours."""
    with answering(b"HTTP/1.1 403 \x1b[31mNo\r\n\r\n") as proxy:
        no_proxies.setenv("https_proxy", proxy)
        assert failure("https://a.example/", proxies=True) == "the proxy refused"


def test_plain_http_where_tls_is_expected() -> None:
    """A handshake that is not answered takes no longer than the timeout."""
    with stand_in(site()) as running:
        assert failure(running.urls[0].replace("http:", "https:"), SHORT) == "timed out after 0.3 s"


def test_a_handshake_that_fails() -> None:
    """A server that has no certificate to show can't be talked to."""
    with answering(tls=ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)) as url:
        assert failure(url) == "TLS failed"


@pytest.mark.skipif(not shutil.which("openssl"), reason="needs openssl to make a certificate")
def test_https(tmp_path: Path) -> None:
    """A page is fetched over TLS where its certificate is trusted, and not where it isn't."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    make = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost".split()
    names = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*make, *names], check=True, capture_output=True, timeout=LONG)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    program = f"""
import sys
from threadviz.workloads.fetch import FetchError, fetch
try: print(fetch(sys.argv[1], {LONG}, {LIMIT_BYTES}, False))
except FetchError as error: print(error)
"""
    with answering(OK + b"\r\nsecret", tls=context) as url:
        run = partial(subprocess.run, capture_output=True, text=True, check=True, timeout=LONG)
        command = [sys.executable, "-c", program, url]
        trusting = run(command, env={**os.environ, "SSL_CERT_FILE": str(certificate)})
        assert trusting.stdout == "6 bytes\n"
        assert run(command).stdout == "the server's TLS certificate is not trusted\n"


POOL = """
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from threadviz.workloads.fetch import FetchError, fetch

kind, *urls = sys.argv[1:]
if kind == "threads":
    pool = ThreadPoolExecutor(2)
else:
    pool = ProcessPoolExecutor(2, mp_context=get_context(kind))
with pool:
    fetches = [pool.submit(fetch, url, 30.0, 10_000_000, False) for url in urls]
    for done in fetches:
        print(repr(done.exception()) if done.exception() else done.result())
"""


@pytest.mark.parametrize("kind", ["threads", "fork", "forkserver", "spawn"])
def test_in_workers(kind: str) -> None:
    """A fetch works in threads and in processes however they were started, and so does its failure."""
    with stand_in(*(site(size=n) for n in range(1, 5)), site(Trouble.NOT_FOUND)) as running:
        done = subprocess.run(
            [sys.executable, "-c", POOL, kind, *running.urls],
            capture_output=True,
            text=True,
            check=True,
            timeout=LONG,
        )
    assert done.stdout.splitlines() == [
        *(f"{n} bytes" for n in range(1, 5)),
        "FetchError('HTTP 404 Not Found')",
    ]
