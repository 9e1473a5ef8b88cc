"""`threadviz attach`: a process that is running already."""

import math
import re

import click

from threadviz.cli.execution import ProgressBar, carry_out
from threadviz.cli.options import ViewerOptions, looking_on
from threadviz.cli.output import CommandError, ExitStatus, complain, print_run
from threadviz.cli.signals import Interrupts
from threadviz.observer.targets.attach import TargetError, find_target
from threadviz.protocol.requests import AttachRequest

NS_PER_S = 1_000_000_000


@click.command()
@click.argument("pid")
@looking_on
@click.option(
    "--seconds",
    type=float,
    metavar="S",
    help="Without the app: let go of it after so many seconds, and report.",
)
def attach(pid: str, seconds: float | None, wishes: ViewerOptions) -> int:
    """Look on at the running process PID.

    Shows every thread of a CPython process, and of those that it starts, as a lane. The process is left as it is, also
    when it is let go of: by leaving the app, or, without it, by Ctrl-C.
    """
    if seconds is not None and not (seconds > 0 and math.isfinite(seconds)):
        raise CommandError(f"--seconds is {seconds:g}: give a number of seconds above 0")
    if seconds is not None and not wishes.headless:
        raise CommandError("--seconds is for --headless: the app is left by a key")
    request = _request(_number(pid), wishes)
    if not wishes.headless:
        from threadviz.cli.app import look_on

        status, run = look_on(request, wishes.record, wishes.plain)
        if run.trouble:
            complain(run.trouble)
        return status or (ExitStatus.BROKEN if run.trouble else ExitStatus.FINISHED)
    with Interrupts() as interrupts, ProgressBar() as bar:
        bar.begin(request.workload)
        ran = carry_out(
            request, interrupts, bar, wishes.record, None if seconds is None else int(seconds * NS_PER_S)
        )
    if ran.measured:
        print_run(ran.timeline, wishes.as_json, wishes.paper())
    if ran.trouble:  # said last, for it speaks of what was printed
        complain(ran.trouble)
    return ran.status


def _number(text: str) -> int:
    if not re.fullmatch("0*[1-9][0-9]{0,9}", text, re.ASCII):
        raise CommandError(f"PID is {text!r}: give the number of a process, as pgrep and ps show it")
    return int(text)


def _request(pid: int, wishes: ViewerOptions) -> AttachRequest:
    """Return what to ask for. Raises CommandError where the process can't be watched."""
    try:
        target = find_target(pid, wishes.probe)
    except TargetError as error:
        way_out = "; or say --probe portable, which tells only running from waiting"
        raise CommandError(f"{error}{way_out if error.portable else ''}") from error
    return AttachRequest(pid=pid, probe=wishes.probe, stacks=wishes.stacks, born=target.born)
