"""`python programs.py NAME AMOUNT SOCKET`: a program of somebody's own, which does something and says how long it took.

It is started alone, and by those who look on (`attached.py`). What it says goes into the Unix socket at that path: its
process id when it is ready, and, when it was told to go and has done its work, how long that took (s).
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import socket
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial

NUMBERS = 300_000
ASKED = 100
"""How far primes are counted, and how often the server is asked, where `AMOUNT` is 1: about a second each."""

ANSWER_S = 0.01
"""After so long each request is answered (s)."""

Work = Callable[[], object]


def is_prime(number: int) -> bool:
    """Try all divisors, plainly."""
    return all(number % divisor for divisor in range(2, int(number**0.5) + 1))


def count_primes(among: range) -> int:
    """Compute, and call functions."""
    return sum(is_prime(number) for number in among)


def one_thread(amount: float) -> Work:
    """Compute in the main thread."""
    return partial(count_primes, numbers(amount))


def threads_compute(amount: float) -> Work:
    """Compute in 4 threads, which compete for the GIL."""
    return in_threads([partial(count_primes, numbers(amount)[start::4]) for start in range(4)])


def threads_wait(amount: float) -> Work:
    """Ask a server in 16 threads, again and again."""
    here, there = socket.socketpair()
    server = multiprocessing.get_context("fork").Process(target=serve, args=(there,), daemon=True)
    server.start()
    port = int(here.recv(16))
    return in_threads([partial(ask, port, int(ASKED * amount))] * 16)


def processes_compute(amount: float) -> Work:
    """Compute in as many processes as there are cores."""
    workers = len(os.sched_getaffinity(0))
    parts = [numbers(amount)[start :: 4 * workers] for start in range(4 * workers)]

    def work() -> None:
        with ProcessPoolExecutor(workers) as pool:
            list(pool.map(count_primes, parts))

    return work


def numbers(amount: float) -> range:
    """Odd ones, any of whose parts are about as much work as any other."""
    return range(3, int(NUMBERS * amount), 2)


def in_threads(calls: list[Work]) -> Work:
    """Return what makes each of these calls in a thread of its own, and waits for all."""

    def work() -> None:
        threads = [threading.Thread(target=call) for call in calls]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    return work


def ask(port: int, times: int) -> None:
    """Ask the server so many times, one after the other."""
    with socket.create_connection(("127.0.0.1", port)) as server:
        for _ in range(times):
            server.sendall(b"?")
            server.recv(1)


def serve(told: socket.socket) -> None:
    """Answer whoever asks, after a while; `told` is who is told the port."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(1):
            await asyncio.sleep(ANSWER_S)
            writer.write(b"!")

    async def run() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        told.sendall(b"%d" % server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


PROGRAMS: dict[str, Callable[[float], Work]] = {
    "one thread computes": one_thread,
    "4 threads compute": threads_compute,
    "16 threads wait for a server": threads_wait,
    "processes compute": processes_compute,
}


def main() -> None:
    """Get ready, wait for the word, work, and say how long that took."""
    name, amount, path = sys.argv[1:]
    work = PROGRAMS[name](float(amount))
    with socket.socket(socket.AF_UNIX) as caller:
        caller.connect(path)
        caller.sendall(b"%d\n" % os.getpid())
        caller.recv(1)
        start = time.monotonic()
        work()
        caller.sendall(b"%r\n" % (time.monotonic() - start))


if __name__ == "__main__":
    main()
