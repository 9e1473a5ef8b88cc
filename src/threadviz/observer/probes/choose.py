"""Chooses the probe for a process."""

import sys
from collections.abc import Collection

from threadviz.observer.io import RunClock
from threadviz.observer.probes.base import KindOf, Probe, in_program
from threadviz.protocol.requests import ProbeChoice


def choose_probe(
    pid: int,
    choice: ProbeChoice,
    clock: RunClock,
    ignored: Collection[int] = (),
    kind_of: KindOf = in_program,
) -> Probe:
    """Return the best probe for process `pid` and its descendants, or the portable one if that is the choice.

    See `Probe` for `ignored` and `kind_of`. Raises ProcessLookupError if `pid` is gone.
    """
    against = ""
    if choice == "auto" and sys.platform != "linux":
        against = "threads can be observed in more detail on Linux only"
    elif choice == "auto":
        from threadviz.observer.probes.linux import LinuxProbe, reason_against

        against = reason_against(pid)
        if not against:
            return LinuxProbe(pid, clock, ignored, kind_of)
    from threadviz.observer.probes.portable import PortableProbe

    return PortableProbe(pid, clock, ignored, kind_of, against)
