"""Which probe a process gets."""

import sys
from collections.abc import Callable, Collection

from threadviz.observer.probes.base import KindOf, Probe, in_program
from threadviz.protocol.requests import ProbeChoice


def choose_probe(
    pid: int,
    choice: ProbeChoice,
    clock: Callable[[], int],
    ignored: Collection[int] = (),
    kind_of: KindOf = in_program,
) -> Probe:
    """Return the best probe for process `pid` and its descendants, or the portable one where that is asked for.

    Of the descendants, those that are `ignored` are not watched, nor what they start; `kind_of` tells what each
    of the others is. `clock` returns ns since the run's origin. Raises ProcessLookupError where `pid` is gone.
    """
    against = ""
    if choice == "auto":
        against = _against_linux(pid)
        if not against:
            from threadviz.observer.probes.linux import LinuxProbe

            return LinuxProbe(pid, clock, ignored, kind_of)
    from threadviz.observer.probes.portable import PortableProbe

    return PortableProbe(pid, clock, against, ignored, kind_of)


def _against_linux(pid: int) -> str:
    """Return why process `pid` can't have the better probe, as a clause; nothing where it can."""
    if sys.platform != "linux":
        return "threads can be looked at more closely on Linux only"
    from threadviz.observer.probes.linux import reason_against

    return reason_against(pid) or ""
