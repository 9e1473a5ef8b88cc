"""`threadviz exec`: a program that is started to be watched."""

import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import click

from threadviz.cli.execution import Ran, carry_out
from threadviz.cli.options import ViewerOptions, looking_on
from threadviz.cli.output import CommandError, ExitStatus, complain, print_run, stderr_paper, write_words
from threadviz.cli.signals import SignalForwarding
from threadviz.observer.collectors.processes import title
from threadviz.observer.probes.base import ProcessKind
from threadviz.protocol.events import Outcome
from threadviz.protocol.requests import ExecRequest
from threadviz.text import clipped, printable

# The program that `threadviz exec` is to start, or what is wrong with it.

MODULE, COMMAND = "-m", "--"

_TITLE_LENGTH = 100


@dataclass(frozen=True, slots=True)
class ProgramCommand:
    """What is started, and what to call it."""

    command: tuple[str, ...]
    title: str


def find_program(words: Sequence[str]) -> ProgramCommand:
    """Return the program that these words ask for: SCRIPT, -m MODULE or -- COMMAND, with its arguments.

    Raises CommandError where it can be seen that it can't be started.
    """
    if not words:
        raise CommandError("what to run is not said: give a SCRIPT, -m MODULE, or -- COMMAND")
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
    if first != "-":  # which is a program on standard input
        _check_script(first)
    return _program(sys.executable, first, *rest)


def _program(*command: str) -> ProgramCommand:
    name = title(command, ProcessKind.SUBJECT, Path(command[0]).name)
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


KILLED = 128
"""What a shell adds to the number of the signal that has killed a program, to make it an exit status."""


class _UpToProgram(click.Command):
    """A command whose options come before the program: all that follows belongs to that."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take for options what comes before the first word of the program: its name, `-m`, or `--`."""
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
@looking_on
def exec_(words: Sequence[str], wishes: ViewerOptions) -> int:
    """Run a Python program, and look on.

    Shows every thread of every process of it as a lane. SCRIPT and MODULE run on threadviz's own Python; for another,
    say -- /path/to/python SCRIPT. Options of threadviz come first: what follows the program's name belongs to it.

    In the app, what it prints is in a panel, and its standard input is threadviz's, unless that is the terminal, which
    the app needs: then it is empty. Leaving the app ends the program.

    With --headless it runs as it would alone, on the same terminal. The report, with --json too, goes to standard error
    when it has ended, for standard output is the program's.

    THREADVIZ_NAMES and THREADVIZ_TASKS are added to its environment, and a folder at the head of PYTHONPATH: with these
    it says what its threads are called, and what executors do that were given to threadviz.observed.

    The exit status is the program's (128 and the signal's number where a signal has killed it), and 130 where it was
    ended by leaving the app.
    """
    program = find_program(words)
    return _headless(program, wishes) if wishes.headless else _in_app(program, wishes)


def _headless(program: ProgramCommand, wishes: ViewerOptions) -> int:
    """Run it on threadviz's own streams, and print the report."""
    request = _request(program, wishes, (0, 1, 2), foreground=True)
    with SignalForwarding() as signals:
        ran = carry_out(request, signals, None, wishes.record)
    if ran.measured:
        paper = None if wishes.as_json else stderr_paper()
        if paper is not None and wishes.plain:
            paper = replace(paper, plain=True)
        print_run(ran.timeline, wishes.as_json, paper, write_words)
    return _status(program, ran, wishes)


def _in_app(program: ProgramCommand, wishes: ViewerOptions) -> int:
    """Show it in the app, on a terminal of its own."""
    from threadviz.cli.app import look_on
    from threadviz.tui.runs.terminal import ProgramTerminal

    unfed = sys.stdin.isatty()  # asked first: then it is the app's in any case
    with _stdin() as stdin, ProgramTerminal(*_size(), unfed=unfed) as terminal:
        request = _request(
            program, wishes, (stdin, terminal.descriptor, terminal.descriptor), foreground=False
        )
        status, run = look_on(request, wishes.record, wishes.plain, terminal.printed)
    if status:
        return status
    return _status(program, Ran(run.timeline, ExitStatus.INTERRUPTED, run.trouble), wishes)


def _request(
    program: ProgramCommand, wishes: ViewerOptions, streams: tuple[int, int, int], *, foreground: bool
) -> ExecRequest:
    stdin, stdout, stderr = streams
    return ExecRequest(
        command=tuple(map(os.fsencode, program.command)),
        title=program.title,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        foreground=foreground,
        probe=wishes.probe,
        stacks=wishes.stacks,
    )


@contextmanager
def _stdin() -> Iterator[int]:
    """Yield what the program gets as its standard input, and leave the terminal to the app.

    Raises CommandError where there is no terminal.
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
    """Columns and lines of the terminal; where there is none, the app says so."""
    with suppress(OSError):
        size = os.get_terminal_size(sys.stdout.fileno())
        return size.columns, size.lines
    return 80, 24


def _status(program: ProgramCommand, ran: Ran, wishes: ViewerOptions) -> int:
    """Return the program's exit status, or that of `ran` where it did not end by itself; say what went wrong.

    Raises CommandError where the program could not be started.
    """
    closed = ran.timeline.closed
    if closed is not None and closed.outcome is Outcome.BROKEN and not ran.measured and not ran.timeline.died:
        if wishes.record is not None and wishes.record.is_file():
            with suppress(OSError):
                wishes.record.unlink()  # for there is nothing in it
        raise CommandError(
            f"{program.title!r} can't be run: {closed.reason.removeprefix('it did not start: ')}"
        )
    if ran.trouble:
        complain(ran.trouble)
    if closed is None or closed.outcome is Outcome.INTERRUPTED or closed.status is None:
        return ExitStatus.BROKEN if ran.trouble and ran.status is not ExitStatus.INTERRUPTED else ran.status
    status = closed.status if closed.status >= 0 else KILLED - closed.status
    return status or (ExitStatus.BROKEN if ran.trouble else ExitStatus.FINISHED)
