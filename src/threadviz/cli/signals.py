"""Ctrl-C, and SIGTERM likewise: the first asks the run to stop, the second ends the command at once.

What comes after the second is not heard any more: the run's processes are being ended then.
"""

import os
import signal
from types import FrameType
from typing import Any, Self

from threadviz.cli.output import ExitStatus
from threadviz.launcher import LaunchedRun
from threadviz.processes import taken

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupts:
    """A context manager: while it is entered, both signals are taken. `noted` says whether there was one."""

    def __init__(self) -> None:
        self.noted = False
        self._launch: LaunchedRun | None = None
        self._before: dict[signal.Signals, Any] = {}

    def attend(self, launch: LaunchedRun) -> None:
        """From now on this is the run that is asked to stop: at once, where there was a signal before."""
        self._launch = launch
        if self.noted:
            launch.stop()

    def __enter__(self) -> Self:
        self._before = {number: signal.signal(number, self._take) for number in _SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _take(self, number: int, frame: FrameType | None) -> None:
        if self.noted:
            for each in _SIGNALS:
                signal.signal(each, signal.SIG_IGN)
            raise SystemExit(ExitStatus.INTERRUPTED)
        self.noted = True
        if self._launch is not None:
            self._launch.stop()


# Signals while a program runs in the foreground: they are for the program.


class SignalForwarding:
    """A context manager: while it is entered, what would end this process is passed on to the program instead.

    Unless the program has got it by itself, as with Ctrl-C, which the terminal sends to all. Before the program has
    begun it asks the run to stop, and a second one ends the command at once. `noted` says whether there was one then.
    """

    def __init__(self) -> None:
        self.noted = False
        self._launch: LaunchedRun | None = None
        self._before: dict[signal.Signals, Any] = {}

    def attend(self, launch: LaunchedRun) -> None:
        """From now on this is the run whose program it is.

        Standard input and output are that program's alone then: who has their other ends notes when it closes them.
        """
        self._launch = launch
        nowhere = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1):
            os.dup2(nowhere, descriptor)
        os.close(nowhere)
        if self.noted:
            launch.stop()

    def __enter__(self) -> Self:
        self._before = {number: signal.signal(number, self._take) for number in taken()}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _take(self, number: int, frame: FrameType | None) -> None:
        launch = self._launch
        if launch is not None and launch.going:
            launch.pass_on(number)
        elif launch is not None and launch.over:
            launch.stop()  # which it does by itself, unless something is in its way
        elif self.noted:
            raise SystemExit(ExitStatus.INTERRUPTED)
        else:
            self.noted = True
            if launch is not None:
                launch.stop()
