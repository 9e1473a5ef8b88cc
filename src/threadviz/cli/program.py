"""The program that `threadviz exec` is to start, or what is wrong with it."""

import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from threadviz.cli.exits import CommandError
from threadviz.observer.probing.watched import ProcessKind
from threadviz.observer.telling.titles import title
from threadviz.picture.plain import clipped, printable

MODULE, COMMAND = "-m", "--"

_TITLE_LENGTH = 100


@dataclass(frozen=True, slots=True)
class Program:
    """What is started, and what to call it."""

    command: tuple[str, ...]
    title: str


def find_program(words: Sequence[str]) -> Program:
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


def _program(*command: str) -> Program:
    name = title(command, ProcessKind.SUBJECT, Path(command[0]).name)
    return Program(command, clipped(printable(name), _TITLE_LENGTH))


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
