"""Which tellers a run gets."""

import sys

from threadviz.observer.collectors.processes import ProcessCollector
from threadviz.observer.probes.base import Collector, Probe

if sys.platform == "linux":
    from threadviz.observer.collectors.thread_names import SystemNameCollector
    from threadviz.observer.collectors.wait_targets import WaitTargetCollector
    from threadviz.observer.probes.linux import LinuxProbe


def collectors_for(probe: Probe, *, paths: bool = True, stacks: bool = False) -> list[Collector]:
    """Return those that tell of what `probe` watches.

    Without `paths`, none tells the path of a file; only with `stacks`, one asks py-spy.
    """
    collectors: list[Collector] = []
    if sys.platform == "linux" and isinstance(probe, LinuxProbe):
        collectors.append(ProcessCollector(probe.program_of))
        collectors.append(probe.holders)
        collectors.append(SystemNameCollector())
        collectors.append(WaitTargetCollector(probe, paths))
    if not collectors:
        collectors.append(ProcessCollector())
    if stacks:
        from threadviz.observer.collectors.stacks import StackReader, find_py_spy

        collectors.append(StackReader(probe, find_py_spy()))
    return collectors
