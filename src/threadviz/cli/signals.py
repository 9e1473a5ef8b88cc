"""Signals while a run goes on: stop the run, or pass them on to the program that runs in the foreground."""

import os
import signal
from collections.abc import Iterable
from types import FrameType
from typing import Any, Self

from threadviz.cli.output import ExitStatus
from threadviz.launcher import LaunchedRun
from threadviz.processes import forwarded_signals


class Interrupts:
    """While it is entered, the first SIGINT or SIGTERM asks the run to stop, and the second ends the command.

    Further ones are ignored, because the run's processes are being ended then. `noted` says whether there was one.
    """

    def __init__(self) -> None:
        self.noted = False
        self._run: LaunchedRun | None = None
        self._before: dict[signal.Signals, Any] = {}

    def signals(self) -> Iterable[signal.Signals]:
        """Return the signals that are handled."""
        return signal.SIGINT, signal.SIGTERM

    def attend(self, run: LaunchedRun) -> None:
        """Stop this run from now on; at once if there was a signal before."""
        self._run = run
        if self.noted:
            run.stop()

    def __enter__(self) -> Self:
        self._before = {number: signal.signal(number, self._take) for number in self.signals()}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _take(self, number: int, frame: FrameType | None) -> None:
        if self.noted:
            for each in self.signals():
                signal.signal(each, signal.SIG_IGN)
            raise SystemExit(ExitStatus.INTERRUPTED)
        self.noted = True
        if self._run is not None:
            self._run.stop()


class SignalForwarding(Interrupts):
    """While it is entered, signals that would end this process go to the program instead.

    A signal that the program got by itself, such as Ctrl-C from the terminal, is not passed on twice. Before the
    program has begun, a signal asks the run to stop, and a second one ends the command.
    """

    def signals(self) -> Iterable[signal.Signals]:
        return forwarded_signals()

    def attend(self, run: LaunchedRun) -> None:
        """Pass signals on to this run's program from now on.

        Standard input and output belong to the program alone then, so that their other ends see when it closes them.
        """
        nowhere = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1):
            os.dup2(nowhere, descriptor)
        os.close(nowhere)
        super().attend(run)

    def _take(self, number: int, frame: FrameType | None) -> None:
        run = self._run
        if run is not None and run.going:
            run.pass_on(number)
        elif run is not None and run.over:
            run.stop()  # it ends by itself, unless something is in its way
        else:
            super()._take(number, frame)
