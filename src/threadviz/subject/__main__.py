"""`python -m threadviz.subject`: the subject, from its start to its end."""

import asyncio
import os
import sys
import threading
from collections.abc import Sequence
from time import monotonic_ns
from typing import BinaryIO

from threadviz.modes import MODES
from threadviz.protocol.subject import WORKER_PROCESSES_MODE, SubjectOrder, decode_order
from threadviz.subject.calls import describe, report, submitted, with_traceback
from threadviz.workloads import WORKLOADS, Call


def main() -> None:
    """Take the order, get ready, wait for the word to go, run, and stay until the observer has seen the end."""
    commands = _take_standard_input()
    order = decode_order(commands.readline())
    run = MODES[order.mode].run  # imported before the user's folder is searched for modules
    calls = _calls(order)
    if calls is not None:
        report(order.pipe, {"type": "ready", "tasks": len(calls)})
    commands.readline()
    if calls is None:
        return

    loop = {"pid": os.getpid(), "tid": threading.get_native_id()}
    report(order.pipe, {"type": "begin", "t": monotonic_ns(), **loop})
    error = None
    try:
        sends = bool(order.function) and order.mode == WORKER_PROCESSES_MODE
        asyncio.run(run(submitted(calls, order.pipe, sends=sends), order.workers))
    except Exception as failure:  # noqa: BLE001 - whatever it is, it ends the run and is reported
        error = describe(failure)
    report(order.pipe, {"type": "ended", "t": monotonic_ns(), "error": error})

    commands.readline()


def _take_standard_input() -> BinaryIO:
    """Return standard input, with an empty one in its place: no user function reads the observer's commands."""
    commands = os.fdopen(os.dup(sys.stdin.fileno()), "rb")
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, sys.stdin.fileno())
    os.close(empty)
    return commands


def _calls(order: SubjectOrder) -> Sequence[Call] | None:
    """Return the calls to make. Returns None where they can't be made, which is reported."""
    if not order.function:
        return WORKLOADS[order.workload].make_calls(order.tasks, order.urls, order.timeout_s, order.online)
    from threadviz.workloads.user_function import UserFunctionError, user_calls

    try:
        pickled = order.mode == WORKER_PROCESSES_MODE
        return user_calls(order.function, order.folder, order.items, pickled=pickled)
    except UserFunctionError as error:
        report(order.pipe, with_traceback({"type": "refused", "why": str(error)}, error.traceback))
        return None


if __name__ == "__main__":
    main()
