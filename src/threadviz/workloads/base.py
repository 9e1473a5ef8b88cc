"""The calls that a workload consists of, and how one fails."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import CoroutineType
from typing import Any

NOT_BLOCKING = "threadviz calls functions that block"


class WorkloadError(Exception):
    """A call failed in a way that its workload foresees. The text is one short, printable sentence."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a plain, blocking function, under a name for people. Picklable where its function is.

    `own` is whether it is the user's own function, which may return and raise anything. A workload's functions return
    a short text.
    """

    name: str
    function: Callable[..., Any]
    args: tuple[Any, ...] = ()
    keywords: Mapping[str, Any] = field(default_factory=dict)
    own: bool = False

    def __call__(self) -> Any:
        """Return what the function returns. Raises what it raises, and WorkloadError where it does not block."""
        result = self.function(*self.args, **self.keywords)
        if isinstance(result, CoroutineType):
            result.close()
            raise WorkloadError(f"it returned a coroutine, which runs where it is awaited: {NOT_BLOCKING}")
        return result


def sentence(error: BaseException) -> str:
    """Return one sentence for `error`: the text of a WorkloadError, with its type's name for any other."""
    try:
        text = str(error)
    except BaseException:  # noqa: BLE001 - a class of the user's may do anything
        text = ""
    if isinstance(error, WorkloadError):
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def numbered(names: Iterable[str]) -> list[str]:
    """Return the names, with ' #2' after one that comes for the second time, and so on."""
    seen: dict[str, int] = {}
    result = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        result.append(name if seen[name] == 1 else f"{name} #{seen[name]}")
    return result
