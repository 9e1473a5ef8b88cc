"""The same few lines of asyncio without threadviz, which `modes.py` compares with.

`python plain_asyncio.py fetch|primes blocking|threads|processes WORKERS` reads one JSON line from stdin, an array of
addresses or numbers, and writes {total_s, tasks_s}: how long all took, and each task.
"""

import asyncio
import json
import sys
import time
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from math import isqrt
from typing import Any
from urllib.request import urlopen


def fetch(url: str) -> float:
    """Read what is at `url`, and return how long that took (s)."""
    start = time.monotonic()
    with urlopen(url) as response:
        response.read()
    return time.monotonic() - start


def primes(number: int) -> float:
    """Look for a divisor of `number`, and return how long that took (s)."""
    start = time.monotonic()
    divides(number)
    return time.monotonic() - start


def divides(number: int) -> int | None:
    """Return the smallest divisor above 1 of an odd number, None for a prime."""
    for divisor in range(3, isqrt(number) + 1, 2):
        if number % divisor == 0:
            return divisor
    return None


async def blocking(function: Any, arguments: list[Any]) -> list[float]:
    """Call the function plainly, in coroutines."""

    async def coroutine(argument: Any) -> float:
        return function(argument)  # type: ignore[no-any-return]

    return [await each for each in asyncio.as_completed([coroutine(argument) for argument in arguments])]


async def pooled(executor: Executor, function: Any, arguments: list[Any]) -> list[float]:
    """Call the function in an executor."""
    loop = asyncio.get_running_loop()
    with executor as pool:
        futures = [loop.run_in_executor(pool, function, argument) for argument in arguments]
        return [await each for each in asyncio.as_completed(futures)]


def main() -> None:
    """Take the arguments, run, and write how long it took."""
    workload, mode, workers = sys.argv[1], sys.argv[2], int(sys.argv[3])
    arguments = json.loads(sys.stdin.readline())
    function = {"fetch": fetch, "primes": primes}[workload]
    start = time.monotonic()
    if mode == "blocking":
        tasks_s = asyncio.run(blocking(function, arguments))
    else:
        pool = ThreadPoolExecutor if mode == "threads" else ProcessPoolExecutor
        tasks_s = asyncio.run(pooled(pool(workers), function, arguments))
    print(json.dumps({"total_s": time.monotonic() - start, "tasks_s": tasks_s}))


if __name__ == "__main__":
    main()
