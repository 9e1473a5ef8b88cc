"""How cheap, for programs: how long one takes alone, and under exec, attach, py-spy and viztracer."""

import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import IO, Any

from benchmarks.ratios import Ratio
from benchmarks.report import Goal, table
from benchmarks.runs import CHECKOUT

LIMIT_S = 120.0
"""No program takes as long (s), unless something is wrong."""

_PAUSE_S = 0.01

Command = Sequence[str | os.PathLike[str]]


@dataclass(frozen=True)
class Way:
    """A way to look on: `started` makes a command of the program's, `beside` one for its process id, or neither.

    The last argument of each is a folder for what it writes; `missing` says why it can't be had, if it can't.
    """

    name: str
    started: Callable[[Command, Path], Command] = lambda program, _: program
    beside: Callable[[int, Path], Command] | None = None
    missing: str = ""


@dataclass(frozen=True)
class Took:
    """How long the program took to be ready, and for its work, and how long all took until it was over (s)."""

    ready_s: float
    work_s: float
    whole_s: float


@dataclass(frozen=True)
class Cell:
    """One program in one way, in pairs with itself alone.

    `ready_later_s` and `over_later_s` are how much later the program was ready, and how much longer all took (s).
    """

    program: str
    way: str
    alone_s: float
    ratio: Ratio | None
    ready_later_s: float
    over_later_s: float
    missing: str

    def row(self) -> list[object]:
        """The cell's row in the table."""
        if self.ratio is None:
            return [self.program, self.way, f"{self.alone_s:.3f}", self.missing, "", ""]
        later = (f"{seconds:+.2f}" for seconds in (self.ready_later_s, self.over_later_s))
        return [self.program, self.way, f"{self.alone_s:.3f}", self.ratio, *later]

    def as_dict(self) -> dict[str, Any]:
        """The cell for JSON."""
        return {
            "program": self.program,
            "way": self.way,
            "alone_s": self.alone_s,
            "ratio": self.ratio and self.ratio.as_dict(),
            "ready_later_s": self.ready_later_s,
            "over_later_s": self.over_later_s,
            "missing": self.missing,
        }


THREADVIZ = (sys.executable, "-m", "threadviz")
OURS = ("threadviz exec", "threadviz attach")
ALONE = Way("nobody")


def ways(tools: str) -> list[Way]:
    """Return all ways, those of other tools from the folder `tools`, or, where it is empty, from where PATH says."""
    py_spy, viztracer = (shutil.which(name, path=tools or None) for name in ("py-spy", "viztracer"))
    return [
        Way("nobody, again"),
        Way(OURS[0], lambda program, _: [*THREADVIZ, "exec", "--headless", "--", *program]),
        Way(
            OURS[1],
            beside=lambda pid, folder: [
                *THREADVIZ,
                "attach",
                "--headless",
                "--record",
                folder / "stream",
                str(pid),
            ],
        ),
        Way(
            "py-spy record",
            lambda program, folder: [
                py_spy or "",
                "record",
                "--subprocesses",
                "--output",
                folder / "profile.svg",
                "--",
                *program,
            ],
            missing="" if py_spy else "not installed",
        ),
        Way(
            "viztracer",
            lambda program, folder: [
                viztracer or "",
                "--quiet",
                "--output_file",
                folder / "trace.json",
                "--",
                *program[1:],
            ],
            missing=_no_viztracer(viztracer),
        ),
    ]


def _no_viztracer(viztracer: str | None) -> str:
    """Return why it is of no use: it runs the program in its own Python, which must be of the same version."""
    if viztracer is None:
        return "not installed"
    python = Path(viztracer).with_name("python")
    asked = subprocess.run([python, "-VV"], stdout=subprocess.PIPE, text=True, check=False)
    here = subprocess.run([sys.executable, "-VV"], stdout=subprocess.PIPE, text=True, check=False)
    return "" if asked.stdout == here.stdout else f"installed for {asked.stdout.split('(')[0].strip()}"


def run(way: Way, program: str, amount: float) -> Took:
    """Run a program in a way. Raises RuntimeError where it does not come to its end."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        with (folder / "words").open("w+b") as words:
            start = time.monotonic()
            try:
                ready, work_s = _carry_out(way, program, amount, folder, words)
            except (OSError, ValueError, subprocess.TimeoutExpired) as error:
                words.seek(0)
                said = words.read().decode(errors="replace")[-1000:]
                raise RuntimeError(f"{program}, {way.name}: {error}: {said}") from error
            return Took(ready - start, work_s, time.monotonic() - start)


def _carry_out(way: Way, program: str, amount: float, folder: Path, words: IO[bytes]) -> tuple[float, float]:
    """Return when the program was ready, and how long its work took (s)."""
    code = CHECKOUT / "benchmarks" / "programs.py"
    alone: Command = [sys.executable, code, program, str(amount), folder / "socket"]
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket(socket.AF_UNIX))
        listener.settimeout(LIMIT_S)
        listener.bind(str(folder / "socket"))
        listener.listen()
        stack.enter_context(_running(way.started(alone, folder), words))
        called, _ = listener.accept()
        ready = time.monotonic()
        with called, called.makefile("rb") as said:
            called.settimeout(LIMIT_S)
            pid = int(said.readline())
            if way.beside is not None:
                looks = stack.enter_context(_running(way.beside(pid, folder), words))
                _await_begin(folder / "stream", looks)
            called.sendall(b"\n")
            return ready, float(said.readline())


@contextmanager
def _running(command: Command, words: IO[bytes]) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a command, and when this is left, wait for its end; what it prints goes to `words`."""
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=words, stderr=words, cwd=CHECKOUT, start_new_session=True
    ) as process:
        try:
            yield process
            process.wait(LIMIT_S)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def _await_begin(stream: Path, looks: "subprocess.Popen[bytes]") -> None:
    """Wait until the stream says that the watch has begun. Raises OSError where it never does."""
    deadline = time.monotonic() + LIMIT_S
    while not (stream.exists() and b'"type":"begin"' in stream.read_bytes()):
        if looks.poll() is not None or time.monotonic() > deadline:
            raise OSError(f"it does not look: exit status {looks.poll()}")
        time.sleep(_PAUSE_S)


def cells(tools: str, pairs: int, amount: float, programs: Sequence[str]) -> Iterator[Cell]:
    """Run each program in each way, and alone, in any order, so many times."""
    chance = random.Random()
    for program in programs:
        there = [way for way in ways(tools) if not way.missing]
        took: dict[str, list[Took]] = {way.name: [] for way in [ALONE, *there]}
        for _ in range(pairs):
            for way in chance.sample([ALONE, *there], 1 + len(there)):
                took[way.name].append(run(way, program, amount))
        for way in ways(tools):
            yield _cell(program, way, took[ALONE.name], took.get(way.name, []))


def _cell(program: str, way: Way, alone: list[Took], looked_on: list[Took]) -> Cell:
    pairs = [(with_it.work_s, without.work_s) for with_it, without in zip(looked_on, alone, strict=False)]
    seen = looked_on or alone
    return Cell(
        program=program,
        way=way.name,
        alone_s=median(each.work_s for each in alone),
        ratio=Ratio.of(pairs) if pairs else None,
        ready_later_s=median(each.ready_s for each in seen) - median(each.ready_s for each in alone),
        over_later_s=median(each.whole_s for each in seen) - median(each.whole_s for each in alone),
        missing=way.missing,
    )


def cells_table(found: list[Cell]) -> str:
    """All of them, as a table."""
    pairs = max(each.ratio.pairs for each in found if each.ratio)
    head = ["program", "looked on by", "alone s", "looked on / alone", "ready later by s", "over later by s"]
    rows = (each.row() for each in found)
    return f"medians of {pairs} pairs, with 95 % confidence intervals\n" + table(head, rows, words=2)


def goals(found: list[Cell]) -> list[Goal]:
    """Return the figures of threadviz beside what they should be."""
    goals = []
    for name in OURS:
        mine = [(each.ratio.median, each.program) for each in found if each.way == name and each.ratio]
        ratio, program = max(mine)
        goals.append(Goal(f"{name}: worst median ratio ({program})", ratio, 1.02))
    return goals
