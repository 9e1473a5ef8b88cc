"""Which probe a process gets."""

import sys
from collections.abc import Callable

from threadviz.observer.machine import has_gil
from threadviz.observer.portable import PortableProbe
from threadviz.observer.watched import Probe
from threadviz.request import ProbeChoice


def choose_probe(pid: int, choice: ProbeChoice, clock: Callable[[], int]) -> Probe:
    """Return the best probe for process `pid` and its descendants, or the portable one where that is asked for.

    `clock` returns ns since the run's origin.
    """
    if choice == "portable":
        return PortableProbe(pid, clock)
    if sys.platform != "linux":
        return PortableProbe(pid, clock, "threads can be looked at more closely on Linux only")
    from threadviz.observer.linux import LinuxProbe, reason_against

    against = reason_against(pid)
    return PortableProbe(pid, clock, against) if against else LinuxProbe(pid, has_gil(), clock)
