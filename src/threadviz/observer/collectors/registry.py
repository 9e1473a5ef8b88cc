"""Which tellers a run gets."""

import sys

from threadviz.observer.collectors.processes import Processes
from threadviz.observer.probes.base import Probe, Teller

if sys.platform == "linux":
    from threadviz.observer.collectors.thread_names import SystemNames
    from threadviz.observer.collectors.wait_targets import Places
    from threadviz.observer.probes.linux import LinuxProbe


def tellers_for(probe: Probe, *, paths: bool = True, stacks: bool = False) -> list[Teller]:
    """Return those that tell of what `probe` watches.

    Without `paths`, none tells the path of a file; only with `stacks`, one asks py-spy.
    """
    tellers: list[Teller] = []
    if sys.platform == "linux" and isinstance(probe, LinuxProbe):
        tellers.append(Processes(probe.program_of))
        tellers.append(probe.holders)
        tellers.append(SystemNames())
        tellers.append(Places(probe, paths))
    if not tellers:
        tellers.append(Processes())
    if stacks:
        from threadviz.observer.collectors.stacks import StackReader, find_py_spy

        tellers.append(StackReader(probe, find_py_spy()))
    return tellers
