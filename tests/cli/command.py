"""The command as a user has it, for its tests."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import psutil

T = TypeVar("T")

DATA = Path(__file__).parents[1] / "data"
SITES = str(DATA / "sites.toml")
FETCH = ("fetch", "--urls", SITES)
"""A workload that takes a third of a second, when called plainly."""
ENDLESS = ("fetch", "--urls", SITES, "--set", "slow", "--timeout", "600")
"""One that is not over before somebody ends it."""

LIMIT_S = 45.0
"""Nothing here takes as long, unless something is wrong."""


def command(*args: str) -> list[str]:
    """The command with these arguments."""
    return [sys.executable, "-m", "threadviz", *args]


def environment(**variables: str) -> dict[str, str]:
    """This one's, with these variables, and without those that say what a terminal can."""
    # COLUMNS and LINES count for more than a terminal's own size; readline sets them in the process of the tests.
    says = {"NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "COLUMNS", "LINES", "COLORTERM", "TERM"}
    kept = {name: value for name, value in os.environ.items() if name not in says}
    return {**kept, "PYTHONIOENCODING": "utf-8", **variables}


def threadviz(*args: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the command to its end, piped."""
    return subprocess.run(
        command(*args), capture_output=True, encoding="utf-8", env=environment(**variables), timeout=LIMIT_S
    )


@contextmanager
def started(*args: str) -> Iterator[subprocess.Popen[str]]:
    """The command, while it runs, piped; ended with all of its run when this is left."""
    with subprocess.Popen(
        command(*args),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env=environment(),
    ) as process:
        try:
            yield process
        finally:
            for left in descendants(process.pid):
                end(left)
            process.kill()


def end(process: psutil.Process) -> None:
    """Kill a process, unless it is gone."""
    try:
        process.send_signal(signal.SIGKILL)
    except psutil.NoSuchProcess:
        return


def descendants(pid: int) -> list[psutil.Process]:
    """The processes of the run that process `pid` has started."""
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def role(pid: int, name: str) -> psutil.Process | None:
    """The descendant that is the run's observer, subject or mock_server, as soon as there is one."""
    for process in descendants(pid):
        try:
            if f"threadviz.{name}" in process.cmdline():
                return process
        except psutil.Error:
            continue
    return None


def await_that(condition: Callable[[], T | None]) -> T:
    """Wait until `condition` gives something, and return it."""
    deadline = time.monotonic() + LIMIT_S
    while not (found := condition()):
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.01)
    return found


def says(recording: Path, event: str) -> bool:
    """Whether such an event stands in the recording by now."""
    return recording.exists() and f'"type":"{event}"' in recording.read_text("utf-8")


def all_gone(processes: list[psutil.Process]) -> bool:
    """Whether none of these is left a little later; what is dead and not yet reaped counts as gone."""
    _, alive = psutil.wait_procs(processes, timeout=LIMIT_S / 4)
    return all(process.status() == psutil.STATUS_ZOMBIE for process in alive)
