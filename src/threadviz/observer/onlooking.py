"""A program or a process under observation, which knows nothing of it."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Protocol

import msgspec

from threadviz.events import Begin, Closed, Ended, Event
from threadviz.observer.clock import RunClock
from threadviz.observer.faults import fault_of
from threadviz.observer.output import Output, ViewerGoneError
from threadviz.observer.probing.sampler import Sampler
from threadviz.observer.probing.watched import Probe, Teller, close_all
from threadviz.observer.subjects.start import called_off
from threadviz.vocabulary import Outcome

_SAID_BYTES = 4096

_UNWATCHED_S = 0.02


class Root(Protocol):
    """The process that is watched, with all that it starts."""

    @property
    def pid(self) -> int:
        """Its process id."""

    @property
    def ours(self) -> bool:
        """Whether it is for this process to see to it: then it goes on, even where it can't be looked on at."""

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
        self._clock = clock
        self._sampler = Sampler(probe, clock)
        self._open = True
        self._closed: Closed | None = None

    def run(self, output: Output) -> None:
        """Look on to the end. Raises ViewerGoneError.

        Where looking on fails, whatever it is, the program is not to suffer from that: its end is waited for.
        """
        output.write([Begin(0, self._root.pid, self._root.pid, loop=False)])
        try:
            self._look_on(output)
        except ViewerGoneError:
            raise
        except Exception as error:
            if not self._root.ours:
                raise
            self._wait(output, fault_of(error))

    def close(self) -> None:
        """Let go of the files and, where it was not looked on at to the end, of the process."""
        try:
            self._close_files()
        finally:
            if self._closed is None:
                self._root.let_go()

    def _look_on(self, output: Output) -> None:
        for now in self._sampler.rounds():
            output.write(self._news(now))
            if self._closed is not None:
                output.write([self._closed])
                return

    def _wait(self, output: Output, fault: str) -> None:
        """See to the process until it ends or the lifeline does, with nothing more to tell but that."""
        now = self._clock()
        self._closed = None
        with suppress(Exception):  # what can't be closed stays open; to end processes takes a few files
            self._close_files()
        output.write([Ended(now)])
        while not (over := self._root.over) and not self._called_off():
            time.sleep(_UNWATCHED_S)
            output.write(())  # but what the viewer has not taken yet
        if over:
            self._closed = Closed(now, Outcome.BROKEN, fault, status=self._root.status)
        else:
            self._closed = msgspec.structs.replace(self._root.let_go(), t=now, reason=fault)
        output.write([self._closed])

    def _close_files(self) -> None:
        if self._open:
            self._open = False
            close_all(self._probe, self._tellers)

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
