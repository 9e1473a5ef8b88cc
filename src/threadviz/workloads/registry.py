"""The workloads by name, and how each makes its calls."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from itertools import cycle, islice
from types import MappingProxyType
from typing import Any

from threadviz.workloads.base import Call, numbered

# The functions are imported where calls are made: urllib takes longer to import than all the rest, and is not needed
# to list the workloads, or to check primes.


NamedArguments = Iterator[tuple[str, tuple[Any, ...]]]
"""The name and the arguments of each call."""


@dataclass(frozen=True, slots=True)
class Workload:
    """A named list of independent calls of one function. `about` is one sentence.

    `tasks` is the default number of calls; None for one for each site.
    """

    name: str
    about: str
    tasks: int | None
    _function: str
    """Its name, in the module of the workload's name."""
    _arguments: Callable[..., NamedArguments]

    @property
    def fetches(self) -> bool:
        """Whether it needs addresses."""
        return self.tasks is None

    def make_calls(
        self, tasks: int | None, urls: Sequence[tuple[str, str]], timeout_s: float, online: bool
    ) -> list[Call]:
        """Return `tasks` calls, None for the workload's default.

        A workload that fetches takes `urls`, pairs of a name and an address, again and again in their order. A fetch
        may take `timeout_s` seconds, and uses the environment's proxies if `online`. The others ignore these. Raises
        ValueError where there is nothing to fetch, or for fewer than one task.
        """
        if self.fetches and not urls:
            raise ValueError(f"the workload {self.name} has nothing to fetch")
        count = tasks if tasks is not None else self.tasks or len(urls)
        if count < 1:
            raise ValueError("a run has at least one task")
        function = getattr(import_module(f"threadviz.workloads.{self.name}"), self._function)
        names, arguments = zip(*self._arguments(count, urls, timeout_s, online), strict=True)
        return [Call(name, function, args) for name, args in zip(numbered(names), arguments, strict=True)]


def _sites(count: int, urls: Sequence[tuple[str, str]], timeout_s: float, online: bool) -> NamedArguments:
    from threadviz.workloads.fetch import LIMIT_BYTES

    for name, url in islice(cycle(urls), count):
        yield name, (url, timeout_s, LIMIT_BYTES, online)


def _primes(count: int, *_: object) -> NamedArguments:
    from threadviz.workloads.primes import NUMBERS

    for number in islice(cycle(NUMBERS), count):
        yield str(number), (number,)


def _digests(count: int, *_: object) -> NamedArguments:
    from threadviz.workloads.digest import ROUNDS

    for ordinal in range(1, count + 1):
        yield f"digest {ordinal}", (ordinal, ROUNDS)


_WORKLOADS = (
    Workload("fetch", "opens each site with urllib and reads it: I/O-bound", None, "fetch", _sites),
    Workload("primes", "divides numbers in pure Python: CPU-bound, holds the GIL", 8, "check", _primes),
    Workload("digest", "hashes large buffers: CPU-bound, but releases the GIL", 8, "digest", _digests),
    Workload(
        "mixed", "fetches and parses each site: I/O-bound, then CPU-bound", None, "fetch_and_parse", _sites
    ),
)

WORKLOADS: Mapping[str, Workload] = MappingProxyType({each.name: each for each in _WORKLOADS})
"""The workloads, in the order in which they are listed."""
