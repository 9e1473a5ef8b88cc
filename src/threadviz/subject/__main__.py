"""`python -m threadviz.subject`: what the watched process does from its start to its end."""

import asyncio
import os
import sys
import threading
from time import monotonic_ns

import msgspec

from threadviz.events import Begin, Ended
from threadviz.modes import MODES
from threadviz.subject.calls import describe, submitting
from threadviz.subject.order import Ready, SubjectOrder
from threadviz.subject.saying import say
from threadviz.workloads import WORKLOADS


def main() -> None:
    """Take the order, get ready, wait for the word to go, run, and stay until the observer has seen the end."""
    order = msgspec.json.decode(sys.stdin.buffer.readline(), type=SubjectOrder)
    calls = WORKLOADS[order.workload].make_calls(order.tasks, order.urls, order.timeout_s, order.online)
    run = MODES[order.mode].run
    say(order.events, Ready(len(calls)))
    sys.stdin.buffer.readline()

    say(order.events, Begin(monotonic_ns(), os.getpid(), threading.get_native_id()))
    error = None
    try:
        asyncio.run(run(submitting(calls, order.events), order.workers))
    except Exception as failure:  # noqa: BLE001 - whatever it is, it ends the run and is told
        error = describe(failure)
    say(order.events, Ended(monotonic_ns(), error))

    sys.stdin.buffer.readline()


if __name__ == "__main__":
    main()
