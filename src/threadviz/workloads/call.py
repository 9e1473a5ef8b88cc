"""What a workload consists of, and how one fails."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any


class WorkloadError(Exception):
    """A call failed in a way that its workload foresees. The text is one short, printable sentence."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a plain, blocking function, under a name for people. Picklable, as its function must be."""

    name: str
    function: Callable[..., str]
    args: tuple[Any, ...] = ()

    def __call__(self) -> str:
        """Return what the function returns, the result in a few words. Raises what the function raises."""
        return self.function(*self.args)


def numbered(names: Iterable[str]) -> list[str]:
    """Return the names with ' #2' after one that comes for the second time, and so on."""
    seen: dict[str, int] = {}
    result = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        result.append(name if seen[name] == 1 else f"{name} #{seen[name]}")
    return result
