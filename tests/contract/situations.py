"""Situations in which the command ends, each with what it is called with, and what has to be there before."""

import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.cli.command import DATA, ENDLESS, FETCH, LIMIT_S, await_that, says, started, threadviz

FETCHED = str(DATA / "fetch-threads.jsonl")
BLOCKING = str(DATA / "fetch-blocking.jsonl")
FUNCTIONS = str(DATA / "contract" / "functions")
"""A folder with a module of functions to call."""

WAITING = "import sys; print('ready', flush=True); sys.stdin.read()"
"""A program that waits until it is ended."""

Situation = Callable[[Path], int]
"""Takes an empty folder, and gives the exit status."""


def _said(*words: str) -> Situation:
    """The command with these words; `FOLDER` in one of them stands for the folder."""

    def situation(folder: Path) -> int:
        said = [word.replace("FOLDER", str(folder)) for word in words]
        return threadviz(*said, PYTHONPATH=FUNCTIONS).returncode

    return situation


def _over_something(*words: str) -> Situation:
    """The same, where there is a file `there` in the folder."""

    def situation(folder: Path) -> int:
        (folder / "there").write_text("old")
        return _said(*words)(folder)

    return situation


def _program(source: str) -> Situation:
    return _said("exec", "--headless", "--", sys.executable, "-c", source)


def _with_broken_end(folder: Path) -> int:
    (folder / "run.jsonl").write_bytes(Path(FETCHED).read_bytes() + b"{}\n")
    return threadviz("show", str(folder / "run.jsonl")).returncode


def _of_nothing(folder: Path) -> int:
    (folder / "run.jsonl").write_bytes(b"hello\n")
    return threadviz("show", str(folder / "run.jsonl")).returncode


def _interrupted(folder: Path) -> int:
    recording = folder / "run.jsonl"
    with started("run", *ENDLESS, "--mode", "threads", "--record", str(recording)) as process:
        await_that(lambda: says(recording, "started"))
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=LIMIT_S)
        return process.returncode


def _attached(folder: Path) -> int:
    with subprocess.Popen(
        [sys.executable, "-c", WAITING], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        try:
            assert process.stdout is not None and process.stdout.readline()
            words = ("--headless", "--seconds", "0.2", "--probe", "portable")
            return threadviz("attach", str(process.pid), *words).returncode
        finally:
            process.kill()


CALL = ("--mode", "threads", "--repeat", "2", "--call")

SITUATIONS: Mapping[str, Situation] = {
    "help is asked for": _said("--help"),
    "help is asked for briefly": _said("-h"),
    "help on a command is asked for": _said("run", "--help"),
    "the version is asked for": _said("--version"),
    "what there is is listed": _said("list"),
    "there is no such command": _said("nix"),
    "there is no such option": _said("run", "fetch", "--nix"),
    "an argument is missing": _said("show"),
    "--ascii is said before a command that has no use for it": _said("--ascii", "list"),
    "the app is opened without a terminal": _said(),
    "a recording is opened without a terminal": _said("open", FETCHED),
    "a program is to be shown in the app without a terminal": _said("exec", "-m", "this"),
    "a recording is shown": _said("show", FETCHED),
    "a recording is shown as JSON": _said("show", FETCHED, "--json"),
    "a recording that is not sound is shown as far as it is": _with_broken_end,
    "what is shown is no recording": _of_nothing,
    "what is shown is not there": _said("show", "FOLDER/missing"),
    "a report is asked to be too narrow": _said("show", FETCHED, "--width", "79"),
    "recordings are compared": _said("compare", FETCHED, BLOCKING),
    "a recording is to be compared with nothing": _said("compare", FETCHED),
    "a recording is exported": _said("export", FETCHED, "--to", "trace", "-o", "FOLDER/out"),
    "a recording is exported to standard output": _said("export", FETCHED, "--to", "html", "-o", "-"),
    "two tables are to be on one standard output": _said("export", FETCHED, "--to", "csv", "-o", "-"),
    "an export has no format": _said("export", FETCHED),
    "an export would be over a file": _over_something(
        "export", FETCHED, "--to", "trace", "-o", "FOLDER/there"
    ),
    "an export is over a file by force": _over_something(
        "export", FETCHED, "--to", "trace", "--output", "FOLDER/there", "--force"
    ),
    "an export can't be written": _said("export", FETCHED, "--to", "trace", "-o", "FOLDER/missing/out"),
    "a picture is made": _said("shot", FETCHED, "-o", "FOLDER/out.svg", "--size", "80x24"),
    "a picture would be over a file": _over_something("shot", FETCHED, "-o", "FOLDER/there"),
    "a picture has a size that can't be": _said("shot", FETCHED, "-o", "FOLDER/out.svg", "--size", "10x10"),
    "a workload has run": _said("run", *FETCH, "--mode", "threads", "--workers", "2"),
    "a workload has run under several modes": _said("compare", *FETCH, "--modes", "blocking,threads"),
    "a run has no mode": _said("run", "fetch"),
    "a run has a mode that there is not": _said("run", "fetch", "--mode", "nix"),
    "a run has a workload that there is not": _said("run", "nix", "--mode", "threads"),
    "a run has too many workers": _said("run", "fetch", "--mode", "threads", "--workers", "1025"),
    "a run has too many tasks": _said("run", "primes", "--mode", "threads", "--tasks", "100001"),
    "a run would be recorded over a file": _over_something(
        "run", "fetch", "--mode", "threads", "--record", "FOLDER/there"
    ),
    "a run is interrupted": _interrupted,
    "all tasks of a run have failed": _said("run", *CALL, "functions:fails"),
    "a run has died": _said("run", *CALL, "functions:dies"),
    "the function is not there": _said("run", *CALL, "functions:missing"),
    "the function can't be imported": _said("run", *CALL, "missing:function"),
    "a program has ended well": _program("pass"),
    "a program has ended with status 7": _program("raise SystemExit(7)"),
    "a program was killed by SIGTERM": _program("import os; os.kill(os.getpid(), 15)"),
    "a program was killed by SIGKILL": _program("import os; os.kill(os.getpid(), 9)"),
    "a program is not there": _said("exec", "--headless", "--", "FOLDER/missing"),
    "a process has been looked on at": _attached,
    "a process is not there": _said("attach", "4194304", "--headless"),
    "what is a process is no number": _said("attach", "nix", "--headless"),
}
