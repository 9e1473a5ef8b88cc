"""`threadviz attach`: watches a running process."""

import math
import re

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
def attach(pid: str, seconds: float | None, viewing: ViewerOptions) -> int:
    """Watch the running process PID.

    Shows every thread of a CPython process, and of the processes that it starts, as a lane. The process is left as it
    is, also at the end, which is when the app is left, or with --headless, Ctrl-C.
    """
    if seconds is not None and not (seconds > 0 and math.isfinite(seconds)):
        raise CommandError(f"--seconds is {seconds:g}: give a number of seconds above 0")
    if seconds is not None and not viewing.headless:
        raise CommandError("--seconds is for --headless: the app is left by a key")
    request = _request(_number(pid), viewing)
    if not viewing.headless:
        from threadviz.cli.app import watch

        status, run = watch(request, viewing.record, viewing.ascii_only)
        if run.trouble:
            complain(run.trouble)
        return status or (ExitStatus.BROKEN if run.trouble else ExitStatus.FINISHED)
    for_ns = None if seconds is None else int(seconds * NS_PER_S)
    with Interrupts() as interrupts, ProgressBar() as bar:
        bar.begin(request.workload)
        result = execute(request, interrupts, bar, viewing.record, for_ns)
    if result.measured:
        print_run(result.timeline, viewing.as_json, viewing.console())
    if result.trouble:  # last, because it speaks of what was printed
        complain(result.trouble)
    return result.status


def _number(text: str) -> int:
    if not re.fullmatch("0*[1-9][0-9]{0,9}", text, re.ASCII):
        raise CommandError(f"PID is {text!r}: give the number of a process, as pgrep and ps show it")
    return int(text)


def _request(pid: int, viewing: ViewerOptions) -> AttachRequest:
    """Return the request. Raises CommandError if the process can't be watched."""
    try:
        target = find_process(pid, viewing.probe)
    except TargetError as error:
        way_out = "; or say --probe portable, which tells only running from waiting"
        raise CommandError(f"{error}{way_out if error.portable else ''}") from error
    return AttachRequest(pid=pid, probe=viewing.probe, stacks=viewing.stacks, born=target.born)
