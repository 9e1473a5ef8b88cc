"""How calls are made: each mode is one short coroutine, as a tutorial would show it.

A mode gets calls (callables without arguments, picklable if workers are processes) and a number of workers. It returns
the results in the order in which they came. It knows nothing of workloads or of being observed. Only the subject runs
modes; anything may read their names.
"""

from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType
from typing import Any, cast

__all__ = ["MODES", "Mode"]

Run = Callable[[Iterable[Callable[[], Any]], int], Coroutine[Any, Any, list[Any]]]


@dataclass(frozen=True)
class Mode:
    """A way of making calls. `about` says in one sentence what it does."""

    name: str
    about: str

    @property
    def run(self) -> Run:
        """The coroutine function that makes the calls: it and its module have the mode's name.

        It is imported here, for asyncio takes long to import, and is not needed to read the names.
        """
        return cast(Run, getattr(import_module(f"threadviz.modes.{self.name}"), self.name))


MODES: Mapping[str, Mode] = MappingProxyType(
    {
        mode.name: mode
        for mode in (
            Mode("blocking", "the coroutine calls the function plainly"),
            Mode("threads", "loop.run_in_executor on a ThreadPoolExecutor"),
            Mode("processes", "loop.run_in_executor on a ProcessPoolExecutor"),
        )
    }
)
"""The modes by name, in the order in which they are compared."""
