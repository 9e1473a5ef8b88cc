"""A server that answers every connection with the same bytes, whatever they are."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

LIMIT = 30.0


@contextmanager
def answering(
    *parts: bytes, pause: float = 0.0, hold: bool = False, tls: ssl.SSLContext | None = None
) -> Iterator[str]:
    """Serve for as long as the block lasts, on 127.0.0.1, and yield the URL.

    Each part of the answer goes `pause` seconds after the one before; the connection is then closed or, where
    `hold`, kept until the client closes it. With `tls` the URL is https.
    """
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=_serve, args=(listening, parts, pause, hold, tls))
        thread.start()
        try:
            yield f"{'https' if tls else 'http'}://127.0.0.1:{listening.getsockname()[1]}/"
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join(LIMIT)


def _serve(
    listening: socket.socket, parts: Sequence[bytes], pause: float, hold: bool, tls: ssl.SSLContext | None
) -> None:
    while True:
        try:
            connection, _ = listening.accept()
        except OSError:  # shut down
            return
        with connection, suppress(OSError):
            connection.settimeout(LIMIT)
            if tls:
                with tls.wrap_socket(connection, server_side=True) as encrypted:
                    _answer(encrypted, parts, pause, hold)
            else:
                _answer(connection, parts, pause, hold)


def _answer(connection: socket.socket, parts: Sequence[bytes], pause: float, hold: bool) -> None:
    request = b""
    while b"\r\n\r\n" not in request:
        chunk = connection.recv(65536)
        if not chunk:
            return
        request += chunk
    for part in parts:
        connection.sendall(part)
        time.sleep(pause)
    if hold:
        connection.recv(1)
