"""How calls are made: each mode is one short coroutine, as a tutorial would show it.

A mode gets calls (callables without arguments; when there are workers in other processes, picklable) and a
number of workers, and returns what the calls returned, in the order in which it came. It knows nothing of
workloads, and nothing of being watched. Only the subject enters here to run a mode; anybody may read their names.
"""

from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType
from typing import Any, cast

__all__ = ["MODES", "Mode"]

Making = Callable[[Iterable[Callable[[], Any]], int], Coroutine[Any, Any, list[Any]]]


@dataclass(frozen=True)
class Mode:
    """A way of making calls. `about` says in one sentence what it does."""

    name: str
    about: str

    @property
    def run(self) -> Making:
        """The coroutine function that makes them: the one of the mode's name, in the module of its name.

        It is imported here, for asyncio takes longer to import than all that who reads the names needs.
        """
        return cast(Making, getattr(import_module(f"threadviz.modes.{self.name}"), self.name))


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
