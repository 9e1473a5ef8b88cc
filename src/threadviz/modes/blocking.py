"""The plain call: a blocking function called inside a coroutine."""

import asyncio
from collections.abc import Callable, Iterable
from typing import TypeVar

Result = TypeVar("Result")


async def blocking(calls: Iterable[Callable[[], Result]], workers: int) -> list[Result]:
    """Call each function plainly, in a coroutine of its own. `workers` is not used: the event loop does it all."""

    async def coroutine(call: Callable[[], Result]) -> Result:
        return call()

    # as_completed() alone would start bare coroutines in the order of a set, which is none.
    tasks = [asyncio.create_task(coroutine(call)) for call in calls]
    return [await task for task in asyncio.as_completed(tasks)]
