"""Processes of a program whose parents have ended."""

from collections.abc import Callable, Sequence

from threadviz.observer.probing.watched import Watched
from threadviz.processes.offspring import HELPERS, children, collect

LOOK_NS = 200_000_000
"""How often they are looked for (ns)."""


class Orphans:
    """A `Teller` that tells nothing: it has a probe `meet` the orphans that have come down to this process.

    Those that end it collects, as whoever would have got them else had done. `root` is no orphan.
    """

    def __init__(self, root: int, meet: Callable[[int], None]) -> None:
        self._root = root
        self._meet = meet
        self._due = LOOK_NS
        self._met: set[int] = set()

    def news(self, now: int, came: Sequence[Watched], went: Sequence[Watched]) -> tuple[()]:
        """Look for them, where that is due."""
        if now >= self._due:
            self._due = now + LOOK_NS
            orphans = children() - HELPERS - {self._root}
            for pid in orphans - self._met:
                self._meet(pid)
            self._met = orphans - collect(orphans).keys()
        return ()

    def close(self) -> None:
        """Nothing is kept open."""
