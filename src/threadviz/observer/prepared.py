"""What is ready to be watched."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from threadviz.events import Header
from threadviz.observer.output import Output


class Watching(Protocol):
    """Looks, listens and tells until there is nothing more to be seen."""

    def run(self, output: Output) -> None:
        """See it through. Raises ViewerGoneError."""

    def close(self) -> None:
        """Let go of the files, and end what was started only to look."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A run whose books are open: its first line, who watches it, and what lets it begin."""

    header: Header
    watch: Watching
    go: Callable[[], None]
