"""What each process runs, on which Python, and which process has started it."""

import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from msgspec.structs import replace

from threadviz.observer.cpython.detect import Interpreter
from threadviz.observer.probes.base import Changes, Collector, ObservedProcess, ProcessKind
from threadviz.observer.system import process_arguments, process_status
from threadviz.protocol.events import ProcessSeen

_PYTHON = re.compile(r"(?:python|pypy)\d?(?:\.\d+)?[a-z]*(?:-dbg)?")

_OPTIONS_WITH_ARGUMENT = "cmWX"
"""The short options of Python that take an argument. After `-c` and `-m` there are no more (Python/getopt.c)."""

_LONG_OPTION_WITH_ARGUMENT = "--check-hash-based-pycs"

_SUBJECT = "threadviz.subject"

_MULTIPROCESSING = ("--multiprocessing-fork", "from multiprocessing.forkserver import")
"""What stands in the command lines of multiprocessing's workers, but not in their parent's (CPython)."""

_MAX_TITLE = 100

_OWN_GILS = (3, 12)
"""The version of CPython from which on a subinterpreter can have a GIL of its own ..."""

_TELLS_HOLDER = (3, 13)
"""... and the one from which on the holder of a GIL can be read."""


def process_title(arguments: Sequence[str], kind: ProcessKind, otherwise: str) -> str:
    """Return what to call a process, in at most 100 characters: its script, its module, or its command.

    `arguments` is its command line. Nothing else of that is shown, because arguments may be secret. `otherwise` is the
    title where the command line is empty.
    """
    if kind in (ProcessKind.RESOURCE_TRACKER, ProcessKind.FORK_SERVER):
        return kind.value
    command = _command_name(arguments[0]) if arguments else ""
    title = _python_title(arguments[1:], command) if _PYTHON.fullmatch(command) else command
    is_worker = kind in (ProcessKind.WORKER, ProcessKind.OF_TASK)
    started = any(mark in argument for argument in arguments for mark in _MULTIPROCESSING)
    if title == _SUBJECT or (is_worker and started):
        return kind.value
    return (title or otherwise)[:_MAX_TITLE]


def _python_title(arguments: Sequence[str], command: str) -> str:
    """Return what Python runs with these arguments, `command` where that is neither a file nor a module."""
    rest = iter(arguments)
    for argument in rest:
        if argument == "--":
            return PurePosixPath(next(rest, command)).name
        if argument == "-":
            break
        if not argument.startswith("-"):
            return PurePosixPath(argument).name
        if argument == _LONG_OPTION_WITH_ARGUMENT:
            next(rest, None)
        elif not argument.startswith("--") and (option := re.search(f"[{_OPTIONS_WITH_ARGUMENT}]", argument)):
            value = argument[option.end() :] or next(rest, "")
            if option[0] == "m":
                return value
            if option[0] == "c":
                return f"{command} -c"
    return command


def _command_name(first: str) -> str:
    """Return the name of the program that the first word of a command line is.

    Servers write a title there, as in 'nginx: worker process', which may be more than one word.
    """
    name, colon, _ = first.partition(": ")
    return name.split(" ")[0] if colon else PurePosixPath(first).name.lstrip("-")


@dataclass(slots=True, eq=False)
class _State:
    threads: int = 0
    """How many of its threads are observed."""
    reported: ProcessSeen | None = None
    reported_program: tuple[int, Interpreter | None] | None = None
    """Which of its programs was reported, by number, and its Python."""


class ProcessCollector(Collector):
    """Reports each process when it comes into view, and again when it runs another program or more is known of it.

    `tells_holders` says whether the probe reads who holds the GIL.
    """

    def __init__(self, *, tells_holders: bool) -> None:
        self._tells_holders = tells_holders
        self._processes = defaultdict[ObservedProcess, _State](_State)

    def poll(self, now: int, changes: Changes) -> Iterator[ProcessSeen]:
        for thread in changes.new:
            self._processes[thread.owner].threads += 1
        for process, state in self._processes.items():
            program = process.program.images, process.program.interpreter
            if program != state.reported_program:
                state.reported_program = program
                seen, before = self._describe(process, state.reported, now), state.reported
                if before is None or replace(seen, t=before.t) != before:
                    state.reported = seen
                    yield seen
        for thread in changes.gone:
            self._processes[thread.owner].threads -= 1
            if not self._processes[thread.owner].threads:
                del self._processes[thread.owner]

    def _describe(self, process: ObservedProcess, before: ProcessSeen | None, now: int) -> ProcessSeen:
        """Describe a process; one that has ended, as before."""
        pid = process.pid
        try:
            parent, name, arguments = _read(pid)
        except OSError:
            parent, name, arguments = (before.parent, before.name, []) if before else (0, "", [])
        title = process_title(arguments, process.kind, name)
        python = process.program.interpreter
        if python is None:
            return ProcessSeen(now, pid, parent, title, "", None)
        cannot = _cannot(python) if self._tells_holders else ""
        return ProcessSeen(now, pid, parent, title, python.version, python.gil, cannot)


def _read(pid: int) -> tuple[int, str, list[str]]:
    """Return a process's parent, its name and its command line. Raises OSError where it has ended."""
    if sys.platform == "linux":  # without psutil, which takes a while to import
        status = process_status(pid)
        return int(status["PPid"]), status["Name"], process_arguments(pid)
    import psutil

    try:
        process = psutil.Process(pid)
        return process.ppid(), process.name(), process.cmdline()
    except psutil.Error as error:
        raise ProcessLookupError(str(error)) from error


def _cannot(python: Interpreter) -> str:
    """Return what can't be observed of a process on this Python, as a clause; '' if nothing."""
    if python.gil is False or python.offsets is not None:
        return ""
    inferred = "is told only where it follows from what the other threads do"
    minor = python.minor
    if minor is None or minor >= _TELLS_HOLDER:
        missing = python.runtime is None
        why = "it was not found in memory" if missing else "this version's structures are not known"
        return f"who holds the GIL {inferred}: {why}"
    since, this = (".".join(map(str, version)) for version in (_TELLS_HOLDER, minor))
    clause = f"who holds the GIL can be read from CPython {since} on; this is {this}, where it {inferred}"
    if minor == _OWN_GILS:
        return f"{clause}, and waits for a sub-interpreter's own GIL can't be told from those for a lock"
    return clause
