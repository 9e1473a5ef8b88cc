"""`threadviz attach`: watches a running process."""

import math
import re
from typing import Any

import click

from threadviz.cli.execution import ProgressBar, execute
from threadviz.cli.options import ViewerOptions, viewer_options
from threadviz.cli.output import CommandError, ExitStatus, complain, print_run
from threadviz.cli.signals import Interrupts
from threadviz.observer.targets.attach import TargetError, find_process
from threadviz.protocol.requests import AttachRequest
from threadviz.text import NS_PER_S


@click.command()
@click.argument("pid")
@viewer_options
@click.option(
    "--seconds",
    type=float,
    metavar="S",
    help="With --headless: let go of the process after so many seconds, and report.",
)
def attach(pid: str, seconds: float | None, **options: Any) -> int:
    """Watch the running process PID.

    Shows every thread of a CPython process, and of the processes that it starts, as a lane. The process is left as it
    is, also at the end, which is when the app is left, or with --headless, Ctrl-C.
    """
    viewing = ViewerOptions(**options)
    if seconds is not None and not (seconds > 0 and math.isfinite(seconds)):
        raise CommandError(f"--seconds is {seconds:g}: give a number of seconds above 0")
    if seconds is not None and viewing.in_app:
        raise CommandError("--seconds is for --headless: the app is left by a key")
    if not re.fullmatch("0*[1-9][0-9]{0,9}", pid, re.ASCII):
        raise CommandError(f"PID is {pid!r}: give the number of a process, as pgrep and ps show it")
    request = _request(int(pid), viewing)
    if viewing.in_app:
        from threadviz.cli.app import watch

        status, run = watch(request, viewing.record, viewing.ascii_only)
        trouble = run.trouble
        status = status or (ExitStatus.BROKEN if trouble else ExitStatus.FINISHED)
    else:
        for_ns = None if seconds is None else int(seconds * NS_PER_S)
        with Interrupts() as interrupts, ProgressBar() as bar:
            bar.begin(request.workload)
            result = execute(request, interrupts, bar, viewing.record, for_ns)
        if result.measured:
            print_run(result.timeline, viewing.as_json, ascii_only=viewing.ascii_only)
        status, trouble = result.status, result.trouble
    if trouble:  # last, because it speaks of what was printed
        complain(trouble)
    return status


def _request(pid: int, viewing: ViewerOptions) -> AttachRequest:
    """Return the request. Raises CommandError if the process can't be watched."""
    try:
        target = find_process(pid, viewing.probe)
    except TargetError as error:
        way_out = "; or say --probe portable, which tells only running from waiting"
        raise CommandError(f"{error}{way_out if error.portable else ''}") from error
    return AttachRequest(pid=pid, probe=viewing.probe, stacks=viewing.stacks, born=target.born)
