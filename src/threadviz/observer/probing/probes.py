"""Which probe a process gets."""

import sys
from collections.abc import Callable

from threadviz.observer.machine import has_gil
from threadviz.observer.watched import Probe
from threadviz.request import ProbeChoice


def choose_probe(pid: int, choice: ProbeChoice, clock: Callable[[], int]) -> Probe:
    """Return the best probe for process `pid` and its descendants, or the portable one where that is asked for.

    `clock` returns ns since the run's origin. Raises ProcessLookupError where `pid` is gone.
    """
    against = ""
    if choice == "auto":
        against = _against_linux(pid)
        if not against:
            from threadviz.observer.linux import LinuxProbe

            return LinuxProbe(pid, has_gil(), clock)
    from threadviz.observer.portable import PortableProbe  # psutil would delay every run that does without it

    return PortableProbe(pid, clock, against)


def _against_linux(pid: int) -> str:
    """Return why process `pid` can't have the better probe, as a clause; nothing where it can."""
    if sys.platform != "linux":
        return "threads can be looked at more closely on Linux only"
    from threadviz.observer.linux import reason_against

    return reason_against(pid) or ""
