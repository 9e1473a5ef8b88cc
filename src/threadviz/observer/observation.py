"""A program or a process under observation, which knows nothing of it."""

import errno
import gc
import os
import platform
import select
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import msgspec

from threadviz._version import __version__
from threadviz.observer.io import RunClock, StreamWriter, ViewerGoneError
from threadviz.observer.probes.base import Collector, Probe, close_all
from threadviz.observer.probes.sampler import Sampler
from threadviz.observer.system import cores, has_gil
from threadviz.protocol.events import (
    SCHEMA,
    Event,
    Header,
    Outcome,
    ProbeInfo,
    RunEnded,
    RunStarted,
    StreamClosed,
    TargetKind,
)
from threadviz.protocol.requests import AttachRequest, ExecRequest, Request, RunRequest

# What is said where the observer itself has failed.


def fault_of(error: Exception) -> str:
    """Return, as a clause, that the observer has failed: what an exception says, and where it was raised."""
    if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE):
        why = "it takes three open files for each thread, and may have no more: raise the limit (ulimit -n)"
    else:
        last = traceback.extract_tb(error.__traceback__)[-1]
        why = f"{type(error).__name__}: {error} ({Path(last.filename).name}, line {last.lineno})"
    return f"the observer failed: {why}"


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

    def let_go(self) -> StreamClosed:
        """Nobody looks on any more: see to what is to become of it, and return the last word.

        That is at the moment (ns since the origin) at which the watch was to end, where there was one; else at 0.
        """


class Onlooking:
    """Samples and tells, until `root` has ended or `lifeline` (a descriptor) has; what is said on that, `heed` gets."""

    def __init__(
        self,
        root: Root,
        probe: Probe,
        collectors: Sequence[Collector],
        lifeline: int,
        clock: RunClock,
        heed: Callable[[bytes], None] | None = None,
    ) -> None:
        self._root = root
        self._probe = probe
        self._tellers = collectors
        self._lifeline = lifeline
        self._heed = heed
        self._clock = clock
        self._sampler = Sampler(probe, clock)
        self._open = True
        self._closed: StreamClosed | None = None

    def run(self, output: StreamWriter) -> None:
        """Look on to the end. Raises ViewerGoneError.

        Where looking on fails, whatever it is, the program is not to suffer from that: its end is waited for.
        """
        output.write([RunStarted(0, self._root.pid, self._root.pid, loop=False)])
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

    def _look_on(self, output: StreamWriter) -> None:
        for now in self._sampler.rounds():
            output.write(self._news(now))
            if self._closed is not None:
                output.write([self._closed])
                return

    def _wait(self, output: StreamWriter, fault: str) -> None:
        """See to the process until it ends or the lifeline does, with nothing more to tell but that."""
        now = self._clock()
        self._closed = None
        with suppress(Exception):  # what can't be closed stays open; to end processes takes a few files
            self._close_files()
        output.write([RunEnded(now)])
        while not (over := self._root.over) and not self._called_off():
            time.sleep(_UNWATCHED_S)
            output.write(())  # but what the viewer has not taken yet
        if over:
            self._closed = StreamClosed(now, Outcome.BROKEN, fault, status=self._root.status)
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
        new, gone = self._probe.take_changes()
        yield from self._sampler.events(new, gone)
        for collector in self._tellers:
            yield from collector.poll(now, new, gone)
        if over:
            self._closed = StreamClosed(now, Outcome.FINISHED, status=self._root.status)
            yield RunEnded(now)
        elif called_off:
            last = self._root.let_go()
            self._closed = msgspec.structs.replace(last, t=now)
            yield RunEnded(min(last.t or now, now))
        yield self._sampler.tick(now)


# The first line of a stream.

NO_PROBE = ProbeInfo("none", (), "anything: nothing was watched", 0.0)


def header(
    request: Request,
    tasks: int = 0,
    probe: ProbeInfo = NO_PROBE,
    *,
    name: str = "",
    python: str = "",
    gil: bool | None = None,
) -> Header:
    """Return the header for what was asked for.

    Of a process that was running already, `name` is what it is called, `python` its version, empty where that is not
    known, and `gil` whether it has one. The subject of a workload, and a program that threadviz finds a Python for,
    run on this Python.
    """
    if isinstance(request, RunRequest) or (
        isinstance(request, ExecRequest) and request.command[0] == os.fsencode(sys.executable)
    ):
        python, gil = platform.python_version(), has_gil()
    if isinstance(request, ExecRequest):
        workers, watches = 0, TargetKind.PROGRAM
    elif isinstance(request, AttachRequest):
        workers, watches = 0, TargetKind.PROCESS
    else:
        workers, watches = request.workers, TargetKind.WORKLOAD
    return Header(
        schema=SCHEMA,
        threadviz=__version__,
        workload=name or request.workload,
        mode=request.mode,
        workers=workers,
        tasks=tasks,
        python=python,
        gil=gil,
        cores=cores(),
        platform=f"{platform.system()} {platform.machine()}",
        probe=probe,
        watches=watches,
    )


# What is ready to be watched.


class Watching(Protocol):
    """Looks, listens and tells until there is nothing more to be seen."""

    def run(self, output: StreamWriter) -> None:
        """See it through. Raises ViewerGoneError."""

    def close(self) -> None:
        """Let go of the files, and end what was started only to look."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A run whose books are open: its first line, who watches it, and what lets it begin."""

    header: Header
    watch: Watching
    go: Callable[[], None]


class CalledOffError(Exception):
    """Whoever asked for the run wants it no more, or is gone."""


def called_off(lifeline: int) -> bool:
    """Tell whether `lifeline` has ended: whoever asked for the run wants it no more, or is gone."""
    return bool(select.select([lifeline], [], [], 0)[0])


class StartError(Exception):
    """A process of the run did not come up; the text is a clause that says which, and how."""


class RefusedError(StartError):
    """Somebody's own function can't be called; the text is a sentence without its full stop.

    `traceback` is that of their code, in lines, where it is that which failed.
    """

    def __init__(self, why: str, traceback: str) -> None:
        super().__init__(why)
        self.traceback = traceback


def see_through(prepared: Prepared, output: StreamWriter, clock: RunClock) -> None:
    """Watch what is prepared, from its header to its last event. Raises ViewerGoneError."""
    output.write([prepared.header])
    gc.disable()  # nothing here is cyclic, and a collection would delay a look
    try:
        prepared.go()
        prepared.watch.run(output)
    except ViewerGoneError:
        raise
    except CalledOffError:
        output.write([StreamClosed(0, Outcome.INTERRUPTED, "it was interrupted")])
    except StartError as error:
        output.write([StreamClosed(0, Outcome.BROKEN, f"it did not start: {error}")])
    except Exception as error:  # noqa: BLE001 - as above
        output.write([StreamClosed(clock(), Outcome.BROKEN, fault_of(error))])
    finally:
        prepared.watch.close()
