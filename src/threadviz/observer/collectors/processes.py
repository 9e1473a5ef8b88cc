"""The teller of processes: what each runs, which Python that is, and who has started it."""

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import msgspec

from threadviz.observer.cpython.detect import Interpreter, RunningProgram
from threadviz.observer.probes.base import Collector, ObservedThread, ProcessKind
from threadviz.protocol.events import ProcessSeen

# What a process is called: a short name, from its command line, and never its arguments, which may be secret.

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


_OWN_GILS = (3, 12)
"""The version of CPython from which on a sub-interpreter can have a GIL of its own ..."""

_TELLS_HOLDER = (3, 13)
"""... and that from which on it says who holds them."""

_TOLD_WHERE = "is told only where it follows from what the other threads do"
_UNLESS_INFERRED = f"who holds the GIL {_TOLD_WHERE}"


@dataclass(slots=True, eq=False)
class _Process:
    kind: ProcessKind
    program: RunningProgram
    threads: int = 0
    """How many of its threads are watched."""
    told: ProcessSeen | None = None
    told_of: tuple[int, Interpreter | None] | None = None
    """Which of its programs was told of, by number, and which Python."""


class ProcessCollector(Collector):
    """Tells of a process when it comes into view, and again when more is known of it, or it runs another program.

    `program_of` says what a process runs, for a probe that keeps that up to date, and sees who holds the GIL.
    """

    def __init__(self, program_of: Callable[[int], RunningProgram | None] | None = None) -> None:
        self._program_of = program_of
        self._processes: dict[int, _Process] = {}

    def poll(
        self, now: int, new: Sequence[ObservedThread], gone: Sequence[ObservedThread]
    ) -> Iterator[ProcessSeen]:
        """Yield what is new of processes. Of one whose last thread is gone nothing more is told."""
        for thread in new:
            process = self._processes.get(thread.pid) or self._meet(thread)
            process.kind = thread.process
            process.threads += 1
        for pid, process in self._processes.items():
            if self._program_of is None:
                process.program.look(now)
            told_of = process.program.images, process.program.interpreter
            if told_of != process.told_of:
                process.told_of = told_of
                seen = _seen(pid, process, now)
                if self._program_of and process.program.interpreter:
                    seen = msgspec.structs.replace(seen, cannot=_cannot(process.program.interpreter))
                before = process.told
                if before is None or msgspec.structs.replace(seen, t=before.t) != before:
                    process.told = seen
                    yield seen
        for thread in gone:
            process = self._processes[thread.pid]
            process.threads -= 1
            if not process.threads:
                del self._processes[thread.pid]

    def _meet(self, thread: ObservedThread) -> _Process:
        known = self._program_of(thread.pid) if self._program_of else None
        process = self._processes[thread.pid] = _Process(thread.process, known or RunningProgram(thread.pid))
        return process


def _seen(pid: int, process: _Process, now: int) -> ProcessSeen:
    """Return what there is to tell of a process; of one that is gone, what was told last."""
    before = process.told
    try:
        parent, command, arguments = _described(pid)
    except OSError:
        parent, command, arguments = (before.parent, before.name, []) if before else (0, "", [])
    python = process.program.interpreter
    return ProcessSeen(
        now,
        pid,
        parent,
        title(arguments, process.kind, command),
        python.version if python else "",
        python.gil if python else None,
    )


def _described(pid: int) -> tuple[int, str, list[str]]:
    """Return a process's parent, the system's name for it, and its command line. Raises OSError where it is gone."""
    if sys.platform != "linux":
        return _described_elsewhere(pid)
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8", errors="replace")
    fields = dict(line.partition(":")[::2] for line in status.splitlines())
    arguments = Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8", errors="replace")
    return int(fields["PPid"]), fields["Name"].strip(), arguments.rstrip("\0").split("\0")


def _described_elsewhere(pid: int) -> tuple[int, str, list[str]]:
    import psutil

    try:
        process = psutil.Process(pid)
        return process.ppid(), process.name(), process.cmdline()
    except psutil.Error as error:
        raise ProcessLookupError(str(error)) from error


def _cannot(python: Interpreter) -> str:
    """Return what can't be told of a process that runs on this Python, as a clause."""
    if python.gil is False or python.offsets is not None:
        return ""
    minor = python.minor
    if minor is None or minor >= _TELLS_HOLDER:
        why = (
            "it was not found in memory"
            if python.runtime is None
            else "this version's structures are not known"
        )
        return f"{_UNLESS_INFERRED}: {why}"
    since, this = (".".join(map(str, version)) for version in (_TELLS_HOLDER, minor))
    clause = f"who holds the GIL can be read from CPython {since} on; this is {this}, where it {_TOLD_WHERE}"
    if minor == _OWN_GILS:
        return f"{clause}, and waits for a sub-interpreter's own GIL can't be told from those for a lock"
    return clause
