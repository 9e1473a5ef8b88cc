"""`threadviz exec`: runs a program and watches it."""

import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import click

from threadviz.cli.execution import RunResult, execute
from threadviz.cli.options import ViewerOptions, viewer_options
from threadviz.cli.output import CommandError, ExitStatus, complain, print_run, stderr_console, write_stderr
from threadviz.cli.signals import SignalForwarding
from threadviz.debug_log import ignoring
from threadviz.observer.collectors.processes import process_title
from threadviz.observer.probes.base import ProcessKind
from threadviz.protocol.events import Outcome
from threadviz.protocol.requests import ExecRequest
from threadviz.text import clipped, printable

MODULE, COMMAND = "-m", "--"

KILLED = 128
"""Shells add this to the number of the signal that killed a program, to get an exit status."""

_TITLE_LENGTH = 100


@dataclass(frozen=True, slots=True)
class ProgramCommand:
    """The command line of a program, and its name for people."""

    command: tuple[str, ...]
    title: str


def find_program(words: Sequence[str]) -> ProgramCommand:
    """Return the program for these words: SCRIPT, -m MODULE or -- COMMAND, with arguments.

    Raises CommandError if it clearly can't be started.
    """
    if not words:
        raise CommandError("no program is given: give a SCRIPT, -m MODULE, or -- COMMAND")
    first, *rest = words
    if first[:2] == MODULE:
        if first == MODULE and not rest:
            raise CommandError("-m is for a module: give its name")
        return _program(sys.executable, *words)
    if first == COMMAND:
        if not rest:
            raise CommandError("-- is for a command: give its name")
        _check_command(rest[0])
        return _program(*rest)
    if first != "-":  # that reads the program from standard input
        _check_script(first)
    return _program(sys.executable, first, *rest)


def _program(*command: str) -> ProgramCommand:
    name = process_title(command, ProcessKind.SUBJECT, Path(command[0]).name)
    return ProgramCommand(command, clipped(printable(name), _TITLE_LENGTH))


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
        takes_value = {
            name
            for option in self.get_params(ctx)
            if isinstance(option, click.Option) and not option.is_flag
            for name in option.opts
        }
        at = 0
        while (
            at < len(args)
            and args[at].startswith("-")
            and args[at] not in ("-", "--")
            and args[at][:2] != "-m"
        ):
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
def exec_(words: Sequence[str], viewing: ViewerOptions) -> int:
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
    program = find_program(words)
    return _headless(program, viewing) if viewing.headless else _in_app(program, viewing)


def _headless(program: ProgramCommand, viewing: ViewerOptions) -> int:
    """Run it on threadviz's own streams, and print the report."""
    request = _request(program, viewing, (0, 1, 2), foreground=True)
    with SignalForwarding() as signals:
        result = execute(request, signals, None, viewing.record)
    if result.measured:
        console = None if viewing.as_json else stderr_console()
        if console is not None and viewing.ascii_only:
            console = replace(console, plain=True)
        print_run(result.timeline, viewing.as_json, console, write_stderr)
    return _status(program, result, viewing)


def _in_app(program: ProgramCommand, viewing: ViewerOptions) -> int:
    """Show it in the app, on a terminal of its own."""
    from threadviz.cli.app import watch
    from threadviz.tui.runs.terminal import ProgramTerminal

    unfed = sys.stdin.isatty()  # asked before _stdin() replaces it
    with _stdin() as stdin, ProgramTerminal(*_size(), unfed=unfed) as terminal:
        request = _request(
            program, viewing, (stdin, terminal.descriptor, terminal.descriptor), foreground=False
        )
        status, run = watch(request, viewing.record, viewing.ascii_only, terminal.output)
    if status:
        return status
    return _status(program, RunResult(run.timeline, ExitStatus.INTERRUPTED, run.trouble), viewing)


def _request(
    program: ProgramCommand, viewing: ViewerOptions, streams: tuple[int, int, int], *, foreground: bool
) -> ExecRequest:
    stdin, stdout, stderr = streams
    return ExecRequest(
        command=tuple(map(os.fsencode, program.command)),
        workload=program.title,
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


def _size() -> tuple[int, int]:
    """Return columns and lines of the terminal. Without one, the app complains later."""
    with ignoring(OSError):
        size = os.get_terminal_size(sys.stdout.fileno())
        return size.columns, size.lines
    return 80, 24


def _status(program: ProgramCommand, result: RunResult, viewing: ViewerOptions) -> int:
    """Return the program's exit status, or that of `result` if it did not end by itself; complain of trouble.

    Raises CommandError if the program could not be started.
    """
    closed = result.timeline.closed
    if (
        closed is not None
        and closed.outcome is Outcome.BROKEN
        and not result.measured
        and not result.timeline.died
    ):
        if viewing.record is not None and viewing.record.is_file():
            with ignoring(OSError):
                viewing.record.unlink()  # it is empty
        raise CommandError(
            f"{program.title!r} can't be run: {closed.reason.removeprefix('it did not start: ')}"
        )
    if result.trouble:
        complain(result.trouble)
    if closed is None or closed.outcome is Outcome.INTERRUPTED or closed.status is None:
        broken = result.trouble and result.status is not ExitStatus.INTERRUPTED
        return ExitStatus.BROKEN if broken else result.status
    status = closed.status if closed.status >= 0 else KILLED - closed.status
    return status or (ExitStatus.BROKEN if result.trouble else ExitStatus.FINISHED)
