"""The process pool: `loop.run_in_executor` on a `ProcessPoolExecutor`."""

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")


async def processes(calls: Iterable[Callable[[], Result]], workers: int) -> list[Result]:
    """Make each call in one of `workers` processes. Calls and results are pickled."""
    loop = asyncio.get_running_loop()
    with ProcessPoolExecutor(workers) as pool:
        futures = [loop.run_in_executor(pool, call) for call in calls]
        return [await future for future in asyncio.as_completed(futures)]
