"""Chooses the probe for a process."""

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
    """Return the best probe for process `pid` and its descendants, or the portable one if that is the choice.

    `ignored` descendants and what they start are not observed; `kind_of` returns the kind of the others. `clock`
    returns ns since the start of the run. Raises ProcessLookupError if `pid` is gone.
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

    return PortableProbe(pid, clock, against, ignored, kind_of)
