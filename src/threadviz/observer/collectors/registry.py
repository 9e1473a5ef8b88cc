"""The collectors of a run."""

import sys

from threadviz.observer.collectors.processes import ProcessCollector
from threadviz.observer.probes.base import Collector, Probe

if sys.platform == "linux":
    from threadviz.observer.collectors.thread_names import SystemNameCollector
    from threadviz.observer.collectors.wait_targets import WaitTargetCollector
    from threadviz.observer.probes.linux import LinuxProbe


def collectors_for(probe: Probe, *, paths: bool = True, stacks: bool = False) -> list[Collector]:
    """Return the collectors that go with `probe`. Without `paths`, none reports the path of a file."""
    collectors: list[Collector] = [ProcessCollector(tells_holders=probe.info.name == "linux")]
    if sys.platform == "linux" and isinstance(probe, LinuxProbe):
        collectors += [probe.holders, SystemNameCollector(), WaitTargetCollector(probe, paths)]
    if stacks:
        from threadviz.observer.collectors.stacks import StackCollector, find_py_spy

        collectors.append(StackCollector(probe, find_py_spy()))
    return collectors
