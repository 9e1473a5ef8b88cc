"""Which probe a process gets."""

from collections.abc import Callable

from threadviz.observer.linux import LinuxProbe, reason_against
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
    against = reason_against(pid)
    if against:
        return PortableProbe(pid, clock, against)
    return LinuxProbe(pid, has_gil(), clock)
