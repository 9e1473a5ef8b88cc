"""`threadviz exec` and `threadviz attach`: a program that is run, or a running process, is watched."""

import math
import os
import re
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from threadviz.cli.execution import (
    Interrupts,
    RunResult,
    SignalForwarding,
    execute,
    progress_bar,
    remove_empty,
)
from threadviz.cli.options import ViewerOptions, viewer_options
from threadviz.cli.output import CommandError, ExitStatus, complain, print_run
from threadviz.observer.collectors.processes import process_title
from threadviz.observer.probes.base import ProcessKind
from threadviz.observer.targets.attach import TargetError, find_process
from threadviz.protocol.events import Outcome
from threadviz.protocol.requests import AttachRequest, ExecRequest
from threadviz.text import NS_PER_S, clipped, printable

MODULE, COMMAND = "-m", "--"

KILLED = 128
"""Shells add this to the number of the signal that killed a program, to get an exit status."""

_TITLE_LENGTH = 100
_OPTION = re.compile(r"-(?!m|-?\Z)")


def find_program(words: Sequence[str]) -> Sequence[str]:
    """Return the command line of a program from these words: SCRIPT, -m MODULE or -- COMMAND, with arguments.

    Raises CommandError if it clearly can't be started.
    """
    if not words:
        raise CommandError("no program is given: give a SCRIPT, -m MODULE, or -- COMMAND")
    first, *rest = words
    if first == COMMAND:
        if not rest:
            raise CommandError("-- is for a command: give its name")
        _check_command(rest[0])
        return rest
    if first == MODULE and not rest:
        raise CommandError("-m is for a module: give its name")
    if first != "-" and not first.startswith(MODULE):  # - reads the program from standard input
        _check_script(first)
    return [sys.executable, *words]


def _check_script(script: str) -> None:
    path = Path(script)
    if not os.path.lexists(script):
        command = f": for a command, say exec -- {script}" if shutil.which(script) else ""
        raise CommandError(f"there is no script {script!r}{command}")
    if path.is_dir() and not (path / "__main__.py").exists():
        raise CommandError(f"{script!r} is a folder without a __main__.py: give the path of a script")
    if not os.access(script, os.R_OK):
        raise CommandError(f"the script {script!r} can't be read: see its permissions")


def _check_command(command: str) -> None:
    if not command or not Path(command).name:
        raise CommandError(f"the command is {command!r}: give its name, or the path of a file")
    if os.sep not in command:
        if shutil.which(command) is None:
            here = f": for the file here, say ./{command}" if Path(command).exists() else ""
            raise CommandError(f"there is no command {command!r} on PATH{here}")
    elif not os.path.lexists(command):
        raise CommandError(f"there is no command {command!r}")
    elif Path(command).is_dir():
        raise CommandError(f"the command {command!r} is a folder: give the path of a program")
    elif not os.access(command, os.X_OK):
        raise CommandError(
            f"the command {command!r} is not executable: for a Python script, leave out the --, or make it executable"
        )


class _UpToProgram(click.Command):
    """A command whose options end where the program begins."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        options = [option for option in self.params if isinstance(option, click.Option)]
        takes_value = {name for option in options if not option.is_flag for name in option.opts}
        at = 0
        while args[at:] and _OPTION.match(args[at]):
            at += 2 if args[at] in takes_value else 1
        program = ["--", *args[at:]] if args[at:] else []
        return super().parse_args(ctx, [*args[:at], *program])


@click.command(name="exec", cls=_UpToProgram)
@click.argument(
    "words",
    nargs=-1,
    type=click.UNPROCESSED,
    metavar="SCRIPT [ARGS]... | -m MODULE [ARGS]... | -- COMMAND [ARGS]...",
)
@viewer_options
def exec_(words: Sequence[str], **options: Any) -> int:
    """Run a Python program and watch it.

    Shows every thread of all its processes as a lane. SCRIPT and MODULE run on threadviz's own Python; for another one,
    write -- /path/to/python SCRIPT. Options of threadviz come first: what follows the program's name belongs to it.

    In the app, its output is in a panel, and its standard input is threadviz's, unless that is the terminal, which the
    app needs: then it is empty. Leaving the app ends the program.

    With --headless it runs as it would on its own, on the same terminal. The report, also with --json, goes to standard
    error at the end, because standard output is the program's.

    THREADVIZ_NAMES and THREADVIZ_TASKS are added to its environment, and a folder at the head of PYTHONPATH: they let
    it report the names of its threads, and the tasks of executors that were given to threadviz.observed.

    The exit status is the program's own (128 plus the signal's number if a signal killed it), or 130 if leaving the app
    ended it.
    """
    viewing = ViewerOptions(**options)
    command = find_program(words)
    return _in_app(command, viewing) if viewing.in_app else _headless(command, viewing)


def _headless(command: Sequence[str], viewing: ViewerOptions) -> int:
    """Run it on threadviz's own streams, and print the report."""
    request = _request(command, viewing, (0, 1, 2), foreground=True)
    with SignalForwarding() as signals:
        result = execute(request, signals, record=viewing.record)
    if result.measured:
        print_run(result.timeline, viewing.as_json, ascii_only=viewing.ascii_only, to_stderr=True)
    return _status(request, result, viewing.record)


def _in_app(command: Sequence[str], viewing: ViewerOptions) -> int:
    """Show it in the app, on a terminal of its own."""
    from threadviz.cli.app import watch
    from threadviz.tui.runs.terminal import ProgramTerminal

    unfed = sys.stdin.isatty()  # asked before _stdin() replaces it
    with _stdin() as stdin, ProgramTerminal(*shutil.get_terminal_size(), unfed=unfed) as terminal:
        streams = (stdin, terminal.descriptor, terminal.descriptor)
        request = _request(command, viewing, streams, foreground=False)
        status, run = watch(request, viewing.record, viewing.ascii_only, terminal.output)
    result = RunResult(run.timeline, ExitStatus.INTERRUPTED, run.trouble)
    return status or _status(request, result, viewing.record)


def _request(
    command: Sequence[str], viewing: ViewerOptions, streams: tuple[int, int, int], *, foreground: bool
) -> ExecRequest:
    stdin, stdout, stderr = streams
    title = process_title(command, ProcessKind.SUBJECT, Path(command[0]).name)
    return ExecRequest(
        command=tuple(map(os.fsencode, command)),
        workload=clipped(printable(title), _TITLE_LENGTH),
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        foreground=foreground,
        probe=viewing.probe,
        stacks=viewing.stacks,
    )


@contextmanager
def _stdin() -> Iterator[int]:
    """Yield a descriptor for the program's standard input, and give the terminal to the app.

    Raises CommandError if there is no terminal.
    """
    if sys.stdin.isatty():
        stdin = os.open(os.devnull, os.O_RDONLY)
    else:
        try:
            terminal = os.open("/dev/tty", os.O_RDWR)
        except OSError as error:
            raise CommandError("the app needs a terminal, and there is none: say --headless") from error
        stdin = os.dup(0)
        os.dup2(terminal, 0)
        os.close(terminal)
    try:
        yield stdin
    finally:
        os.close(stdin)


def _status(request: ExecRequest, result: RunResult, record: Path | None) -> int:
    """Return the program's exit status, or that of `result` if it did not end by itself; complain of trouble.

    Raises CommandError if the program could not be started.
    """
    closed = result.timeline.closed
    if result.refused:
        remove_empty(record)
        reason = result.refused.reason.removeprefix("it did not start: ")
        raise CommandError(f"{request.workload!r} can't be run: {reason}")
    if result.trouble:
        complain(result.trouble)
    if closed is None or closed.outcome is Outcome.INTERRUPTED or closed.status is None:
        broken = result.trouble and result.status is not ExitStatus.INTERRUPTED
        return ExitStatus.BROKEN if broken else result.status
    status = closed.status if closed.status >= 0 else KILLED - closed.status
    return status or (ExitStatus.BROKEN if result.trouble else ExitStatus.FINISHED)


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
    try:
        target = find_process(int(pid), viewing.probe)
    except TargetError as error:
        way_out = "; or say --probe portable, which tells only running from waiting"
        raise CommandError(f"{error}{way_out if error.portable else ''}") from error
    request = AttachRequest(pid=int(pid), probe=viewing.probe, stacks=viewing.stacks, born=target.born)
    if viewing.in_app:
        from threadviz.cli.app import watch

        status, run = watch(request, viewing.record, viewing.ascii_only)
        trouble = run.trouble
        status = status or (ExitStatus.BROKEN if trouble else ExitStatus.FINISHED)
    else:
        for_ns = None if seconds is None else int(seconds * NS_PER_S)
        with Interrupts() as interrupts, progress_bar(request.workload) as show:
            result = execute(request, interrupts, show, viewing.record, for_ns)
        if result.measured:
            print_run(result.timeline, viewing.as_json, ascii_only=viewing.ascii_only)
        status, trouble = result.status, result.trouble
    if trouble:  # last, because it speaks of what was printed
        complain(trouble)
    return status
