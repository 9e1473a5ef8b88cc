"""A program, as a child of this process."""

import os
import signal
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from typing import NoReturn

from threadviz.events import Closed, Outcome
from threadviz.observer.subjects.children import StartError
from threadviz.processes.offspring import collect, end_children
from threadviz.processes.passing import PASSED_ON

_RESTORED = ("SIGPIPE", "SIGXFSZ")
"""What Python ignores by itself, and a program that it starts is not to ignore."""


class Child:
    """A process that becomes the program at the word to go, and does nothing until then. Raises OSError.

    `streams` are the descriptors that become its standard ones, and are closed here; `inherited` are others that it is
    to have as they are. Where it is not in the `foreground`, it leads a process group of its own.
    """

    def __init__(
        self,
        command: Sequence[bytes],
        environment: Mapping[str, str],
        streams: Sequence[int],
        inherited: Collection[int],
        *,
        foreground: bool,
    ) -> None:
        self._status: int | None = None
        may_go, self._go = os.pipe()
        self._failure, failed = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self._go)
            os.close(self._failure)
            _become(command, environment, streams, may_go, failed, apart=not foreground)
        for descriptor in (may_go, failed, *streams, *inherited):
            os.close(descriptor)

    @property
    def over(self) -> bool:
        """Whether it has ended. That is noted when it is asked for."""
        if self._status is None:
            self._status = collect([self.pid]).get(self.pid)
        return self._status is not None

    @property
    def status(self) -> int | None:
        """How it ended, as `subprocess` gives it."""
        return self._status

    def go(self) -> None:
        """Let it become the program. Raises StartError where the system can't make it that."""
        os.write(self._go, b"\0")
        os.close(self._go)
        why = os.read(self._failure, 16)
        os.close(self._failure)
        if why:
            raise StartError(os.strerror(int(why)))

    def send(self, number: int) -> None:
        """Send it a signal; nothing happens where it has ended."""
        if not self.over:
            with suppress(PermissionError):  # it has taken other rights
                os.kill(self.pid, number)

    def let_go(self) -> Closed:
        """End it, and all that has come of it."""
        ended = end_children()
        if self._status is None:
            self._status = ended.get(self.pid)
        return Closed(0, Outcome.INTERRUPTED, "it was interrupted", status=self._status)


def _become(
    command: Sequence[bytes],
    environment: Mapping[str, str],
    streams: Sequence[int],
    may_go: int,
    failed: int,
    *,
    apart: bool,
) -> NoReturn:
    """Become the program, once there is something to read from `may_go`. Why it can't be is written to `failed`."""
    try:
        if apart:
            os.setpgid(0, 0)
        for name in _RESTORED:
            signal.signal(getattr(signal, name), signal.SIG_DFL)
        if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
            signal.signal(signal.SIGINT, signal.SIG_DFL)  # which Python takes at its start
        if not apart:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED_ON)
        for number, descriptor in enumerate(streams):
            os.dup2(descriptor, number)
            os.close(descriptor)
        if os.read(may_go, 1):
            os.execvpe(command[0], [*command], environment)
    except OSError as error:
        os.write(failed, b"%d" % (error.errno or 0))
    finally:
        os._exit(127)
