"""Ctrl-C, and SIGTERM likewise: the first asks the run to stop, the second ends the command at once.

What comes after the second is not heard any more: the run's processes are being ended then.
"""

import signal
from collections.abc import Callable
from types import FrameType
from typing import Any, Self

from threadviz.cli.exits import Exit

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupts:
    """A context manager: while it is entered, both signals are taken. `noted` says whether there was one."""

    def __init__(self) -> None:
        self.noted = False
        self._stop: Callable[[], None] | None = None
        self._before: dict[signal.Signals, Any] = {}

    def ask(self, stop: Callable[[], None]) -> None:
        """From now on `stop` is what asks the run to stop; it is called at once where there was a signal before."""
        self._stop = stop
        if self.noted:
            stop()

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
        if self._stop is not None:
            self._stop()
