"""`python -m benchmarks.baseline`: runs the subject without an observer; only `runs.py` starts it.

It plays the observer's part of the protocol, in a process of its own as the observer is: takes a request on
standard input, starts the same site and subject, gives the order, says go, empties the pipe as often as the
observer does. It writes how long the workload took by the subject's own Begin and Ended (ns).
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import msgspec

from threadviz.observer.io import RunClock
from threadviz.observer.messages import ReportedFinish
from threadviz.observer.probes.sampler import FLUSH_NS
from threadviz.observer.targets.workload import MockServerProcess, Subject
from threadviz.protocol.events import RunEnded, RunStarted
from threadviz.protocol.requests import RunRequest


def main() -> None:
    """Run the request, and write the total."""
    request = msgspec.json.decode(sys.stdin.buffer.readline(), type=RunRequest)
    with ExitStack() as stack:
        site = MockServerProcess(request.sites) if request.sites else None
        if site:
            stack.callback(site.process.kill)
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        subject = Subject(request, scratch, RunClock())
        stack.callback(subject.process.kill)
        lifeline = sys.stdin.fileno()
        subject.order(site.urls(lifeline) if site else (), lifeline)
        subject.start()
        begin, end = _edges(subject)
    print(end - begin)


def _edges(subject: Subject) -> Iterator[int]:
    """Yield when the workload began and ended, on the clock of `time.monotonic_ns()`."""
    while subject.process.poll() is None:
        for event in subject.pipe.read():
            if isinstance(event, ReportedFinish | RunEnded) and event.error:
                sys.exit(f"the run failed: {event.error}")
            if isinstance(event, RunStarted | RunEnded):
                yield event.t
            if isinstance(event, RunEnded):
                return
        time.sleep(FLUSH_NS / 1e9)
    sys.exit(f"the subject died: {subject.output.last_line()}")


if __name__ == "__main__":
    main()
