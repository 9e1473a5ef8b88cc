"""`python -m threadviz.subject`: what the watched process does from its start to its end."""

import asyncio
import os
import sys
import threading
from collections.abc import Sequence
from time import monotonic_ns
from typing import BinaryIO

import msgspec

from threadviz.modes import MODES
from threadviz.protocol.events import RunEnded, RunStarted
from threadviz.protocol.subject import SENDS, SubjectOrder, SubjectReady, SubjectRefused
from threadviz.subject.calls import describe, say, submitting
from threadviz.workloads import WORKLOADS, Call


def main() -> None:
    """Take the order, get ready, wait for the word to go, run, and stay until the observer has seen the end."""
    words = _own_standard_input()
    order = msgspec.json.decode(words.readline(), type=SubjectOrder)
    run = MODES[order.mode].run  # before anything is looked for in a folder of somebody's own
    calls = _calls(order)
    if calls is not None:
        say(order.events, SubjectReady(len(calls)))
    words.readline()
    if calls is None:
        return

    say(order.events, RunStarted(monotonic_ns(), os.getpid(), threading.get_native_id()))
    error = None
    try:
        sends = order.calling is not None and order.mode == SENDS
        asyncio.run(run(submitting(calls, order.events, sends=sends), order.workers))
    except Exception as failure:  # noqa: BLE001 - whatever it is, it ends the run and is told
        error = describe(failure)
    say(order.events, RunEnded(monotonic_ns(), error))

    words.readline()


def _own_standard_input() -> BinaryIO:
    """Take standard input away, so that no function reads what the observer says; where it was there is nothing."""
    words = os.fdopen(os.dup(sys.stdin.fileno()), "rb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, sys.stdin.fileno())
    os.close(nothing)
    return words


def _calls(order: SubjectOrder) -> Sequence[Call] | None:
    """The calls to make; None where they can't be made, which is said."""
    if order.calling is None:
        return WORKLOADS[order.workload].make_calls(order.tasks, order.urls, order.timeout_s, order.online)
    from threadviz.workloads.user_function import UserFunctionError, own_calls

    calling = order.calling
    items = [(each.name, each.args, each.keywords) for each in calling.items]
    try:
        return own_calls(calling.function, calling.folder, items, pickled=order.mode == SENDS)
    except UserFunctionError as error:
        say(order.events, SubjectRefused(str(error), error.traceback))
        return None


if __name__ == "__main__":
    main()
