"""The thread pool: `loop.run_in_executor` on a `ThreadPoolExecutor`."""

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")


async def threads(calls: Iterable[Callable[[], Result]], workers: int) -> list[Result]:
    """Make each call in one of `workers` threads of this process."""
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(workers) as pool:
        futures = [loop.run_in_executor(pool, call) for call in calls]
        return [await future for future in asyncio.as_completed(futures)]
