"""The workloads by name, and how each makes its calls."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from types import MappingProxyType

from threadviz.workloads.base import Call, numbered

# The functions are imported where calls are made: urllib takes longer to import than all the rest, and is not needed
# to list the workloads, or to check primes.


@dataclass(frozen=True, slots=True)
class FetchOptions:
    """What and how to fetch: see `Workload.make_calls`."""

    urls: Sequence[tuple[str, str]]
    timeout_s: float
    online: bool


@dataclass(frozen=True, slots=True)
class Workload:
    """A named list of independent calls of one function. `about` is one sentence.

    `tasks` is the default number of calls; None for one for each site.
    """

    name: str
    about: str
    tasks: int | None
    _make: Callable[[int, FetchOptions], list[Call]]

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
        return self._make(count, FetchOptions(urls, timeout_s, online))


def _fetches(
    function: Callable[[str, float, int, bool], str], tasks: int, options: FetchOptions
) -> list[Call]:
    from threadviz.workloads.fetch import LIMIT_BYTES

    sites = list(islice(cycle(options.urls), tasks))
    names = numbered(name for name, _ in sites)
    return [
        Call(name, function, (url, options.timeout_s, LIMIT_BYTES, options.online))
        for name, (_, url) in zip(names, sites, strict=True)
    ]


def _fetch(tasks: int, options: FetchOptions) -> list[Call]:
    from threadviz.workloads.fetch import fetch

    return _fetches(fetch, tasks, options)


def _mixed(tasks: int, options: FetchOptions) -> list[Call]:
    from threadviz.workloads.mixed import fetch_and_parse

    return _fetches(fetch_and_parse, tasks, options)


def _primes(tasks: int, _: FetchOptions) -> list[Call]:
    from threadviz.workloads.primes import NUMBERS, check

    numbers = list(islice(cycle(NUMBERS), tasks))
    names = numbered(map(str, numbers))
    return [Call(name, check, (number,)) for name, number in zip(names, numbers, strict=True)]


def _digest(tasks: int, _: FetchOptions) -> list[Call]:
    from threadviz.workloads.digest import ROUNDS, digest

    return [Call(f"digest {ordinal}", digest, (ordinal, ROUNDS)) for ordinal in range(1, tasks + 1)]


WORKLOADS: Mapping[str, Workload] = MappingProxyType(
    {
        workload.name: workload
        for workload in (
            Workload("fetch", "opens each site with urllib and reads it: I/O-bound", None, _fetch),
            Workload("primes", "divides numbers in pure Python: CPU-bound, holds the GIL", 8, _primes),
            Workload("digest", "hashes large buffers: CPU-bound, but releases the GIL", 8, _digest),
            Workload("mixed", "fetches and parses each site: I/O-bound, then CPU-bound", None, _mixed),
        )
    }
)
"""The workloads, in the order in which they are listed."""
