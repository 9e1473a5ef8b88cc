"""What a process is called: a short name, from its command line, and never its arguments, which may be secret."""

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from threadviz.observer.probing.watched import ProcessKind

_PYTHON = re.compile(r"(?:python|pypy)\d?(?:\.\d+)?[a-z]*(?:-dbg)?")

_TAKES_ONE = "cmWX"
"""The short options of Python that take an argument; after `-c` and `-m` there are no more (Python/getopt.c)."""

_LONG_TAKES_ONE = "--check-hash-based-pycs"

_SUBJECT = "threadviz.subject"

_MULTIPROCESSING = ("--multiprocessing-fork", "from multiprocessing.forkserver import")
"""What the command lines of its workers have in them that do not have their parent's (CPython, Lib/multiprocessing)."""

_MOST = 100


def title(arguments: Sequence[str], kind: ProcessKind, otherwise: str) -> str:
    """Return what to call a process, in 100 characters at most: its script, its module, or its command.

    `arguments` is its command line, and `kind` what it is in the run; `otherwise` is what else it is known by, where
    the command line is empty.
    """
    if kind in (ProcessKind.RESOURCE_TRACKER, ProcessKind.FORK_SERVER):
        return kind.value
    command = _command(arguments[0]) if arguments else ""
    run = _run(arguments[1:], command) if _PYTHON.fullmatch(command) else command
    if run == _SUBJECT:
        return kind.value
    if kind in (ProcessKind.WORKER, ProcessKind.OF_TASK) and any(
        mark in each for each in arguments for mark in _MULTIPROCESSING
    ):
        return kind.value
    return (run or otherwise)[:_MOST]


def _run(arguments: Sequence[str], command: str) -> str:
    """Return what Python runs with these arguments, `command` where it is no file and no module."""
    rest = iter(arguments)
    for argument in rest:
        if argument == "--":
            return PurePosixPath(next(rest, command)).name
        if argument == "-":
            break
        if not argument.startswith("-"):
            return PurePosixPath(argument).name
        if argument == _LONG_TAKES_ONE:
            next(rest, None)
        elif not argument.startswith("--"):
            option, value = _with_argument(argument)
            if option and not value:
                value = next(rest, "")
            if option == "m":
                return value
            if option == "c":
                return f"{command} -c"
    return command


def _with_argument(options: str) -> tuple[str, str]:
    """Return which of some short options takes an argument, and what stands behind it; nothing where none does."""
    for at, letter in enumerate(options):
        if letter in _TAKES_ONE:
            return letter, options[at + 1 :]
    return "", ""


def _command(first: str) -> str:
    """Return the name of the program that the first of a command line's words stands for.

    Servers write a title there, 'nginx: worker process', and more may be in that than its first word.
    """
    name, colon, _ = first.partition(": ")
    return name.split(" ")[0] if colon else PurePosixPath(first).name.lstrip("-")
