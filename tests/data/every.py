"""Something for each event that a program can have: names, a place, functions, tasks that succeed and fail."""

import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import threadviz


def count(n: int) -> int:
    """Compute."""
    return sum(i * i for i in range(n))


def hear(end: socket.socket) -> bytes:
    """Wait for who does not speak yet."""
    return end.recv(1)


with socket.create_server(("127.0.0.1", 0)) as server:
    speaker = socket.create_connection(server.getsockname())
    hearer, _ = server.accept()
    listening = threading.Thread(target=hear, args=(hearer,), name="hearer")
    listening.start()
    with threadviz.observed(ThreadPoolExecutor(2, "counter")) as pool:
        for future in [
            pool.submit(count, 8_000_000),
            pool.submit(count, 4_000_000),
            pool.submit(int, "none"),
        ]:
            future.exception()
    speaker.send(b".")
    listening.join()
    speaker.close()
    hearer.close()
