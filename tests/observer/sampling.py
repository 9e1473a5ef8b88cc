"""A probe and a collector, at work on a program whose threads do what is known."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any, cast

from threadviz.observer.io import RunClock
from threadviz.observer.probes.base import Collector
from threadviz.observer.probes.linux import LinuxProbe
from threadviz.observer.probes.portable import PortableProbe
from threadviz.observer.probes.sampler import Sampler
from threadviz.protocol.events import Event

LIMIT_S = 30


@contextmanager
def started(
    source: str, *arguments: str, python: str = sys.executable
) -> Iterator[tuple["subprocess.Popen[bytes]", Any]]:
    """Run a program that prints a line of JSON when it is ready; yield its process and that value."""
    command = [python, "-c", source, *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            yield process, json.loads(process.stdout.readline())
        finally:
            process.kill()


class SampledProcess:
    """Samples a process, and polls a collector after each sample. `tids` are the lanes' threads, in order."""

    def __init__(
        self,
        pid: int,
        collector: Callable[[LinuxProbe], Collector],
        kind: type[LinuxProbe] | type[PortableProbe] = LinuxProbe,
    ) -> None:
        self._clock = RunClock()
        self.probe = cast("LinuxProbe", kind(pid, self._clock))
        self._clock.start()
        self.probe.begin()
        self._sampler = Sampler(self.probe, self._clock)
        self.collector = collector(self.probe)
        self.tids: list[int] = []
        self.events: list[Event] = []

    def sample(self) -> None:
        """Sample once, and poll the collector."""
        now = self._sampler.look()
        changes = self.probe.take_changes()
        self._sampler.tick(now)
        for _ in self._sampler.events(changes):
            pass  # spans have tests of their own
        self.tids += [thread.tid for thread in changes.new]
        self.events += self.collector.poll(now, changes)

    def sample_until(self, enough: Callable[[], bool]) -> None:
        """Sample until `enough` returns True."""
        limit = time.monotonic() + LIMIT_S
        while not enough():
            assert time.monotonic() < limit, f"after {LIMIT_S} s there is only {self.events}"
            self.sample()

    def close(self) -> None:
        """Close collector and probe."""
        self.collector.close()
        self.probe.close()


@contextmanager
def sampling(
    pid: int,
    collector: Callable[[LinuxProbe], Collector],
    kind: type[LinuxProbe] | type[PortableProbe] = LinuxProbe,
) -> Iterator[SampledProcess]:
    """Sample process `pid` for as long as the block lasts."""
    with closing(SampledProcess(pid, collector, kind)) as sampled:
        yield sampled
