"""Ctrl-C, and SIGTERM likewise: the first asks the run to stop, the second ends the command at once.

What comes after the second is not heard any more: the run's processes are being ended then.
"""

import signal
from types import FrameType
from typing import Any, Self

from threadviz.cli.exits import Exit
from threadviz.launch import Launch

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupts:
    """A context manager: while it is entered, both signals are taken. `noted` says whether there was one."""

    def __init__(self) -> None:
        self.noted = False
        self._launch: Launch | None = None
        self._before: dict[signal.Signals, Any] = {}

    def attend(self, launch: Launch) -> None:
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
            raise SystemExit(Exit.INTERRUPTED)
        self.noted = True
        if self._launch is not None:
            self._launch.stop()
