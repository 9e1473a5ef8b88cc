"""The signals that this process gets beside a program that it watches."""

import signal
from collections import defaultdict, deque
from time import monotonic
from types import FrameType

from threadviz.processes.passing import PASSED_ON, taken

TOGETHER_S = 1.0
"""What is sent to a process group comes to all of it within this (s), and to be told of it takes no longer."""


class Hearing:
    """Takes them: they are for the program, and the program is to be watched to its end.

    What a terminal sends comes to all who share it, and so to the program by itself. What was sent to the viewer alone
    is to be passed on. The two are told apart by whether it came here as well: once for each time.
    """

    def __init__(self) -> None:
        self._heard = defaultdict[int, deque[float]](deque)
        for number in taken():
            signal.signal(number, self._take)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED_ON)

    def _take(self, number: int, frame: FrameType | None) -> None:
        self._heard[number].append(monotonic())

    def heard(self, number: int) -> bool:
        """Tell whether signal `number` came here just now, and was not told of yet."""
        heard = self._heard[number]
        while heard:
            if monotonic() - heard.popleft() < TOGETHER_S:
                return True
        return False
