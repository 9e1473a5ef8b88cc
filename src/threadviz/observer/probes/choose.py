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
    if choice == "auto":
        against = _against_linux(pid)
        if not against:
            from threadviz.observer.probes.linux import LinuxProbe

            return LinuxProbe(pid, clock, ignored, kind_of)
    from threadviz.observer.probes.portable import PortableProbe

    return PortableProbe(pid, clock, against, ignored, kind_of)


def _against_linux(pid: int) -> str:
    """Return a clause that says why process `pid` can't have the Linux probe; '' if it can."""
    if sys.platform != "linux":
        return "threads can be observed in more detail on Linux only"
    from threadviz.observer.probes.linux import reason_against

    return reason_against(pid) or ""
