"""The first line of a stream."""

import os
import platform
import sys

import threadviz
from threadviz.events import SCHEMA, Header
from threadviz.observer.machine import cores, has_gil
from threadviz.request import AttachRequest, ExecRequest, Request, RunRequest
from threadviz.vocabulary import ProbeInfo, Watches

NO_PROBE = ProbeInfo("none", (), "anything: nothing was watched", 0.0)


def header(
    request: Request,
    tasks: int = 0,
    probe: ProbeInfo = NO_PROBE,
    *,
    name: str = "",
    python: str = "",
    gil: bool | None = None,
) -> Header:
    """Return the header for what was asked for.

    Of a process that was running already, `name` is what it is called, `python` its version, empty where that is not
    known, and `gil` whether it has one. The subject of a workload, and a program that threadviz finds a Python for,
    run on this Python.
    """
    if isinstance(request, RunRequest) or (
        isinstance(request, ExecRequest) and request.command[0] == os.fsencode(sys.executable)
    ):
        python, gil = platform.python_version(), has_gil()
    if isinstance(request, ExecRequest):
        workers, watches = 0, Watches.PROGRAM
    elif isinstance(request, AttachRequest):
        workers, watches = 0, Watches.PROCESS
    else:
        workers, watches = request.workers, Watches.WORKLOAD
    return Header(
        schema=SCHEMA,
        threadviz=threadviz.__version__,
        workload=name or request.workload,
        mode=request.mode,
        workers=workers,
        tasks=tasks,
        python=python,
        gil=gil,
        cores=cores(),
        platform=f"{platform.system()} {platform.machine()}",
        probe=probe,
        watches=watches,
    )
