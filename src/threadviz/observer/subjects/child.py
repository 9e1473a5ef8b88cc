"""A program, as a child of this process."""

import os
import signal
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from typing import NoReturn

from threadviz.events import Closed
from threadviz.observer.subjects.children import StartError
from threadviz.processes.offspring import collect, end_children, keep_ended_children
from threadviz.processes.passing import PASSED_ON
from threadviz.vocabulary import Outcome

_RESTORED = ("SIGPIPE", "SIGXFSZ")
"""What Python ignores by itself, and a program that it starts is not to ignore."""


class Child:
    """A process that becomes the program at the word to go, and does nothing until then. Raises OSError.

    `streams` are the descriptors that become its standard ones, and are closed here; `inherited` are others that it is
    to have as they are. Where it is not in the `foreground`, it leads a process group of its own.
    """

    ours = True

    def __init__(
        self,
        command: Sequence[bytes],
        environment: Mapping[str, str],
        streams: Sequence[int],
        inherited: Collection[int],
        *,
        foreground: bool,
    ) -> None:
        self._over = False
        self._status: int | None = None
        ignored = keep_ended_children()
        may_go, self._go = os.pipe()
        self._failure, failed = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self._go)
            os.close(self._failure)
            _become(
                command, environment, streams, may_go, failed, apart=not foreground, ignores_children=ignored
            )
        for descriptor in (may_go, failed, *streams, *inherited):
            os.close(descriptor)

    @property
    def over(self) -> bool:
        """Whether it has ended. That is noted when it is asked for."""
        if not self._over:
            self._note(collect([self.pid]))
        return self._over

    @property
    def status(self) -> int | None:
        """How it ended, as `subprocess` gives it; None where somebody else has taken note of that."""
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
        if not self._over:
            self._note(ended)
        return Closed(0, Outcome.INTERRUPTED, "it was interrupted", status=self._status)

    def _note(self, ended: Mapping[int, int | None]) -> None:
        if self.pid in ended:
            self._over, self._status = True, ended[self.pid]


def _become(
    command: Sequence[bytes],
    environment: Mapping[str, str],
    streams: Sequence[int],
    may_go: int,
    failed: int,
    *,
    apart: bool,
    ignores_children: bool,
) -> NoReturn:
    """Become the program, once there is something to read from `may_go`. Why it can't be is written to `failed`."""
    try:
        if apart:
            os.setpgid(0, 0)
        for name in _RESTORED:
            signal.signal(getattr(signal, name), signal.SIG_DFL)
        if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
            signal.signal(signal.SIGINT, signal.SIG_DFL)  # which Python takes at its start
        if ignores_children:
            signal.signal(signal.SIGCHLD, signal.SIG_IGN)
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
