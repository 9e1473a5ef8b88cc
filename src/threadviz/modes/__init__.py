"""How calls are made: each mode is one short coroutine, as a tutorial would show it.

A mode gets calls (callables without arguments; when there are workers in other processes, picklable) and a
number of workers, and returns what the calls returned, in the order in which it came. It knows nothing of
workloads, and nothing of being watched. Only the subject enters here to run a mode; anybody may read their names.
"""

from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from threadviz.modes.blocking import blocking
from threadviz.modes.processes import processes
from threadviz.modes.threads import threads

__all__ = ["MODES", "Mode"]


@dataclass(frozen=True)
class Mode:
    """A way of making calls. `about` says in one sentence what it does."""

    name: str
    about: str
    run: Callable[[Iterable[Callable[[], Any]], int], Coroutine[Any, Any, list[Any]]]


MODES: Mapping[str, Mode] = MappingProxyType(
    {
        mode.name: mode
        for mode in (
            Mode("blocking", "the coroutine calls the function plainly", blocking),
            Mode("threads", "loop.run_in_executor on a ThreadPoolExecutor", threads),
            Mode("processes", "loop.run_in_executor on a ProcessPoolExecutor", processes),
        )
    }
)
"""The modes by name, in the order in which they are compared."""
