"""A process that is running already: it is looked at, and nothing else is done to it."""

import os
import select
from collections.abc import Callable, Sequence
from weakref import finalize

from threadviz.events import Closed
from threadviz.observer.clock import RunClock
from threadviz.observer.header import header
from threadviz.observer.machine import open_as_many_files_as_allowed
from threadviz.observer.onlooking import Onlooking
from threadviz.observer.prepared import Prepared
from threadviz.observer.probing.probes import choose_probe
from threadviz.observer.probing.watched import Teller
from threadviz.observer.subjects.children import StartError
from threadviz.observer.subjects.target import TargetError, find_target
from threadviz.observer.telling.tellers import tellers_for
from threadviz.request import AttachRequest
from threadviz.vocabulary import Outcome


def prepare_attached(
    request: AttachRequest, lifeline: int, clock: RunClock, tellers: Sequence[Teller] = ()
) -> Prepared:
    """Open the books of a process, and of those that it has started; `tellers` have more to tell of it.

    Raises StartError and OSError.
    """
    root = Attached(request.pid, clock)
    try:
        target = find_target(request.pid, request.probe)
    except TargetError as error:
        raise StartError(str(error)) from error
    if request.born not in (None, target.born):
        raise StartError(f"process {request.pid} has ended, and another one has got its number")
    open_as_many_files_as_allowed()
    # Neither this process nor the one that has asked for it is a part of what is watched, where that has started them.
    probe = choose_probe(
        request.pid, request.probe, clock, ignored={os.getpid(), os.getppid()} - {request.pid}
    )
    clock.start()
    probe.begin()
    if root.over:
        raise StartError(f"process {request.pid} has just ended")
    python = target.interpreter
    first = header(
        request,
        probe=probe.info,
        name=target.name,
        python=python.version if python else "",
        gil=python.gil if python else None,
    )
    tellers = [*tellers_for(probe, stacks=request.stacks), *tellers]
    return Prepared(first, Onlooking(root, probe, tellers, lifeline, clock, root.heed), lambda: None)


class Attached:
    """A process that somebody else has started, who takes note of how it ends."""

    ours = False
    status = None

    def __init__(self, pid: int, clock: RunClock) -> None:
        self.pid = pid
        self._clock = clock
        self._until = 0
        try:
            descriptor = os.pidfd_open(pid)
        except (AttributeError, OSError):  # of Linux only, and not everywhere; or there is no such process
            self._has_ended = _end_by_psutil(pid)
        else:
            finalize(self, os.close, descriptor)
            self._has_ended = _end_by_descriptor(descriptor)

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return self._has_ended()

    def heed(self, said: bytes) -> None:
        """Take it that who looks on wants to see it until then: a time of `time.monotonic_ns()`, in digits."""
        self._until = self._clock.when(int(said))

    def let_go(self) -> Closed:
        """Leave it as it is."""
        return Closed(self._until, Outcome.FINISHED)


def _end_by_descriptor(descriptor: int) -> Callable[[], bool]:
    """Return what tells whether a process has ended: its descriptor can be read then (pidfd_open(2))."""
    ended = select.poll()
    ended.register(descriptor, select.POLLIN)
    return lambda: bool(ended.poll(0))


def _end_by_psutil(pid: int) -> Callable[[], bool]:
    """Return what tells whether a process has ended, whichever may get its number after that."""
    import psutil

    try:
        process = psutil.Process(pid)
    except psutil.NoSuchProcess:
        return lambda: True

    def has_ended() -> bool:
        try:
            return process.status() == psutil.STATUS_ZOMBIE or not process.is_running()
        except psutil.NoSuchProcess:
            return True

    return has_ended
