"""A program or a process under observation, which knows nothing of it."""

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import msgspec

from threadviz.events import Begin, Closed, Ended, Event, Outcome
from threadviz.observer.clock import RunClock
from threadviz.observer.output import Output
from threadviz.observer.probing.sampler import FLUSH_NS, Sampler
from threadviz.observer.probing.watched import Probe, Teller, close_all
from threadviz.observer.subjects.start import called_off

_SAID_BYTES = 4096


class Root(Protocol):
    """The process that is watched, with all that it starts."""

    @property
    def pid(self) -> int:
        """Its process id."""

    @property
    def over(self) -> bool:
        """Whether it has ended."""

    @property
    def status(self) -> int | None:
        """How it ended, as `subprocess` gives it; None where that is not known."""

    def let_go(self) -> Closed:
        """Nobody looks on any more: see to what is to become of it, and return the last word.

        That is at the moment (ns since the origin) at which the watch was to end, where there was one; else at 0.
        """


class Onlooking:
    """Samples and tells, until `root` has ended or `lifeline` (a descriptor) has; what is said on that, `heed` gets."""

    def __init__(
        self,
        root: Root,
        probe: Probe,
        tellers: Sequence[Teller],
        lifeline: int,
        clock: RunClock,
        heed: Callable[[bytes], None] | None = None,
    ) -> None:
        self._root = root
        self._probe = probe
        self._tellers = tellers
        self._lifeline = lifeline
        self._heed = heed
        self._sampler = Sampler(probe, clock)
        self._closed: Closed | None = None

    def run(self, output: Output) -> None:
        """Look on to the end. Raises ViewerGoneError."""
        output.write([Begin(0, self._root.pid, self._root.pid, loop=False)])
        next_flush = 0
        while self._closed is None:
            now = self._sampler.look()
            if now >= next_flush:
                next_flush = now + FLUSH_NS
                output.write(self._news(now))
        output.write([self._closed])

    def close(self) -> None:
        """Let go of the files and, where it was not looked on at to the end, of the process."""
        try:
            close_all(self._probe, self._tellers)
        finally:
            if self._closed is None:
                self._root.let_go()

    def _called_off(self) -> bool:
        """Tell whether the lifeline has ended, and have what was said on it heeded."""
        if self._heed is None:
            return called_off(self._lifeline)
        while called_off(self._lifeline):
            said = os.read(self._lifeline, _SAID_BYTES)
            if not said:
                return True
            self._heed(said)
        return False

    def _news(self, now: int) -> Iterator[Event]:
        """Yield what there is to tell, and note whether this was the end."""
        over = self._root.over
        called_off = not over and self._called_off()
        if over or called_off:
            now = self._sampler.look()  # once more, for the last look may be older than the end
        came, went = self._probe.take_changes()
        yield from self._sampler.news(came, went)
        for teller in self._tellers:
            yield from teller.news(now, came, went)
        if over:
            self._closed = Closed(now, Outcome.FINISHED, status=self._root.status)
            yield Ended(now)
        elif called_off:
            last = self._root.let_go()
            self._closed = msgspec.structs.replace(last, t=now)
            yield Ended(min(last.t or now, now))
        yield self._sampler.tick(now)
