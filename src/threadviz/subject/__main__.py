"""`python -m threadviz.subject`: the subject, from its start to its end."""

import asyncio
import json
import os
import sys
import threading
from collections.abc import Sequence
from time import monotonic_ns
from typing import Any, BinaryIO

from threadviz.modes import MODES
from threadviz.protocol.subject import WORKER_PROCESSES_MODE
from threadviz.subject.calls import describe, report, submitted, with_traceback
from threadviz.workloads import WORKLOADS, Call


def main() -> None:
    """Take the order, get ready, wait for the word to go, run, and stay until the observer has seen the end."""
    commands = _take_standard_input()
    order = json.loads(commands.readline())
    request, pipe = order["request"], order["pipe"]
    run = MODES[request["mode"]].run  # imported before the user's folder is searched for modules
    calls = _calls(request, order["urls"], pipe)
    if calls is not None:
        report(pipe, {"type": "ready", "tasks": len(calls)})
    commands.readline()
    if calls is None:
        return

    loop = {"pid": os.getpid(), "tid": threading.get_native_id()}
    report(pipe, {"type": "begin", "t": monotonic_ns(), **loop})
    error = None
    try:
        sends = bool(request["calling"]) and request["mode"] == WORKER_PROCESSES_MODE
        asyncio.run(run(submitted(calls, pipe, sends=sends), request["workers"]))
    except Exception as failure:  # noqa: BLE001 - whatever it is, it ends the run and is reported
        error = describe(failure)
    report(pipe, {"type": "ended", "t": monotonic_ns(), "error": error})

    commands.readline()


def _take_standard_input() -> BinaryIO:
    """Return standard input, with an empty one in its place: no user function reads the observer's commands."""
    commands = os.fdopen(os.dup(sys.stdin.fileno()), "rb")
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, sys.stdin.fileno())
    os.close(empty)
    return commands


def _calls(request: dict[str, Any], urls: Sequence[tuple[str, str]], pipe: str) -> Sequence[Call] | None:
    """Return the calls to make. Returns None where they can't be made, which is reported."""
    if request["calling"] is None:
        workload = WORKLOADS[request["workload"]]
        return workload.make_calls(request["tasks"], urls, request["timeout_s"], request["online"])
    from threadviz.workloads.user_function import UserFunctionError, user_calls

    try:
        calling, pickled = request["calling"], request["mode"] == WORKER_PROCESSES_MODE
        return user_calls(calling["function"], calling["folder"], calling["items"], pickled=pickled)
    except UserFunctionError as error:
        report(pipe, with_traceback({"type": "refused", "why": str(error)}, error.traceback))
        return None


if __name__ == "__main__":
    main()
