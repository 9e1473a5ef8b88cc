"""Which tellers a run gets."""

import sys

from threadviz.observer.probing.watched import Probe, Teller
from threadviz.observer.telling.processes import Processes

if sys.platform == "linux":
    from threadviz.observer.probing.linux import LinuxProbe
    from threadviz.observer.telling.names import SystemNames
    from threadviz.observer.telling.places import Places


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
        from threadviz.observer.telling.pyspy import find_py_spy
        from threadviz.observer.telling.stacks import StackReader

        tellers.append(StackReader(probe, find_py_spy()))
    return tellers
